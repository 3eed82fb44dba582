//! Dimensions: integer polynomials over symbols, kept in normal form, so that two dimensions that are equal for every value of
//! their symbols are equal as data. `floor_div`, `ceil_div`, `min` and `max` of polynomials are opaque atoms.
//!
//! Invariants: terms are sorted by monomial, no coefficient is zero, a monomial's atoms are sorted and distinct. Arithmetic
//! saturates: a dimension at the limits of `i64` is refused by whoever gives it to a tensor.

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
    terms: Vec<(Monomial, i64)>,
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

    /// Quotient rounded down; exact quotients become polynomials again. Dividing by the number zero yields `None`.
    pub fn floor_div(&self, by: &Dim) -> Option<Dim> {
        self.divide(by, i64::div_euclid, Atom::FloorDiv)
    }

    /// Quotient rounded up; exact quotients become polynomials again. Dividing by the number zero yields `None`.
    pub fn ceil_div(&self, by: &Dim) -> Option<Dim> {
        self.divide(by, |a, b| -(-a).div_euclid(b), Atom::CeilDiv)
    }

    fn divide(
        &self,
        by: &Dim,
        ints: impl Fn(i64, i64) -> i64,
        atom: impl Fn(Box<Dim>, Box<Dim>) -> Atom,
    ) -> Option<Dim> {
        match (self.as_int(), by.as_int()) {
            (_, Some(0)) => None,
            (Some(a), Some(b)) if b > 0 => Some(Dim::int(ints(a, b))),
            _ => Some(self.exact_div(by).unwrap_or_else(|| {
                let (whole, part) = self.reduced(by);
                Dim::atom(atom(Box::new(whole), Box::new(part)))
            })),
        }
    }

    /// Both sides of a fraction without the whole number that divides all their coefficients: `3 d` over `3 h` is `d` over `h`.
    pub fn reduced(&self, by: &Dim) -> (Dim, Dim) {
        let coefficients = self.terms.iter().chain(&by.terms).map(|(_, value)| *value);
        let common = coefficients.fold(0, greatest_common_divisor).max(1);
        let divided = |dim: &Dim| Dim {
            terms: dim
                .terms
                .iter()
                .map(|(m, value)| (m.clone(), value / common))
                .collect(),
        };
        (divided(self), divided(by))
    }

    /// The smaller of two dimensions.
    pub fn smaller(&self, other: &Dim) -> Dim {
        self.choose(other, i64::min, Atom::Min)
    }

    /// The larger of two dimensions.
    pub fn larger(&self, other: &Dim) -> Dim {
        self.choose(other, i64::max, Atom::Max)
    }

    fn choose(
        &self,
        other: &Dim,
        ints: impl Fn(i64, i64) -> i64,
        atom: impl Fn(Box<Dim>, Box<Dim>) -> Atom,
    ) -> Dim {
        let gap = self.as_int().zip(other.as_int());
        match (gap, self == other) {
            (Some((a, b)), _) => Dim::int(ints(a, b)),
            (None, true) => self.clone(),
            (None, false) => {
                let (low, high) = if self <= other {
                    (self, other)
                } else {
                    (other, self)
                };
                Dim::atom(atom(Box::new(low.clone()), Box::new(high.clone())))
            }
        }
    }

    /// `self / by` where that is a polynomial with integer coefficients; only a single-term divisor is tried.
    pub fn exact_div(&self, by: &Dim) -> Option<Dim> {
        if self == by && !self.terms.is_empty() {
            return Some(Dim::int(1));
        }
        let [(divisor, coefficient)] = by.terms.as_slice() else {
            return None;
        };
        let divided = self.terms.iter().map(|(monomial, value)| {
            let exact = value % coefficient == 0;
            exact
                .then(|| Some((monomial.quotient(divisor)?, value / coefficient)))
                .flatten()
        });
        Some(Dim::from_terms(divided.collect::<Option<_>>()?))
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

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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

struct DisplayDim<'a> {
    dim: &'a Dim,
    symbols: &'a Symbols,
}

impl fmt::Display for DisplayDim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dim.terms.is_empty() {
            return f.write_str("0");
        }
        // The constant term sorts first but reads best last: `n + 1`.
        let (constant, symbolic): (Vec<_>, Vec<_>) = self
            .dim
            .terms
            .iter()
            .partition(|(monomial, _)| monomial.0.is_empty());
        for (place, (monomial, coefficient)) in symbolic.into_iter().chain(constant).enumerate() {
            let sign = match (place, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            f.write_str(sign)?;
            self.term(monomial, coefficient.unsigned_abs(), f)?;
        }
        Ok(())
    }
}

impl DisplayDim<'_> {
    fn term(
        &self,
        monomial: &Monomial,
        coefficient: u64,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let mut separator = "";
        if coefficient != 1 || monomial.0.is_empty() {
            write!(f, "{coefficient}")?;
            separator = " * ";
        }
        for (atom, power) in &monomial.0 {
            for _ in 0..*power {
                f.write_str(separator)?;
                self.atom(atom, f)?;
                separator = " * ";
            }
        }
        Ok(())
    }

    fn atom(&self, atom: &Atom, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, a, b) = match atom {
            Atom::Sym(symbol) => return f.write_str(&self.symbols[*symbol].name),
            Atom::FloorDiv(a, b) => ("floor_div", a, b),
            Atom::CeilDiv(a, b) => ("ceil_div", a, b),
            Atom::Min(a, b) => ("min", a, b),
            Atom::Max(a, b) => ("max", a, b),
        };
        write!(
            f,
            "{name}({}, {})",
            a.display(self.symbols),
            b.display(self.symbols)
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
    fn isolates_a_linear_symbol() {
        let (_, n, m) = symbols();
        let dim = &(&Dim::int(3) * &n) + &m;
        let symbol = n.as_sym().expect("a symbol");
        assert_eq!(dim.linear_in(symbol), Some((Dim::int(3), m)));
        assert_eq!((&n * &n).linear_in(symbol), None);
    }
}
