//! `augment: { x: [shift(max: 2 px), rotate(max: 10 deg)] }`: what is done to images in training.

use crate::data::augment::Augment;
use crate::data::read::Reader;
use crate::data::read::given::Given;
use crate::data::read::reports::{unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, named_call};
use crate::data::spec::AugmentSpec;
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::Spanned;
use crate::syntax::ast::{Expr, ExprKind, Name, Unit};

/// The changes that there are.
const CHANGES: [&str; 6] = ["shift", "rotate", "zoom", "flip", "noise", "cutout"];

impl Reader {
    /// What follows `augment:`.
    pub(super) fn augment(&mut self, expr: &Expr) -> Option<Vec<AugmentSpec>> {
        let Some(fields) = views::record(expr) else {
            let report = wrong_kind("the changes of each field", expr);
            return self.report(report.help("write `augment: { x: [shift(max: 2 px)] }`"));
        };
        let specs: Vec<Option<AugmentSpec>> = fields
            .iter()
            .map(|(name, changes)| self.changes(name, changes))
            .collect();
        specs.into_iter().collect()
    }

    fn changes(&mut self, name: &Name, expr: &Expr) -> Option<AugmentSpec> {
        let each = match views::list(expr) {
            Some(items) => items.iter().collect(),
            None => vec![expr],
        };
        let changes: Vec<Option<Augment>> = each.iter().map(|item| self.change(item)).collect();
        Some(AugmentSpec {
            field: Spanned::new(name.value.clone(), name.span),
            changes: changes.into_iter().collect::<Option<Vec<_>>>()?,
        })
    }

    fn change(&mut self, expr: &Expr) -> Option<Augment> {
        let (name, args) = match (bare_name(expr), named_call(expr)) {
            (Some(name), _) => (name, &[][..]),
            (None, Some((name, args))) => (name, args),
            (None, None) => return self.report(wrong_kind("a change of images", expr)),
        };
        let mut given = Given::call(&name.value, expr.span, args);
        let change = match name.value.as_str() {
            "shift" => {
                let max = self.amount(&mut given, "max", Some(Unit::Pixels), "shift(max: 2 px)")?;
                Augment::Shift(max as usize)
            }
            "rotate" => {
                let max = self.amount(
                    &mut given,
                    "max",
                    Some(Unit::Degrees),
                    "rotate(max: 10 deg)",
                )?;
                Augment::Rotate(max)
            }
            "zoom" => Augment::Zoom(self.amount(&mut given, "max", None, "zoom(max: 10%)")?),
            "flip" => Augment::Flip,
            "noise" => Augment::Noise(self.amount(&mut given, "std", None, "noise(std: 0.1)")?),
            "cutout" => {
                let size =
                    self.amount(&mut given, "size", Some(Unit::Pixels), "cutout(size: 8 px)")?;
                Augment::Cutout(size as usize)
            }
            _ => return self.report(unknown("change of images", name, &CHANGES)),
        };
        self.no_more(&given)?;
        Some(change)
    }

    /// A number that is not negative, in a unit or bare; whole where it counts pixels.
    fn amount(
        &mut self,
        given: &mut Given<'_>,
        name: &'static str,
        unit: Option<Unit>,
        example: &str,
    ) -> Option<f64> {
        let found = given.take_next(name);
        let expr = self.needed(found, given, name, example)?;
        let value = match quantity(expr) {
            Some((value, found)) if Some(found) == unit => value,
            Some((_, found)) => {
                let wanted = unit.map_or("a bare number", Unit::name);
                let message = format!("expected {wanted}, found {}", found.name());
                let report = Diagnostic::error(codes::WRONG_KIND, message);
                let report = report.label(expr.span, "in another unit");
                return self.report(report.help(format!("write `{example}`")));
            }
            None => self.number(expr)?,
        };
        let is_whole = value.trunc() == value || unit != Some(Unit::Pixels);
        let largest = if unit.is_none() { 1e6 } else { 1e4 };
        if (0.0..=largest).contains(&value) && is_whole {
            return Some(value);
        }
        let report = wrong_kind("an amount that makes sense", expr);
        self.report(report.help(format!("write `{example}`")))
    }
}

/// A number with its unit.
fn quantity(expr: &Expr) -> Option<(f64, Unit)> {
    let ExprKind::Quantity(number, unit) = &expr.kind else {
        return None;
    };
    Some((number.value, *unit))
}
