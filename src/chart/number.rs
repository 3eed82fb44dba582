//! Numbers as readers want them: six significant digits at most, and no more than are needed. What is not a number says so.

/// Significant digits of a number.
const DIGITS: i32 = 6;

/// A number by itself: `0.5`, `66.43`, `1e-30`, `NaN`, `-inf`.
pub(crate) fn number(x: f64) -> String {
    Form::of([x]).write(x)
}

/// A number in as many places whatever it is, as far as that goes: so many behind the point for what is about one. For lines of
/// progress, which stand under one another.
pub(crate) fn brief(x: f64, digits: i32) -> String {
    match exponent(x) {
        Some(exponent) if (-3..6).contains(&exponent) => {
            Form::Fixed(places((digits - exponent.max(0)).max(1))).write(x)
        }
        Some(_) => Form::Scientific(places(digits - 2)).write(x),
        None => Form::Fixed(places(digits)).write(x),
    }
}

/// How the numbers of one tensor are written, so that they stand under one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With so many places behind the point.
    Fixed(usize),
    /// With a power of ten and so many places before it.
    Scientific(usize),
}

impl Form {
    /// The shortest form that tells these numbers apart to six digits: fixed where the smallest is still seen beside the largest.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Form {
        let numbers: Vec<f64> = numbers.into_iter().collect();
        let exponents = || numbers.iter().filter_map(|x| exponent(*x));
        let (Some(least), Some(greatest)) = (exponents().min(), exponents().max()) else {
            return Form::Fixed(1);
        };
        let decimals = (DIGITS - 1 - greatest).max(-least).max(1);
        if greatest < DIGITS && least >= -5 && greatest + decimals <= 9 {
            return Form::Fixed(needed(&numbers, places(decimals), |x, n| {
                format!("{x:.n$}")
            }));
        }
        let mantissa = |x: f64, n: usize| {
            let text = format!("{x:.n$e}");
            text.split('e').next().unwrap_or_default().to_owned()
        };
        Form::Scientific(needed(&numbers, places(DIGITS - 1), mantissa).max(1))
    }

    /// A number in this form.
    pub(crate) fn write(self, x: f64) -> String {
        match self {
            _ if x.is_nan() => "NaN".into(),
            _ if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.into(),
            Form::Fixed(n) => format!("{x:.n$}"),
            Form::Scientific(_) if x == 0.0 => format!("{x:.1}"),
            Form::Scientific(n) => format!("{x:.n$e}"),
        }
    }
}

fn places(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// The power of ten of a number's first digit, once it is rounded to six; none of what has no first digit.
fn exponent(x: f64) -> Option<i32> {
    let text = format!("{x:.5e}");
    let exponent = text.split_once('e')?.1.parse().ok()?;
    (x != 0.0).then_some(exponent)
}

/// How many of `most` places are not zero in all numbers; one at least.
fn needed(numbers: &[f64], most: usize, write: impl Fn(f64, usize) -> String) -> usize {
    let finite = numbers.iter().filter(|x| x.is_finite());
    let used = finite.map(|x| {
        let text = write(*x, most);
        most - text
            .bytes()
            .rev()
            .take(most)
            .take_while(|c| *c == b'0')
            .count()
    });
    used.max().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_themselves() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (f64::from(0.1f32), "0.1"),
            (66.430_000_01, "66.43"),
            (0.000_123_456_7, "0.000123457"),
            (123_456.7, "123456.7"),
            (999_999.96, "1.0e6"),
            (1e-30, "1.0e-30"),
            (-1.5e30, "-1.5e30"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (x, text) in cases {
            assert_eq!(number(x), text);
        }
    }

    #[test]
    fn numbers_in_a_line_of_progress() {
        let cases = [
            (0.312_14, "0.3121"),
            (0.001, "0.0010"),
            (1.0, "1.0000"),
            (12.345_6, "12.346"),
            (123_456.0, "123456.0"),
            (1.234e-7, "1.23e-7"),
            (0.0, "0.0000"),
            (f64::NAN, "NaN"),
        ];
        for (x, text) in cases {
            assert_eq!(brief(x, 4), text);
        }
    }

    #[test]
    fn one_form_for_all_numbers_of_a_tensor() {
        assert_eq!(Form::of([1.0, 2.5, 0.0]), Form::Fixed(1));
        assert_eq!(Form::of([1.0, 0.33333333]), Form::Fixed(5));
        assert_eq!(Form::of([f64::NAN, 0.0]), Form::Fixed(1));
        assert_eq!(Form::of([1.5, 2e-9]), Form::Scientific(1));
        assert_eq!(Form::of([1e20]), Form::Scientific(1));
    }
}
