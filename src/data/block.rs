//! A field's values on their way through its transforms: first the cells of its columns, then numbers, or indices of categories.
//! Rows are those of one table, so that a fault can name a line.

use std::borrow::Cow;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::numeric::numbers;
use crate::data::table::{Column, Table};
use crate::tensor::{Data, Tensor};
use crate::types::DType;

/// A field's values at some point of its chain of transforms.
#[derive(Clone, Debug)]
pub(crate) struct Block<'t> {
    /// Where its rows come from.
    pub(crate) table: &'t Table,
    /// The columns it began with.
    pub(crate) columns: Vec<String>,
    /// What stands along the last axis.
    pub(crate) features: Vec<String>,
    /// Whether a row is a vector rather than a scalar.
    pub(crate) vector: bool,
    /// The values.
    pub(crate) content: Content<'t>,
}

/// The values of a block.
#[derive(Clone, Debug)]
pub(crate) enum Content<'t> {
    /// The columns as they were read.
    Cells(Vec<Cow<'t, Column>>),
    /// Numbers, row by row, one a feature.
    Numbers(Vec<f64>),
    /// Indices of categories, row by row, one a feature.
    Index(Vec<i64>),
}

impl<'t> Block<'t> {
    /// The columns at some places of a table.
    pub(crate) fn new(table: &'t Table, places: &[usize], vector: bool) -> Block<'t> {
        let column = |&place: &usize| {
            let read = table.column(place);
            read.expect("the table was read for this field, or that was checked")
        };
        let columns: Vec<&Column> = places.iter().map(column).collect();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Block {
            table,
            columns: names.clone(),
            features: names,
            vector,
            content: Content::Cells(columns.into_iter().map(Cow::Borrowed).collect()),
        }
    }

    /// The number of values in a row.
    pub(crate) fn width(&self) -> usize {
        self.features.len()
    }

    /// The columns as they were read, for the transform `wanted_by`.
    pub(crate) fn cells(&self, wanted_by: &str) -> Result<&[Cow<'t, Column>], Fault> {
        match &self.content {
            Content::Cells(columns) => Ok(columns),
            Content::Numbers(_) | Content::Index(_) => Err(too_late(wanted_by)),
        }
    }

    /// The values as numbers, row by row, for the transform `wanted_by`.
    pub(crate) fn numbers(&self, wanted_by: &str) -> Result<Cow<'_, [f64]>, Fault> {
        match &self.content {
            Content::Cells(columns) => Ok(Cow::Owned(interleaved(self.table, columns)?)),
            Content::Numbers(values) => Ok(Cow::Borrowed(values)),
            Content::Index(_) => Err(after_index(wanted_by)),
        }
    }

    /// This block with other numbers.
    pub(crate) fn with_numbers(self, values: Vec<f64>) -> Block<'t> {
        Block {
            content: Content::Numbers(values),
            ..self
        }
    }

    /// This block with its cells read as numbers, for the transform `wanted_by`; numbers stay where they are.
    pub(crate) fn in_numbers(self, wanted_by: &str) -> Result<Block<'t>, Fault> {
        match self.content {
            Content::Numbers(_) => Ok(self),
            Content::Cells(_) | Content::Index(_) => {
                let values = self.numbers(wanted_by)?.into_owned();
                Ok(self.with_numbers(values))
            }
        }
    }

    /// This block with a function of each number and its feature's place, for the transform `wanted_by`.
    pub(crate) fn mapped(
        self,
        wanted_by: &str,
        f: impl Fn(f64, usize) -> f64,
    ) -> Result<Block<'t>, Fault> {
        let width = self.width();
        let mut block = self.in_numbers(wanted_by)?;
        if let Content::Numbers(values) = &mut block.content {
            for row in values.chunks_exact_mut(width) {
                row.iter_mut()
                    .enumerate()
                    .for_each(|(at, x)| *x = f(*x, at));
            }
        }
        Ok(block)
    }

    /// This block at the end of its chain: cells become numbers.
    pub(crate) fn finished(self) -> Result<Block<'t>, Fault> {
        match self.content {
            Content::Cells(_) => self.in_numbers("a tensor"),
            Content::Numbers(_) | Content::Index(_) => Ok(self),
        }
    }

    /// The shape of one row.
    pub(crate) fn row_shape(&self) -> Vec<usize> {
        if self.vector {
            vec![self.width()]
        } else {
            vec![]
        }
    }

    /// The element type, where numbers are of type `float`.
    pub(crate) fn dtype(&self, float: DType) -> DType {
        match self.content {
            Content::Cells(_) | Content::Numbers(_) => float,
            Content::Index(_) => DType::I64,
        }
    }

    /// Some rows of a finished block as a tensor; numbers get the type `float`.
    pub(crate) fn tensor(&self, rows: &[u32], float: DType) -> Result<Tensor, Fault> {
        let shape: Vec<usize> = [rows.len()].into_iter().chain(self.row_shape()).collect();
        let width = self.width();
        let data = match &self.content {
            Content::Index(values) => Data::I64(picked(values, width, rows, |x| x).into()),
            Content::Numbers(values) => self.floats(values, rows, float)?,
            Content::Cells(_) => return self.clone().finished()?.tensor(rows, float),
        };
        Ok(Tensor::new(shape, data))
    }

    fn floats(&self, values: &[f64], rows: &[u32], float: DType) -> Result<Data, Fault> {
        let largest = if float == DType::F64 {
            f64::MAX
        } else {
            f64::from(f32::MAX)
        };
        let width = self.width();
        let is_out = |value: &f64| value.is_nan() || value.abs() > largest;
        for &row in rows {
            let own = &values[row as usize * width..][..width];
            if let Some(at) = own.iter().position(is_out) {
                return Err(self.overflow(own[at], row as usize, at, float));
            }
        }
        Ok(match float {
            DType::F64 => Data::F64(picked(values, width, rows, |x| x).into()),
            DType::F32 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => {
                Data::F32(picked(values, width, rows, |x| x as f32).into())
            }
        })
    }

    fn overflow(&self, value: f64, row: usize, at: usize, float: DType) -> Fault {
        let feature = shown(&self.features[at]);
        let message = format!(
            "`{value:e}` does not fit into {float}: {}, {feature}",
            self.table.line_of(row)
        );
        Fault::new(codes::OVERFLOW, message, "makes a number out of range")
            .help("`standardize` or `scale` it first, or take its `log`")
    }
}

/// The type that numbers get: `f64` where that is asked for, else `f32`.
pub(crate) fn float_type(float: DType) -> DType {
    match float {
        DType::F64 => DType::F64,
        DType::F32 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => DType::F32,
    }
}

fn interleaved(table: &Table, columns: &[Cow<'_, Column>]) -> Result<Vec<f64>, Fault> {
    let width = columns.len();
    let mut values = vec![0.0; table.n_rows() * width];
    for (place, column) in columns.iter().enumerate() {
        for (row, value) in numbers(table, column)?.into_iter().enumerate() {
            values[row * width + place] = value;
        }
    }
    Ok(values)
}

/// A function of the values of some rows.
fn picked<T: Copy, U>(values: &[T], width: usize, rows: &[u32], f: impl Fn(T) -> U) -> Vec<U> {
    let mut out = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        let own = &values[row as usize * width..][..width];
        out.extend(own.iter().map(|&value| f(value)));
    }
    out
}

fn too_late(transform: &str) -> Fault {
    let message =
        format!("`{transform}` needs a column's own values, and comes after another transform");
    Fault::new(codes::TRANSFORM_ORDER, message, "comes too late")
        .help(format!("put `{transform}` first"))
}

fn after_index(transform: &str) -> Fault {
    let message =
        format!("`{transform}` cannot follow `label`: an index is a name, not a quantity");
    Fault::new(codes::TRANSFORM_ORDER, message, "needs quantities")
        .help("leave one of the two out, or use `one_hot`")
}
