//! `npy("x.npy", labels: "y.npy")`: rows in NumPy arrays, along their first axis. Bytes with three or four axes are images, numbers
//! with one or two are columns `x0`, `x1`, …; labels are a number a row. A pickle is never read.

use std::fs;
use std::path::Path;

use crate::data::array::Array;
use crate::data::channels::layout;
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::header::Header;
use crate::data::idx::{image_table, too_many};
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::open::{empty, regular};
use crate::data::pixels::Pixels;
use crate::data::spec::{MissingSpec, NpyFiles, NpySpec};
use crate::data::table::{Cells, Column, Given, Missing, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;
use crate::tensor::{Element, Tensor, concat};
use crate::types::DType;

/// The most columns of an array.
const MOST_COLUMNS: usize = 1 << 20;

/// Reads the images of arrays, of other arrays the columns that `choose` picks; rows of the part `test` follow those of `train`.
pub(crate) fn read_arrays(
    room: Room,
    source: &NpySpec,
    missing: &MissingSpec,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let rows = Rows::open(&source.rows, folder)?;
    let labels = source.labels.as_ref();
    let labels = labels.map(|labels| labels_of(labels, &rows, folder));
    let labels = labels.transpose()?;
    let mut table = match rows.arrays[0].1.shape() {
        [_, _, _, ..] => images(room, source, rows)?,
        _ => return columns(rows.whole()?, labels, missing, choose),
    };
    if let Some(labels) = labels {
        table.header.push(LABELS.to_owned());
        table.columns.push(label_column(&labels, 1, missing)?);
    }
    choose(table.names())?;
    Ok(table)
}

/// The images of an array.
pub(crate) fn npy_images(room: Room, name: &str, path: &Path) -> Result<Pixels, Fault> {
    let array = Array::open(name, path)?;
    let shape = array.shape();
    if shape.len() < 3 || shape.contains(&0) {
        let message = format!("{} of shape {shape:?} holds no images", shown(name));
        let fault = Fault::new(codes::BAD_ARRAY, message, "an array of other rows");
        return Err(
            fault.help("images are `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`, in bytes")
        );
    }
    let layout = layout(name, (array.dtype(), shape), None)?;
    let mut writer = ImageWriter::new(room);
    array.write(name, layout, &mut writer)?;
    Ok(Pixels::new(layout.shape, writer.finish()?))
}

/// The arrays of all parts, one behind the other.
struct Rows<'s> {
    path: &'s Spanned<String>,
    arrays: Vec<(&'s Spanned<String>, Array)>,
    counts: Counts,
}

/// The same in one array.
struct Whole<'s> {
    path: &'s Spanned<String>,
    tensor: Tensor,
    counts: Counts,
}

/// How many rows there are, and how many of them are to train on.
#[derive(Clone, Copy, PartialEq)]
struct Counts {
    n_rows: u32,
    n_train: u32,
}

impl<'s> Rows<'s> {
    fn open(files: &'s NpyFiles, folder: &Path) -> Result<Rows<'s>, Diagnostic> {
        let mut arrays = vec![(&files.train, array(&files.train, folder)?)];
        if let Some(path) = &files.test {
            let test = array(path, folder)?;
            let alike = check_alike((&files.train.value, &arrays[0].1), (&path.value, &test));
            alike.map_err(|fault| fault.at(path.span))?;
            arrays.push((path, test));
        }
        let counts = Counts::of(&files.train.value, &arrays);
        Ok(Rows {
            path: &files.train,
            counts: counts.map_err(|fault| fault.at(files.train.span))?,
            arrays,
        })
    }

    fn whole(self) -> Result<Whole<'s>, Diagnostic> {
        let whole = self.arrays.into_iter().map(|(path, array)| {
            let tensor = array.whole(&path.value);
            tensor.map_err(|fault| fault.at(path.span))
        });
        let tensors = whole.collect::<Result<Vec<Tensor>, Diagnostic>>()?;
        Ok(Whole {
            path: self.path,
            tensor: match &tensors[..] {
                [only] => only.clone(),
                several => concat(several, 0),
            },
            counts: self.counts,
        })
    }
}

impl Counts {
    fn of(path: &str, arrays: &[(&Spanned<String>, Array)]) -> Result<Counts, Fault> {
        let sizes = || arrays.iter().map(|(_, array)| array.shape()[0]);
        let n_rows: usize = sizes().sum();
        let counted = |n: usize| u32::try_from(n).map_err(|_| too_many(path, n_rows));
        Ok(Counts {
            n_rows: counted(n_rows)?,
            n_train: counted(sizes().next().unwrap_or(0))?,
        })
    }

    /// The rows of a part that the source holds apart.
    fn given(self) -> Vec<Given> {
        let rows = self.n_train..self.n_rows;
        let name = || "test".to_owned();
        let given = (!rows.is_empty()).then(|| Given { name: name(), rows });
        given.into_iter().collect()
    }
}

/// The array of a file, with at least one row and one element in each.
fn array(path: &Spanned<String>, folder: &Path) -> Result<Array, Diagnostic> {
    let full = regular(&path.value, folder).map_err(|fault| fault.at(path.span))?;
    check_filled(&path.value, &full).map_err(|fault| fault.at(path.span))?;
    let array = Array::open(&path.value, &full).map_err(|fault| fault.at(path.span))?;
    match array.shape() {
        [] => return Err(no_axis(&path.value).at(path.span)),
        shape if shape.contains(&0) => return Err(no_rows(&path.value, shape).at(path.span)),
        _ => {}
    }
    Ok(match array {
        Array::Whole(tensor) if tensor.rank() == 2 && tensor.shape()[1] == 1 => {
            let n = tensor.shape()[0];
            Array::Whole(tensor.with_shape(vec![n]))
        }
        array @ (Array::Whole(_) | Array::Images(_)) => array,
    })
}

fn check_filled(path: &str, full: &Path) -> Result<(), Fault> {
    match fs::metadata(full).is_ok_and(|about| about.len() == 0) {
        true => Err(empty(path)),
        false => Ok(()),
    }
}

/// The labels of some rows, one a row.
fn labels_of<'s>(
    files: &'s NpyFiles,
    rows: &Rows<'_>,
    folder: &Path,
) -> Result<Whole<'s>, Diagnostic> {
    let labels = Rows::open(files, folder)?;
    let fault = match labels.arrays[0].1.shape() {
        [_] if labels.counts == rows.counts => return labels.whole(),
        [_] => other_counts(rows, &labels),
        shape => no_labels(&files.train.value, shape),
    };
    Err(fault.at(files.train.span))
}

/// A table of the images of arrays.
fn images(room: Room, source: &NpySpec, rows: Rows<'_>) -> Result<Table, Diagnostic> {
    let (path, first) = (&rows.path.value, &rows.arrays[0].1);
    let at = |fault: Fault| fault.at(rows.path.span);
    let layout = layout(path, (first.dtype(), first.shape()), source.channels).map_err(at)?;
    let mut writer = ImageWriter::new(room);
    for (path, array) in rows.arrays {
        let written = array.write(&path.value, layout, &mut writer);
        written.map_err(|fault| fault.at(path.span))?;
    }
    let pixels = Pixels::new(layout.shape, writer.finish().map_err(at)?);
    let blank = Cells::Blank(pixels.len());
    let mut table = image_table(path, pixels, blank, rows.counts.given()).map_err(at)?;
    table.header.truncate(1);
    table.columns.truncate(1);
    Ok(table)
}

/// What the column of labels is called.
const LABELS: &str = "labels";

/// A table of the columns of a matrix, and of labels.
fn columns(
    rows: Whole<'_>,
    labels: Option<Whole<'_>>,
    missing: &MissingSpec,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let width = rows.tensor.len() / rows.tensor.shape()[0];
    if width > MOST_COLUMNS {
        return Err(too_wide(&rows.path.value, width).at(rows.path.span).into());
    }
    let names = (0..width).map(|at| format!("x{at}"));
    let mut table = Table {
        file: rows.path.value.clone(),
        row_word: "row",
        runs_on: false,
        header: names.chain(labels.iter().map(|_| LABELS.into())).collect(),
        columns: vec![],
        lines: (1..=rows.counts.n_rows).collect(),
        given: rows.counts.given(),
    };
    for place in choose(table.names())? {
        table.columns.push(match &labels {
            Some(labels) if place == width => label_column(labels, place, missing)?,
            Some(_) | None => column(&rows, place, (place, width), missing)?,
        });
    }
    Ok(table)
}

fn label_column(
    labels: &Whole<'_>,
    position: usize,
    missing: &MissingSpec,
) -> Result<Column, Diagnostic> {
    let column = column(labels, position, (0, 1), missing)?;
    Ok(Column {
        name: LABELS.to_owned(),
        ..column
    })
}

/// The column at a place of so many; what is no number is a missing cell.
fn column(
    rows: &Whole<'_>,
    position: usize,
    (place, width): (usize, usize),
    missing: &MissingSpec,
) -> Result<Column, Diagnostic> {
    let cells = cells(&rows.tensor, place, width);
    let mut column = Column {
        name: format!("x{position}"),
        position,
        cells,
        missing: vec![],
    };
    if let Cells::Float(values) = &column.cells {
        if let Some(row) = values.iter().position(|value| value.is_infinite()) {
            let fault = infinite(&rows.path.value, row, &column.name, values[row]);
            return Err(fault.at(rows.path.span));
        }
        column.missing = without_number(values, missing);
    }
    Ok(column)
}

fn without_number(values: &[f64], missing: &MissingSpec) -> Vec<Missing> {
    let mut tokens = missing.tokens().into_iter();
    let token = tokens.position(|token| token.eq_ignore_ascii_case("nan"));
    let token = token.and_then(|token| u16::try_from(token).ok());
    let token = token.unwrap_or(u16::MAX);
    let numbered = (0..).zip(values).filter(|(_, value)| value.is_nan());
    numbered.map(|(row, _)| Missing { row, token }).collect()
}

fn cells(tensor: &Tensor, place: usize, width: usize) -> Cells {
    match tensor.dtype() {
        DType::Bool => Cells::Bool(every(tensor, place, width, |x| x)),
        DType::U8 => Cells::Int(every(tensor, place, width, |x: u8| x.into())),
        DType::I32 => Cells::Int(every(tensor, place, width, |x: i32| x.into())),
        DType::I64 => Cells::Int(every(tensor, place, width, |x| x)),
        DType::F32 => Cells::Float(every(tensor, place, width, |x: f32| x.into())),
        DType::F64 => Cells::Float(every(tensor, place, width, |x| x)),
    }
}

/// A function of every element at a place of so many.
fn every<T: Element, U>(tensor: &Tensor, place: usize, width: usize, f: impl Fn(T) -> U) -> Vec<U> {
    let elements = tensor.as_slice::<T>().unwrap_or_default().iter();
    elements.skip(place).step_by(width).map(|&x| f(x)).collect()
}

fn check_alike(
    (train, first): (&str, &Array),
    (test, second): (&str, &Array),
) -> Result<(), Fault> {
    let of = |array: &Array| format!("{}{:?}", array.dtype(), &array.shape()[1..]);
    if of(first) == of(second) {
        return Ok(());
    }
    let message = format!(
        "the rows of {} are {}, those of {} are {}",
        shown(train),
        of(first),
        shown(test),
        of(second)
    );
    let fault = Fault::new(codes::BAD_ARRAY, message, "rows of another kind");
    Err(fault.help("save both with the same type and sizes: `astype`, `reshape`"))
}

fn no_axis(path: &str) -> Fault {
    let message = format!("{} holds one number, not rows", shown(path));
    let fault = Fault::new(codes::BAD_ARRAY, message, "an array without axes");
    fault.help("save an array whose first axis is that of the rows")
}

fn no_rows(path: &str, shape: &[usize]) -> Fault {
    let message = format!("{} of shape {shape:?} holds no elements", shown(path));
    let fault = Fault::new(codes::NO_ROWS, message, "nothing to learn from");
    fault.help("save an array with at least one row")
}

fn no_labels(path: &str, shape: &[usize]) -> Fault {
    let message = format!("labels are one number a row, {} is {shape:?}", shown(path));
    let fault = Fault::new(codes::BAD_ARRAY, message, "more than one number a row");
    match shape {
        [_, _] => fault.help("where each row is one-hot, save its classes: `y.argmax(axis=1)`"),
        _ => fault.help("save an array with one axis"),
    }
}

fn other_counts(rows: &Rows<'_>, labels: &Rows<'_>) -> Fault {
    let told = |counts: Counts, noun: &str| match counts.n_rows - counts.n_train {
        0 => counted(counts.n_rows as usize, noun),
        n_test => {
            let train = counted(counts.n_train as usize, noun);
            format!("{train} and {n_test} to test")
        }
    };
    let message = format!(
        "{} holds {}, {} holds {}",
        shown(&rows.path.value),
        told(rows.counts, "row"),
        shown(&labels.path.value),
        told(labels.counts, "label")
    );
    let fault = Fault::new(codes::BAD_ARRAY, message, "one label a row");
    fault.help("name the labels of these rows")
}

fn too_wide(path: &str, width: usize) -> Fault {
    let message = format!("{} has {width} columns", shown(path));
    let label = format!("more than {MOST_COLUMNS}");
    Fault::new(codes::BAD_ARRAY, message, label)
        .help("rows come first: save the array transposed, or fewer columns of it")
}

fn infinite(path: &str, row: usize, column: &str, value: f64) -> Fault {
    let message = format!("row {} of {} is `{value}`", row + 1, shown(path));
    let fault = Fault::new(codes::BAD_ARRAY, message, "numbers are needed");
    fault
        .note(format!("in column {}", shown(column)))
        .help("save `nan` where there is no value; such cells count as missing")
}
