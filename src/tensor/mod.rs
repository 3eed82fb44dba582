//! Tensors: contiguous, row-major, immutable once shared. Knows element types and sizes as numbers; nothing of IR, symbols or
//! sources. faer is seen in `linalg`, its `condition`, `factor` and `product` only.

mod attr;
mod condition;
mod contract;
mod element;
mod factor;
mod file;
mod gather;
mod layout;
mod linalg;
mod map;
#[cfg(test)]
mod naive;
mod order;
mod picture;
mod product;
mod random;
mod reduce;
mod rows;
mod strided;
mod threads;
mod window;

pub use attr::{Contract, Distribution, Extreme, Factor, Letter, MatrixKind, Monoid, letter_name};
pub use contract::contract;
pub use element::{Element, Number};
pub use factor::factor;
pub use file::{
    FileError, NpyBytes, check_writable, npy_bytes, read_npy, read_tensors, write_elements,
    write_npy, write_stream, write_tensors, write_text,
};
pub(crate) use gather::chosen_rows;
pub use gather::{OutOfRange, gather, scatter_add};
pub use layout::{broadcast, concat, embed, iota, permute, reverse, slice};
pub use linalg::{LinalgError, inverse, solve};
pub use map::map;
pub use order::{argsort, ranks, sort};
pub use picture::{NotImages, Picture, Tiles, grid, svg};
pub(crate) use random::{Draw, Drawn};
pub use random::{Stream, permutation, place_of, random, stream};
pub use reduce::{arg_reduce, cumsum, reduce};
pub use rows::{row, stacked};
pub(crate) use strided::{Walk, row_major};
pub use threads::{set_threads, threads};
pub use window::{WindowSizes, overlap, windows};

use std::sync::Arc;

use crate::types::DType;

/// A dense tensor in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// The elements of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `f32`
    F32(Arc<Vec<f32>>),
    /// `f64`
    F64(Arc<Vec<f64>>),
    /// `i64`
    I64(Arc<Vec<i64>>),
    /// `i32`
    I32(Arc<Vec<i32>>),
    /// `u8`
    U8(Arc<Vec<u8>>),
    /// `bool`
    Bool(Arc<Vec<bool>>),
}

impl Data {
    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Data::F32(_) => DType::F32,
            Data::F64(_) => DType::F64,
            Data::I64(_) => DType::I64,
            Data::I32(_) => DType::I32,
            Data::U8(_) => DType::U8,
            Data::Bool(_) => DType::Bool,
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(v) => v.len(),
            Data::F64(v) => v.len(),
            Data::I64(v) => v.len(),
            Data::I32(v) => v.len(),
            Data::U8(v) => v.len(),
            Data::Bool(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tensor {
    /// A tensor from its parts; the number of elements must be the product of the sizes.
    pub fn new(shape: Vec<usize>, data: Data) -> Tensor {
        assert_eq!(
            shape.iter().product::<usize>(),
            data.len(),
            "a tensor holds one element per index"
        );
        Tensor { shape, data }
    }

    /// Whether nobody else holds the elements.
    pub(crate) fn is_own(&self) -> bool {
        match &self.data {
            Data::F32(v) => Arc::strong_count(v) == 1,
            Data::F64(v) => Arc::strong_count(v) == 1,
            Data::I64(v) => Arc::strong_count(v) == 1,
            Data::I32(v) => Arc::strong_count(v) == 1,
            Data::U8(v) => Arc::strong_count(v) == 1,
            Data::Bool(v) => Arc::strong_count(v) == 1,
        }
    }

    /// Where the elements begin, as bytes.
    pub(crate) fn start(&self) -> *const u8 {
        match &self.data {
            Data::F32(v) => v.as_ptr().cast(),
            Data::F64(v) => v.as_ptr().cast(),
            Data::I64(v) => v.as_ptr().cast(),
            Data::I32(v) => v.as_ptr().cast(),
            Data::U8(v) => v.as_ptr(),
            Data::Bool(v) => v.as_ptr().cast(),
        }
    }

    /// Where the elements begin, to be written to; elements that others hold too are copied first.
    pub(crate) fn start_mut(&mut self) -> *mut u8 {
        match &mut self.data {
            Data::F32(v) => Arc::make_mut(v).as_mut_ptr().cast(),
            Data::F64(v) => Arc::make_mut(v).as_mut_ptr().cast(),
            Data::I64(v) => Arc::make_mut(v).as_mut_ptr().cast(),
            Data::I32(v) => Arc::make_mut(v).as_mut_ptr().cast(),
            Data::U8(v) => Arc::make_mut(v).as_mut_ptr(),
            Data::Bool(v) => Arc::make_mut(v).as_mut_ptr().cast(),
        }
    }

    /// The elements met on a walk, in its shape.
    pub(crate) fn read(&self, walk: &Walk) -> Tensor {
        layout::read(self, walk.clone())
    }

    /// The sizes, outermost axis first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The elements.
    pub fn data(&self) -> &Data {
        &self.data
    }
}
