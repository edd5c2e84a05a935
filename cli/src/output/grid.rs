//! Tables. A cell is escaped before it is measured: it takes the room that it is shown in, and makes no line of its own.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::{escape, stream};

/// A table that is filled row by row and then printed.
pub(crate) struct Grid(Table);

/// A table that fits 80 columns.
pub(crate) fn grid<const N: usize>(header: [&str; N]) -> Grid {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(80).set_header(header);
    Grid(table)
}

/// Columns without lines or a header, as wide as they must be.
pub(crate) fn columns() -> Grid {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    Grid(table)
}

impl Grid {
    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells.map(|cell| escape::line(&cell).into_owned()));
    }

    /// Adds a row whose cells have several lines.
    pub(crate) fn row_of_lines<const N: usize>(&mut self, cells: [Vec<String>; N]) {
        let cell =
            |lines: Vec<String>| lines.iter().map(|line| escape::line(line)).collect::<Vec<_>>().join("\n");
        self.0.add_row(cells.map(cell));
    }

    /// Keeps a column at least so wide.
    pub(crate) fn at_least(&mut self, column: usize, width: u16) {
        if let Some(column) = self.0.column_mut(column) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        }
    }

    /// Prints it, as the answer.
    pub(crate) fn print(&self) {
        stream::out_block(&self.0.to_string());
    }
}
