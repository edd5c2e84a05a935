//! Tables that read alike in a terminal and in Markdown.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// One topic's figures.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// Names of the columns; all but the first hold figures or short words.
    pub columns: Vec<&'static str>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
    /// How to read it.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), ..Self::default() }
    }

    /// A section that could not be measured, and why.
    pub fn not_measured(title: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self { title: title.into(), notes: vec![format!("not measured: {why}")], ..Self::default() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Adds a sentence below.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// As Markdown, with columns that line up.
    pub fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n", self.title);
        let names: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&names]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..names.len()).map(width).collect();
        let is_figure = |cell: &String| {
            cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || "✓✗".contains(c))
        };
        let right = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).all(is_figure);
        let rights: Vec<bool> = (0..names.len()).map(right).collect();
        let line = |row: &Vec<String>| {
            let cells =
                row.iter().zip(widths.iter().zip(&rights)).map(|(cell, (width, right))| match right {
                    false => format!("{cell:<width$}"),
                    true => format!("{cell:>width$}"),
                });
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        if !names.is_empty() {
            text += &line(&names);
            let rule = widths.iter().zip(&rights).map(|(width, right)| match right {
                false => "-".repeat(*width),
                true => format!("{}:", "-".repeat(width - 1)),
            });
            text += &format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
            self.rows.iter().for_each(|row| text += &line(row));
            text += "\n";
        }
        for note in &self.notes {
            text += &format!("{note}\n\n");
        }
        text
    }

    /// As one object, rows by the names of their columns.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row);
            let object: Map<String, Value> =
                cells.map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect();
            Value::Object(object)
        });
        json!({ "title": self.title, "rows": rows.collect::<Vec<_>>(), "notes": self.notes })
    }
}

/// Where a run came from.
#[derive(Clone, Debug, Serialize)]
pub struct Origin {
    /// The command.
    pub command: String,
    /// The day it was run.
    pub date: String,
    /// The seed of the store day.
    pub seed: u64,
    /// Its orders.
    pub orders: usize,
}

/// A figure with two digits.
pub fn two(value: f64) -> String {
    format!("{value:.2}")
}

/// A whole figure with thousands apart.
pub fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let grouped = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect::<Vec<_>>();
    grouped.join(",")
}

/// Whether a goal is met.
pub fn mark(met: bool) -> &'static str {
    if met { "✓" } else { "✗" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up() {
        let mut table = Table::new("Fruit", &["what", "count"]);
        table.row(["apples".to_owned(), whole(12345.4)]);
        table.note("Ripe ones.");
        let text =
            "## Fruit\n\n| what   |  count |\n| ------ | -----: |\n| apples | 12,345 |\n\nRipe ones.\n\n";
        assert_eq!(table.markdown(), text);
    }
}
