//! Tensors place by place along their first axis.

use std::sync::Arc;

use crate::tensor::{Data, Tensor};
use crate::types::DType;

/// `x[at]`, a tensor of one axis less.
pub fn row(x: &Tensor, at: usize) -> Tensor {
    fn part<T: Clone>(values: &[T], at: usize, len: usize) -> Arc<Vec<T>> {
        Arc::new(values[at * len..(at + 1) * len].to_vec())
    }
    let shape = x.shape()[1..].to_vec();
    let len = shape.iter().product();
    let data = match x.data() {
        Data::F32(v) => Data::F32(part(v, at, len)),
        Data::F64(v) => Data::F64(part(v, at, len)),
        Data::I64(v) => Data::I64(part(v, at, len)),
        Data::I32(v) => Data::I32(part(v, at, len)),
        Data::U8(v) => Data::U8(part(v, at, len)),
        Data::Bool(v) => Data::Bool(part(v, at, len)),
    };
    Tensor::new(shape, data)
}

/// Tensors of one type and shape along a new first axis.
pub fn stacked(rows: &[Tensor], dtype: DType, shape: &[usize]) -> Tensor {
    macro_rules! joined {
        ($kind:ident) => {
            Data::$kind(Arc::new(
                rows.iter()
                    .flat_map(|row| match row.data() {
                        Data::$kind(v) => v.as_slice(),
                        _ => &[],
                    })
                    .copied()
                    .collect(),
            ))
        };
    }
    let data = match dtype {
        DType::F32 => joined!(F32),
        DType::F64 => joined!(F64),
        DType::I64 => joined!(I64),
        DType::I32 => joined!(I32),
        DType::U8 => joined!(U8),
        DType::Bool => joined!(Bool),
    };
    Tensor::new(shape.to_vec(), data)
}
