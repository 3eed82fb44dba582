//! Quotients of dimensions: exact, rounded, reduced; the smaller and the larger of two.

use crate::types::{Atom, Dim};

impl Dim {
    /// Quotient rounded down; exact quotients become polynomials again. Dividing by the number zero yields `None`.
    pub fn floor_div(&self, by: &Dim) -> Option<Dim> {
        self.divide(by, i64::div_euclid, Atom::FloorDiv)
    }

    /// Quotient rounded up; exact quotients become polynomials again. Dividing by the number zero yields `None`.
    pub fn ceil_div(&self, by: &Dim) -> Option<Dim> {
        // By a number: one form for both, so that `ceil_div(n, 2)` is `floor_div(n + 1, 2)`.
        if let Some(number) = by.as_int().filter(|&number| number > 0) {
            return (self + &Dim::int(number - 1)).floor_div(by);
        }
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
                let (quotient, rest) = self.taken_out(by);
                let (rest, part) = rest.reduced(by);
                let below = match (rest.as_int(), part.as_int()) {
                    (Some(a), Some(b)) if b > 0 => Dim::int(ints(a, b)),
                    _ => Dim::atom(atom(Box::new(rest), Box::new(part))),
                };
                &quotient + &below
            })),
        }
    }

    /// `self = quotient · by + rest` with as much in the quotient as a single-term divisor divides; `⌊self / by⌋` is `quotient +
    /// ⌊rest / by⌋`, and so is the quotient rounded up.
    fn taken_out(&self, by: &Dim) -> (Dim, Dim) {
        let [(divisor, coefficient)] = by.terms() else {
            return (Dim::default(), self.clone());
        };
        let (mut quotient, mut rest) = (vec![], vec![]);
        for (monomial, value) in self.terms() {
            match monomial.quotient(divisor).filter(|_| *coefficient > 0) {
                Some(part) => {
                    quotient.push((part, value.div_euclid(*coefficient)));
                    rest.push((monomial.clone(), value.rem_euclid(*coefficient)));
                }
                None => rest.push((monomial.clone(), *value)),
            }
        }
        (Dim::from_terms(quotient), Dim::from_terms(rest))
    }

    /// Both sides of a fraction without the whole number that divides all their coefficients: `3 d` over `3 h` is `d` over `h`.
    pub fn reduced(&self, by: &Dim) -> (Dim, Dim) {
        let coefficients = self
            .terms()
            .iter()
            .chain(by.terms())
            .map(|(_, value)| *value);
        let common = coefficients.fold(0, greatest_common_divisor).max(1);
        let divided = |dim: &Dim| Dim {
            terms: dim
                .terms()
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
        if self == by && !self.terms().is_empty() {
            return Some(Dim::int(1));
        }
        let [(divisor, coefficient)] = by.terms() else {
            return None;
        };
        let divided = self.terms().iter().map(|(monomial, value)| {
            let exact = value % coefficient == 0;
            exact
                .then(|| Some((monomial.quotient(divisor)?, value / coefficient)))
                .flatten()
        });
        Some(Dim::from_terms(divided.collect::<Option<_>>()?))
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
