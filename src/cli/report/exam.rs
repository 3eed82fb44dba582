//! What a model gets right and wrong, as parts of a page.

use crate::chart::number::{brief, number};
use crate::chart::{Frame, Mark, Series, chart};
use crate::cli::report::measures::{Threshold, confusion, histogram, threshold};
use crate::cli::report::page::{ChartPart, Confusion, ExamPart, Example};
use crate::cli::report::picture;
use crate::cli::screen::counted;
use crate::data::Fault;
use crate::session::{Answers, Exam};

/// Examples of each kind.
const EXAMPLES: usize = 8;
/// Classes whose curves are drawn.
const MOST_CURVES: usize = 10;
/// Points of a cloud.
const MOST_DOTS: usize = 1000;
/// Significant digits in tables.
const DIGITS: i32 = 4;

/// The part of a page.
pub(super) fn part(exam: &Exam) -> Result<ExamPart, Fault> {
    let rows = counted(exam.rows.len() as u64, "row");
    let title = format!("On {}, {rows}", exam.part);
    match &exam.answers {
        Answers::Classes {
            names,
            actual,
            scores,
            are_probabilities,
        } => classes(exam, title, names, actual, scores, *are_probabilities),
        Answers::Numbers {
            names,
            actual,
            predicted,
        } => numbers(exam, title, names, actual, predicted),
    }
}

fn classes(
    exam: &Exam,
    title: String,
    names: &[String],
    actual: &[usize],
    scores: &[f64],
    are_probabilities: bool,
) -> Result<ExamPart, Fault> {
    let n = names.len();
    let largest = |row: &[f64]| {
        (0..n)
            .reduce(|best, at| if row[at] > row[best] { at } else { best })
            .unwrap_or(0)
    };
    let predicted: Vec<usize> = scores.chunks(n).map(largest).collect();
    let n_right = actual
        .iter()
        .zip(&predicted)
        .filter(|(a, b)| a == b)
        .count();
    let about = format!(
        "{n_right} of {} are right, {}",
        actual.len(),
        share(n_right, actual.len())
    );
    let sure = |row: usize| scores[row * n + predicted[row]];
    let example = |row: usize| {
        let guess = match are_probabilities {
            true => format!("{} ({})", names[predicted[row]], brief(sure(row), DIGITS)),
            false => names[predicted[row]].clone(),
        };
        self::example(exam, row, &names[actual[row]], &guess)
    };
    let mut order: Vec<usize> = (0..actual.len()).collect();
    order.sort_by(|&a, &b| sure(b).total_cmp(&sure(a)));
    let (right, wrong): (Vec<usize>, Vec<usize>) = order
        .into_iter()
        .partition(|&row| actual[row] == predicted[row]);
    let listed = |rows: &[usize]| examples(rows.iter().copied(), example);
    Ok(ExamPart {
        title,
        about,
        confusion: (n <= 40).then(|| Confusion::of(names, &confusion(actual, &predicted, n))),
        charts: thresholds(names, actual, scores),
        features: exam.features.iter().map(|(name, _)| name.clone()).collect(),
        lists: vec![
            ("Wrong, the surest first".to_owned(), listed(&wrong)?),
            ("Right, the surest first".to_owned(), listed(&right)?),
        ],
    })
}

/// The first examples.
fn examples(
    rows: impl Iterator<Item = usize>,
    example: impl Fn(usize) -> Result<Example, Fault>,
) -> Result<Vec<Example>, Fault> {
    rows.take(EXAMPLES).map(example).collect()
}

fn share(part: usize, whole: usize) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// The curves of a threshold: of the second of two classes, of each of several against the others.
fn thresholds(names: &[String], actual: &[usize], scores: &[f64]) -> Vec<ChartPart> {
    let n = names.len();
    let shown = if n == 2 { 1..2 } else { 0..n.min(MOST_CURVES) };
    let of_class = |class: usize| {
        let own: Vec<f64> = scores.iter().skip(class).step_by(n).copied().collect();
        let truth: Vec<bool> = actual.iter().map(|actual| *actual == class).collect();
        Some((names[class].clone(), threshold(&own, &truth)?))
    };
    let found: Vec<(String, Threshold)> = shown.filter_map(of_class).collect();
    if found.is_empty() {
        return vec![];
    }
    let left = n.saturating_sub(MOST_CURVES);
    let note = if left > 0 && n > 2 {
        format!("{left} more classes are not drawn")
    } else {
        String::new()
    };
    vec![
        curve(
            "ROC",
            ["false positive rate", "true positive rate"],
            &note,
            &found,
            true,
            |own| (&own.roc, own.auc),
        ),
        curve(
            "Precision and recall",
            ["recall", "precision"],
            &note,
            &found,
            false,
            |own| (&own.pr, own.average_precision),
        ),
    ]
}

fn curve(
    title: &str,
    [x, y]: [&str; 2],
    note: &str,
    found: &[(String, Threshold)],
    has_guide: bool,
    of: impl Fn(&Threshold) -> (&Vec<(f64, f64)>, f64),
) -> ChartPart {
    let line = |name: &str, points: Vec<(f64, f64)>, colour, mark| Series {
        name: name.to_owned(),
        points,
        colour,
        mark,
        texts: vec![],
    };
    let mut series = vec![];
    if has_guide {
        series.push(line("chance", vec![(0.0, 0.0), (1.0, 1.0)], 0, Mark::Guide));
    }
    let lines = found.iter().enumerate();
    series.extend(
        lines.map(|(colour, (name, own))| line(name, of(own).0.clone(), colour, Mark::Line)),
    );
    let area = if has_guide { "area" } else { "mean precision" };
    let legend = found.iter().enumerate();
    let legend =
        legend.map(|(colour, (name, own))| (colour, format!("{name}, {area} {:.4}", of(own).1)));
    let frame = Frame {
        title,
        x,
        y,
        x_range: Some((0.0, 1.0)),
        y_range: Some((0.0, 1.0)),
        may_be_log: false,
    };
    ChartPart {
        title: title.to_owned(),
        svg: chart(&series, &frame),
        legend: legend.collect(),
        note: note.to_owned(),
    }
}

fn numbers(
    exam: &Exam,
    title: String,
    names: &[String],
    actual: &[f64],
    predicted: &[f64],
) -> Result<ExamPart, Fault> {
    let residuals: Vec<f64> = predicted.iter().zip(actual).map(|(p, a)| p - a).collect();
    let n = residuals.len().max(1) as f64;
    let mean = residuals.iter().sum::<f64>() / n;
    let absolute = residuals.iter().map(|r| r.abs()).sum::<f64>() / n;
    let about = format!(
        "predictions are {} off in the mean; the mean of all residuals is {}",
        number(absolute),
        number(mean)
    );
    let width = names.len();
    let off = |row: usize| {
        residuals[row * width..(row + 1) * width]
            .iter()
            .map(|r| r.abs())
            .fold(0.0, f64::max)
    };
    let joined = |values: &[f64], row: usize| {
        let values = values[row * width..(row + 1) * width].iter().take(4);
        values
            .map(|x| brief(*x, DIGITS))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let example = |row: usize| example(exam, row, &joined(actual, row), &joined(predicted, row));
    let mut order: Vec<usize> = (0..exam.rows.len()).collect();
    order.sort_by(|&a, &b| off(b).total_cmp(&off(a)));
    Ok(ExamPart {
        title,
        about,
        confusion: None,
        charts: clouds(names, actual, predicted, &residuals),
        features: exam.features.iter().map(|(name, _)| name.clone()).collect(),
        lists: vec![
            (
                "Farthest off".to_owned(),
                examples(order.iter().copied(), example)?,
            ),
            (
                "Nearest".to_owned(),
                examples(order.iter().rev().copied(), example)?,
            ),
        ],
    })
}

/// Predictions over answers, residuals over predictions, and how residuals are spread.
fn clouds(
    names: &[String],
    actual: &[f64],
    predicted: &[f64],
    residuals: &[f64],
) -> Vec<ChartPart> {
    let what = names.first().map_or("value", String::as_str);
    let ((low, high), (least, most)) = (ends(actual), ends(predicted));
    let bars = histogram(residuals, 30);
    let tallest = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
    let diagonal = series(Mark::Guide, vec![(low, low), (high, high)]);
    let zero = series(Mark::Guide, vec![(least, 0.0), (most, 0.0)]);
    let note = match names.len() > 1 {
        true => "all columns together",
        false => "",
    };
    let part = |title: &str, series: &[Series], [x, y]: [&str; 2], y_range| {
        let frame = Frame {
            title,
            x,
            y,
            y_range,
            ..Frame::default()
        };
        ChartPart {
            title: title.to_owned(),
            svg: chart(series, &frame),
            legend: vec![],
            note: note.to_owned(),
        }
    };
    let off = "predicted − actual";
    vec![
        part(
            "Predicted and actual",
            &[diagonal, dots(actual, predicted)],
            [what, "predicted"],
            None,
        ),
        part(
            "Residuals",
            &[zero, dots(predicted, residuals)],
            ["predicted", off],
            None,
        ),
        part(
            "Spread of residuals",
            &[series(Mark::Bars, bars)],
            [off, "rows"],
            Some((0.0, tallest * 1.05)),
        ),
    ]
}

fn series(mark: Mark, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: String::new(),
        points,
        colour: 0,
        mark,
        texts: vec![],
    }
}

/// Pairs as dots, thinned where there are too many to tell apart.
fn dots(x: &[f64], y: &[f64]) -> Series {
    let step = x.len().div_ceil(MOST_DOTS).max(1);
    let pairs = x.iter().copied().zip(y.iter().copied());
    series(Mark::Dots, pairs.step_by(step).collect())
}

/// The least and the greatest.
fn ends(values: &[f64]) -> (f64, f64) {
    let nothing = (f64::INFINITY, f64::NEG_INFINITY);
    values
        .iter()
        .fold(nothing, |(low, high), x| (low.min(*x), high.max(*x)))
}

fn example(exam: &Exam, row: usize, actual: &str, predicted: &str) -> Result<Example, Fault> {
    let image = exam.images.as_ref().map(|(shape, images)| {
        // An exam takes the first rows of a part.
        let place = u32::try_from(row).unwrap_or(u32::MAX);
        let image = images.pick(&[place], None)?;
        Ok(picture::address(*shape, &image.to_f64()))
    });
    let image = image.transpose()?.flatten();
    Ok(Example {
        row: exam.rows[row] + 1,
        actual: actual.to_owned(),
        predicted: predicted.to_owned(),
        features: exam
            .features
            .iter()
            .map(|(_, values)| number(values[row]))
            .collect(),
        image,
    })
}
