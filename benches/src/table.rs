//! A table of text with aligned columns, in the form that Markdown understands.

use std::fmt;

/// Rows of cells under a head.
#[derive(Clone, Debug)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new(head: &[&str]) -> Table {
        Table {
            head: head.iter().map(|&cell| cell.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, with one cell a column.
    ///
    /// # Panics
    ///
    /// When the number of cells is not that of the columns.
    pub fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.head.len(), "one cell a column");
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                lines()
                    .map(|line| line[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for (number, line) in lines().enumerate() {
            formatter.write_str("|")?;
            for (cell, width) in line.iter().zip(&widths) {
                write!(formatter, " {cell:<width$} |")?;
            }
            formatter.write_str("\n")?;
            if number == 0 {
                formatter.write_str("|")?;
                for width in &widths {
                    write!(formatter, " {:-<width$} |", "")?;
                }
                formatter.write_str("\n")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["a", "wide"]);
        table.row(vec!["µµµ".to_owned(), "1".to_owned()]);
        assert_eq!(
            table.to_string(),
            "| a   | wide |\n| --- | ---- |\n| µµµ | 1    |\n"
        );
    }
}
