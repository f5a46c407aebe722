//! A section as a bar chart, in SVG.

use crate::report::{Line, Role, Run, Section};
use crate::sample::{Rounds, short};
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::{BLACK, Color, FontStyle, IntoFont, RGBColor, TextStyle, WHITE};
use std::path::{Path, PathBuf};
use std::{fs, io};

const WIDTH: i32 = 1_000;
/// Where the bars begin, and where the longest ends.
const LEFT: i32 = 170;
const RIGHT: i32 = WIDTH - 150;
/// Heights: of the head of the chart, of the title of a line, of a bar, and between lines.
const HEAD: i32 = 50;
const TITLE: i32 = 22;
const BAR: i32 = 17;
const GAP: i32 = 12;
/// Figures of one unit that differ by more than this are drawn on a logarithmic scale.
const LARGE_SPAN: f64 = 30.0;

const OURS: RGBColor = RGBColor(200, 40, 40);
const VARIANT: RGBColor = RGBColor(235, 150, 150);
const FLOOR: RGBColor = RGBColor(90, 90, 90);
const PEER: RGBColor = RGBColor(120, 160, 205);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Run {
    /// Writes a chart for each section into `folder`, which is made if it is not there, and gives their names.
    ///
    /// # Errors
    ///
    /// What creating the folder or a file gives.
    pub fn plot(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        let mut charts = Vec::new();
        for section in &self.sections {
            let path = folder.join(file_name(&section.title));
            fs::write(&path, section.chart()?)?;
            charts.push(path);
        }
        Ok(charts)
    }
}

impl Section {
    /// The chart as the text of an SVG file: a group of bars for each line, ours in red.
    ///
    /// # Errors
    ///
    /// When the figures cannot be drawn.
    pub fn chart(&self) -> io::Result<String> {
        let heights = self.lines.iter().map(|line| self.height(line));
        let height = HEAD + heights.sum::<i32>();
        let mut text = String::new();
        {
            let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
            let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
            self.draw(&area).map_err(io::Error::other)?;
            area.present().map_err(io::Error::other)?;
        }
        Ok(text)
    }

    /// The subjects that have figures in `line`.
    fn bars<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = (&'a str, Role, &'a Rounds)> {
        self.subjects.iter().filter_map(|subject| {
            let rounds = line.rounds(&subject.name)?;
            Some((subject.name.as_str(), subject.role, rounds))
        })
    }

    fn height(&self, line: &Line) -> i32 {
        let bars = i32::try_from(self.bars(line).count()).unwrap_or(i32::MAX);
        TITLE + bars * BAR + GAP
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), DrawingAreaErrorKind<io::Error>> {
        let style = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
        let bold = ("sans-serif", 13, FontStyle::Bold)
            .into_font()
            .color(&BLACK);
        area.fill(&WHITE)?;
        area.draw(&Text::new(self.title.clone(), (10, 14), style(20)))?;
        let mut top = HEAD;
        for line in &self.lines {
            let scale = self.scale(&line.unit);
            let title = format!("{}, {}{}", line.title, line.unit, scale.remark());
            area.draw(&Text::new(title, (10, top), style(14)))?;
            let mut y = top + TITLE;
            for (name, role, rounds) in self.bars(line) {
                let (color, label): (_, &TextStyle<'_>) = match role {
                    Role::Ours => (OURS, &bold),
                    Role::Variant => (VARIANT, &bold),
                    Role::Floor => (FLOOR, &style(13)),
                    Role::Peer => (PEER, &style(13)),
                };
                let Some((least, median, greatest)) = rounds.span() else {
                    continue;
                };
                let end = scale.position(median);
                let corners = [(LEFT, y), (end, y + BAR - 4)];
                area.draw(&Rectangle::new(corners, color.filled()))?;
                let middle = y + BAR / 2 - 2;
                let spread = [least, greatest].map(|figure| (scale.position(figure), middle));
                area.draw(&PathElement::new(spread, BLACK))?;
                area.draw(&Text::new(name.to_owned(), (20, y), label.clone()))?;
                let after = (end.max(spread[1].0) + 6, y);
                area.draw(&Text::new(short(median), after, label.clone()))?;
                y += BAR;
            }
            top += self.height(line);
        }
        Ok(())
    }

    /// The scale of all lines of this unit: bars of one unit can be compared.
    fn scale(&self, unit: &str) -> Scale {
        let lines = self.lines.iter().filter(|line| line.unit == unit);
        let figures: Vec<f64> = lines
            .flat_map(|line| self.bars(line))
            .filter_map(|(_, _, rounds)| rounds.span())
            .flat_map(|(least, _, greatest)| [least, greatest])
            .collect();
        let greatest = figures.iter().copied().fold(0.0, f64::max);
        let positive = figures.into_iter().filter(|&figure| figure > 0.0);
        let least = positive.fold(greatest, f64::min);
        Scale { least, greatest }
    }
}

/// From figures of one unit to the ends of bars.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// The least that is more than 0.
    least: f64,
    greatest: f64,
}

impl Scale {
    fn is_logarithmic(self) -> bool {
        self.least > 0.0 && self.greatest / self.least > LARGE_SPAN
    }

    fn remark(self) -> &'static str {
        if self.is_logarithmic() {
            " (logarithmic scale)"
        } else {
            ""
        }
    }

    fn position(self, figure: f64) -> i32 {
        let share = if self.is_logarithmic() {
            // The least has a bar too.
            let from = self.least / 2.0;
            (figure.max(from) / from).ln() / (self.greatest / from).ln()
        } else if self.greatest > 0.0 {
            figure / self.greatest
        } else {
            0.0
        };
        LEFT + (f64::from(RIGHT - LEFT) * share).round() as i32
    }
}

/// Letters and digits of the title, with dashes between the words.
fn file_name(title: &str) -> String {
    let title = title.replace('µ', "u");
    let words = title.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase() + ".svg"
}
