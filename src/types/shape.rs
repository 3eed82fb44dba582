//! Shapes and tensor types, and the one broadcast rule. Knows dimensions as polynomials; nothing of values or sources.

use std::fmt;

use super::dim::{Dim, Symbols};
use super::dtype::DType;

/// One axis: its size, and the name it was given, if any. A name that was written (`h: 28`) is a claim, compared when both
/// sides have one. A name with a leading `~` is a letter an `einsum` or `rearrange` gave: it lets `over: j` find the axis, claims
/// nothing and is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AxisType {
    /// The name with its mark; read it through [`AxisType::name`] and [`AxisType::claim`].
    pub label: Option<String>,
    /// The size.
    pub dim: Dim,
}

/// Marks a label as a letter.
const LETTER: char = '~';

/// The axes of a tensor, outermost first; none for a scalar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<AxisType>);

/// Element type and shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// The element type.
    pub dtype: DType,
    /// The axes.
    pub shape: Shape,
}

impl AxisType {
    /// An axis without a label.
    pub fn new(dim: Dim) -> AxisType {
        AxisType { label: None, dim }
    }

    /// An axis that a pattern gave a letter.
    pub fn lettered(letter: &str, dim: Dim) -> AxisType {
        AxisType {
            label: Some(format!("{LETTER}{letter}")),
            dim,
        }
    }

    /// What an axis reference may call it, claim or letter.
    pub fn name(&self) -> Option<&str> {
        let label = self.label.as_deref()?;
        Some(label.strip_prefix(LETTER).unwrap_or(label))
    }

    /// The name it claims to have.
    pub fn claim(&self) -> Option<&str> {
        self.label
            .as_deref()
            .filter(|label| !label.starts_with(LETTER))
    }

    /// Whether both axes claim names, and these differ.
    pub fn contradicts(&self, other: &AxisType) -> bool {
        matches!((self.claim(), other.claim()), (Some(a), Some(b)) if a != b)
    }

    /// The label of an axis that stands for both: a claim before a letter, the left one before the right.
    pub fn joint_label(&self, other: &AxisType) -> Option<String> {
        let claims =
            [self, other].map(|axis| axis.label.as_ref().filter(|_| axis.claim().is_some()));
        let [left, right] = claims;
        left.or(right)
            .or(self.label.as_ref())
            .or(other.label.as_ref())
            .cloned()
    }
}

impl Shape {
    /// A shape of unlabelled axes.
    pub fn of(dims: impl IntoIterator<Item = Dim>) -> Shape {
        Shape(dims.into_iter().map(AxisType::new).collect())
    }

    /// The shape of a scalar.
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The sizes.
    pub fn dims(&self) -> impl DoubleEndedIterator<Item = &Dim> + ExactSizeIterator {
        self.0.iter().map(|axis| &axis.dim)
    }

    /// The size of one axis.
    pub fn dim(&self, axis: usize) -> &Dim {
        &self.0[axis].dim
    }

    /// The number of elements.
    pub fn size(&self) -> Dim {
        self.dims().fold(Dim::int(1), |product, dim| &product * dim)
    }

    /// The same axes with `of` applied to each size.
    pub fn map_dims(&self, of: impl Fn(&Dim) -> Dim) -> Shape {
        Shape(
            self.0
                .iter()
                .map(|axis| AxisType {
                    label: axis.label.clone(),
                    dim: of(&axis.dim),
                })
                .collect(),
        )
    }

    /// The shape without the axes at these places.
    pub fn without(&self, axes: &[usize]) -> Shape {
        let kept = self
            .0
            .iter()
            .enumerate()
            .filter(|(place, _)| !axes.contains(place));
        Shape(kept.map(|(_, axis)| axis.clone()).collect())
    }

    /// The shape as a user writes it: `[batch, h: 28]`.
    pub fn display<'a>(&'a self, symbols: &'a Symbols) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            f.write_str("[")?;
            for (place, axis) in self.0.iter().enumerate() {
                f.write_str(if place == 0 { "" } else { ", " })?;
                if let Some(claim) = axis.claim() {
                    write!(f, "{claim}: ")?;
                }
                write!(f, "{}", axis.dim.display(symbols))?;
            }
            f.write_str("]")
        })
    }
}

impl TensorType {
    /// A type from its parts.
    pub fn new(dtype: DType, shape: Shape) -> TensorType {
        TensorType { dtype, shape }
    }

    /// The type of a scalar.
    pub fn scalar(dtype: DType) -> TensorType {
        TensorType {
            dtype,
            shape: Shape::scalar(),
        }
    }

    /// The same shape with other elements.
    pub fn with_dtype(&self, dtype: DType) -> TensorType {
        TensorType {
            dtype,
            shape: self.shape.clone(),
        }
    }

    /// The type as a user writes it; `f32` is left out: `[batch, 784]`, `i64[batch]`.
    pub fn display<'a>(&'a self, symbols: &'a Symbols) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            if self.dtype != DType::F32 {
                write!(f, "{}", self.dtype)?;
            }
            write!(f, "{}", self.shape.display(symbols))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_name_but_claim_nothing() {
        let (j, k) = (
            AxisType::lettered("j", Dim::int(3)),
            AxisType::lettered("k", Dim::int(3)),
        );
        let claimed = AxisType {
            label: Some("h".into()),
            dim: Dim::int(3),
        };
        assert_eq!((j.name(), j.claim()), (Some("j"), None));
        assert!(!j.contradicts(&k) && !j.contradicts(&claimed));
        assert_eq!(j.joint_label(&claimed).as_deref(), Some("h"));
        let shape = Shape(vec![j, claimed]);
        assert_eq!(shape.display(&Symbols::new()).to_string(), "[3, h: 3]");
    }
}
