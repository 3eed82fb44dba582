//! A grid of dots that lines are drawn on. Knows no numbers but places.

use crate::cli::screen::Screen;

/// The bit of a Braille character for each dot of its two columns, from above.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// What curves are drawn with in ASCII, and their colours where there are some.
const MARKS: [char; 4] = ['*', 'o', '+', 'x'];
/// What points are marked with where there is more than ASCII.
const SIGNS: [char; 4] = ['●', '○', '▲', '□'];
const COLOURS: [u8; 4] = [36, 33, 35, 32];

/// Dots, and whose they are.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    columns: usize,
    has_braille: bool,
    cells: Vec<Cell>,
}

/// One character.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    dots: u8,
    /// The curve that was here last.
    curve: usize,
    /// What stands here in place of dots.
    letter: Option<char>,
}

/// Whether the dot of a curve is drawn that comes after so many others: this is how curves differ.
fn is_drawn(curve: usize, after: usize) -> bool {
    match curve % 4 {
        0 => true,
        1 => after % 8 < 5,
        2 => after.is_multiple_of(3),
        _ => after % 11 < 6 || after % 11 == 8,
    }
}

impl Canvas {
    /// An empty canvas of so many characters.
    pub(crate) fn new(columns: usize, rows: usize, has_braille: bool) -> Canvas {
        Canvas {
            columns,
            has_braille,
            cells: vec![Cell::default(); columns * rows],
        }
    }

    /// How many dots there are in a row, and in a column.
    pub(crate) fn dots(&self) -> [usize; 2] {
        let [across, down] = self.cell();
        [
            self.columns * across,
            self.cells.len() / self.columns * down,
        ]
    }

    fn cell(&self) -> [usize; 2] {
        if self.has_braille { [2, 4] } else { [1, 1] }
    }

    /// Draws a curve from one dot to another; `drawn` counts its dots so far, and the new count comes back.
    pub(crate) fn line(
        &mut self,
        from: [usize; 2],
        to: [usize; 2],
        curve: usize,
        drawn: usize,
    ) -> usize {
        let steps = from[0].abs_diff(to[0]).max(from[1].abs_diff(to[1]));
        let between = |a: usize, b: usize, step: usize| match steps {
            0 => a,
            _ => (a * (steps - step) + b * step + steps / 2) / steps,
        };
        for step in 0..=steps {
            let dot = [between(from[0], to[0], step), between(from[1], to[1], step)];
            if !self.has_braille || is_drawn(curve, drawn + step) {
                self.dot(dot, curve);
            }
        }
        drawn + steps
    }

    /// Marks a dot as a point of a curve.
    pub(crate) fn mark(&mut self, at: [usize; 2], curve: usize) {
        let marks = if self.has_braille { SIGNS } else { MARKS };
        self.text(at, &marks[curve % 4].to_string(), curve);
    }

    /// Writes a text of a curve, beginning at a dot, or before it where the row ends. What stands there already stays.
    pub(crate) fn text(&mut self, [x, y]: [usize; 2], text: &str, curve: usize) {
        let [across, down] = self.cell();
        let letters = text.chars().filter(|letter| !letter.is_control());
        let room = self.columns.saturating_sub(letters.clone().count());
        let (row, from) = (y / down * self.columns, (x / across).min(room));
        let cells = &mut self.cells[row + from..row + self.columns];
        for (cell, letter) in cells.iter_mut().zip(letters) {
            if cell.letter.is_some() {
                return;
            }
            (cell.letter, cell.curve) = (Some(letter), curve);
        }
    }

    fn dot(&mut self, [x, y]: [usize; 2], curve: usize) {
        let [across, down] = self.cell();
        let cell = &mut self.cells[y / down * self.columns + x / across];
        cell.dots |= BRAILLE[x % across][y % down];
        cell.curve = curve;
    }

    /// The rows as text.
    pub(crate) fn rows(&self, screen: Screen) -> Vec<String> {
        let text = |cell: &Cell| match (cell.dots, self.has_braille) {
            _ if let Some(letter) = cell.letter => {
                screen.paint(&letter.to_string(), COLOURS[cell.curve % 4])
            }
            (0, _) => " ".to_owned(),
            (_, false) => screen.paint(&MARKS[cell.curve % 4].to_string(), COLOURS[cell.curve % 4]),
            (dots, true) => {
                let braille = char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ');
                screen.paint(&braille.to_string(), COLOURS[cell.curve % 4])
            }
        };
        self.cells
            .chunks(self.columns)
            .map(|row| row.iter().map(text).collect())
            .collect()
    }

    /// The mark of a curve's points for the legend.
    pub(crate) fn sign(curve: usize, screen: Screen) -> String {
        let marks = if screen.unicode { SIGNS } else { MARKS };
        screen.paint(&marks[curve % 4].to_string(), COLOURS[curve % 4])
    }

    /// A piece of a curve for the legend.
    pub(crate) fn sample(curve: usize, screen: Screen) -> String {
        if !screen.unicode {
            return screen.paint(&MARKS[curve % 4].to_string(), COLOURS[curve % 4]);
        }
        let mut canvas = Canvas::new(6, 1, true);
        canvas.line([0, 2], [11, 2], curve, 0);
        canvas.rows(screen).concat()
    }
}
