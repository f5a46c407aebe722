//! How busy the core of the server and that of the load were.

use std::{fs, io};

/// Above this share a core has no time left.
const FULL: f64 = 0.95;

/// Ticks of two cores: that of the server, that of the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy([Ticks; 2]);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: f64,
    all: f64,
}

/// Shares of the time that two cores were not idle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    pub(crate) server: f64,
    pub(crate) load: f64,
}

impl Busy {
    pub(crate) fn now(cores: [usize; 2]) -> io::Result<Busy> {
        let text = fs::read_to_string("/proc/stat")?;
        let ticks = |core| {
            ticks(&text, core)
                .ok_or_else(|| io::Error::other(format!("/proc/stat has no line of core {core}")))
        };
        let [server, load] = cores;
        Ok(Busy([ticks(server)?, ticks(load)?]))
    }

    pub(crate) fn since(&self, before: &Busy) -> Shares {
        let [server, load] = [0, 1].map(|core| {
            let (now, before) = (self.0[core], before.0[core]);
            // The counters tick every 10 ms.
            (now.busy - before.busy) / (now.all - before.all).max(1.0)
        });
        Shares { server, load }
    }
}

impl Shares {
    /// Whether the server had time left when the load had none.
    pub(crate) fn load_was_the_limit(&self) -> bool {
        self.load > FULL && self.server < FULL
    }
}

fn ticks(stat: &str, core: usize) -> Option<Ticks> {
    const IDLE_AND_WAITING: [usize; 2] = [3, 4];
    let line = stat
        .lines()
        .find_map(|line| line.strip_prefix(&format!("cpu{core} ")))?;
    let columns = line.split_whitespace().take(8);
    let columns: Vec<f64> = columns.map_while(|ticks| ticks.parse().ok()).collect();
    let all = columns.iter().sum::<f64>();
    let idle: f64 = IDLE_AND_WAITING
        .into_iter()
        .filter_map(|column| columns.get(column))
        .sum();
    Some(Ticks {
        busy: all - idle,
        all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 10 20 4 5 6 0 0\ncpu1 0 0 0 7 0 0 0 0 0 0\n";

    #[test]
    fn idle_and_waiting_are_not_busy() {
        let of = |core| ticks(STAT, core);
        assert_eq!(
            of(0),
            Some(Ticks {
                busy: 21.0,
                all: 51.0
            })
        );
        assert_eq!(
            of(1),
            Some(Ticks {
                busy: 0.0,
                all: 7.0
            })
        );
        assert_eq!(of(2), None);
    }

    #[test]
    fn the_load_is_the_limit_only_if_the_server_is_not() {
        let limit = |server, load| Shares { server, load }.load_was_the_limit();
        assert!(limit(0.5, 0.99));
        assert!(!limit(0.99, 0.99));
        assert!(!limit(0.5, 0.5));
    }
}
