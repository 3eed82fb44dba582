//! A field's values on their way through its transforms: first the cells of its columns, then numbers, or indices of categories.
//! Rows are those of one table, so that a fault can name a line.

use std::borrow::Cow;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::numeric::numbers;
use crate::data::pixels::{PixelRows, Pixels, Tables};
use crate::data::rows::Rows;
use crate::data::table::{Cells, Column, Table};
use crate::data::tokens::Tokens;
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
    /// Images; the features are their channels.
    Pixels(PixelField),
    /// Numbers of tokens, as many a row as it has.
    Tokens(Tokens),
}

/// What the bytes of a channel have become, and how often each occurs.
pub(crate) type Spread = Vec<(f64, u64)>;

/// Images, and what their bytes have become.
#[derive(Clone, Debug)]
pub(crate) struct PixelField {
    pub(crate) pixels: Pixels,
    pub(crate) tables: Tables,
    /// Whether a row is a line of numbers.
    pub(crate) is_flat: bool,
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
        if let ([column], false) = (&columns[..], vector)
            && let Cells::Image(pixels) = &column.cells
        {
            return Block::of_pixels(table, &column.name, pixels);
        }
        Block {
            table,
            columns: names.clone(),
            features: names,
            vector,
            content: Content::Cells(columns.into_iter().map(Cow::Borrowed).collect()),
        }
    }

    fn of_pixels(table: &'t Table, name: &str, pixels: &Pixels) -> Block<'t> {
        let channel = |channel: usize| match pixels.shape[0] {
            1 => name.to_string(),
            _ => format!("{name}[{channel}]"),
        };
        Block {
            table,
            columns: vec![name.to_string()],
            features: (0..pixels.shape[0]).map(channel).collect(),
            vector: false,
            content: Content::Pixels(PixelField {
                pixels: pixels.clone(),
                tables: pixels.identity(),
                is_flat: false,
            }),
        }
    }

    /// Its tokens, where a text was made some.
    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        if let Content::Tokens(tokens) = &self.content {
            Some(tokens)
        } else {
            None
        }
    }

    /// Whether it is one of images.
    pub(crate) fn is_image(&self) -> bool {
        matches!(self.content, Content::Pixels(_))
    }

    /// What the bytes of images have become, of those that occur.
    pub(crate) fn met(&self) -> Result<Vec<f64>, Fault> {
        let rows: Vec<u32> = (0..).take(self.table.n_rows()).collect();
        let all = self.spreads(&rows)?.into_iter().flatten().flatten();
        let met = all.filter(|(_, count)| *count > 0);
        Ok(met.map(|(value, _)| value).collect())
    }

    /// By channel what the bytes of images have become, and how often each occurs in some rows.
    pub(crate) fn spreads(&self, rows: &[u32]) -> Result<Option<Vec<Spread>>, Fault> {
        let Content::Pixels(field) = &self.content else {
            return Ok(None);
        };
        let counts = field.pixels.counts(rows)?;
        let pairs = field.tables.iter().zip(counts);
        let zipped =
            pairs.map(|(table, counts)| table.iter().copied().zip(counts).collect::<Vec<_>>());
        Ok(Some(zipped.collect()))
    }

    /// The number of values in a row, or of channels of an image.
    pub(crate) fn width(&self) -> usize {
        self.features.len()
    }

    /// The columns as they were read, for the transform `wanted_by`.
    pub(crate) fn cells(&self, wanted_by: &str) -> Result<&[Cow<'t, Column>], Fault> {
        match &self.content {
            Content::Cells(columns) => Ok(columns),
            Content::Numbers(_) | Content::Index(_) | Content::Tokens(_) => {
                Err(too_late(wanted_by))
            }
            Content::Pixels(_) => Err(images(&self.columns[0], wanted_by)),
        }
    }

    /// The values as numbers, row by row, for the transform `wanted_by`.
    pub(crate) fn numbers(&self, wanted_by: &str) -> Result<Cow<'_, [f64]>, Fault> {
        match &self.content {
            Content::Cells(columns) => Ok(Cow::Owned(interleaved(self.table, columns)?)),
            Content::Numbers(values) => Ok(Cow::Borrowed(values)),
            Content::Index(_) | Content::Tokens(_) => Err(after_index(wanted_by)),
            Content::Pixels(_) => Err(images(&self.columns[0], wanted_by)),
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
            Content::Numbers(_) | Content::Pixels(_) => Ok(self),
            Content::Cells(_) | Content::Index(_) | Content::Tokens(_) => {
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
        if let Content::Pixels(field) = &mut block.content {
            for (at, table) in field.tables.iter_mut().enumerate() {
                table.iter_mut().for_each(|x| *x = f(*x, at));
            }
        }
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
            Content::Numbers(_) | Content::Index(_) | Content::Pixels(_) => Ok(self),
            Content::Tokens(_) => Ok(self),
        }
    }

    /// The shape of one row.
    pub(crate) fn row_shape(&self) -> Vec<usize> {
        if let Content::Pixels(field) = &self.content {
            return match field.is_flat {
                true => vec![field.pixels.size()],
                false => field.pixels.shape.to_vec(),
            };
        }
        if self.vector {
            vec![self.width()]
        } else {
            vec![]
        }
    }

    /// The element type, where numbers are of type `float`.
    pub(crate) fn dtype(&self, float: DType) -> DType {
        match self.content {
            Content::Cells(_) | Content::Numbers(_) | Content::Pixels(_) => float,
            Content::Index(_) | Content::Tokens(_) => DType::I64,
        }
    }

    /// Some rows of a finished block; numbers get the type `float`.
    pub(crate) fn rows(&self, rows: &[u32], float: DType) -> Result<Rows, Fault> {
        let Content::Pixels(field) = &self.content else {
            return Ok(Rows::Tensor(self.tensor(rows, float)?));
        };
        Ok(Rows::Pixels(Box::new(PixelRows::new(
            field.pixels.clone(),
            rows.to_vec(),
            field.tables.clone(),
            self.row_shape(),
            float_type(float),
        ))))
    }

    /// Some rows of a finished block as a tensor; numbers get the type `float`.
    pub(crate) fn tensor(&self, rows: &[u32], float: DType) -> Result<Tensor, Fault> {
        let shape: Vec<usize> = [rows.len()].into_iter().chain(self.row_shape()).collect();
        let width = self.width();
        let data = match &self.content {
            Content::Index(values) => Data::I64(picked(values, width, rows, |x| x).into()),
            Content::Numbers(values) => self.floats(values, rows, float)?,
            Content::Cells(_) => return self.clone().finished()?.tensor(rows, float),
            Content::Pixels(_) => return Ok(self.rows(rows, float)?.tensor()?.clone()),
            Content::Tokens(tokens) => return Ok(tokens.series(rows)),
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

fn images(column: &str, transform: &str) -> Fault {
    let message = format!(
        "`{transform}` does not take images, and column {} holds some",
        shown(column)
    );
    Fault::new(codes::NOT_CATEGORICAL, message, "images")
        .help("images take `scale`, `standardize`, `normalize`, `clip` and `flatten`")
        .in_column(column)
}
