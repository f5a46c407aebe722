//! Changes of a text, collected and then made.

use std::ops::Range;

/// What replaces which bytes of a text.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub(crate) fn push(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    /// `source` with all of them made. One that lies within another is not.
    pub(crate) fn apply(&mut self, source: &str) -> String {
        self.0.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(source.len());
        let mut at = 0;
        for (range, new) in &self.0 {
            if range.start < at {
                // In an attribute of an import that was written anew.
                continue;
            }
            text += &source[at..range.start];
            text += new;
            at = range.end;
        }
        text + &source[at..]
    }
}
