//! Typed indices and the tables they index. A long-lived thing is referred to by an [`Id`], and facts about it live in side
//! tables keyed by that id, so that no node points at another and no string serves as identity.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A typed index into an [`Arena`] or [`IdMap`]; two ids are comparable only within the table that made them.
pub struct Id<T> {
    raw: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id of the `index`-th element.
    pub fn new(index: usize) -> Self {
        let raw = u32::try_from(index).expect("an arena holds fewer than 2^32 elements");
        Self {
            raw,
            of: PhantomData,
        }
    }

    /// The position in the table.
    pub fn index(self) -> usize {
        self.raw as usize
    }
}

/// Elements in the order they were added, each named by its [`Id`].
#[derive(Clone, Debug, PartialEq)]
pub struct Arena<T> {
    items: Vec<T>,
}

impl<T> Arena<T> {
    /// An empty arena.
    pub fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Adds an element and returns its id.
    pub fn push(&mut self, item: T) -> Id<T> {
        self.items.push(item);
        Id::new(self.items.len() - 1)
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All elements with their ids, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Id<T>, &T)> + ExactSizeIterator {
        self.items
            .iter()
            .enumerate()
            .map(|(index, item)| (Id::new(index), item))
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id<T>> + ExactSizeIterator + use<T> {
        (0..self.items.len()).map(Id::new)
    }

    /// Forgets every element from the `len`-th on.
    pub fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }
}

/// A side table: a fact of type `V` for some of the ids of `T`.
#[derive(Clone, Debug, PartialEq)]
pub struct IdMap<T, V> {
    slots: Vec<Option<V>>,
    of: PhantomData<fn() -> T>,
}

impl<T, V> IdMap<T, V> {
    /// A table that knows nothing yet.
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            of: PhantomData,
        }
    }

    /// Records `value` for `id` and returns what stood there.
    pub fn insert(&mut self, id: Id<T>, value: V) -> Option<V> {
        if self.slots.len() <= id.index() {
            self.slots.resize_with(id.index() + 1, || None);
        }
        self.slots[id.index()].replace(value)
    }

    /// What is known of `id`.
    pub fn get(&self, id: Id<T>) -> Option<&V> {
        self.slots.get(id.index())?.as_ref()
    }

    /// What is known of `id`, to change it.
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut V> {
        self.slots.get_mut(id.index())?.as_mut()
    }

    /// Takes away what is known of `id`.
    pub fn remove(&mut self, id: Id<T>) -> Option<V> {
        self.slots.get_mut(id.index())?.take()
    }

    /// All known facts in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &V)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| Some((Id::new(index), slot.as_ref()?)))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw.cmp(&other.raw)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.raw)
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self::new()
    }
}
impl<T> Index<Id<T>> for Arena<T> {
    type Output = T;
    fn index(&self, id: Id<T>) -> &T {
        &self.items[id.index()]
    }
}
impl<T> IndexMut<Id<T>> for Arena<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<T, V> Default for IdMap<T, V> {
    fn default() -> Self {
        Self::new()
    }
}
impl<T, V> Index<Id<T>> for IdMap<T, V> {
    type Output = V;
    fn index(&self, id: Id<T>) -> &V {
        self.get(id)
            .expect("the side table has an entry for this id")
    }
}
