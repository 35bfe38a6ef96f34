//! Tables of records.

use cairn_wire::text::escaped;

use crate::error::Problem;
use crate::output::{self, Output};

/// Prints rows below column heads, with aligned columns. Where standard output is not a terminal, it prints rows only, with tabs between
/// the columns.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    heads: Option<[&'static str; N]>,
    rows: Vec<[String; N]>,
    widths: [usize; N],
    aligned: bool,
}

/// Rows that are aligned together; more are printed in several groups.
const GROUP: usize = 1000;

impl<const N: usize> Table<N> {
    /// A table for standard output.
    pub(crate) fn stdout(heads: [&'static str; N]) -> Self {
        Self::new(heads, output::is_terminal())
    }

    fn new(heads: [&'static str; N], aligned: bool) -> Self {
        Self {
            heads: aligned.then_some(heads),
            rows: Vec::new(),
            widths: heads.map(str::len),
            aligned,
        }
    }

    /// Adds a row, and prints those before if there are many.
    pub(crate) fn row(&mut self, row: [String; N], output: &mut Output) -> Result<(), Problem> {
        self.rows.push(row.map(|cell| {
            let mut text = String::new();
            escaped(&cell, &mut text);
            text
        }));
        if self.rows.len() >= GROUP || !self.aligned {
            self.print(output)?;
        }
        Ok(())
    }

    /// Prints the remaining rows.
    pub(crate) fn print(&mut self, output: &mut Output) -> Result<(), Problem> {
        let text = self.render();
        output.text(&text)
    }

    fn render(&mut self) -> String {
        for row in &self.rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut out = String::new();
        if let Some(heads) = self.heads.take().filter(|_| !self.rows.is_empty()) {
            self.line(heads, &mut out);
        }
        for row in std::mem::take(&mut self.rows) {
            self.line(row.each_ref().map(String::as_str), &mut out);
        }
        out
    }

    fn line(&self, cells: [&str; N], out: &mut String) {
        let begin = out.len();
        for (index, (cell, width)) in cells.iter().zip(self.widths).enumerate() {
            if index > 0 {
                out.push_str(if self.aligned { "  " } else { "\t" });
            }
            out.push_str(cell);
            if self.aligned {
                let space = width.saturating_sub(cell.chars().count());
                out.extend(std::iter::repeat_n(' ', space));
            }
        }
        if self.aligned {
            out.truncate(begin + out.get(begin..).map_or(0, |line| line.trim_end().len()));
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(aligned: bool) -> String {
        let mut table = Table::new(["ID", "NAME"], aligned);
        for (id, name) in [("1", "a"), ("100", "with\ttab"), ("2", "")] {
            table.rows.push([id, name].map(|cell| {
                let mut text = String::new();
                escaped(cell, &mut text);
                text
            }));
        }
        table.render()
    }

    #[test]
    fn columns_are_aligned_for_people_and_separated_for_programs() {
        assert_eq!(table(true), "ID   NAME\n1    a\n100  with\\u{9}tab\n2\n");
        assert_eq!(table(false), "1\ta\n100\twith\\u{9}tab\n2\t\n");
    }
}
