//! Shares of a whole as numbers of rows. Sizes are found by largest remainders: each part gets the floor of its share, and the rows
//! left over go to the largest fractions, the earlier part among equals.

use std::collections::BTreeSet;

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::spec::{PartsSpec, ShareSpec, SplitSpec};
use crate::data::split::PartRows;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;

/// How far a sum of shares may be off by rounding.
const TOLERANCE: f64 = 1e-9;

/// The shares of a split, summing to one, and what becomes of each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shares {
    parts: Vec<(String, f64)>,
}

/// The checked shares of a split of `n` rows; one share each for folds.
pub(crate) fn shares(split: &SplitSpec, n: usize) -> Result<Shares, Diagnostics> {
    match &split.parts {
        PartsSpec::Whole => Ok(Shares {
            parts: vec![("all".to_owned(), 1.0)],
        }),
        PartsSpec::Shares(parts) => named_shares(parts, split),
        PartsSpec::Folds { k, held } => Ok(folds(k, held, n)?),
    }
}

/// Whether named shares can serve; folds wait for the number of rows.
pub(crate) fn check(split: &SplitSpec) -> Result<(), Diagnostics> {
    match &split.parts {
        PartsSpec::Shares(parts) => named_shares(parts, split).map(|_| ()),
        PartsSpec::Whole | PartsSpec::Folds { .. } => Ok(()),
    }
}

impl Shares {
    /// The number of shares.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// `n` rows shared out.
    pub(crate) fn sizes(&self, n: usize) -> Vec<usize> {
        let fraction = |part: usize| -> f64 {
            let exact = self.parts[part].1 * n as f64;
            exact - floor(exact) as f64
        };
        self.round(n, fraction)
    }

    /// `n` more rows shared out, `seen` with these, `held` without: the rows left over go to the parts furthest behind.
    pub(crate) fn sizes_after(&self, n: usize, seen: usize, held: &[usize]) -> Vec<usize> {
        let lag = |part: usize| -> f64 {
            let exact = self.parts[part].1 * n as f64;
            let own = floor(exact);
            if exact - own as f64 <= TOLERANCE {
                return f64::NEG_INFINITY;
            }
            if own == 0 && self.parts[part].0 == "train" {
                return f64::INFINITY;
            }
            self.parts[part].1 * seen as f64 - (held[part] + own) as f64
        };
        self.round(n, lag)
    }

    /// The part furthest behind its share of `n` rows, the first among equals.
    pub(crate) fn most_lagging(&self, n: usize, held: &[usize]) -> usize {
        let lag = |part: usize| self.parts[part].1 * n as f64 - held[part] as f64;
        let order = by_claim(self.len(), lag);
        order[0]
    }

    /// The parts by name; parts of one name are one part, where its name comes first.
    pub(crate) fn named(&self, rows: Vec<Vec<u32>>) -> Vec<PartRows> {
        let mut parts: Vec<PartRows> = vec![];
        for ((name, _), rows) in self.parts.iter().zip(rows) {
            match parts.iter_mut().find(|part| part.name == *name) {
                Some(part) => part.rows.extend(rows),
                None => parts.push(PartRows {
                    name: name.clone(),
                    rows,
                }),
            }
        }
        parts.iter_mut().for_each(|part| part.rows.sort_unstable());
        parts
    }

    /// Floors of all shares, and one more row for those with the greatest claims.
    fn round(&self, n: usize, claim: impl Fn(usize) -> f64) -> Vec<usize> {
        let exact = self.parts.iter().map(|(_, share)| share * n as f64);
        let mut sizes: Vec<usize> = exact.map(floor).collect();
        let left = n - sizes.iter().sum::<usize>().min(n);
        let order = by_claim(self.len(), claim);
        order
            .iter()
            .cycle()
            .take(left)
            .for_each(|&part| sizes[part] += 1);
        sizes
    }
}

/// Rounded down, but not below a whole number missed by rounding.
fn floor(x: f64) -> usize {
    (x + TOLERANCE) as usize
}

fn by_claim(parts: usize, claim: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..parts).collect();
    order.sort_by(|&a, &b| claim(b).total_cmp(&claim(a)));
    order
}

fn named_shares(parts: &[ShareSpec], split: &SplitSpec) -> Result<Shares, Diagnostics> {
    let mut faults = Diagnostics::new();
    let mut names = BTreeSet::new();
    for part in parts {
        if !names.insert(part.name.value.as_str()) {
            faults.push(twice(part));
        }
        if !(part.share.value > 0.0 && part.share.value <= 1.0) {
            faults.push(no_share(part));
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    check_sum(parts, split)?;
    if !names.contains("train") {
        return Err(no_train(split).into());
    }
    let parts = parts
        .iter()
        .map(|part| (part.name.value.clone(), part.share.value));
    Ok(Shares {
        parts: parts.collect(),
    })
}

fn twice(part: &ShareSpec) -> Diagnostic {
    let message = format!("part {} is declared twice", shown(&part.name.value));
    Fault::new(codes::BAD_SHARE, message, "declared again").at(part.name.span)
}

fn no_share(part: &ShareSpec) -> Diagnostic {
    let message = format!(
        "part {} cannot have {} of the rows",
        shown(&part.name.value),
        percent(part.share.value)
    );
    Fault::new(codes::BAD_SHARE, message, "above 0% and at most 100%").at(part.share.span)
}

fn no_train(split: &SplitSpec) -> Diagnostic {
    Fault::new(
        codes::BAD_SHARE,
        "no part is called `train`",
        "the transforms are fitted on `train`",
    )
    .help("name one of the parts `train`")
    .at(split.span)
}

fn check_sum(parts: &[ShareSpec], split: &SplitSpec) -> Result<(), Diagnostic> {
    let sum: f64 = parts.iter().map(|part| part.share.value).sum();
    if (sum - 1.0).abs() <= TOLERANCE {
        return Ok(());
    }
    let terms: Vec<String> = parts.iter().map(|part| percent(part.share.value)).collect();
    let message = format!(
        "the shares of a split must sum to 100%, and sum to {}",
        percent(sum)
    );
    let fault = Fault::new(codes::SHARES_SUM, message, terms.join(" + "));
    let (off, rest) = (
        percent((sum - 1.0).abs()),
        if sum < 1.0 { "more" } else { "less" },
    );
    Err(fault
        .help(format!("give one part {off} {rest}"))
        .at(split.span))
}

/// A share as a percentage, to seven digits behind the point at most.
fn percent(share: f64) -> String {
    let text = format!("{:.7}", share * 100.0);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{short}%")
}

/// `k` equal shares, all but the held one called `train`.
fn folds(k: &Spanned<usize>, held: &Spanned<usize>, n: usize) -> Result<Shares, Diagnostic> {
    if k.value < 2 || k.value > n {
        let message = format!("{} of {}", counted(k.value, "fold"), counted(n, "row"));
        return Err(Fault::new(
            codes::BAD_FOLDS,
            message,
            "at least 2, and no more than there are rows",
        )
        .at(k.span));
    }
    if held.value >= k.value {
        let message = format!("there is no fold {} among {}", held.value, k.value);
        let label = format!("counted from 0 to {}", k.value - 1);
        return Err(Fault::new(codes::BAD_FOLDS, message, label).at(held.span));
    }
    let name = |fold| if fold == held.value { "val" } else { "train" };
    let share = 1.0 / k.value as f64;
    Ok(Shares {
        parts: (0..k.value)
            .map(|fold| (name(fold).to_owned(), share))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shares: &[f64]) -> Shares {
        let parts = shares.iter().enumerate();
        Shares {
            parts: parts
                .map(|(at, share)| (format!("p{at}"), *share))
                .collect(),
        }
    }

    #[test]
    fn sizes_follow_largest_remainders() {
        assert_eq!(of(&[0.8, 0.2]).sizes(150), [120, 30]);
        assert_eq!(of(&[0.7, 0.3]).sizes(10), [7, 3]);
        assert_eq!(of(&[0.29, 0.71]).sizes(100), [29, 71]);
        assert_eq!(of(&[0.5, 0.5]).sizes(3), [2, 1]);
        assert_eq!(of(&[0.7, 0.15, 0.15]).sizes(7), [5, 1, 1]);
    }

    #[test]
    fn percentages_are_short() {
        assert_eq!(percent(0.8), "80%");
        assert_eq!(percent(0.7 + 0.2), "90%");
        assert_eq!(percent(1.0 / 3.0), "33.3333333%");
    }
}
