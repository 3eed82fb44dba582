//! What is searched: settings with ranges in place of values, `train.lr=log(1e-4..1e-1)`. A trial's values are a pure function of the
//! seed, the trial's number and the setting's name, so that a search can go on where it stopped and a setting added later changes no
//! other.

use crate::scalar::math::Float;
use crate::tensor::{place_of, stream};

/// A setting whose value is searched.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Searched {
    /// What is set: `train.lr`.
    pub(super) name: String,
    range: Range,
}

/// The values it may have.
#[derive(Clone, Debug, PartialEq)]
enum Range {
    /// Any number between two, alike likely.
    Uniform(f64, f64),
    /// Any number between two, its logarithm alike likely.
    Log(f64, f64),
    /// Any whole number from one to another, both included.
    Whole(i64, i64),
    /// Any whole number, its logarithm alike likely.
    WholeLog(i64, i64),
    /// One of several, as they are written.
    Choice(Vec<String>),
}

/// What of some settings is searched, and what is set once and for all.
pub(super) fn parted(sets: &[String]) -> Result<(Vec<Searched>, Vec<String>), String> {
    let (mut searched, mut fixed) = (vec![], vec![]);
    for set in sets {
        match set.split_once('=') {
            Some((name, value)) if is_range(value.trim()) => searched.push(Searched {
                name: name.trim().to_owned(),
                range: range(value.trim()).map_err(|why| format!("`{set}`: {why}"))?,
            }),
            _ => fixed.push(set.clone()),
        }
    }
    Ok((searched, fixed))
}

fn is_range(value: &str) -> bool {
    value.contains("..") || value.starts_with("one_of(")
}

fn range(value: &str) -> Result<Range, String> {
    let within = |name: &str| {
        let rest = value.strip_prefix(name)?.trim_start().strip_prefix('(')?;
        rest.strip_suffix(')')
    };
    if let Some(inner) = within("one_of") {
        let choices: Vec<String> = choices(inner);
        let is_good = !choices.is_empty() && choices.iter().all(|choice| !choice.is_empty());
        return is_good
            .then_some(Range::Choice(choices))
            .ok_or_else(|| "a choice is empty".to_owned());
    }
    let is_log = within("log").is_some();
    let ends = within("log").unwrap_or(value);
    let (low, high) = ends.split_once("..").ok_or("a range is `low..high`")?;
    let (low, high) = (low.trim(), high.trim());
    if let (Ok(low), Ok(high)) = (low.parse::<i64>(), high.parse::<i64>()) {
        return whole(low, high, is_log);
    }
    let number = |text: &str| text.parse::<f64>().ok().filter(|x| Float::is_finite(*x));
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low > high => Err(format!("{low} is more than {high}")),
        (Some(low), Some(_)) if is_log && low <= 0.0 => {
            Err(format!("`log` needs a range above 0, not from {low}"))
        }
        (Some(low), Some(high)) if is_log => Ok(Range::Log(low, high)),
        (Some(low), Some(high)) => Ok(Range::Uniform(low, high)),
        (_, _) => Err(
            "a range is `1e-4..1e-1`, `log(1e-4..1e-1)`, `16..256` or `one_of(16, 32, 64)`".into(),
        ),
    }
}

fn whole(low: i64, high: i64, is_log: bool) -> Result<Range, String> {
    match () {
        () if low > high => Err(format!("{low} is more than {high}")),
        () if is_log && low <= 0 => Err(format!("`log` needs a range above 0, not from {low}")),
        () if is_log => Ok(Range::WholeLog(low, high)),
        () => Ok(Range::Whole(low, high)),
    }
}

/// Values between commas that stand in no brackets.
fn choices(text: &str) -> Vec<String> {
    let (mut all, mut depth) = (vec![String::new()], 0);
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all.iter().map(|choice| choice.trim().to_owned()).collect()
}

impl Searched {
    /// Its value in a trial, as text: numbers with four digits, which is as fine as a search can tell apart.
    pub(super) fn value(&self, seed: u64, trial: u64) -> String {
        let mut words = stream(
            seed.cast_signed(),
            place_of(&self.name),
            trial.cast_signed(),
        );
        let mut word = || f64::from(words.next().unwrap_or(0)) / 4_294_967_296.0;
        let share = word() + word() / 4_294_967_296.0;
        let between = |low: f64, high: f64| low + share * (high - low);
        match &self.range {
            Range::Uniform(low, high) => written(between(*low, *high), *low, *high),
            Range::Log(low, high) => written(
                Float::exp(between(Float::ln(*low), Float::ln(*high))),
                *low,
                *high,
            ),
            Range::Whole(low, high) => {
                let x = Float::floor(between(*low as f64, *high as f64 + 1.0)) as i64;
                x.clamp(*low, *high).to_string()
            }
            Range::WholeLog(low, high) => {
                let x = Float::exp(between(
                    Float::ln(*low as f64),
                    Float::ln(*high as f64 + 1.0),
                ));
                (x as i64).clamp(*low, *high).to_string()
            }
            Range::Choice(choices) => {
                let at = (share * choices.len() as f64) as usize;
                choices[at.min(choices.len() - 1)].clone()
            }
        }
    }
}

fn written(x: f64, low: f64, high: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    let text = format!("{:e}", rounded.clamp(low, high));
    match text.parse::<f64>() {
        Ok(x) if (1e-3..1e5).contains(&x.abs()) => {
            let text = x.to_string();
            if text.contains('.') {
                text
            } else {
                format!("{text}.0")
            }
        }
        Ok(_) | Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(set: &str) -> Searched {
        let (searched, fixed) = parted(&[set.to_owned()]).expect("it is a range");
        assert_eq!(fixed, Vec::<String>::new());
        searched.into_iter().next().expect("it is searched")
    }

    #[test]
    fn values_lie_in_their_range_and_fill_it() {
        let values = |set: &str| -> Vec<f64> {
            let searched = one(set);
            (0..400)
                .map(|trial| searched.value(7, trial).parse().expect("a number"))
                .collect()
        };
        let log = values("train.lr=log(1e-4..1e-1)");
        assert!(log.iter().all(|x| (1e-4..=1e-1).contains(x)));
        let small = log.iter().filter(|x| **x < 10f64.powf(-2.5)).count();
        assert!((150..250).contains(&small), "{small}");
        let whole = values("train.batch=1..4");
        assert!((1..=4).all(|n| whole.contains(&f64::from(n))));
        assert!(
            values("dim.hidden=log(8..64)")
                .iter()
                .all(|x| x.fract() == 0.0 && (8.0..=64.0).contains(x))
        );
        assert!(
            values("train.x=-1.5..-1.0")
                .iter()
                .all(|x| (-1.5..=-1.0).contains(x))
        );
    }

    #[test]
    fn choices_keep_their_brackets_and_trials_their_values() {
        let searched = one("train.optimizer=one_of(adam(lr: 1e-3, eps: 1e-8), sgd(lr: 0.1))");
        let found: Vec<String> = (0..20).map(|trial| searched.value(0, trial)).collect();
        assert!(found.contains(&"adam(lr: 1e-3, eps: 1e-8)".to_owned()));
        assert_eq!(found[3], searched.value(0, 3));
        assert_ne!(
            found,
            (0..20)
                .map(|trial| searched.value(1, trial))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn ranges_that_hold_nothing_are_refused() {
        for wrong in [
            "a.b=2..1",
            "a.b=log(0..1)",
            "a.b=x..1",
            "a.b=one_of()",
            "a.b=log(-1.0..1)",
        ] {
            assert!(parted(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        let plain = ["train.epochs=5".to_owned()];
        assert_eq!(parted(&plain), Ok((vec![], plain.to_vec())));
    }
}
