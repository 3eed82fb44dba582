//! `Dense(127)` among several `Dense(128)`: a size given once where the same setting of the same definition is given its near-twin
//! at least twice. Let pass are small sizes, rounder ones than their twin, and those that any other number of the program repeats.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Diagnostics};
use crate::lint::codes;
use crate::lint::visit::{of_item, sizes_in_types, within};
use crate::lower::{ScopeId, World};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Arg, Expr, ExprKind, Name, Program};

/// Sizes below are told apart at a glance, and often differ by one on purpose.
const SMALLEST: i64 = 16;

/// A definition and one of its settings.
type Setting = (String, String);

/// Warns of each size that has a near-twin.
pub(super) fn near_twins(
    program: &Program,
    world: &World,
    scope: ScopeId,
    sources: &SourceMap,
    reports: &mut Diagnostics,
) {
    let mut sizes: BTreeMap<Setting, Vec<(i64, Span)>> = BTreeMap::new();
    let exprs = all_exprs(program);
    for expr in &exprs {
        if let ExprKind::Call(callee, args) = &expr.kind
            && let ExprKind::Path(path) = &callee.kind
        {
            for (setting, size) in given(path, args, world, scope) {
                sizes.entry(setting).or_default().push(size);
            }
        }
    }
    let numbers = numbers(program, &exprs);
    for ((callee, _), mut given) in sizes {
        given.sort_by_key(|(_, span)| span.start);
        for (size, twin) in pairs(&given, &numbers) {
            reports.push(warning(&callee, size, twin, sources));
        }
    }
}

fn all_exprs(program: &Program) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = program.items.iter().flat_map(of_item).collect();
    let mut next = 0;
    while let Some(expr) = found.get(next) {
        found.extend(within(expr));
        next += 1;
    }
    found
}

/// Every whole number in a program, as often as it stands there, in types and elsewhere.
fn numbers(program: &Program, exprs: &[&Expr]) -> BTreeMap<i64, usize> {
    let written = exprs.iter().filter_map(|expr| match &expr.kind {
        ExprKind::Number(number) => number.int,
        _ => None,
    });
    let mut counts = BTreeMap::new();
    for number in written.chain(program.items.iter().flat_map(sizes_in_types)) {
        *counts.entry(number).or_default() += 1;
    }
    counts
}

/// The sizes that a call gives as numbers.
fn given(
    path: &[Name],
    args: &[Arg],
    world: &World,
    scope: ScopeId,
) -> Vec<(Setting, (i64, Span))> {
    let settings = world.size_settings(scope, path);
    let callee = path.last().map(|name| name.value.clone());
    let callee = callee.unwrap_or_default();
    let size = |(place, arg): (usize, &Arg)| {
        let name = match &arg.name {
            Some(name) => settings
                .iter()
                .flatten()
                .find(|known| **known == name.value),
            None => settings.get(place)?.as_ref(),
        };
        let ExprKind::Number(number) = &arg.value.kind else {
            return None;
        };
        Some((
            (callee.clone(), name?.clone()),
            (number.int?, arg.value.span),
        ))
    };
    args.iter().enumerate().filter_map(size).collect()
}

/// Each size that occurs once, with the first place of a twin that occurs more often.
fn pairs(given: &[(i64, Span)], numbers: &BTreeMap<i64, usize>) -> Vec<((i64, Span), (i64, Span))> {
    let mut places: BTreeMap<i64, Vec<Span>> = BTreeMap::new();
    for (size, span) in given {
        places.entry(*size).or_default().push(*span);
    }
    let twin = |size: i64| {
        let twins = near(size).into_iter();
        let found = twins.filter_map(|twin| Some((twin, places.get(&twin)?)));
        let mut often = found.filter(|(_, places)| places.len() > 1);
        often.next().map(|(twin, places)| (twin, places[0]))
    };
    let alone = given
        .iter()
        .filter(|(size, _)| numbers.get(size) == Some(&1));
    alone
        .filter_map(|given| Some((*given, twin(given.0)?)))
        .collect()
}

/// What `size` may have been meant as: off by one or two neighbouring digits exchanged, and rounder than it.
fn near(size: i64) -> Vec<i64> {
    let mut twins = vec![size.saturating_sub(1), size.saturating_add(1)];
    let digits = size.to_string().into_bytes();
    for at in 1..digits.len() {
        let mut exchanged = digits.clone();
        exchanged.swap(at - 1, at);
        let text = String::from_utf8(exchanged).unwrap_or_default();
        twins.extend(text.parse::<i64>().ok());
    }
    let is_rounder = |twin: &i64| size.min(*twin) >= SMALLEST && roundness(size) < roundness(*twin);
    twins.retain(is_rounder);
    twins
}

/// How often a size can be halved or divided by ten.
fn roundness(size: i64) -> u32 {
    let tens = (1..19).find(|&power| size % 10_i64.pow(power) != 0);
    size.trailing_zeros().max(tens.unwrap_or(19) - 1)
}

fn warning(
    callee: &str,
    (size, place): (i64, Span),
    (usual, usual_place): (i64, Span),
    sources: &SourceMap,
) -> Diagnostic {
    let message = format!("`{callee}({size})` stands alone among `{callee}({usual})`");
    let report = Diagnostic::warning(codes::NEAR_TWIN, message);
    let report = report.label(place, format!("{size} here"));
    let line = |span: Span| sources.line_column(span).0;
    let report = match line(place) == line(usual_place) {
        true => report.label(usual_place, format!("{usual} here")),
        false => report.label(usual_place, format!("{usual} here and elsewhere")),
    };
    report.help(format!(
        "if {usual} is meant, write it; if {size} is, give it a name: `dim width = {size};`"
    ))
}
