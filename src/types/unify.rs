//! Solving for unknown dimensions. An equation is solved only where one unknown occurs linearly; what stays undecided is kept
//! as a residue for the caller to settle later. Facts (`where heads divides d`) simplify what is compared.

use super::dim::{Atom, Dim, Monomial, SymId, SymKind, Symbol, Symbols};
use super::shape::{AxisType, Shape};
use crate::arena::IdMap;
use crate::source::Span;

/// What a `where` clause may say of two dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `left == right`
    Equal,
    /// `left <= right`
    AtMost,
    /// `left divides right`
    Divides,
}

/// Two dimensions that had to be equal and cannot be.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The one on the left.
    pub left: Dim,
    /// The one on the right.
    pub right: Dim,
}

/// The symbols of a module, what is known of them, and the equations still open.
#[derive(Clone, Debug, Default)]
pub struct Unifier {
    /// Every symbol.
    pub symbols: Symbols,
    solutions: IdMap<Symbol, Dim>,
    facts: Vec<(Relation, Dim, Dim)>,
    residue: Vec<(Dim, Dim)>,
}

impl Unifier {
    /// A unifier without symbols.
    pub fn new() -> Self {
        Self::default()
    }

    /// Introduces a symbol.
    pub fn fresh(&mut self, name: &str, kind: SymKind, span: Option<Span>) -> SymId {
        self.symbols.push(Symbol {
            name: name.to_string(),
            kind,
            span,
        })
    }

    /// Fixes a symbol, rigid or not, to a dimension: `dim classes;` once the data is known.
    pub fn bind(&mut self, symbol: SymId, dim: Dim) {
        self.solutions.insert(symbol, dim);
    }

    /// Takes a relation between dimensions for granted.
    pub fn assume(&mut self, relation: Relation, left: Dim, right: Dim) {
        match (relation, left.as_sym()) {
            (Relation::Equal, Some(symbol)) => self.bind(symbol, right),
            _ => self.facts.push((relation, left, right)),
        }
    }

    /// The dimension with everything known put in.
    pub fn resolve(&self, dim: &Dim) -> Dim {
        // Nearly all dimensions are a number or a symbol.
        if dim.as_int().is_some() {
            return dim.clone();
        }
        let known = |symbol| self.solutions.get(symbol).map(|known| self.resolve(known));
        if let Some(symbol) = dim.as_sym() {
            return known(symbol).unwrap_or_else(|| dim.clone());
        }
        let solved = dim.substitute(&known);
        match !self.facts.is_empty() && solved.has_quotient() {
            true => self.apply_facts(&solved),
            false => solved,
        }
    }

    /// The shape with everything known put in.
    pub fn resolve_shape(&self, shape: &Shape) -> Shape {
        shape.map_dims(|dim| self.resolve(dim))
    }

    /// Whether every symbol in `dim` stands for itself or a known size.
    pub fn is_determined(&self, dim: &Dim) -> bool {
        self.unknowns(&self.resolve(dim)).is_empty()
    }

    /// Makes two dimensions equal, solving for an unknown where that is possible.
    pub fn unify(&mut self, left: &Dim, right: &Dim) -> Result<(), Mismatch> {
        let (a, b) = (self.resolve(left), self.resolve(right));
        if a == b || self.split_up(&a) == self.split_up(&b) {
            return Ok(());
        }
        let mismatch = Mismatch {
            left: a.clone(),
            right: b.clone(),
        };
        let gap = &a - &b;
        match self.unknowns(&gap).as_slice() {
            [] => Err(mismatch),
            [unknown] => self.solve(*unknown, &gap, mismatch),
            _ => match self
                .unknown_alone(&a, &b)
                .or_else(|| self.unknown_alone(&b, &a))
            {
                Some((symbol, dim)) => {
                    self.bind(symbol, dim);
                    Ok(())
                }
                None => {
                    self.residue.push((a, b));
                    Ok(())
                }
            },
        }
    }

    /// `coefficient * unknown + rest = 0`
    fn solve(&mut self, unknown: SymId, gap: &Dim, mismatch: Mismatch) -> Result<(), Mismatch> {
        let Some((coefficient, rest)) = gap.linear_in(unknown) else {
            self.residue.push((mismatch.left, mismatch.right));
            return Ok(());
        };
        let solution = (-&rest)
            .exact_div(&coefficient)
            .filter(|dim| dim.as_int().is_none_or(|size| size >= 0));
        let dim = solution.ok_or(mismatch)?;
        self.bind(unknown, dim);
        Ok(())
    }

    fn unknown_alone(&self, dim: &Dim, other: &Dim) -> Option<(SymId, Dim)> {
        let symbol = dim
            .as_sym()
            .filter(|&symbol| self.symbols[symbol].kind == SymKind::Unknown)?;
        (!other.symbols().contains(&symbol)).then(|| (symbol, other.clone()))
    }

    fn unknowns(&self, dim: &Dim) -> Vec<SymId> {
        let all = dim.symbols().into_iter();
        all.filter(|&symbol| {
            self.symbols[symbol].kind == SymKind::Unknown && self.solutions.get(symbol).is_none()
        })
        .collect()
    }

    /// Whether a relation holds: `Some` verdict where it can be told, `None` where that depends on sizes not known yet.
    pub fn decide(&self, relation: Relation, left: &Dim, right: &Dim) -> Option<bool> {
        let (left, right) = (self.resolve(left), self.resolve(right));
        let known = |fact: &(Relation, Dim, Dim)| *fact == (relation, left.clone(), right.clone());
        if self.facts.iter().any(known) {
            return Some(true);
        }
        match relation {
            Relation::Equal => (&left - &right).as_int().map(|gap| gap == 0),
            Relation::AtMost => (&right - &left).as_int().map(|gap| gap >= 0),
            Relation::Divides => match (left.as_int(), right.as_int()) {
                (Some(a), Some(b)) => Some(a != 0 && b % a == 0),
                _ => {
                    let (whole, part) = right.reduced(&left);
                    let is_known = self.facts.contains(&(Relation::Divides, part, whole));
                    (is_known || right.exact_div(&left).is_some()).then_some(true)
                }
            },
        }
    }

    /// Takes the equations that could not be decided since the last call; unify them again once more is known.
    pub fn take_residue(&mut self) -> Vec<(Dim, Dim)> {
        std::mem::take(&mut self.residue)
    }

    /// Where `h divides d` is known, `h * floor_div(d, h)` for every `d`: one form for what several facts say.
    fn split_up(&self, dim: &Dim) -> Dim {
        let parts = |symbol: SymId| {
            let mut facts = self.facts.iter();
            let (_, divisor, whole) = facts.find(|(relation, _, whole)| {
                *relation == Relation::Divides && whole.as_sym() == Some(symbol)
            })?;
            Some(divisor * &whole.floor_div(divisor)?)
        };
        dim.substitute(&parts)
    }

    /// Where `h divides d` is known, `h * floor_div(d, h)` is `d`.
    fn apply_facts(&self, dim: &Dim) -> Dim {
        let once = |dim: &Dim| {
            let divisions = self
                .facts
                .iter()
                .filter(|(relation, ..)| *relation == Relation::Divides);
            divisions.fold(dim.clone(), |dim, (_, divisor, whole)| {
                cancel(&dim, divisor, whole)
            })
        };
        // What one fact leaves may be what another speaks of; each use of one shortens a term.
        let mut known = once(dim);
        for _ in 0..self.facts.len() {
            let next = once(&known);
            if next == known {
                break;
            }
            known = next;
        }
        known
    }
}

fn cancel(dim: &Dim, divisor: &Dim, whole: &Dim) -> Dim {
    let quotient = Dim::atom(Atom::FloorDiv(
        Box::new(whole.clone()),
        Box::new(divisor.clone()),
    ));
    let product = divisor * &quotient;
    let [(pattern, factor)] = product.terms() else {
        return dim.clone();
    };
    dim.terms()
        .iter()
        .fold(Dim::default(), |sum, (monomial, coefficient)| {
            let term = |monomial: Monomial, value: i64| Dim::from_terms(vec![(monomial, value)]);
            let rest = monomial
                .quotient(pattern)
                .filter(|_| coefficient % factor == 0);
            let term = match rest {
                Some(rest) => &term(rest, coefficient / factor) * whole,
                None => term(monomial.clone(), *coefficient),
            };
            &sum + &term
        })
}

/// The broadcast rule: a scalar expands; a lower rank aligns with the trailing axes when each of its dims *is* that axis' dim;
/// size one never stretches. `Err(None)` says that labels clash.
pub fn broadcast_shapes(
    dims: &mut Unifier,
    left: &Shape,
    right: &Shape,
) -> Result<Shape, Option<Mismatch>> {
    let (long, short) = if left.rank() >= right.rank() {
        (left, right)
    } else {
        (right, left)
    };
    let lead = long.rank() - short.rank();
    let mut axes = long.0[..lead].to_vec();
    for (a, b) in long.0[lead..].iter().zip(&short.0) {
        if a.contradicts(b) {
            return Err(None);
        }
        dims.unify(&a.dim, &b.dim).map_err(Some)?;
        axes.push(AxisType {
            label: a.joint_label(b),
            dim: a.dim.clone(),
        });
    }
    Ok(Shape(axes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_one_linear_unknown() {
        let mut dims = Unifier::new();
        let d = Dim::sym(dims.fresh("d", SymKind::Unknown, None));
        let threefold = &Dim::int(3) * &d;
        assert!(dims.unify(&threefold, &Dim::int(100)).is_err());
        assert_eq!(dims.unify(&threefold, &Dim::int(384)), Ok(()));
        assert_eq!(dims.resolve(&d), Dim::int(128));
    }

    #[test]
    fn keeps_what_it_cannot_decide() {
        let mut dims = Unifier::new();
        let a = Dim::sym(dims.fresh("a", SymKind::Unknown, None));
        let b = Dim::sym(dims.fresh("b", SymKind::Unknown, None));
        assert_eq!(dims.unify(&(&a * &b), &Dim::int(6)), Ok(()));
        assert_eq!(dims.take_residue().len(), 1);
    }

    #[test]
    fn rigid_symbols_differ() {
        let mut dims = Unifier::new();
        let n = Dim::sym(dims.fresh("n", SymKind::Rigid, None));
        let m = Dim::sym(dims.fresh("m", SymKind::Rigid, None));
        assert!(dims.unify(&n, &m).is_err());
        assert!(dims.unify(&n, &Dim::int(3)).is_err());
    }

    #[test]
    fn a_division_known_to_be_exact_cancels() {
        let mut dims = Unifier::new();
        let h = Dim::sym(dims.fresh("h", SymKind::Rigid, None));
        let d = Dim::sym(dims.fresh("d", SymKind::Rigid, None));
        dims.assume(Relation::Divides, h.clone(), d.clone());
        let each = d.floor_div(&h).expect("symbolic");
        assert_eq!(dims.unify(&(&h * &each), &d), Ok(()));
        assert_eq!(dims.decide(Relation::Divides, &h, &d), Some(true));
        let e = Dim::sym(dims.fresh("e", SymKind::Rigid, None));
        dims.assume(Relation::Divides, h.clone(), e.clone());
        let other = e.floor_div(&h).expect("symbolic");
        assert_eq!(dims.unify(&(&d * &other), &(&e * &each)), Ok(()));
    }
}
