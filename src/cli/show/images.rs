//! Images in shades: a character for a pixel across and two down, which is as wide as it is high. Colours are seen as gray.

use crate::chart::number;
use crate::cli::screen::Screen;
use crate::cli::show::heatmap::{ASCII, SHADES};
use crate::tensor::Tiles;

/// Rows of the grid beyond so many lines are left out.
const MOST_LINES: usize = 64;

/// The lines of a grid of images; those that do not fit the screen are counted.
pub(crate) fn lines(tiles: &Tiles, screen: Screen) -> Vec<String> {
    let [_, h, w] = tiles.shape;
    let step = w.div_ceil(screen.width.max(1)).max(1);
    let (wide, high) = (w.div_ceil(step), h.div_ceil(2 * step));
    let columns = ((screen.width + 1) / (wide + 1)).clamp(1, tiles.columns);
    let n_rows = tiles.tiles.len() / tiles.columns;
    let shown = n_rows.min((MOST_LINES / (high + 1)).max(1));
    let mut lines = vec![];
    for row in tiles.tiles.chunks(tiles.columns).take(shown) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        for line in 0..high {
            let pieces = row[..columns].iter().map(|tile| match tile {
                Some(tile) => piece(tile, tiles.shape, (step, line), screen),
                None => " ".repeat(wide),
            });
            lines.push(pieces.collect::<Vec<_>>().join(" "));
        }
    }
    let seen = tiles.tiles.chunks(tiles.columns).take(shown);
    let seen = seen.flat_map(|row| row[..columns].iter().flatten()).count();
    let left_out = tiles.tiles.iter().flatten().count() - seen;
    lines.push(tones(tiles.range, left_out));
    lines
}

/// What is black and white, and how many images are not seen.
fn tones([low, high]: [f64; 2], left_out: usize) -> String {
    let more = match left_out {
        0 => String::new(),
        1 => ", 1 more image".to_owned(),
        n => format!(", {n} more images"),
    };
    format!(
        "{} to {}{more}",
        number::brief(low, 3),
        number::brief(high, 3)
    )
}

/// A line of characters of an image: each is the mean of `step` by `2 * step` pixels.
fn piece(
    tile: &[u8],
    [c, h, w]: [usize; 3],
    (step, line): (usize, usize),
    screen: Screen,
) -> String {
    let shades = if screen.unicode { SHADES } else { ASCII };
    let rows = line * 2 * step..((line + 1) * 2 * step).min(h);
    let shade = |left: usize| {
        let columns = left..(left + step).min(w);
        let pixels = rows
            .clone()
            .flat_map(|y| columns.clone().map(move |x| (y * w + x) * c));
        let (sum, n) = pixels.fold((0, 0), |(sum, n), at| {
            (sum + gray(&tile[at..at + c]), n + 1)
        });
        shades[(sum * 5 / (n * 256)).min(4)]
    };
    (0..w).step_by(step).map(shade).collect()
}

/// How light a pixel looks, as video has weighed it since ITU-R BT.601.
fn gray(pixel: &[u8]) -> usize {
    match *pixel {
        [r, g, b] => (299 * usize::from(r) + 587 * usize::from(g) + 114 * usize::from(b)) / 1000,
        [gray, ..] => gray.into(),
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn images_stand_side_by_side_as_far_as_they_fit() {
        let bytes = [0, 255, 128, 0, 0, 255, 128, 0].repeat(3);
        let x = Tensor::from_vec(vec![3, 2, 4], bytes);
        let tiles = Tiles::of(&[x], 16, None).expect("images");
        let screen = |width| Screen {
            width,
            ..Screen::default()
        };
        assert_eq!(
            lines(&tiles, screen(40)),
            [" █▒   █▒   █▒ ", "0.000 to 255.0"]
        );
        assert_eq!(
            lines(&tiles, screen(9)),
            [" █▒   █▒ ", "0.000 to 255.0, 1 more image"]
        );
        assert_eq!(
            lines(&tiles, screen(2)),
            ["▒░", "0.000 to 255.0, 2 more images"]
        );
    }
}
