//! Transforms that know their train part.

/// The transforms of one field, fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedField {
    /// The field's name.
    pub name: String,
}
