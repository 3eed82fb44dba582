//! Small images inside a page, as PNG in the page's own text.

use crate::tensor::{Tensor, Tiles};

/// An image of numbers, channels first, as an address that holds it whole; the darkest becomes black, the brightest white. Of other
/// channels than one or three, those are seen that come first.
pub(super) fn address([channels, height, width]: [usize; 3], values: &[f64]) -> Option<String> {
    let seen = if channels >= 3 { 3 } else { 1 };
    let values = values.get(..seen * height * width)?;
    let image = Tensor::from_vec(vec![1, seen, height, width], values.to_vec());
    let tiles = Tiles::of(&[image], 1, None).ok()?;
    tiles.picture(1).address()
}
