//! A tree of products as a network: its leaves, and letters that say which of their axes run together. An order of the network is a
//! binary tree over the leaves; every order gives the same sums of products, at its own cost.

use crate::ir::{Inst, Op, ValueId};
use crate::opt::rewriter::Rewriter;
use crate::tensor::{Letter, letter_name};
use crate::types::{Dim, Shape};

/// No network has more leaves: what lies deeper counts as a leaf.
const MAX_LEAVES: usize = 32;

/// A set of letters, or of leaves.
pub(super) type Set = u128;

/// How many letters a [`Set`] holds.
const MAX_LETTERS: usize = 128;

/// Leaves that are multiplied, and summed over the letters that the result lacks.
pub(super) struct Network {
    /// What is multiplied.
    pub(super) leaves: Vec<Leaf>,
    /// The letters of the result's axes.
    pub(super) out: Vec<Letter>,
    /// The size of each letter.
    sizes: Vec<Dim>,
}

/// A value with letters for its axes.
pub(super) struct Leaf {
    /// The value.
    pub(super) value: ValueId,
    /// Its axes' letters.
    pub(super) letters: Vec<Letter>,
}

/// Which products are taken first.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    /// A leaf by its place.
    Leaf(usize),
    /// The product of two.
    Product(Box<Order>, Box<Order>),
}

impl Network {
    /// The network that a product and those it alone reads make up, and the order it has now; none of fewer than three leaves.
    pub(super) fn of(r: &Rewriter<'_>, root: &Inst) -> Option<(Network, Order)> {
        let Op::Contract(_) = root.op else {
            return None;
        };
        let mut network = Network {
            leaves: vec![],
            out: vec![],
            sizes: vec![],
        };
        network.out = network.fresh(r.b.shape(root.results[0]))?;
        let out = network.out.clone();
        let mut room = MAX_LEAVES - 1;
        let order = network.expand(r, root, &out, &mut room)?;
        (network.leaves.len() > 2).then_some((network, order))
    }

    /// Letters for the axes of a shape; none where there are too many.
    fn fresh(&mut self, shape: &Shape) -> Option<Vec<Letter>> {
        shape.dims().map(|dim| self.letter(dim)).collect()
    }

    fn letter(&mut self, size: &Dim) -> Option<Letter> {
        self.sizes.push(size.clone());
        let n_letters = self.sizes.len();
        let letter = Letter::try_from(n_letters - 1).ok();
        letter.filter(|_| n_letters <= MAX_LETTERS)
    }

    /// Takes in a product whose result has these letters. `room` is how many more products there may be.
    fn expand(
        &mut self,
        r: &Rewriter<'_>,
        inst: &Inst,
        out: &[Letter],
        room: &mut usize,
    ) -> Option<Order> {
        let Op::Contract(contract) = &inst.op else {
            return None;
        };
        *room = room.checked_sub(1)?;
        let mut names: Vec<(Letter, Letter)> = contract
            .out
            .iter()
            .copied()
            .zip(out.iter().copied())
            .collect();
        let mut orders = vec![];
        for (&operand, letters) in inst.operands.iter().zip([&contract.lhs, &contract.rhs]) {
            let named = self.named(r.b.shape(operand), letters, &mut names)?;
            orders.push((operand, named));
        }
        let mut orders = orders
            .into_iter()
            .map(|(operand, letters)| self.factor(r, operand, letters, room));
        let (left, right) = (orders.next()??, orders.next()??);
        Some(Order::Product(Box::new(left), Box::new(right)))
    }

    /// The network's letters for the letters of a product's operand.
    fn named(
        &mut self,
        shape: &Shape,
        letters: &[Letter],
        names: &mut Vec<(Letter, Letter)>,
    ) -> Option<Vec<Letter>> {
        let mut named = vec![];
        for (letter, dim) in letters.iter().zip(shape.dims()) {
            let known = names.iter().find(|(own, _)| own == letter);
            named.push(match known {
                Some((_, name)) => *name,
                None => {
                    let name = self.letter(dim)?;
                    names.push((*letter, name));
                    name
                }
            });
        }
        Some(named)
    }

    /// An operand: a product again, if there is room and nobody else reads it, or a leaf.
    fn factor(
        &mut self,
        r: &Rewriter<'_>,
        value: ValueId,
        letters: Vec<Letter>,
        room: &mut usize,
    ) -> Option<Order> {
        let product = r.definition(value).filter(|inst| {
            let is_product = matches!(inst.op, Op::Contract(_));
            is_product && *room > 0 && r.is_read_once(value)
        });
        match product {
            Some(inst) => self.expand(r, inst, &letters, room),
            None => {
                self.leaves.push(Leaf { value, letters });
                Some(Order::Leaf(self.leaves.len() - 1))
            }
        }
    }

    /// The letters of an order's result: those that the network's result or another leaf has.
    pub(super) fn kept(&self, order: &Order) -> Set {
        self.kept_of(order.leaves())
    }

    fn kept_of(&self, inside: Set) -> Set {
        let letters = |of: Set| {
            let leaves = self.leaves.iter().enumerate();
            let leaves = leaves.filter(|(place, _)| of & bit(*place) != 0);
            leaves.fold(0, |all, (_, leaf)| all | set(&leaf.letters))
        };
        letters(inside) & (letters(!inside) | set(&self.out))
    }

    /// Operations that an order performs.
    pub(super) fn cost(&self, order: &Order) -> Dim {
        let Order::Product(left, right) = order else {
            return Dim::default();
        };
        let run = self.kept(left) | self.kept(right);
        let each = Dim::int(if run == self.kept(order) { 1 } else { 2 });
        let sizes = self.sizes.iter().enumerate();
        let sizes = sizes.filter(|(letter, _)| run & bit(*letter) != 0);
        let own = sizes.fold(each, |product, (_, n)| &product * n);
        &own + &(&self.cost(left) + &self.cost(right))
    }

    /// The leaves in a row in which, where possible, neighbours have a summed letter in common. The leaves of each product of the
    /// order lie next to each other.
    pub(super) fn sequence(&self, order: &Order) -> Vec<usize> {
        let (left, right) = match order {
            Order::Leaf(leaf) => return vec![*leaf],
            Order::Product(left, right) => (self.sequence(left), self.sequence(right)),
        };
        let reversed = |row: &[usize]| row.iter().rev().copied().collect::<Vec<_>>();
        let candidates = [
            (left.clone(), right.clone()),
            (left.clone(), reversed(&right)),
            (reversed(&left), right.clone()),
            (reversed(&left), reversed(&right)),
        ];
        let meet = |(left, right): &(Vec<usize>, Vec<usize>)| match (left.last(), right.first()) {
            (Some(&left), Some(&right)) => self.shares(left, right),
            _ => false,
        };
        let met = candidates.into_iter().find(meet);
        let (left, right) = met.unwrap_or((left, right));
        [left, right].concat()
    }

    fn shares(&self, left: usize, right: usize) -> bool {
        let both = set(&self.leaves[left].letters) & set(&self.leaves[right].letters);
        both & !set(&self.out) != 0
    }

    /// The cheapest order that multiplies neighbours of a row, with every symbol taken for `sample`:
    /// `cost(i, j) = min over k of cost(i, k) + cost(k, j) + Π n`.
    pub(super) fn best(&self, row: &[usize], sample: i64) -> Order {
        let n = row.len();
        let kept = self.kept_between(row);
        let sizes = self.sampled(sample);
        let mut best: Vec<Vec<(u128, usize)>> = vec![vec![(0, 0); n + 1]; n];
        for (from, to) in (2..=n).flat_map(|len| (0..=n - len).map(move |from| (from, from + len)))
        {
            let cost = |split: usize| {
                let run = kept[from][split] | kept[split][to];
                let each = if run == kept[from][to] { 1 } else { 2 };
                let own = volume(run, &sizes).saturating_mul(each);
                let parts = best[from][split].0.saturating_add(best[split][to].0);
                (own.saturating_add(parts), split)
            };
            if let Some(cheapest) = (from + 1..to).map(cost).min() {
                best[from][to] = cheapest;
            }
        }
        assemble(row, &best, 0, n)
    }

    /// The letters that remain of each part `from..to` of a row.
    fn kept_between(&self, row: &[usize]) -> Vec<Vec<Set>> {
        let n = row.len();
        let leaves = |from, to| row[from..to].iter().fold(0, |all, &leaf| all | bit(leaf));
        let kept = |from: usize, to: usize| self.kept_of(leaves(from, to.max(from)));
        let from = |from| (0..=n).map(|to| kept(from, to)).collect();
        (0..n).map(from).collect()
    }

    /// The size of each letter, with every symbol taken for `sample`.
    fn sampled(&self, sample: i64) -> Vec<u128> {
        let size = |dim: &Dim| dim.eval(&|_| Some(sample)).unwrap_or(i64::MAX);
        let sizes = self.sizes.iter().map(size);
        sizes
            .map(|size| u128::try_from(size).unwrap_or(1))
            .collect()
    }
}

/// The number of places that letters run over.
fn volume(letters: Set, sizes: &[u128]) -> u128 {
    let sizes = sizes.iter().enumerate();
    let sizes = sizes.filter(|(letter, _)| letters & bit(*letter) != 0);
    sizes.fold(1, |product, (_, &n)| product.saturating_mul(n))
}

fn assemble(row: &[usize], best: &[Vec<(u128, usize)>], from: usize, to: usize) -> Order {
    if to == from + 1 {
        return Order::Leaf(row[from]);
    }
    let split = best[from][to].1;
    Order::Product(
        Box::new(assemble(row, best, from, split)),
        Box::new(assemble(row, best, split, to)),
    )
}

impl Order {
    /// The leaves it multiplies.
    fn leaves(&self) -> Set {
        match self {
            Order::Leaf(leaf) => bit(*leaf),
            Order::Product(left, right) => left.leaves() | right.leaves(),
        }
    }

    /// As a user would write it, leaves named by their place in a row: `(a @ b) @ c`.
    pub(super) fn show(&self, row: &[usize]) -> String {
        let part = |order: &Order| match order {
            Order::Leaf(_) => order.show(row),
            Order::Product(..) => format!("({})", order.show(row)),
        };
        match self {
            Order::Leaf(leaf) => {
                let place = row.iter().position(|known| known == leaf);
                letter_name(place.and_then(|at| Letter::try_from(at).ok()).unwrap_or(0))
            }
            Order::Product(left, right) => format!("{} @ {}", part(left), part(right)),
        }
    }
}

fn bit(place: usize) -> Set {
    1 << place
}

fn set(letters: &[Letter]) -> Set {
    letters
        .iter()
        .fold(0, |all, &letter| all | bit(letter.into()))
}

/// The letters of both operands that are kept, each once, the left ones first.
pub(super) fn joined(lhs: &[Letter], rhs: &[Letter], kept: Set) -> Vec<Letter> {
    let own = rhs.iter().filter(|letter| !lhs.contains(letter));
    let all = lhs.iter().chain(own).copied();
    all.filter(|&letter| kept & bit(letter.into()) != 0)
        .collect()
}
