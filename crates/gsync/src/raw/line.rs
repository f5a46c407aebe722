//! Those that wait, in the order in which they came.

use std::collections::VecDeque;
use std::mem;

/// A queue that is short as a rule: the first has a place of its own, in which one that waits alone costs a store and a load.
pub(super) struct Line<T> {
    first: Option<T>,
    /// Empty if there is no first.
    others: VecDeque<T>,
}

impl<T> Line<T> {
    pub(super) const fn new() -> Line<T> {
        Line {
            first: None,
            others: VecDeque::new(),
        }
    }

    #[inline]
    pub(super) fn push_back(&mut self, one: T) {
        if self.first.is_none() {
            self.first = Some(one);
        } else {
            self.others.push_back(one);
        }
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<T> {
        self.first.as_ref()?;
        self.pop_first()
    }

    /// Apart, so that whoever finds nobody has little to do.
    #[inline(never)]
    fn pop_first(&mut self) -> Option<T> {
        let next = self.others.pop_front();
        mem::replace(&mut self.first, next)
    }

    /// Takes the first out for which `is_meant` says so.
    pub(super) fn remove(&mut self, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        if is_meant(self.first.as_ref()?) {
            return self.pop_front();
        }
        let place = self.others.iter().position(is_meant)?;
        self.others.remove(place)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.others)
    }
}

impl<T> Default for Line<T> {
    fn default() -> Line<T> {
        Line::new()
    }
}

impl<T> IntoIterator for Line<T> {
    type Item = T;
    type IntoIter =
        std::iter::Chain<std::option::IntoIter<T>, std::collections::vec_deque::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn first_come_first_out_whoever_leaves() {
        for gone in 0..5 {
            let mut line = Line::new();
            assert_eq!(line.pop_front(), None);
            (0..4).for_each(|number| line.push_back(number));
            assert_eq!(line.remove(|&one| one == gone), (gone < 4).then_some(gone));
            line.push_back(9);
            line.iter_mut().for_each(|one| *one += 10);
            let expected: Vec<_> = (0..4)
                .filter(|&one| one != gone)
                .chain([9])
                .map(|one| one + 10)
                .collect();
            assert_eq!(line.pop_front(), Some(expected[0]));
            assert_eq!(line.into_iter().collect::<Vec<_>>(), expected[1..]);
        }
    }
}
