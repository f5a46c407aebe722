use super::*;
use crate::noise::Quiet;
use std::fs;

fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("ours", Role::Ours),
        Subject::new("floor", Role::Floor),
        Subject::new("quick & <able>", Role::Peer),
        Subject::new("slow", Role::Peer),
        Subject::new("absent", Role::Peer),
    ]
}

/// Ours needs 10 a call, and the others 5, 8 and 30; of calls a second it has 100, and they have 50.
fn run() -> Run {
    let mut section = Section::new("calls, and more", subjects());
    let mut cost = Line::new("a call", "ns", Better::Less)
        .target(Target::AtMost(12.0))
        .target(Target::Relative {
            to: "floor".to_owned(),
            times: 1.5,
            plus: 1.0,
        });
    for figure in [9.0, 11.0, 10.0] {
        cost.push("ours", Ok(figure));
    }
    cost.push("floor", Ok(5.0));
    cost.push("quick & <able>", Ok(8.0));
    cost.push("slow", Ok(30.0));
    cost.note("slow", "with fewer tasks");
    cost.missing("absent", "it has no calls");
    let mut rate = Line::new("calls", "a second", Better::More);
    rate.push("ours", Ok(100.0));
    rate.push("quick & <able>", Ok(50.0));
    rate.push("slow", Err("it crashed"));
    section.lines = vec![cost, rate];
    section.remarks = vec!["Go: not installed.".to_owned()];
    Run {
        machine: Machine {
            date: "2026-01-01T00:00:00Z".to_owned(),
            processor: "a fast one".to_owned(),
            cores: 2,
            kernel: "6.18".to_owned(),
            compiler: "rustc 1.95".to_owned(),
            peers: [("Go".to_owned(), "1.23".to_owned())].into(),
        },
        sections: vec![section],
        quiet: Quiet { clean: 8, dirty: 0 },
        seconds: 1.0,
    }
}

#[test]
fn the_table_has_figures_ratios_notes_and_verdicts() {
    let text = run().to_string();
    let line = |title: &str| {
        let start = format!("| {title} ");
        let line = text.lines().find(|line| line.starts_with(&start));
        let cells = line.expect("there is such a line").split('|');
        cells
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        line("a call"),
        [
            "a call",
            "ns",
            "10.0 [9.00..11.0]",
            "5.00 (×0.50)",
            "8.00 (×0.80)",
            "30.0 (×3.00) (1)",
            "n/a (2)",
            "at most 12; at most 1.5 × floor + 1.00",
            "yes; NO",
            "tie: ×0.80 quick & <able>",
        ]
    );
    assert_eq!(
        line("calls"),
        [
            "calls",
            "a second",
            "100",
            "-",
            "50.0 (×2.00)",
            "failed (3)",
            "-",
            "-",
            "-",
            "yes: ×2.00 quick & <able>",
        ]
    );
    for expected in [
        "(1) slow: with fewer tasks",
        "(2) it has no calls",
        "(3) slow: it crashed",
        "Go: not installed.",
        "Targets met: 1 of 2.",
        "Ahead of every peer in 1 of 2 lines, within 20 % of the best in 1, behind in 0.",
        "quiet during all 8 measurements",
        "a fast one, 2 cores, Linux 6.18; rustc 1.95; Go 1.23.",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[test]
fn json_keeps_everything() {
    let run = run();
    let text = run.to_json().expect("the figures are finite");
    assert_eq!(from_json(&text).expect("it was written so"), run);
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let cells = &value["sections"][0]["lines"][0]["cells"];
    // Every round, in the order of the rounds.
    assert_eq!(
        cells["ours"]["measured"]["rounds"],
        serde_json::json!([9.0, 11.0, 10.0])
    );
}

#[test]
fn a_chart_is_well_formed_and_names_who_was_measured() {
    let folder = tempfile::tempdir().expect("a folder is to be had");
    let charts = run().plot(folder.path()).expect("it can be written to");
    assert_eq!(charts, [folder.path().join("calls-and-more.svg")]);
    let text = fs::read_to_string(&charts[0]).expect("it was written");
    assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag is closed");
        let name = tag.split([' ', '\n']).next().expect("it has a name");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    for expected in [
        "ours",
        "floor",
        "quick &amp; &lt;able&gt;",
        "slow",
        "a call, ns",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in it");
    }
    assert!(!text.contains("absent"));
    assert!(text.contains("#C82828"), "ours is marked");
}

#[test]
fn a_round_that_failed_does_not_hide_the_others() {
    let mut line = Line::new("a call", "ns", Better::Less);
    line.push("ours", Err("no memory"));
    assert_eq!(
        line.cell("ours"),
        Some(&Cell::Failed("no memory".to_owned()))
    );
    line.push("ours", Ok(3.0));
    assert_eq!(line.median("ours"), Some(3.0));
    line.push("ours", Err("no memory again"));
    assert_eq!(line.median("ours"), Some(3.0));
    let Some(Cell::Measured {
        note: Some(note), ..
    }) = line.cell("ours")
    else {
        panic!("it has figures and a note");
    };
    assert_eq!(note, "a round failed: no memory again");
}
