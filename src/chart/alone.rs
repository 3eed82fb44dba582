//! A chart as a file of its own: what a page gives it, its legend and its colours, lies in it. On white, as pictures are.

use crate::chart::svg::{HEIGHT, WIDTH, escaped, inside};
use crate::chart::{COLOURS, Curve, Drawn, Frame, Mark, Series, legend};

/// What a letter of the legend takes across, and a line of it down.
const LETTER: f64 = 6.2;
const LINE: f64 = 18.0;
/// What the sign before a name takes, and the air behind it.
const SIGN: f64 = 20.0;
const AIR: f64 = 16.0;

/// Curves with their legend, as SVG; nothing where there is no point to draw.
pub(crate) fn alone(curves: &[Curve], drawn: Drawn, frame: &Frame<'_>) -> Option<String> {
    let inner = inside(&series(curves, drawn), frame)?;
    let (legend, lines) = signs(&legend(curves));
    let height = HEIGHT + 6.0 + lines * LINE;
    let title = escaped(frame.title);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <title>{title}</title>\n<style>{}</style>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n{inner}{legend}</svg>\n",
        style()
    ))
}

/// Curves as a page draws them.
pub(crate) fn series(curves: &[Curve], drawn: Drawn) -> Vec<Series> {
    let mark = match drawn {
        Drawn::Lines => Mark::Line,
        Drawn::Points => Mark::Dots,
    };
    let curves = curves.iter().enumerate();
    let series = |(colour, curve): (usize, &Curve)| Series {
        name: curve.name.clone(),
        points: curve.points.clone(),
        texts: curve.texts.clone(),
        colour,
        mark,
    };
    curves.map(series).collect()
}

/// Signs and names in lines, and how many lines.
fn signs(names: &[(usize, &str)]) -> (String, f64) {
    let (mut x, mut line, mut all) = (SIGN, 1.0, String::new());
    for (at, name) in names {
        let width = SIGN + name.chars().count() as f64 * LETTER + AIR;
        if x + width > WIDTH && x > SIGN {
            (x, line) = (SIGN, line + 1.0);
        }
        let (y, colour) = (HEIGHT + line * LINE - 6.0, COLOURS[at % COLOURS.len()]);
        all.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{y:.1}\">{}</text>\n",
            y - 6.0,
            x + SIGN,
            escaped(name)
        ));
        x += width;
    }
    (all, line)
}

/// The rules of a page for what a chart is made of, on white.
fn style() -> String {
    let colours = COLOURS.iter().enumerate();
    let colours: String = colours
        .map(|(n, colour)| format!(".c{n}{{stroke:{colour}}}.c{n}.dot,.c{n}.bar,.c{n}.text{{fill:{colour};stroke:none}}"))
        .collect();
    format!(
        "text{{fill:#63635e;font:11px sans-serif}}.name{{font-size:12px;fill:#1c1c1a}}.grid{{stroke:#dededa}}.axis{{stroke:#63635e}}\
         polyline{{fill:none;stroke-width:2;stroke-linejoin:round}}.dot{{opacity:.55}}{colours}"
    )
}
