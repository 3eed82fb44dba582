//! Curves drawn in text: Braille dots, two by four in a character; in ASCII one mark a character. Curves differ by the pattern of their
//! line, points by their mark or by the text that stands for them, so that none needs colour to be told from another.

use crate::chart::number::{brief, number};
use crate::chart::{self, Curve, Drawn};
use crate::cli::screen::Screen;
use crate::cli::show::canvas::Canvas;
use crate::scalar::math::Float;

/// Rows of the drawing.
const ROWS: usize = 12;
/// Columns of the drawing, at most.
const COLUMNS: usize = 72;
/// About how many ticks the vertical axis has.
const TICKS: f64 = 5.0;

/// The curves with axes and a legend, in lines; `unit` is what the horizontal axis counts.
pub(crate) fn lines(curves: &[Curve], drawn: Drawn, unit: &str, screen: Screen) -> Vec<String> {
    let points = || curves.iter().flat_map(finite);
    let (Some(x), Some(y)) = (
        Range::of(points().map(|p| p.0)),
        Range::of(points().map(|p| p.1)),
    ) else {
        return vec!["(no finite value to plot)".into()];
    };
    let (y, ticks) = y.widened().ticked();
    let margin = ticks
        .iter()
        .map(|(_, text)| text.chars().count())
        .max()
        .unwrap_or(0);
    let columns = screen.width.saturating_sub(margin + 4).clamp(8, COLUMNS);
    let mut canvas = Canvas::new(columns, ROWS, screen.unicode);
    let [width, height] = canvas.dots();
    for (index, curve) in curves.iter().enumerate() {
        let place = |(a, b): (f64, f64)| [x.place(a, width), height - 1 - y.place(b, height)];
        match drawn {
            Drawn::Lines => draw(&mut canvas, index, curve, place),
            Drawn::Points => mark(&mut canvas, index, curve, place),
        }
    }
    let mut lines = legend(curves, drawn, screen);
    lines.extend(rows(&canvas, &ticks, y, margin, screen));
    lines.extend(foot(x, unit, margin, columns, screen));
    lines
}

fn finite(curve: &Curve) -> impl Iterator<Item = (f64, f64)> {
    let points = curve.points.iter().copied();
    points.filter(|(x, y)| Float::is_finite(*x) && Float::is_finite(*y))
}

/// Joins the points of a curve; what is not finite leaves a gap.
fn draw(
    canvas: &mut Canvas,
    index: usize,
    curve: &Curve,
    place: impl Fn((f64, f64)) -> [usize; 2],
) {
    let mut last = None;
    let mut drawn = 0;
    for &point in &curve.points {
        if !(Float::is_finite(point.0) && Float::is_finite(point.1)) {
            last = None;
            continue;
        }
        let here = place(point);
        drawn = canvas.line(last.unwrap_or(here), here, index, drawn);
        last = Some(here);
    }
}

/// Marks each point; where a text stands for it, by that as far as there is room.
fn mark(
    canvas: &mut Canvas,
    index: usize,
    curve: &Curve,
    place: impl Fn((f64, f64)) -> [usize; 2],
) {
    for (at, point) in curve.points.iter().enumerate() {
        if !(Float::is_finite(point.0) && Float::is_finite(point.1)) {
            continue;
        }
        match curve.texts.get(at) {
            Some(text) => canvas.text(place(*point), text, index),
            None => canvas.mark(place(*point), index),
        }
    }
}

/// A sample of each curve and what it stands for, and a line of air.
fn legend(curves: &[Curve], drawn: Drawn, screen: Screen) -> Vec<String> {
    let sample = |index| match drawn {
        Drawn::Lines => Canvas::sample(index, screen),
        Drawn::Points => Canvas::sign(index, screen),
    };
    let names = chart::legend(curves).into_iter();
    let samples: Vec<String> = names
        .map(|(index, name)| format!("{} {name}", sample(index)))
        .collect();
    match samples.is_empty() {
        true => vec![],
        false => vec![samples.join("   "), String::new()],
    }
}

/// The rows of the drawing behind the vertical axis.
fn rows(
    canvas: &Canvas,
    ticks: &[(f64, String)],
    y: Range,
    margin: usize,
    screen: Screen,
) -> Vec<String> {
    let [bar, notch] = if screen.unicode {
        ['│', '┤']
    } else {
        ['|', '+']
    };
    let row_of = |tick: f64| ROWS - 1 - y.place(tick, ROWS);
    let drawn = canvas
        .rows(screen)
        .into_iter()
        .enumerate()
        .map(|(row, drawn)| {
            let tick = ticks.iter().find(|(tick, _)| row_of(*tick) == row);
            let (text, axis) = tick.map_or(("", bar), |(_, text)| (text, notch));
            format!("{text:>margin$} {axis}{drawn}")
                .trim_end()
                .to_owned()
        });
    drawn.collect()
}

/// The horizontal axis: its line, and the numbers below it.
fn foot(x: Range, unit: &str, margin: usize, columns: usize, screen: Screen) -> [String; 2] {
    let [corner, line] = if screen.unicode {
        ['└', '─']
    } else {
        ['+', '-']
    };
    let axis = format!(
        "{:margin$} {corner}{}",
        "",
        line.to_string().repeat(columns)
    );
    let [first, last] = [time(x.low), format!("{} {unit}", time(x.high))];
    let last = last.trim_end();
    let centre = Float::round((x.low + x.high) / 2.0);
    let middle = match x.high - x.low {
        length if length >= 2.0 => time(centre),
        _ => String::new(),
    };
    let half = x.place(centre, columns).saturating_sub(middle.len() / 2);
    let left = format!("{first:half$}{middle}");
    let rest = columns.saturating_sub(left.chars().count());
    [axis, format!("{:margin$}  {left}{last:>rest$}", "")]
}

/// A number below the axis: whole where it is whole.
fn time(x: f64) -> String {
    let text = match Float::round(x) == x {
        // Zero has no sign here.
        true => number(x + 0.0),
        false => brief(x, 3),
    };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// From the least to the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    fn of(mut numbers: impl Iterator<Item = f64>) -> Option<Range> {
        let first = numbers.next()?;
        let both = Range {
            low: first,
            high: first,
        };
        Some(numbers.fold(both, |range, x| Range {
            low: range.low.min(x),
            high: range.high.max(x),
        }))
    }

    /// A range that has a length: that of a constant reaches a little to both sides.
    fn widened(self) -> Range {
        if self.low < self.high && (self.high - self.low) > 1e-9 * Float::abs(self.high) {
            return self;
        }
        let more = if self.low == 0.0 {
            1.0
        } else {
            0.1 * Float::abs(self.low)
        };
        Range {
            low: self.low - more,
            high: self.high + more,
        }
    }

    /// The nearest of `n` places.
    fn place(self, x: f64, n: usize) -> usize {
        if self.low == self.high {
            return 0;
        }
        // In halves, so that the difference of two large numbers is finite.
        let share = (x / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        (Float::round(share * (n - 1) as f64) as usize).min(n - 1)
    }

    /// The range from tick to tick, and the ticks: multiples of 1, 2 or 5 times a power of ten.
    fn ticked(self) -> (Range, Vec<(f64, String)>) {
        let rough = (self.high / TICKS) - (self.low / TICKS);
        let text = format!("{rough:e}");
        let exponent: i32 = text
            .split_once('e')
            .and_then(|(_, e)| e.parse().ok())
            .unwrap_or(0);
        let power: f64 = format!("1e{exponent}").parse().unwrap_or(1.0);
        let factor = [1.0, 2.0, 5.0]
            .into_iter()
            .find(|factor| rough <= factor * power)
            .unwrap_or(10.0);
        let step = factor * power;
        let (first, last) = (Float::floor(self.low / step), Float::ceil(self.high / step));
        if !(step > 0.0 && Float::is_finite((last - first) * step)) {
            return (
                self,
                vec![(self.low, number(self.low)), (self.high, number(self.high))],
            );
        }
        let ticks = (0..=(last - first) as u32).map(|n| (first + f64::from(n)) * step);
        let ticks = ticks.map(|tick| (tick, tick_text(tick, exponent, factor)));
        (
            Range {
                low: first * step,
                high: last * step,
            },
            ticks.collect(),
        )
    }
}

/// A tick with the places its step has.
fn tick_text(tick: f64, exponent: i32, factor: f64) -> String {
    if !(-5..6).contains(&exponent) {
        return number(tick);
    }
    let places = -exponent - i32::from(factor == 10.0);
    let places = usize::try_from(places).unwrap_or(0);
    let text = format!("{tick:.places$}");
    // No tick is `-0`.
    if text.bytes().all(|c| b"-0.".contains(&c)) {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(name: &str, of: impl Fn(f64) -> f64) -> Curve {
        let points = (1..=40).map(|x| (f64::from(x), of(f64::from(x)))).collect();
        Curve {
            texts: vec![],
            name: name.into(),
            points,
        }
    }

    fn losses() -> Vec<Curve> {
        vec![
            curve("train.loss", |x| 1.2 / x + 0.02),
            curve("val.loss", |x| 1.0 / x + 0.1 + 0.005 * x),
        ]
    }

    fn shown(curves: &[Curve], screen: Screen) -> String {
        lines(curves, Drawn::Lines, "epoch", screen).join("\n")
    }

    #[test]
    fn two_curves_in_braille() {
        let screen = Screen {
            width: 60,
            ..Screen::default()
        };
        insta::assert_snapshot!(shown(&losses(), screen), @r"
        ⠤⠤⠤⠤⠤⠤ train.loss   ⠤⠤⠄ ⠤⠤ val.loss

        1.5 ┤
            │
            │⡆
            │⢷
        1.0 ┤⠸⡀
            │ ⡇
            │ ⢱
        0.5 ┤ ⠘⡄
            │  ⠹⡀⡀
            │   ⠈⠪⢕⠄ ⠤⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⠤⠤⠄ ⠤⠤⠄ ⠤⠔⠂ ⠒⠒⠂ ⠒
            │      ⠉⠑⠒⠤⠤⢄⣀⣀⣀⣀⣀
        0.0 ┤                 ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠑⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒
            └─────────────────────────────────────────────────────
             1                       20                   40 epoch
        ");
    }

    #[test]
    fn two_curves_in_ascii() {
        let screen = Screen {
            width: 60,
            unicode: false,
            ..Screen::default()
        };
        insta::assert_snapshot!(shown(&losses(), screen), @r"
        * train.loss   o val.loss

        1.5 +
            |
            |*
            |o
        1.0 +o*
            | o
            | o
        0.5 + o*
            |  ooo
            |    *oooooooooooooooooooooooooooooooooooooooooooooooo
            |        ************************
        0.0 +                                *********************
            +-----------------------------------------------------
             1                       20                   40 epoch
        ");
    }

    #[test]
    fn a_single_point_a_gap_and_nothing() {
        let screen = Screen {
            width: 40,
            ..Screen::default()
        };
        let one = Curve {
            texts: vec![],
            name: "a".into(),
            points: vec![(1.0, 0.0)],
        };
        insta::assert_snapshot!(shown(&[one], screen), @r"
        ⠤⠤⠤⠤⠤⠤ a

         1.0 ┤
             │
             │
         0.5 ┤
             │
         0.0 ┤⡀
             │
             │
        -0.5 ┤
             │
             │
        -1.0 ┤
             └────────────────────────────────
              1                        1 epoch
        ");
        let gap = Curve {
            texts: vec![],
            name: "b".into(),
            points: vec![(1.0, 1e-7), (2.0, f64::NAN), (3.0, 3e-7), (4.0, 2e-7)],
        };
        insta::assert_snapshot!(shown(&[gap], screen), @r"
        ⠤⠤⠤⠤⠤⠤ b

        3.0e-7 ┤                   ⠈⠢⡀
               │                     ⠑⢄
               │                       ⠑⢄
        2.5e-7 ┤                        ⠈⠢⡀
               │                          ⠈⠢⡀
        2.0e-7 ┤                            ⠑⢄
               │
               │
        1.5e-7 ┤
               │
               │
        1.0e-7 ┤⡀
               └──────────────────────────────
                1         2            4 epoch
        ");
        let none = Curve {
            texts: vec![],
            name: "c".into(),
            points: vec![(1.0, f64::NAN)],
        };
        insta::assert_snapshot!(shown(&[none], screen), @"(no finite value to plot)");
    }

    #[test]
    fn extremes_stay_on_the_drawing() {
        for points in [
            [f64::MAX, f64::MIN, 0.0],
            [1e-300, 2e-300, 0.0],
            [1e15, 1e15 + 1.0, 1e15],
        ] {
            let points = points
                .into_iter()
                .zip(0..)
                .map(|(y, x)| (f64::from(x), y))
                .collect();
            let drawn = lines(
                &[Curve {
                    texts: vec![],
                    name: "d".into(),
                    points,
                }],
                Drawn::Lines,
                "step",
                Screen::default(),
            );
            assert_eq!(drawn.len(), ROWS + 4);
        }
    }
}
