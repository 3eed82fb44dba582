//! Tables: a head, a line below it, rows in columns; no other lines. The layout is comfy-table's.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::cli::screen::Screen;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// To the left: names.
    Left,
    /// To the right: numbers.
    Right,
}

/// A table under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    head: Vec<String>,
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with these columns; a table whose columns have no names has no head.
    pub(crate) fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Align)>) -> Grid {
        let (head, aligns) = columns
            .into_iter()
            .map(|(name, align)| (name.into(), align))
            .unzip();
        Grid {
            head,
            aligns,
            rows: vec![],
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table's lines; cells too wide for the screen are wrapped.
    pub(crate) fn lines(&self, screen: Screen) -> Vec<String> {
        let rule = if screen.unicode { '─' } else { '-' };
        let mut table = Table::new();
        table
            .load_style(TableStyle::new().header_separator(LineStyle::none().fill(rule)))
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(screen.width).unwrap_or(u16::MAX));
        if self.head.iter().any(|name| !name.is_empty()) {
            table.set_header(self.cells(&self.head));
        }
        for row in &self.rows {
            table.add_row(self.cells(row));
        }
        table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    fn cells(&self, texts: &[String]) -> Vec<Cell> {
        let cell = |(text, align): (&String, &Align)| {
            let align = match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            };
            Cell::new(text).set_alignment(align)
        };
        texts.iter().zip(&self.aligns).map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_left_and_numbers_right() {
        let mut grid = Grid::new([("layer", Align::Left), ("parameters", Align::Right)]);
        grid.row(["Dense[0]".into(), "80".into()]);
        grid.row(["日本".into(), "1,600".into()]);
        insta::assert_snapshot!(grid.lines(Screen::default()).join("\n"), @"");
        let screen = Screen {
            width: 24,
            unicode: false,
            ..Screen::default()
        };
        insta::assert_snapshot!(grid.lines(screen).join("\n"), @"");
    }
}
