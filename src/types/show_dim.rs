//! Dimensions as a user writes them.

use std::fmt;

use crate::types::{Atom, Dim, Monomial, Symbols};

pub(super) struct DisplayDim<'a> {
    pub(super) dim: &'a Dim,
    pub(super) symbols: &'a Symbols,
}

impl fmt::Display for DisplayDim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dim.terms().is_empty() {
            return f.write_str("0");
        }
        // The constant term sorts first but reads best last: `n + 1`.
        let (constant, symbolic): (Vec<_>, Vec<_>) = self
            .dim
            .terms()
            .iter()
            .partition(|(monomial, _)| monomial.factors().is_empty());
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
        if coefficient != 1 || monomial.factors().is_empty() {
            write!(f, "{coefficient}")?;
            separator = " * ";
        }
        for (atom, power) in monomial.factors() {
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
