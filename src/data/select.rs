//! Which columns of a file a spec takes: names, patterns and ranges against a header.

use std::collections::BTreeSet;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::spec::{Columns, DataSpec, FieldSpec, Selector, SplitBy};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};

/// The places of every column that the fields and the split use, in file order.
pub(crate) fn used(spec: &DataSpec, header: Header<'_>) -> Result<Vec<usize>, Diagnostics> {
    let mut places = BTreeSet::new();
    let mut faults = Diagnostics::new();
    let fields = spec.fields.iter().map(|field| field_columns(field, header));
    for found in fields.chain([split_column(&spec.split.by, header)]) {
        match found {
            Ok(found) => places.extend(found.into_iter().map(|taken| taken.value)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    Ok(places.into_iter().collect())
}

/// The places of a field's columns, in the order it takes them, each with the words that take it.
pub(crate) fn field_columns(
    field: &FieldSpec,
    header: Header<'_>,
) -> Result<Vec<Spanned<usize>>, Diagnostic> {
    match &field.select {
        Columns::One(name) => Ok(vec![Spanned::new(find(name, header)?, name.span)]),
        Columns::Many(selectors) => many(selectors, field.span, header),
    }
}

/// The column that decides a split, if any.
pub(crate) fn split_column(
    by: &SplitBy,
    header: Header<'_>,
) -> Result<Vec<Spanned<usize>>, Diagnostic> {
    match by {
        SplitBy::Shuffle | SplitBy::Order => Ok(vec![]),
        SplitBy::Stratify(name) | SplitBy::Group(name) => {
            Ok(vec![Spanned::new(find(name, header)?, name.span)])
        }
    }
}

fn find(name: &Spanned<String>, header: Header<'_>) -> Result<usize, Diagnostic> {
    header
        .find(&name.value)
        .map_err(|fault| fault.at(name.span))
}

fn many(
    selectors: &[Selector],
    span: Span,
    header: Header<'_>,
) -> Result<Vec<Spanned<usize>>, Diagnostic> {
    let mut taken = vec![];
    let mut seen = BTreeSet::new();
    for selector in selectors {
        for place in one(selector, header)? {
            if !seen.insert(place) {
                return Err(twice(&header.names[place]).at(selector_span(selector)));
            }
            taken.push(Spanned::new(place, selector_span(selector)));
        }
    }
    if taken.is_empty() {
        return Err(Fault::new(
            codes::BAD_SELECTION,
            "a field without columns",
            "takes none",
        )
        .at(span));
    }
    Ok(taken)
}

fn one(selector: &Selector, header: Header<'_>) -> Result<Vec<usize>, Diagnostic> {
    match selector {
        Selector::Name(name) => Ok(vec![find(name, header)?]),
        Selector::Glob(pattern) => glob(pattern, header),
        Selector::Range { first, last } => range(first, last, header),
        Selector::Except { names, span } => except(names, *span, header),
    }
}

fn selector_span(selector: &Selector) -> Span {
    match selector {
        Selector::Name(name) | Selector::Glob(name) => name.span,
        Selector::Range { first, last } => first.span.to(last.span),
        Selector::Except { span, .. } => *span,
    }
}

fn glob(pattern: &Spanned<String>, header: Header<'_>) -> Result<Vec<usize>, Diagnostic> {
    let names = header.names.iter().enumerate();
    let found: Vec<usize> = names
        .filter(|(_, name)| matches(&pattern.value, name))
        .map(|(place, _)| place)
        .collect();
    if found.is_empty() {
        let message = format!(
            "no column of {} matches {}",
            shown(header.file),
            shown(&pattern.value)
        );
        let fault = Fault::new(codes::BAD_SELECTION, message, "matches none");
        let fault = fault.note(format!("its columns: {}", header.list()));
        return Err(fault.at(pattern.span));
    }
    Ok(found)
}

fn range(
    first: &Spanned<String>,
    last: &Spanned<String>,
    header: Header<'_>,
) -> Result<Vec<usize>, Diagnostic> {
    let (left, right) = (find(first, header)?, find(last, header)?);
    if left > right {
        let (first_name, last_name) = (shown(&first.value), shown(&last.value));
        let message = format!("column {first_name} stands behind {last_name}");
        let fault = Fault::new(codes::BAD_SELECTION, message, "an empty range");
        let help = format!("turn it round: {last_name} .. {first_name}");
        return Err(fault.help(help).at(first.span.to(last.span)));
    }
    Ok((left..=right).collect())
}

fn except(
    names: &[Spanned<String>],
    span: Span,
    header: Header<'_>,
) -> Result<Vec<usize>, Diagnostic> {
    let left_out = names
        .iter()
        .map(|name| find(name, header))
        .collect::<Result<BTreeSet<usize>, Diagnostic>>()?;
    let kept: Vec<usize> = (0..header.names.len())
        .filter(|place| !left_out.contains(place))
        .collect();
    if kept.is_empty() {
        let message = format!("every column of {} is left out", shown(header.file));
        return Err(Fault::new(codes::BAD_SELECTION, message, "leaves none").at(span));
    }
    Ok(kept)
}

fn twice(name: &str) -> Fault {
    let message = format!("column {} is taken twice", shown(name));
    Fault::new(codes::BAD_SELECTION, message, "takes it again")
}

/// Whether a name matches a pattern: `*` is any text, `?` any one character. Backtracks to the last star only, which is enough.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, n) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_like_a_shell() {
        assert!(matches("pixel_*", "pixel_0_1"));
        assert!(matches("*_mean", "radius_mean"));
        assert!(matches("a*b*c", "a_b_b_c"));
        assert!(matches("s?", "s6"));
        assert!(!matches("s?", "s10"));
        assert!(!matches("pixel_", "pixel_0"));
        assert!(matches("*", ""));
    }
}
