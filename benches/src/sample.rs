//! Timing of a repeated operation, and the median of several such figures.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Calls `chunk`, once to warm up and then until `budget` is over. Each call does `operations`
/// operations and returns how long they took; the result is in nanoseconds an operation.
pub fn nanoseconds(
    budget: Duration,
    operations: usize,
    mut chunk: impl FnMut() -> Duration,
) -> f64 {
    chunk();
    let begin = Instant::now();
    let mut total = Duration::ZERO;
    let mut chunks = 0_u32;
    while chunks == 0 || begin.elapsed() < budget {
        total += chunk();
        chunks += 1;
    }
    total.as_nanos() as f64 / (f64::from(chunks) * operations as f64)
}

/// How long `operation` takes.
pub fn timed(operation: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    operation();
    begin.elapsed()
}

/// The value below which `share` of the sorted `values` lie; 0 when there are none.
#[must_use]
pub fn quantile(sorted: &[u32], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * share) as usize)
        .map_or(0.0, |&value| value.into())
}

/// Figures of the same measurement from several rounds, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// Adds the figure of one round.
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The median, if there was a round.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        self.span().map(|(_, median, _)| median)
    }

    /// The least, the median and the greatest, if there was a round.
    #[must_use]
    pub fn span(&self) -> Option<(f64, f64, f64)> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let (&least, &greatest) = sorted.first().zip(sorted.last())?;
        // The same one twice, or the two in the middle.
        let middle = [(sorted.len() - 1) / 2, sorted.len() / 2].map(|position| sorted[position]);
        Some((least, middle.iter().sum::<f64>() / 2.0, greatest))
    }

    /// `median [least..greatest]`, or a dash when there was no round.
    #[must_use]
    pub fn text(&self) -> String {
        match self.span() {
            Some((least, median, greatest)) if self.0.len() > 1 => {
                format!("{} [{}..{}]", short(median), short(least), short(greatest))
            }
            Some((_, only, _)) => short(only),
            None => "-".to_owned(),
        }
    }
}

/// About three significant digits, without an exponent.
#[must_use]
pub fn short(figure: f64) -> String {
    match figure.abs() {
        tiny if tiny > 0.0 && tiny < 0.0995 => format!("{figure:.3}"),
        small if small < 9.995 => format!("{figure:.2}"),
        middling if middling < 99.95 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_an_even_number_of_rounds_lies_between_the_middle_two() {
        let mut rounds = Rounds::default();
        for figure in [4.0, 1.0, 3.0, 2.0] {
            rounds.push(figure);
        }
        assert_eq!(rounds.median(), Some(2.5));
        assert_eq!(rounds.text(), "2.50 [1.00..4.00]");
    }

    #[test]
    fn no_round_is_a_dash() {
        assert_eq!(Rounds::default().text(), "-");
        assert_eq!(Rounds::default().median(), None);
    }

    #[test]
    fn quantiles_are_values_of_the_sample() {
        let sorted: Vec<u32> = (0..=100).collect();
        assert_eq!(quantile(&sorted, 0.5), 50.0);
        assert_eq!(quantile(&sorted, 0.99), 99.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn three_digits() {
        assert_eq!(short(0.0), "0.00");
        assert_eq!(short(0.00412), "0.004");
        assert_eq!(short(4.126), "4.13");
        assert_eq!(short(41.26), "41.3");
        assert_eq!(short(41_260.4), "41260");
    }
}
