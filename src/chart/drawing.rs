//! What a chart is drawn of, before its numbers are known: `T` stands for them.

use crate::chart::Drawn;

/// Named parts, and what is told of their points.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing<T> {
    /// The numbers of each part under its name: `[n]` of a line, `[n, 2]` of points.
    pub parts: Vec<(String, T)>,
    /// For each point the number of its group, `[n]`, and what groups are called as far as they have names.
    pub groups: Option<(T, Vec<String>)>,
    /// What stands at each point, as far as they have texts.
    pub texts: Vec<String>,
    /// How parts are drawn.
    pub drawn: Drawn,
}

impl<T> Drawing<T> {
    /// All numbers: those of the parts, then those of the groups.
    pub fn numbers(&self) -> impl Iterator<Item = &T> {
        let parts = self.parts.iter().map(|(_, of)| of);
        parts.chain(self.groups.iter().map(|(of, _)| of))
    }

    /// The same of other numbers; nothing where some are not there.
    pub fn map<'a, U>(&'a self, mut each: impl FnMut(&'a T) -> Option<U>) -> Option<Drawing<U>> {
        let parts = self.parts.iter();
        let parts = parts.map(|(name, of)| Some((name.clone(), each(of)?)));
        let parts = parts.collect::<Option<_>>()?;
        let groups = self.groups.as_ref();
        let groups = groups.map(|(of, names)| Some((each(of)?, names.clone())));
        Some(Drawing {
            parts,
            groups: match groups {
                Some(found) => Some(found?),
                None => None,
            },
            texts: self.texts.clone(),
            drawn: self.drawn,
        })
    }
}
