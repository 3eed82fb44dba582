//! The whole catalogue of ops against central differences in `f64`, kinks apart, and once more for the gradients of the gradients.
//! A new op or scalar function breaks the build or a test here until it has its case.

pub(crate) mod case;
mod functions;
mod ops;
mod scalars;
