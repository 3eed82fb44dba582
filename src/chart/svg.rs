//! Charts as SVG inside a page: lines, points, bars. Colours are the page's own, by class, so that they follow light and dark.

use crate::chart::COLOURS;
use crate::chart::number::number;
use crate::scalar::math::Float;

/// Sizes in the SVG's own units.
pub(super) const WIDTH: f64 = 520.0;
pub(super) const HEIGHT: f64 = 280.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 42.0;

/// Points of one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    /// What stands in place of each dot, as far as there is something.
    pub(crate) texts: Vec<String>,
    /// Which of the page's colours.
    pub(crate) colour: usize,
    pub(crate) mark: Mark,
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A line.
    Line,
    /// A line that stands behind another.
    Faint,
    /// A line of no thing of its own: what chance would do.
    Guide,
    /// Dots.
    Dots,
    /// Bars from zero, each as wide as the way to the next.
    Bars,
}

/// What stands around the points.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame<'a> {
    /// What the chart shows, for those who cannot see it.
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    /// The ends of the axes, where they are not those of the points.
    pub(crate) x_range: Option<(f64, f64)>,
    pub(crate) y_range: Option<(f64, f64)>,
    /// Whether the vertical axis may be one of powers of ten.
    pub(crate) may_be_log: bool,
}

/// A way from numbers to places.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    fn place(&self, x: f64) -> f64 {
        let of = |x: f64| if self.is_log { Float::ln(x) } else { x };
        let share = (of(x) - of(self.low)) / (of(self.high) - of(self.low));
        self.from + share * (self.to - self.from)
    }

    /// Round numbers within it, about so many.
    fn ticks(&self, about: f64) -> Vec<f64> {
        if self.is_log {
            let decades = -30..=30;
            let powers =
                decades.map(|power| Float::exp(f64::from(power) * std::f64::consts::LN_10));
            return powers
                .filter(|x| (self.low * 0.999..=self.high * 1.001).contains(x))
                .collect();
        }
        let step = nice((self.high - self.low) / about);
        let first = Float::ceil(self.low / step - 1e-9);
        let ticks = (0..40).map(|at| (first + f64::from(at)) * step);
        ticks
            .take_while(|x| *x <= self.high + step * 1e-9)
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, not less than `step`.
fn nice(step: f64) -> f64 {
    let power = Float::exp(
        Float::floor(Float::ln(step) / std::f64::consts::LN_10) * std::f64::consts::LN_10,
    );
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors
        .into_iter()
        .find(|factor| factor * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A chart; empty where there is nothing to show.
pub(crate) fn chart(series: &[Series], frame: &Frame<'_>) -> String {
    let title = escaped(frame.title);
    inside(series, frame).map_or(String::new(), |inside| {
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">{inside}</svg>")
    })
}

/// What is in a chart; nothing where there is nothing to show.
pub(super) fn inside(series: &[Series], frame: &Frame<'_>) -> Option<String> {
    let points: Vec<(f64, f64)> = series
        .iter()
        .flat_map(|own| own.points.iter().copied())
        .filter(is_finite)
        .collect();
    if points.is_empty() {
        return None;
    }
    // A text reaches beyond its point.
    let air = if series.iter().all(|own| own.texts.is_empty()) {
        0.0
    } else {
        0.06
    };
    let xs = frame
        .x_range
        .unwrap_or_else(|| range(points.iter().map(|point| point.0), air));
    let ys = frame
        .y_range
        .unwrap_or_else(|| range(points.iter().map(|point| point.1), air));
    let is_log = frame.may_be_log
        && points.iter().all(|point| point.1 > 0.0)
        && ys.1 / least(&points) > 50.0;
    let x = Scale {
        low: xs.0,
        high: xs.1,
        from: LEFT,
        to: WIDTH - RIGHT,
        is_log: false,
    };
    let y = match is_log {
        true => Scale {
            low: least(&points),
            high: ys.1,
            from: HEIGHT - BOTTOM,
            to: TOP,
            is_log,
        },
        false => Scale {
            low: ys.0,
            high: ys.1,
            from: HEIGHT - BOTTOM,
            to: TOP,
            is_log,
        },
    };
    let marks: String = series.iter().map(|own| marks(own, x, y)).collect();
    Some(axes(frame, x, y) + &marks)
}

fn least(points: &[(f64, f64)]) -> f64 {
    points
        .iter()
        .map(|point| point.1)
        .fold(f64::INFINITY, f64::min)
}

fn is_finite(point: &(f64, f64)) -> bool {
    Float::is_finite(point.0) && Float::is_finite(point.1)
}

/// The ends of some numbers, with such a share of air; with a little where all are one.
fn range(numbers: impl Iterator<Item = f64>, air: f64) -> (f64, f64) {
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low == high {
        let air = if low == 0.0 {
            1.0
        } else {
            Float::abs(low) * 0.1
        };
        return (low - air, high + air);
    }
    let air = air * (high - low);
    (low - air, high + air)
}

fn axes(frame: &Frame<'_>, x: Scale, y: Scale) -> String {
    let mut all = String::new();
    for tick in y.ticks(5.0) {
        let at = y.place(tick);
        all.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT, LEFT - 6.0, at + 4.0, number(rounded(tick))
        ));
    }
    for tick in x.ticks(6.0) {
        let at = x.place(tick);
        all.push_str(&format!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM + 16.0,
            short(rounded(tick))
        ));
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let centre = (TOP + HEIGHT - BOTTOM) / 2.0;
    all + &format!(
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>\
         <text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" class=\"name\">{}</text>\
         <text transform=\"translate(13 {centre:.1}) rotate(-90)\" text-anchor=\"middle\" class=\"name\">{}</text>",
        WIDTH - RIGHT,
        HEIGHT - 6.0,
        escaped(frame.x),
        escaped(frame.y),
        bottom = HEIGHT - BOTTOM
    )
}

/// A whole number without its point.
fn short(x: f64) -> String {
    let text = number(x);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Without the dust of binary fractions.
fn rounded(x: f64) -> f64 {
    format!("{x:.12}").parse().unwrap_or(x)
}

fn marks(series: &Series, x: Scale, y: Scale) -> String {
    let place = |(a, b): &(f64, f64)| (x.place(*a), y.place(*b));
    let finite = series.points.iter().filter(|point| is_finite(point));
    let places: Vec<(f64, f64)> = finite.map(place).collect();
    let colour = series.colour % COLOURS.len();
    match series.mark {
        Mark::Line => line(&places, &format!("c{colour}")),
        Mark::Faint => line(&places, &format!("c{colour} faint")),
        Mark::Guide => line(&places, "guide"),
        Mark::Dots => texts(series, place, colour) + &dots(&untold(series, place), colour),
        Mark::Bars => bars(&places, y.place(0.0), colour),
    }
}

fn line(places: &[(f64, f64)], class: &str) -> String {
    if let [(x, y)] = places {
        return format!("<circle class=\"{class} dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
    }
    let points: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    format!(
        "<polyline class=\"{class}\" points=\"{}\"/>",
        points.join(" ")
    )
}

fn dots(places: &[(f64, f64)], colour: usize) -> String {
    let dot = |(x, y): &(f64, f64)| {
        format!("<circle class=\"c{colour} dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>")
    };
    places.iter().map(dot).collect()
}

/// Where points are that no text stands for.
fn untold(series: &Series, place: impl Fn(&(f64, f64)) -> (f64, f64)) -> Vec<(f64, f64)> {
    let points = series.points.iter().skip(series.texts.len());
    points.filter(|point| is_finite(point)).map(place).collect()
}

fn texts(series: &Series, place: impl Fn(&(f64, f64)) -> (f64, f64), colour: usize) -> String {
    let points = series.points.iter().zip(&series.texts);
    let text = |(point, text): (&(f64, f64), &String)| {
        let ((x, y), text) = (place(point), escaped(text));
        format!(
            "<text class=\"c{colour} text\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            y + 4.0
        )
    };
    points
        .filter(|(point, _)| is_finite(point))
        .map(text)
        .collect()
}

fn bars(places: &[(f64, f64)], zero: f64, colour: usize) -> String {
    let width = places
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .fold(f64::INFINITY, f64::min);
    let width = if Float::is_finite(width) { width } else { 10.0 };
    let bar = |(x, y): &(f64, f64)| {
        let (left, height) = (x - width / 2.0 + 0.5, (zero - y).max(0.0));
        format!(
            "<rect class=\"c{colour} bar\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            width - 1.0
        )
    };
    places.iter().map(bar).collect()
}

/// A moving mean that follows the last tenth of a curve: each value counts less the longer it is past. The start is not pulled to
/// zero.
pub(crate) fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let keep = 1.0 - 1.0 / (points.len() as f64 / 10.0).max(1.0);
    let (mut mean, mut weight) = (0.0, 0.0);
    let points = points.iter().filter(|point| is_finite(point));
    let next = |(x, y): &(f64, f64)| {
        mean = keep * mean + (1.0 - keep) * y;
        weight = keep * weight + (1.0 - keep);
        (*x, mean / weight)
    };
    points.map(next).collect()
}

/// Text between tags and in attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() && letter != '\n' => {
                safe.push_str(&letter.escape_unicode().to_string());
            }
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let scale = |low, high| Scale {
            low,
            high,
            from: 0.0,
            to: 1.0,
            is_log: false,
        };
        assert_eq!(scale(0.0, 10.0).ticks(5.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(scale(-0.3, 0.3).ticks(3.0).len(), 3);
        let powers = Scale {
            low: 0.01,
            high: 1.0,
            from: 0.0,
            to: 1.0,
            is_log: true,
        };
        assert_eq!(powers.ticks(5.0).len(), 3);
    }

    #[test]
    fn smoothing_keeps_a_constant_and_follows_a_step() {
        let flat: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x), 2.0)).collect();
        assert!(smoothed(&flat).iter().all(|(_, y)| (y - 2.0).abs() < 1e-12));
        let step: Vec<(f64, f64)> = (0..100)
            .map(|x| (f64::from(x), f64::from(u8::from(x >= 50))))
            .collect();
        let after = smoothed(&step);
        assert!(after[50].1 < 0.2 && after[99].1 > 0.95);
    }

    #[test]
    fn what_is_not_a_number_is_left_out() {
        let series = Series {
            name: "loss".into(),
            points: vec![(1.0, f64::NAN), (2.0, 1.0), (3.0, f64::INFINITY)],
            colour: 0,
            texts: vec![],
            mark: Mark::Line,
        };
        let drawn = chart(&[series], &Frame::default());
        assert!(drawn.contains("<circle") && !drawn.contains("NaN"));
    }
}
