//! What is made once for each set of sizes, and remembered.

use std::collections::BTreeMap;

use crate::engine::RunError;
use crate::engine::bind::Sizes;

/// How many sets of sizes are remembered.
const MAX_PLANS: usize = 32;

/// Something for each of the latest sets of sizes.
pub(super) struct Plans<T>(BTreeMap<Sizes, T>);

impl<T> Plans<T> {
    pub(super) fn new() -> Plans<T> {
        Plans(BTreeMap::new())
    }

    /// What there is for these sizes; made the first time they come.
    pub(super) fn get(
        &mut self,
        sizes: &Sizes,
        make: impl FnOnce() -> Result<T, RunError>,
    ) -> Result<&mut T, RunError> {
        if !self.0.contains_key(sizes) {
            if self.0.len() == MAX_PLANS {
                self.0.clear();
            }
            self.0.insert(sizes.clone(), make()?);
        }
        Ok(self.0.get_mut(sizes).expect("inserted above"))
    }
}
