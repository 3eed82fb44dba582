//! What is worth a second look in a data set that can be used: constant columns, categories that a part lacks.

use crate::data::block::Content;
use crate::data::codes;
use crate::data::dataset::FieldBlock;
use crate::data::fault::{listed, shown};
use crate::data::split::PartRows;
use crate::data::transform::Fitted;
use crate::diag::Diagnostic;
use crate::source::Span;

/// The warnings about one field.
pub(crate) fn warnings(field: &FieldBlock<'_>, parts: &[PartRows]) -> Vec<Diagnostic> {
    let steps = field.fitted.steps.iter().zip(&field.spans);
    let constant = steps.filter_map(|(step, &span)| constant_columns(step, field, span));
    constant.chain(absent_categories(field, parts)).collect()
}

fn constant_columns(step: &Fitted, field: &FieldBlock<'_>, span: Span) -> Option<Diagnostic> {
    let (flat, becomes): (Vec<bool>, f64) = match step {
        Fitted::Standardize { sd, .. } => (sd.iter().map(|&sd| sd == 0.0).collect(), 0.0),
        Fitted::Normalize { min, max, low, .. } => (
            min.iter().zip(max).map(|(min, max)| min == max).collect(),
            *low,
        ),
        Fitted::Scale { .. }
        | Fitted::Log
        | Fitted::Log1p
        | Fitted::Clip { .. }
        | Fitted::Impute { .. }
        | Fitted::OneHot { .. }
        | Fitted::Label { .. }
        | Fitted::Flatten
        | Fitted::Days { .. }
        | Fitted::Binary { .. }
        | Fitted::Chars(_)
        | Fitted::Words(_)
        | Fitted::Bpe(_)
        | Fitted::Ends { .. } => return None,
    };
    let names: Vec<&str> = flat
        .iter()
        .zip(&field.fitted.features)
        .filter(|(flat, _)| **flat)
        .map(|(_, name)| name.as_str())
        .collect();
    let message = match names.len() {
        0 => return None,
        1 => format!(
            "column {} holds one value only in the train part",
            shown(names[0])
        ),
        n => format!(
            "{n} columns hold one value only in the train part: {}",
            listed(names.iter().copied())
        ),
    };
    let report = Diagnostic::warning(codes::CONSTANT_COLUMN, message);
    let report = report.label(span, format!("becomes {becomes} in every row"));
    Some(report.help("leave out what tells nothing apart"))
}

fn absent_categories(field: &FieldBlock<'_>, parts: &[PartRows]) -> Vec<Diagnostic> {
    let Some(names) = &field.schema.categories else {
        return vec![];
    };
    let absent = |part: &PartRows| {
        let present = present_categories(field, names.len(), part)?;
        let absent = names.iter().zip(present).filter(|(_, present)| !present);
        let absent: Vec<&str> = absent.map(|(name, _)| name.as_str()).collect();
        (!absent.is_empty()).then(|| absent_from(field, part, &absent))
    };
    parts.iter().filter_map(absent).collect()
}

fn absent_from(field: &FieldBlock<'_>, part: &PartRows, absent: &[&str]) -> Diagnostic {
    let message = format!(
        "part {} holds no {} in field {}",
        shown(&part.name),
        listed(absent.iter().copied()),
        shown(&field.schema.name)
    );
    let label = format!(
        "{} categories",
        field.schema.categories.as_ref().map_or(0, Vec::len)
    );
    Diagnostic::warning(codes::CATEGORY_ABSENT, message)
        .label(field.schema.shape_span, label)
        .help("`by: stratify(…)` gives every part its share of each category")
}

/// Which categories a part shows; nothing where the values are no categories any more.
fn present_categories(field: &FieldBlock<'_>, n: usize, part: &PartRows) -> Option<Vec<bool>> {
    let mut present = vec![false; n];
    let rows = part.rows.iter().map(|&row| row as usize);
    match (field.fitted.steps.last()?, &field.block.content) {
        (Fitted::Label { .. }, Content::Index(values)) => {
            rows.for_each(|row| present[values[row] as usize] = true);
        }
        (Fitted::Binary { .. }, Content::Numbers(values)) => {
            rows.for_each(|row| present[usize::from(values[row] == 1.0)] = true);
        }
        (Fitted::OneHot { .. }, Content::Numbers(values)) => {
            let hot = |row: usize| values[row * n..][..n].iter().position(|&x| x == 1.0);
            rows.filter_map(hot).for_each(|place| present[place] = true);
        }
        (_, Content::Cells(_) | Content::Numbers(_) | Content::Index(_)) => return None,
        (_, Content::Pixels(_) | Content::Tokens(_)) => return None,
    }
    Some(present)
}
