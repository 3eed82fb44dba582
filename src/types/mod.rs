//! What the checker reasons with: element types, dimensions as polynomials, shapes, and the unifier that solves for unknown
//! dimensions. Knows nothing of syntax, IR or values.

mod dim;
mod divide;
mod dtype;
mod shape;
mod show_dim;
mod unify;

pub use dim::{Atom, Dim, Monomial, SymId, SymKind, Symbol, Symbols};
pub use dtype::DType;
pub use shape::{AxisType, Shape, TensorType};
pub use unify::{Mismatch, Relation, Unifier, broadcast_shapes};
