//! `npy("x.npy", labels: "y.npy")`: rows in NumPy arrays, along their first axis. Bytes with three or four axes are images, numbers
//! with one or two are columns `x0`, `x1`, …; labels are a number a row. A pickle is never read.

use std::fs;
use std::path::Path;

use crate::data::channels::pixels;
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::header::Header;
use crate::data::idx::image_table;
use crate::data::open::{empty, regular};
use crate::data::pixels::Pixels;
use crate::data::spec::{MissingSpec, NpyFiles, NpySpec};
use crate::data::table::{Cells, Column, Given, Missing, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;
use crate::tensor::{Element, FileError, Tensor, concat, read_npy};
use crate::types::DType;

/// The most columns of an array.
const MOST_COLUMNS: usize = 1 << 20;

/// Reads arrays of images whole, of other arrays the columns that `choose` picks; rows of the part `test` follow those of `train`.
pub(crate) fn read_arrays(
    source: &NpySpec,
    missing: &MissingSpec,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let rows = Rows::read(&source.rows, folder)?;
    let labels = source.labels.as_ref();
    let labels = labels.map(|labels| labels_of(labels, &rows, folder));
    let labels = labels.transpose()?;
    match rows.tensor.rank() {
        3.. => images(source, rows, labels, missing, choose),
        _ => columns(rows, labels, missing, choose),
    }
}

/// The images of an array.
pub(crate) fn npy_images(name: &str, path: &Path) -> Result<Pixels, Fault> {
    let tensor = read_npy(path).map_err(|error| refused(name, &error))?;
    match tensor.rank() {
        3.. if !tensor.is_empty() => pixels(name, tensor, None),
        _ => {
            let shape = tensor.shape();
            let message = format!("{} of shape {shape:?} holds no images", shown(name));
            let fault = Fault::new(codes::BAD_ARRAY, message, "an array of other rows");
            Err(fault.help("images are `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`, in bytes"))
        }
    }
}

/// The arrays of all parts, one behind the other.
struct Rows<'s> {
    path: &'s Spanned<String>,
    tensor: Tensor,
    n_train: usize,
}

impl<'s> Rows<'s> {
    fn read(files: &'s NpyFiles, folder: &Path) -> Result<Rows<'s>, Diagnostic> {
        let train = array(&files.train, folder)?;
        let n_train = train.shape()[0];
        let tensor = match &files.test {
            None => train,
            Some(path) => {
                let test = array(path, folder)?;
                let alike = check_alike((&files.train.value, &train), (&path.value, &test));
                alike.map_err(|fault| fault.at(path.span))?;
                concat(&[train, test], 0)
            }
        };
        check_count(&files.train.value, tensor.shape()[0])
            .map_err(|fault| fault.at(files.train.span))?;
        Ok(Rows {
            path: &files.train,
            tensor,
            n_train,
        })
    }

    fn len(&self) -> usize {
        self.tensor.shape()[0]
    }

    fn n_rows(&self) -> u32 {
        u32::try_from(self.len()).expect("counted: fewer than 2^32 rows")
    }

    /// The rows of a part that the source holds apart.
    fn given(&self) -> Vec<Given> {
        let start = u32::try_from(self.n_train).expect("counted: fewer than 2^32 rows");
        let rows = start..self.n_rows();
        let name = || "test".to_owned();
        let given = (!rows.is_empty()).then(|| Given { name: name(), rows });
        given.into_iter().collect()
    }
}

/// The array of a file, with at least one row and one element in each.
fn array(path: &Spanned<String>, folder: &Path) -> Result<Tensor, Diagnostic> {
    let full = regular(&path.value, folder).map_err(|fault| fault.at(path.span))?;
    check_filled(&path.value, &full).map_err(|fault| fault.at(path.span))?;
    let tensor = read_npy(&full).map_err(|error| refused(&path.value, &error).at(path.span))?;
    match tensor.shape() {
        [] => Err(no_axis(&path.value).at(path.span)),
        shape if shape.contains(&0) => Err(no_rows(&path.value, shape).at(path.span)),
        &[n, 1] => Ok(tensor.with_shape(vec![n])),
        _ => Ok(tensor),
    }
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
) -> Result<Rows<'s>, Diagnostic> {
    let labels = Rows::read(files, folder)?;
    let fault = match labels.tensor.shape() {
        [_] if (labels.len(), labels.n_train) == (rows.len(), rows.n_train) => {
            return Ok(labels);
        }
        [_] => other_counts(rows, &labels),
        shape => no_labels(&files.train.value, shape),
    };
    Err(fault.at(files.train.span))
}

/// A table of images and, where there are any, their labels.
fn images(
    source: &NpySpec,
    rows: Rows<'_>,
    labels: Option<Rows<'_>>,
    missing: &MissingSpec,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let (path, given) = (&rows.path.value, rows.given());
    let pixels = pixels(path, rows.tensor, source.channels);
    let pixels = pixels.map_err(|fault| fault.at(rows.path.span))?;
    let n_rows = pixels.len();
    let mut table = image_table(path, pixels, Cells::Blank(n_rows), given);
    table.header.truncate(1);
    table.columns.truncate(1);
    if let Some(labels) = labels {
        table.header.push(LABELS.to_owned());
        table.columns.push(label_column(&labels, 1, missing)?);
    }
    choose(table.names())?;
    Ok(table)
}

/// What the column of labels is called.
const LABELS: &str = "labels";

/// A table of the columns of a matrix, and of labels.
fn columns(
    rows: Rows<'_>,
    labels: Option<Rows<'_>>,
    missing: &MissingSpec,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let width = rows.tensor.len() / rows.len();
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
        lines: (1..=rows.n_rows()).collect(),
        given: rows.given(),
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
    labels: &Rows<'_>,
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
    rows: &Rows<'_>,
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
    (train, first): (&str, &Tensor),
    (test, second): (&str, &Tensor),
) -> Result<(), Fault> {
    let of = |tensor: &Tensor| format!("{}{:?}", tensor.dtype(), &tensor.shape()[1..]);
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

fn check_count(path: &str, n_rows: usize) -> Result<(), Fault> {
    if u32::try_from(n_rows).is_ok() {
        return Ok(());
    }
    let message = format!("{} holds {n_rows} rows", shown(path));
    let fault = Fault::new(codes::TOO_MANY_ROWS, message, "more than 2^32");
    Err(fault.help("save a part of them"))
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
    let told = |n: usize, n_train: usize, noun: &str| match n - n_train {
        0 => counted(n, noun),
        n_test => format!("{} and {n_test} to test", counted(n_train, noun)),
    };
    let message = format!(
        "{} holds {}, {} holds {}",
        shown(&rows.path.value),
        told(rows.len(), rows.n_train, "row"),
        shown(&labels.path.value),
        told(labels.len(), labels.n_train, "label")
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

/// What keeps a file from being an array of numbers.
fn refused(path: &str, error: &FileError) -> Fault {
    let name = shown(path);
    let bad = |message: String, label: &str| Fault::new(codes::BAD_ARRAY, message, label);
    match error {
        FileError::NotNpy { .. } => {
            let fault = bad(format!("{name} is no npy file"), "another format");
            match path.ends_with(".npz") {
                true => {
                    fault.help("save each array of it by itself: `np.save(\"x.npy\", z[\"x\"])`")
                }
                false => fault.help("save it with `np.save`"),
            }
        }
        FileError::Unsupported { dtype, .. } => {
            let fault = bad(
                format!(
                    "{name} has elements of type {}, no numbers that are read",
                    shown(dtype)
                ),
                "booleans, integers to 64 bits, floats of 32 and 64 are read",
            );
            fault.help(as_numbers(dtype))
        }
        FileError::TooShort { len, .. } => {
            let message = format!(
                "{name} ends after {}, within its header",
                counted(*len, "byte")
            );
            bad(message, "cut short").help("save or fetch the file again")
        }
        FileError::Damaged { reason, .. } => {
            let fault = bad(
                format!("{name} is damaged: {reason}"),
                "cut short, or mixed up",
            );
            fault.help("save or fetch the file again")
        }
        FileError::Missing { .. }
        | FileError::Directory { .. }
        | FileError::Special { .. }
        | FileError::Unreadable { .. }
        | FileError::Unwritable { .. }
        | FileError::Foreign { .. }
        | FileError::Duplicate { .. } => {
            Fault::new(codes::UNREADABLE, error.to_string(), "cannot be read")
        }
    }
}

/// How such elements become numbers that are read.
fn as_numbers(dtype: &str) -> &'static str {
    match dtype
        .trim_start_matches(['<', '>', '|', '='])
        .chars()
        .next()
    {
        Some('f') => "save it as another type: `x.astype(\"float32\")`",
        Some('i' | 'u') => "save it as another type: `x.astype(\"int64\")`",
        _ => "save the number of each class: `np.unique(y, return_inverse=True)[1]`",
    }
}
