//! `augment: { x: [shift(max: 2 px), rotate(max: 10 deg)] }`: what is done to images in training.

use crate::data::augment::Augment;
use crate::data::crop::Crop;
use crate::data::jitter::Jitter;
use crate::data::mixup::Mixup;
use crate::data::read::Reader;
use crate::data::read::given::Given;
use crate::data::read::reports::{lacking, unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, named_call, spanned};
use crate::data::spec::AugmentSpec;
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::Spanned;
use crate::syntax::ast::{Expr, ExprKind, Name, Unit};

/// The changes that there are.
const CHANGES: [&str; 9] = [
    "shift", "crop", "rotate", "zoom", "flip", "jitter", "noise", "cutout", "mixup",
];

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
        let is_mixup = |item: &&Expr| called(item).is_some_and(|name| name.value == "mixup");
        let (mixups, changes): (Vec<&Expr>, Vec<&Expr>) = each.into_iter().partition(is_mixup);
        let changes: Vec<Option<_>> = changes.into_iter().map(|item| self.change(item)).collect();
        let mixups: Vec<Option<_>> = mixups.into_iter().map(|item| self.mixup(item)).collect();
        Some(AugmentSpec {
            field: Spanned::new(name.value.clone(), name.span),
            changes: changes.into_iter().collect::<Option<Vec<_>>>()?,
            mixups: mixups.into_iter().collect::<Option<Vec<_>>>()?,
        })
    }

    /// `mixup(alpha: 0.2)`
    fn mixup(&mut self, expr: &Expr) -> Option<Spanned<Mixup>> {
        const EXAMPLE: &str = "mixup(alpha: 0.2)";
        let args = named_call(expr).map_or(&[][..], |(_, args)| args);
        let mut given = Given::call("mixup", expr.span, args);
        let alpha = self.amount(&mut given, "alpha", None, EXAMPLE)?;
        self.no_more(&given)?;
        if alpha == 0.0 {
            let report = Diagnostic::error(codes::WRONG_KIND, "`mixup(alpha: 0)` mixes nothing");
            let report = report.label(expr.span, "more than 0 is needed");
            return self.report(report.help(format!("write `{EXAMPLE}`, or leave it out")));
        }
        Some(spanned(Mixup { alpha }, expr))
    }

    fn change(&mut self, expr: &Expr) -> Option<Spanned<Augment>> {
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
            "crop" => Augment::Crop(self.crop(&mut given)?),
            "jitter" => Augment::Jitter(self.jitter(&mut given)?),
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
        Some(spanned(change, expr))
    }

    /// `crop(28, pad: 4 px)`; the window, the pixels around the image, or both are said.
    fn crop(&mut self, given: &mut Given<'_>) -> Option<Crop> {
        const EXAMPLE: &str = "crop(pad: 4 px)";
        let (size, pad) = (given.take_next("size"), given.take("pad"));
        if size.is_none() && pad.is_none() {
            let report = lacking(&given.what, "pad", given.span, EXAMPLE);
            return self.report(report);
        }
        let size = size.map(|size| self.window(size));
        let pad = pad.map(|pad| self.measured(pad, Some(Unit::Pixels), EXAMPLE));
        Some(Crop {
            size: size.map_or(Some(None), |size| size.map(Some))?,
            pad: pad.unwrap_or(Some(0.0))? as usize,
        })
    }

    /// `[24, 32]`, or one number for both.
    fn window(&mut self, expr: &Expr) -> Option<[usize; 2]> {
        const EXAMPLE: &str = "crop(28 px)";
        let sides = match views::list(expr) {
            Some([height, width]) => [height, width],
            Some(_) => {
                let report = wrong_kind("a height and a width", expr);
                return self.report(report.help("write `crop([24 px, 32 px])`"));
            }
            None => [expr, expr],
        };
        let sides = sides.map(|side| self.measured(side, Some(Unit::Pixels), EXAMPLE));
        let [height, width] = [sides[0]? as usize, sides[1]? as usize];
        if height == 0 || width == 0 {
            let report = wrong_kind("a window of at least one pixel", expr);
            return self.report(report.help(format!("write `{EXAMPLE}`")));
        }
        Some([height, width])
    }

    /// `jitter(brightness: 20%, contrast: 20%, saturation: 20%)`, one of them at least.
    fn jitter(&mut self, given: &mut Given<'_>) -> Option<Jitter> {
        const EXAMPLE: &str = "jitter(brightness: 20%)";
        let shares = ["brightness", "contrast", "saturation"].map(|name| given.take(name));
        if shares.iter().all(Option::is_none) && given.is_empty() {
            let report = lacking(&given.what, "brightness", given.span, EXAMPLE);
            return self.report(report);
        }
        let shares = shares.map(|share| match share {
            Some(share) => self.share_of(share, EXAMPLE),
            None => Some(0.0),
        });
        Some(Jitter {
            brightness: shares[0]?,
            contrast: shares[1]?,
            saturation: shares[2]?,
        })
    }

    /// A number from 0 to 1.
    fn share_of(&mut self, expr: &Expr, example: &str) -> Option<f64> {
        let share = self.measured(expr, None, example)?;
        if share <= 1.0 {
            return Some(share);
        }
        let message = format!("a share is from 0% to 100%, and this is `{share}`");
        let report = Diagnostic::error(codes::WRONG_KIND, message);
        let report = report.label(expr.span, "more than all of it");
        self.report(report.help(format!("write `{example}`")))
    }

    /// What was given by a name, or is the next.
    fn amount(
        &mut self,
        given: &mut Given<'_>,
        name: &'static str,
        unit: Option<Unit>,
        example: &str,
    ) -> Option<f64> {
        let found = given.take_next(name);
        let expr = self.needed(found, given, name, example)?;
        self.measured(expr, unit, example)
    }

    /// A number that is not negative, in a unit or bare; whole where it counts pixels.
    fn measured(&mut self, expr: &Expr, unit: Option<Unit>, example: &str) -> Option<f64> {
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

/// The name of a change.
fn called(expr: &Expr) -> Option<&Name> {
    bare_name(expr).or_else(|| named_call(expr).map(|(name, _)| name))
}

/// A number with its unit.
fn quantity(expr: &Expr) -> Option<(f64, Unit)> {
    let ExprKind::Quantity(number, unit) = &expr.kind else {
        return None;
    };
    Some((number.value, *unit))
}
