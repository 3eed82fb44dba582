//! Dimensions: integer polynomials over symbols, kept in normal form, so that two dimensions that are equal for every value of
//! their symbols are equal as data. `floor_div`, `ceil_div`, `min` and `max` of polynomials are opaque atoms.
//!
//! Invariants: terms are sorted by monomial, no coefficient is zero, a monomial's atoms are sorted and distinct. Arithmetic
//! saturates: a dimension at the limits of `i64` is refused by whoever gives it to a tensor.

use crate::types::show_dim::DisplayDim;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use crate::arena::{Arena, Id};
use crate::source::Span;

/// Identity of a dimension symbol.
pub type SymId = Id<Symbol>;

/// What may be assumed of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymKind {
    /// Stands for every size: `batch` in a model, any symbol while its definition is checked.
    Rigid,
    /// Stands for one size that the checker finds: a signature's symbol at one call.
    Unknown,
}

/// A name for a size.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
    /// As the user wrote it.
    pub name: String,
    /// What may be assumed of it.
    pub kind: SymKind,
    /// Where it was introduced, if it was written at all.
    pub span: Option<Span>,
}

/// All dimension symbols of a module.
pub type Symbols = Arena<Symbol>;

/// A factor that is not a number: a symbol, or an operation that has no polynomial form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// A symbol.
    Sym(SymId),
    /// Quotient rounded down.
    FloorDiv(Box<Dim>, Box<Dim>),
    /// Quotient rounded up.
    CeilDiv(Box<Dim>, Box<Dim>),
    /// The smaller one.
    Min(Box<Dim>, Box<Dim>),
    /// The larger one.
    Max(Box<Dim>, Box<Dim>),
}

/// A product of powers of atoms; the empty product is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Monomial(Vec<(Atom, u32)>);

/// An integer polynomial in normal form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Dim {
    pub(super) terms: Vec<(Monomial, i64)>,
}

impl Monomial {
    /// The factors with their powers.
    pub fn factors(&self) -> &[(Atom, u32)] {
        &self.0
    }

    fn times(&self, other: &Monomial) -> Monomial {
        let mut factors = self.0.clone();
        for (atom, power) in &other.0 {
            match factors.binary_search_by(|(known, _)| known.cmp(atom)) {
                Ok(at) => factors[at].1 += power,
                Err(at) => factors.insert(at, (atom.clone(), *power)),
            }
        }
        Monomial(factors)
    }

    /// `self / other`, if that is a monomial again.
    pub fn quotient(&self, other: &Monomial) -> Option<Monomial> {
        let mut factors = self.0.clone();
        for (atom, power) in &other.0 {
            let at = factors
                .binary_search_by(|(known, _)| known.cmp(atom))
                .ok()?;
            factors[at].1 = factors[at].1.checked_sub(*power)?;
        }
        factors.retain(|(_, power)| *power > 0);
        Some(Monomial(factors))
    }
}

impl Dim {
    /// A number.
    pub fn int(value: i64) -> Dim {
        Dim::from_terms(vec![(Monomial::default(), value)])
    }

    /// A symbol.
    pub fn sym(symbol: SymId) -> Dim {
        Dim::atom(Atom::Sym(symbol))
    }

    /// An atom.
    pub fn atom(atom: Atom) -> Dim {
        Dim {
            terms: vec![(Monomial(vec![(atom, 1)]), 1)],
        }
    }

    /// A sum of coefficients times monomials, brought to normal form.
    pub fn from_terms(mut terms: Vec<(Monomial, i64)>) -> Dim {
        terms.sort_by(|a, b| a.0.cmp(&b.0));
        terms.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(later.1);
            }
            same
        });
        terms.retain(|(_, coefficient)| *coefficient != 0);
        Dim { terms }
    }

    /// The monomials with their coefficients.
    pub fn terms(&self) -> &[(Monomial, i64)] {
        &self.terms
    }

    /// The value, if no symbol occurs.
    pub fn as_int(&self) -> Option<i64> {
        match self.terms.as_slice() {
            [] => Some(0),
            [(monomial, value)] if monomial.0.is_empty() => Some(*value),
            _ => None,
        }
    }

    /// Whether a quotient that is rounded down is one of its factors.
    pub(super) fn has_quotient(&self) -> bool {
        let factors = self.terms.iter().flat_map(|(monomial, _)| &monomial.0);
        factors
            .into_iter()
            .any(|(atom, _)| matches!(atom, Atom::FloorDiv(..)))
    }

    /// The symbol, if this is nothing but one.
    pub fn as_sym(&self) -> Option<SymId> {
        match self.terms.as_slice() {
            [(Monomial(factors), 1)] => match factors.as_slice() {
                [(Atom::Sym(symbol), 1)] => Some(*symbol),
                _ => None,
            },
            _ => None,
        }
    }

    /// Splits `self` into `coefficient * symbol + rest` where `rest` and `coefficient` are free of the symbol.
    pub fn linear_in(&self, symbol: SymId) -> Option<(Dim, Dim)> {
        let factor = Monomial(vec![(Atom::Sym(symbol), 1)]);
        let (with, without): (Vec<_>, Vec<_>) = self
            .terms
            .iter()
            .cloned()
            .partition(|(m, _)| m.mentions(symbol));
        let coefficient = with
            .into_iter()
            .map(|(m, c)| Some((m.quotient(&factor)?, c)))
            .collect::<Option<Vec<_>>>()?;
        let free = coefficient.iter().all(|(m, _)| !m.mentions(symbol));
        free.then(|| (Dim::from_terms(coefficient), Dim::from_terms(without)))
    }

    /// Every symbol that occurs, each once, in order.
    pub fn symbols(&self) -> Vec<SymId> {
        let mut found = Vec::new();
        self.collect_symbols(&mut found);
        found.sort();
        found.dedup();
        found
    }

    fn collect_symbols(&self, found: &mut Vec<SymId>) {
        for (atom, _) in self.terms.iter().flat_map(|(monomial, _)| &monomial.0) {
            match atom {
                Atom::Sym(symbol) => found.push(*symbol),
                Atom::FloorDiv(a, b) | Atom::CeilDiv(a, b) | Atom::Min(a, b) | Atom::Max(a, b) => {
                    a.collect_symbols(found);
                    b.collect_symbols(found);
                }
            }
        }
    }

    /// Replaces symbols by what `of` says of them, and brings the result to normal form. A division by zero that this brings
    /// about is left standing as an atom.
    pub fn substitute(&self, of: &impl Fn(SymId) -> Option<Dim>) -> Dim {
        let mut sum = Dim::default();
        for (monomial, coefficient) in &self.terms {
            let mut product = Dim::int(*coefficient);
            for (atom, power) in &monomial.0 {
                let factor = atom.substitute(of);
                (0..*power).for_each(|_| product = &product * &factor);
            }
            sum = &sum + &product;
        }
        sum
    }

    /// The value under an assignment of numbers to symbols; `None` where a symbol has none, a division is by zero or not
    /// positive, or the number does not fit.
    pub fn eval(&self, of: &impl Fn(SymId) -> Option<i64>) -> Option<i64> {
        let mut sum = 0i64;
        for (monomial, coefficient) in &self.terms {
            let mut product = *coefficient;
            for (atom, power) in &monomial.0 {
                product = product.checked_mul(atom.eval(of)?.checked_pow(*power)?)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// The dimension as a user writes it: `2 * n + 1`.
    pub fn display<'a>(&'a self, symbols: &'a Symbols) -> impl fmt::Display + 'a {
        DisplayDim { dim: self, symbols }
    }
}

impl Monomial {
    fn mentions(&self, symbol: SymId) -> bool {
        Dim {
            terms: vec![(self.clone(), 1)],
        }
        .symbols()
        .contains(&symbol)
    }
}

impl Atom {
    fn substitute(&self, of: &impl Fn(SymId) -> Option<Dim>) -> Dim {
        match self {
            Atom::Sym(symbol) => of(*symbol).unwrap_or_else(|| Dim::sym(*symbol)),
            Atom::FloorDiv(a, b) => {
                let (a, b) = (a.substitute(of), b.substitute(of));
                a.floor_div(&b)
                    .unwrap_or_else(|| Dim::atom(Atom::FloorDiv(Box::new(a), Box::new(b))))
            }
            Atom::CeilDiv(a, b) => {
                let (a, b) = (a.substitute(of), b.substitute(of));
                a.ceil_div(&b)
                    .unwrap_or_else(|| Dim::atom(Atom::CeilDiv(Box::new(a), Box::new(b))))
            }
            Atom::Min(a, b) => a.substitute(of).smaller(&b.substitute(of)),
            Atom::Max(a, b) => a.substitute(of).larger(&b.substitute(of)),
        }
    }

    fn eval(&self, of: &impl Fn(SymId) -> Option<i64>) -> Option<i64> {
        let positive = |d: &Dim| d.eval(of).filter(|&value| value > 0);
        Some(match self {
            Atom::Sym(symbol) => of(*symbol)?,
            Atom::FloorDiv(a, b) => a.eval(of)?.div_euclid(positive(b)?),
            Atom::CeilDiv(a, b) => -(-a.eval(of)?).div_euclid(positive(b)?),
            Atom::Min(a, b) => a.eval(of)?.min(b.eval(of)?),
            Atom::Max(a, b) => a.eval(of)?.max(b.eval(of)?),
        })
    }
}

impl Add for &Dim {
    type Output = Dim;
    fn add(self, other: &Dim) -> Dim {
        Dim::from_terms(self.terms.iter().chain(&other.terms).cloned().collect())
    }
}

impl Neg for &Dim {
    type Output = Dim;
    fn neg(self) -> Dim {
        Dim {
            terms: self
                .terms
                .iter()
                .map(|(monomial, value)| (monomial.clone(), value.saturating_neg()))
                .collect(),
        }
    }
}

impl Sub for &Dim {
    type Output = Dim;
    fn sub(self, other: &Dim) -> Dim {
        self + &-other
    }
}

impl Mul for &Dim {
    type Output = Dim;
    fn mul(self, other: &Dim) -> Dim {
        let pairs = self
            .terms
            .iter()
            .flat_map(|a| other.terms.iter().map(move |b| (a, b)));
        Dim::from_terms(
            pairs
                .map(|(a, b)| (a.0.times(&b.0), a.1.saturating_mul(b.1)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols() -> (Symbols, Dim, Dim) {
        let mut symbols = Symbols::new();
        let mut fresh = |name: &str| {
            Dim::sym(symbols.push(Symbol {
                name: name.into(),
                kind: SymKind::Rigid,
                span: None,
            }))
        };
        let (n, m) = (fresh("n"), fresh("m"));
        (symbols, n, m)
    }

    #[test]
    fn equal_polynomials_are_equal_data() {
        let (_, n, m) = symbols();
        let one = Dim::int(1);
        assert_eq!(&(&n + &one) - &one, n);
        assert_eq!(&(&n + &m) * &(&n - &m), &(&n * &n) - &(&m * &m));
    }

    #[test]
    fn displays_as_written() {
        let (symbols, n, m) = symbols();
        let dim = &(&(&Dim::int(2) * &n) * &m) - &Dim::int(3);
        assert_eq!(dim.display(&symbols).to_string(), "2 * n * m - 3");
        assert_eq!(
            n.floor_div(&m)
                .expect("symbolic")
                .display(&symbols)
                .to_string(),
            "floor_div(n, m)"
        );
    }

    #[test]
    fn divides_exactly_where_it_can() {
        let (_, n, m) = symbols();
        assert_eq!((&n * &m).floor_div(&m), Some(n.clone()));
        let threefold = |dim: &Dim| &Dim::int(3) * dim;
        assert_eq!(threefold(&n).floor_div(&threefold(&m)), n.floor_div(&m));
        assert_eq!(n.floor_div(&Dim::int(0)), None);
        assert_eq!(Dim::int(-7).floor_div(&Dim::int(2)), Some(Dim::int(-4)));
    }

    #[test]
    fn quotients_have_one_form() {
        let (_, n, m) = symbols();
        let int = Dim::int;
        let twice = &(&int(2) * &n) + &int(3);
        assert_eq!(twice.floor_div(&int(2)), Some(&n + &int(1)));
        assert_eq!(n.ceil_div(&int(2)), (&n + &int(1)).floor_div(&int(2)));
        let before = (&n - &int(1)).floor_div(&int(2)).map(|q| &q + &int(1));
        assert_eq!(before, n.ceil_div(&int(2)));
        let filled = &(&(&n - &int(1)) * &m) + &n;
        let halved = filled.floor_div(&m).expect("symbolic");
        assert_eq!(
            halved,
            &(&n - &int(1)) + &n.floor_div(&m).expect("symbolic")
        );
    }

    #[test]
    fn isolates_a_linear_symbol() {
        let (_, n, m) = symbols();
        let dim = &(&Dim::int(3) * &n) + &m;
        let symbol = n.as_sym().expect("a symbol");
        assert_eq!(dim.linear_in(symbol), Some((Dim::int(3), m)));
        assert_eq!((&n * &n).linear_in(symbol), None);
    }
}
