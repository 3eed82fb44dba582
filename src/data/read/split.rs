//! `split: { train: 80%, val: 20%, by: stratify(species), seed: 7 }` and `split: folds(5, held: 0)`.

use crate::data::codes as data_codes;
use crate::data::fault::suggestion;
use crate::data::read::Reader;
use crate::data::read::constant::number_of;
use crate::data::read::given::Given;
use crate::data::read::reports::{lacking, list, unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, named_call, spanned};
use crate::data::shares;
use crate::data::spec::{PartsSpec, ShareSpec, SplitBy, SplitSpec};
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Arg, Expr, Name};

/// The entries of a split that are not parts.
const SETTINGS: [&str; 2] = ["by", "seed"];

/// The ways of assigning rows.
const WAYS: [&str; 4] = ["shuffle", "order", "stratify", "group"];

/// Whether an expression can only be a split.
pub(super) fn is_split(expr: &Expr) -> bool {
    named_call(expr).is_some_and(|(name, _)| name.value == "folds")
}

impl Reader {
    /// What follows `split:`.
    pub(super) fn split(&mut self, field: &ast::Field) -> Option<SplitSpec> {
        let expr = &field.value;
        let span = field.name.span.to(expr.span);
        match (views::record(expr), named_call(expr)) {
            (Some(parts), _) => self.shares(parts, expr, span),
            (None, Some((name, args))) if name.value == "folds" => self.folds(args, expr, span),
            (None, Some((name, _))) => self.report(unknown("split", name, &["folds"])),
            (None, None) => {
                let report = wrong_kind("the parts of a split", expr);
                self.report(
                    report.help("write `split: { train: 80%, val: 20% }` or `split: folds(5)`"),
                )
            }
        }
    }

    fn shares(&mut self, parts: &[(Name, Expr)], expr: &Expr, span: Span) -> Option<SplitSpec> {
        let mut given = Given::record("split", expr.span, parts);
        let by = self.by_and_seed(&mut given);
        let is_given = |(_, share): &(&Name, &Expr)| {
            bare_name(share).is_some_and(|word| word.value == "given")
        };
        let (apart, shared): (Vec<_>, Vec<_>) = given.take_named().into_iter().partition(is_given);
        let parts: Vec<Option<ShareSpec>> = shared
            .into_iter()
            .map(|(name, share)| self.share(name, share))
            .collect();
        self.no_more(&given)?;
        let ((by, seed), parts) = (by?, parts.into_iter().collect::<Option<Vec<_>>>()?);
        if parts.is_empty() {
            return self.report(lacking(
                "`split`",
                "train",
                span,
                "split: { train: 80%, val: 20% }",
            ));
        }
        let split = SplitSpec {
            parts: PartsSpec::Shares(parts),
            given: apart.into_iter().map(|(name, _)| name.clone()).collect(),
            by,
            seed,
            span,
        };
        match shares::check(&split) {
            Ok(()) => Some(split),
            Err(reports) => {
                self.reports.append(reports);
                None
            }
        }
    }

    /// A part's share, `80%` or `0.8`.
    fn share(&mut self, name: &Name, expr: &Expr) -> Option<ShareSpec> {
        let misspelt = suggestion(&name.value, SETTINGS);
        let number = number_of(expr);
        if let (Some(help), true) = (misspelt, number.is_err() || number.is_ok_and(|n| n > 1.0)) {
            let message = format!("`split` has no setting `{}`", name.value);
            let report = Diagnostic::error(codes::UNKNOWN_FIELD, message);
            let report = report.label(name.span, "not known").help(help);
            return self.report(report.note(format!(
                "its settings are {}; every other entry is a part and its share",
                list(&SETTINGS)
            )));
        }
        let value = self.number(expr)?;
        if (1.0..=100.0).contains(&value) && value > 1.0 {
            return self.report(not_percent(name, value, expr));
        }
        Some(ShareSpec {
            name: name.clone(),
            share: spanned(value, expr),
        })
    }

    fn folds(&mut self, args: &[Arg], expr: &Expr, span: Span) -> Option<SplitSpec> {
        const EXAMPLE: &str = "folds(5)";
        let mut given = Given::call("folds", expr.span, args);
        let k = given.take_next("k");
        let k = self.needed(k, &given, "k", EXAMPLE);
        let held = given.take("held");
        let by = self.by_and_seed(&mut given);
        self.no_more(&given)?;
        let k = k.and_then(|k| self.count("the number of folds", k));
        let first = Some(Spanned::new(0, expr.span));
        let held = held.map_or(first, |held| self.count("the held fold", held));
        let ((by, seed), k, held) = (by?, k?, held?);
        Some(SplitSpec {
            parts: PartsSpec::Folds { k, held },
            given: vec![],
            by,
            seed,
            span,
        })
    }

    fn by_and_seed(&mut self, given: &mut Given<'_>) -> Option<(SplitBy, u64)> {
        let by = given.take("by").map(|by| self.by(by));
        let seed = given.take("seed").map(|seed| self.whole("a seed", seed));
        Some((
            by.unwrap_or(Some(SplitBy::Shuffle))?,
            seed.unwrap_or(Some(0))?,
        ))
    }

    fn by(&mut self, expr: &Expr) -> Option<SplitBy> {
        if let Some((name, args)) = named_call(expr) {
            let column = self.by_column(name, expr, args)?;
            return match name.value.as_str() {
                "stratify" => Some(SplitBy::Stratify(column)),
                _ => Some(SplitBy::Group(column)),
            };
        }
        let Some(name) = bare_name(expr) else {
            return self.report(wrong_kind("a way of splitting", expr));
        };
        match name.value.as_str() {
            "shuffle" => Some(SplitBy::Shuffle),
            "order" => Some(SplitBy::Order),
            way @ ("stratify" | "group") => {
                let example = format!("by: {way}(species)");
                self.report(lacking(&format!("`{way}`"), "column", expr.span, &example))
            }
            _ => self.report(unknown("way of splitting", name, &WAYS)),
        }
    }

    /// The column of `stratify(species)` or `group(patient)`.
    fn by_column(&mut self, name: &Name, expr: &Expr, args: &[Arg]) -> Option<Spanned<String>> {
        let way = name.value.as_str();
        if !WAYS.contains(&way) {
            return self.report(unknown("way of splitting", name, &WAYS));
        }
        let mut given = Given::call(way, expr.span, args);
        if matches!(way, "shuffle" | "order") {
            let report = Diagnostic::error(codes::ARGUMENTS, format!("`{way}` takes no arguments"));
            return self.report(
                report
                    .label(expr.span, "called")
                    .help(format!("write `by: {way}`")),
            );
        }
        let column = given.take_next("column");
        let column = self.needed(column, &given, "column", &format!("by: {way}(species)"));
        self.no_more(&given)?;
        self.name("a column", column?)
    }
}

fn not_percent(name: &Name, value: f64, expr: &Expr) -> Diagnostic {
    let message = format!("part `{}` cannot have {value} times all rows", name.value);
    Diagnostic::error(data_codes::BAD_SHARE, message)
        .label(expr.span, "above 0% and at most 100%")
        .help(format!("write `{value}%`"))
}
