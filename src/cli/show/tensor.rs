//! Tensors as text: the type in one line, the numbers below it in columns. What is too large is abridged along each axis, so that
//! what is shown always fits the screen.

use crate::chart::number::{Form, number};
use crate::cli::screen::Screen;
use crate::tensor::{Data, Tensor};

/// An axis with more entries than this is abridged to its edges.
const MOST: usize = 12;
/// Entries at each edge of an abridged axis.
const EDGE: usize = 3;
/// The same, for the axes that number blocks.
const MOST_BLOCKS: usize = 4;
const BLOCK_EDGE: usize = 2;
/// Columns between two numbers.
const GAP: usize = 2;

/// Element type and sizes: `f32[2, 3]`; axes that have names show them: `f32[actual: 3, predicted: 3]`.
pub(crate) fn type_of(tensor: &Tensor, axes: &[Option<String>]) -> String {
    let sizes = tensor.shape().iter().enumerate().map(|(axis, size)| {
        let name = axes.get(axis).and_then(Option::as_ref);
        name.map_or_else(|| size.to_string(), |name| format!("{name}: {size}"))
    });
    format!(
        "{}[{}]",
        tensor.dtype(),
        sizes.collect::<Vec<_>>().join(", ")
    )
}

/// The only number of a tensor without axes.
pub(crate) fn scalar(tensor: &Tensor) -> Option<String> {
    let is_scalar = tensor.rank() == 0;
    is_scalar.then(|| text_at(tensor.data(), 0, None))
}

/// The numbers in lines, which end without a newline.
pub(crate) fn lines(tensor: &Tensor, screen: Screen) -> Vec<String> {
    if tensor.is_empty() {
        return vec!["(no elements)".into()];
    }
    let (outer, inner) = tensor.shape().split_at(tensor.rank().saturating_sub(2));
    let [rows, columns] = match inner {
        [] => [1, 1],
        [n] => [1, *n],
        [rows, columns, ..] => [*rows, *columns],
    };
    let blocks = blocks(outer);
    let starts = blocks
        .iter()
        .flatten()
        .map(|block| block.number * rows * columns);
    let form = form(tensor, &starts.collect::<Vec<_>>(), [rows, columns]);
    let mut lines = vec![];
    for block in blocks {
        let Some(block) = block else {
            lines.push(screen.ellipsis().into());
            continue;
        };
        if !outer.is_empty() {
            lines.push(format!("[{}, :, :]", block.place.join(", ")));
        }
        let matrix = Matrix {
            data: tensor.data(),
            start: block.number * rows * columns,
            rows,
            columns,
            form,
        };
        lines.extend(matrix.lines(screen));
    }
    lines
}

/// A matrix of a tensor of higher rank.
struct Block {
    /// Its place along each outer axis.
    place: Vec<String>,
    /// How many matrices come before it.
    number: usize,
}

/// The matrices to show, with gaps.
fn blocks(outer: &[usize]) -> Vec<Option<Block>> {
    let whole = Block {
        place: vec![],
        number: 0,
    };
    outer.iter().fold(vec![Some(whole)], |blocks, &size| {
        let places = picked(size, MOST_BLOCKS, BLOCK_EDGE);
        let within = |block: Option<Block>| match block {
            None => vec![None],
            Some(block) => places
                .iter()
                .map(|place| place.map(|place| block.at(place, size)))
                .collect(),
        };
        blocks.into_iter().flat_map(within).collect()
    })
}

impl Block {
    fn at(&self, place: usize, size: usize) -> Block {
        let mut places = self.place.clone();
        places.push(place.to_string());
        Block {
            place: places,
            number: self.number * size + place,
        }
    }
}

/// The entries of an axis that are shown: all up to `most`, else `edge` at both ends and a gap.
fn picked(size: usize, most: usize, edge: usize) -> Vec<Option<usize>> {
    if size <= most || size <= 2 * edge {
        return (0..size).map(Some).collect();
    }
    let (first, last) = ((0..edge).map(Some), (size - edge..size).map(Some));
    first.chain([None]).chain(last).collect()
}

/// The form that suits every number that may be shown.
fn form(tensor: &Tensor, starts: &[usize], [rows, columns]: [usize; 2]) -> Option<Form> {
    let at = |place: usize| match tensor.data() {
        Data::F32(v) => Some(f64::from(v[place])),
        Data::F64(v) => Some(v[place]),
        Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => None,
    };
    let (row_places, column_places) = (picked(rows, MOST, EDGE), picked(columns, MOST, EDGE));
    let mut numbers = vec![];
    for start in starts {
        for row in row_places.iter().flatten() {
            let row = start + row * columns;
            numbers.extend(
                column_places
                    .iter()
                    .flatten()
                    .filter_map(|column| at(row + column)),
            );
        }
    }
    (!numbers.is_empty()).then(|| Form::of(numbers))
}

/// An element as text; floats in `form`, or by themselves.
fn text_at(data: &Data, place: usize, form: Option<Form>) -> String {
    let float = |x: f64| form.map_or_else(|| number(x), |form| form.write(x));
    match data {
        Data::F32(v) => float(f64::from(v[place])),
        Data::F64(v) => float(v[place]),
        Data::I64(v) => v[place].to_string(),
        Data::I32(v) => v[place].to_string(),
        Data::U8(v) => v[place].to_string(),
        Data::Bool(v) => v[place].to_string(),
    }
}

/// Rows and columns within a tensor.
struct Matrix<'a> {
    data: &'a Data,
    start: usize,
    rows: usize,
    columns: usize,
    form: Option<Form>,
}

impl Matrix<'_> {
    /// The rows; as many columns as fit.
    fn lines(&self, screen: Screen) -> Vec<String> {
        let rows = picked(self.rows, MOST, EDGE);
        let whole = self.written(&rows, &picked(self.columns, MOST, EDGE), screen);
        let narrower = (1..=EDGE).rev().map(|edge| picked(self.columns, 0, edge));
        let narrower = narrower.map(|columns| self.written(&rows, &columns, screen));
        let mut choices = std::iter::once(whole).chain(narrower);
        let fits = |lines: &Vec<String>| {
            lines
                .iter()
                .all(|line| line.chars().count() + GAP <= screen.width)
        };
        choices
            .find(fits)
            .unwrap_or_else(|| self.written(&rows, &picked(self.columns, 0, 1), screen))
    }

    fn written(
        &self,
        rows: &[Option<usize>],
        columns: &[Option<usize>],
        screen: Screen,
    ) -> Vec<String> {
        let text = |row: Option<usize>, column: Option<usize>| match (row, column) {
            (Some(row), Some(column)) => text_at(
                self.data,
                self.start + row * self.columns + column,
                self.form,
            ),
            (None, _) | (_, None) => screen.ellipsis().into(),
        };
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| columns.iter().map(|column| text(*row, *column)).collect())
            .collect();
        let size = |text: &String| text.chars().count();
        let widest = |column: usize| {
            cells
                .iter()
                .map(|row| size(&row[column]))
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
        let line = |row: &Vec<String>| {
            let padded = row
                .iter()
                .zip(&widths)
                .map(|(text, &width)| format!("{text:>width$}"));
            padded.collect::<Vec<_>>().join(&" ".repeat(GAP))
        };
        cells.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tensor: &Tensor, width: usize) -> String {
        let screen = Screen {
            width,
            ..Screen::default()
        };
        format!(
            "{}\n{}",
            type_of(tensor, &[]),
            lines(tensor, screen).join("\n")
        )
    }

    fn counted(shape: &[usize], step: f32) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec(
            shape.to_vec(),
            (0..n).map(|i| i as f32 * step).collect::<Vec<f32>>(),
        )
    }

    #[test]
    fn vectors() {
        insta::assert_snapshot!(shown(&counted(&[5], 0.25), 80), @r"
        f32[5]
        0.00  0.25  0.50  0.75  1.00
        ");
        insta::assert_snapshot!(shown(&counted(&[1000], 0.1), 80), @r"
        f32[1000]
        0.0  0.1  0.2  …  99.7  99.8  99.9
        ");
        insta::assert_snapshot!(shown(&Tensor::from_vec(vec![3], vec![1i64, -200, 3]), 80), @r"
        i64[3]
        1  -200  3
        ");
        insta::assert_snapshot!(shown(&Tensor::from_vec(vec![2], vec![true, false]), 80), @r"
        bool[2]
        true  false
        ");
    }

    #[test]
    fn matrices() {
        insta::assert_snapshot!(shown(&counted(&[2, 3], -1.5), 80), @r"
        f32[2, 3]
        -0.0  -1.5  -3.0
        -4.5  -6.0  -7.5
        ");
        insta::assert_snapshot!(shown(&counted(&[20, 30], 0.37), 80), @r"
        f32[20, 30]
          0.00    0.37    0.74  …    9.99   10.36   10.73
         11.10   11.47   11.84  …   21.09   21.46   21.83
         22.20   22.57   22.94  …   32.19   32.56   32.93
             …       …       …  …       …       …       …
        188.70  189.07  189.44  …  198.69  199.06  199.43
        199.80  200.17  200.54  …  209.79  210.16  210.53
        210.90  211.27  211.64  …  220.89  221.26  221.63
        ");
        insta::assert_snapshot!(shown(&counted(&[2, 10], 1234.5), 30), @r"
        f32[2, 10]
            0.0  …  11110.5
        12345.0  …  23455.5
        ");
    }

    #[test]
    fn higher_ranks_are_blocks() {
        insta::assert_snapshot!(shown(&counted(&[2, 2, 2], 1.0), 80), @r"
        f32[2, 2, 2]
        [0, :, :]
        0.0  1.0
        2.0  3.0
        [1, :, :]
        4.0  5.0
        6.0  7.0
        ");
        insta::assert_snapshot!(shown(&counted(&[9, 1, 1, 2], 1.0), 80), @r"
        f32[9, 1, 1, 2]
        [0, 0, :, :]
        0.0  1.0
        [1, 0, :, :]
        2.0  3.0
        …
        [7, 0, :, :]
        14.0  15.0
        [8, 0, :, :]
        16.0  17.0
        ");
    }

    #[test]
    fn extremes() {
        let x = vec![1e-30, 1e30, f64::NAN, -0.0, f64::NEG_INFINITY, 1.0];
        insta::assert_snapshot!(shown(&Tensor::from_vec(vec![2, 3], x), 80), @r"
        f64[2, 3]
        1.0e-30  1.0e30    NaN
           -0.0    -inf  1.0e0
        ");
        let x = vec![f64::NAN, f64::INFINITY, -0.0];
        insta::assert_snapshot!(shown(&Tensor::from_vec(vec![3], x), 80), @r"
        f64[3]
        NaN  inf  -0.0
        ");
    }

    #[test]
    fn nothing_to_show() {
        insta::assert_snapshot!(shown(&counted(&[0, 3], 1.0), 80), @r"
        f32[0, 3]
        (no elements)
        ");
    }

    #[test]
    fn scalars() {
        assert_eq!(scalar(&Tensor::scalar(0.1f32)).as_deref(), Some("0.1"));
        assert_eq!(
            scalar(&Tensor::scalar(i64::MIN)).as_deref(),
            Some("-9223372036854775808")
        );
        assert_eq!(scalar(&Tensor::scalar(true)).as_deref(), Some("true"));
        assert_eq!(scalar(&counted(&[1], 1.0)), None);
    }

    #[test]
    fn axes_may_have_names() {
        let axes = [Some("actual".to_owned()), None];
        assert_eq!(type_of(&counted(&[2, 3], 1.0), &axes), "f32[actual: 2, 3]");
    }
}
