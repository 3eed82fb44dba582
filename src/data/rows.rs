//! The rows of a part's field, as they lie in memory until a batch asks for some of them.

use crate::data::augment::Draw;
use crate::data::fault::Fault;
use crate::data::gather_rows;
use crate::data::pixels::PixelRows;
use crate::data::windows::WindowRows;
use crate::tensor::Tensor;
use crate::types::DType;

/// The rows of a part's field.
#[derive(Clone, Debug)]
pub enum Rows {
    /// As a tensor.
    Tensor(Tensor),
    /// As bytes.
    Pixels(Box<PixelRows>),
    /// As runs of a series.
    Windows(Box<WindowRows>),
}

impl Rows {
    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Rows::Tensor(tensor) => tensor.dtype(),
            Rows::Pixels(rows) => rows.dtype(),
            Rows::Windows(rows) => rows.dtype(),
        }
    }

    /// The sizes, that of the rows first.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Rows::Tensor(tensor) => tensor.shape().to_vec(),
            Rows::Pixels(rows) => rows.whole_shape(),
            Rows::Windows(rows) => rows.whole_shape(),
        }
    }

    /// All rows; those that are images or windows are kept from then on.
    pub fn tensor(&self) -> Result<&Tensor, Fault> {
        match self {
            Rows::Tensor(tensor) => Ok(tensor),
            Rows::Pixels(rows) => rows.whole(),
            Rows::Windows(rows) => Ok(rows.whole()),
        }
    }

    /// Whether all rows in order can be handed on without a copy.
    pub(crate) fn is_tensor(&self) -> bool {
        matches!(self, Rows::Tensor(_))
    }

    /// Some rows, as a training batch where `draw` says which.
    pub fn pick(&self, rows: &[u32], draw: Option<Draw<'_>>) -> Result<Tensor, Fault> {
        match self {
            Rows::Tensor(tensor) => Ok(gather_rows(tensor, rows)),
            Rows::Pixels(pixels) => pixels.tensor(rows, draw),
            Rows::Windows(windows) => Ok(windows.tensor(rows)),
        }
    }
}

/// By the values that a model meets. Rows that cannot be read are like no others.
impl PartialEq for Rows {
    fn eq(&self, other: &Rows) -> bool {
        matches!((self.tensor(), other.tensor()), (Ok(own), Ok(other)) if own == other)
    }
}
