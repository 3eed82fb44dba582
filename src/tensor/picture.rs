//! Tensors as pictures: images of one size as tiles of bytes, side by side, in gray or in colour. Knows sizes and elements; neither files
//! nor what the numbers stand for.
//!
//! A tile's bytes are channels last, as picture formats have them; tensors have channels first.

mod svg;

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use crate::tensor::{Data, Tensor};

pub use svg::svg;

/// Pixels that a picture may have.
const MOST_PIXELS: usize = 1 << 26;
/// What a tile that is smaller is enlarged to, in pixels: one of several, and one alone.
const SIDE: usize = 64;
const SIDE_ALONE: usize = 256;
/// The byte between tiles.
const GROUND: u8 = 255;

/// Why tensors are no images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotImages {
    /// Neither `[n, pixels]`, `[n, height, width]` nor `[n, channels, height, width]`.
    Rank(usize),
    /// Rows of so many numbers are no squares.
    NotSquare(usize),
    /// Neither one channel nor three.
    Channels([usize; 4]),
    /// An axis of size 0.
    Empty,
    /// Images of one size, then of another: channels, height, width.
    SizesDiffer([usize; 3], [usize; 3]),
    /// A picture of so many pixels across and down.
    TooLarge(usize, usize),
}

/// Images of one size in a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiles {
    /// Channels, height and width of each.
    pub shape: [usize; 3],
    /// How many stand side by side.
    pub columns: usize,
    /// What became black and white.
    pub range: [f64; 2],
    /// The bytes of each, row by row of the grid; nothing where there is no image.
    pub tiles: Vec<Option<Vec<u8>>>,
}

/// Pixels in bytes, channels last, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// One for gray, three for red, green and blue.
    pub channels: usize,
    /// All bytes.
    pub bytes: Vec<u8>,
}

/// What a tensor of these sizes is as images: their number, channels, height and width. `[n, h, w]` and `[n, c, h, w]` are images of one
/// channel or three; the rows of `[n, p]` are squares of one channel.
fn image_sizes(shape: &[usize]) -> Result<[usize; 4], NotImages> {
    let sizes = match *shape {
        [n, pixels] => {
            let side = pixels.isqrt();
            match side * side == pixels {
                true => [n, 1, side, side],
                false => return Err(NotImages::NotSquare(pixels)),
            }
        }
        [n, h, w] => [n, 1, h, w],
        [n, c, h, w] => [n, c, h, w],
        _ => return Err(NotImages::Rank(shape.len())),
    };
    match sizes {
        _ if sizes.contains(&0) => Err(NotImages::Empty),
        [_, 1 | 3, ..] => Ok(sizes),
        _ => Err(NotImages::Channels(sizes)),
    }
}

/// The grid of several tensors of images: their number of rows and columns, and the shape of an image. Where there are more images than
/// columns, those of all tensors go on beneath.
pub fn grid(shapes: &[&[usize]], columns: usize) -> Result<([usize; 2], [usize; 3]), NotImages> {
    let mut sizes = vec![];
    for shape in shapes {
        sizes.push(image_sizes(shape)?);
    }
    let Some(&[_, c, h, w]) = sizes.first() else {
        return Err(NotImages::Empty);
    };
    let first = [c, h, w];
    for &[_, c, h, w] in &sizes {
        if [c, h, w] != first {
            return Err(NotImages::SizesDiffer(first, [c, h, w]));
        }
    }
    let most = sizes.iter().map(|[n, ..]| *n).max().unwrap_or(0);
    let columns = columns.clamp(1, most);
    let rows = most.div_ceil(columns).saturating_mul(sizes.len());
    let across = columns.saturating_mul(w + 1);
    let down = rows.saturating_mul(h + 1);
    match across.saturating_mul(down) > MOST_PIXELS {
        true => Err(NotImages::TooLarge(across, down)),
        false => Ok(([rows, columns], first)),
    }
}

impl Tiles {
    /// The images of all tensors, those of the second beneath those of the first. `range` is what becomes black and white: where it is
    /// not given, 0 and 255 of bytes, and of other numbers the least and the greatest that are finite.
    pub fn of(
        tensors: &[Tensor],
        columns: usize,
        range: Option<[f64; 2]>,
    ) -> Result<Tiles, NotImages> {
        let shapes: Vec<&[usize]> = tensors.iter().map(Tensor::shape).collect();
        let ([rows, columns], shape) = grid(&shapes, columns)?;
        let range = range.unwrap_or_else(|| range_of(tensors));
        let sets: Vec<Vec<Vec<u8>>> = tensors.iter().map(|x| tiles(x, shape, range)).collect();
        let place = |row: usize, column: usize| {
            let (band, set) = (row / sets.len(), row % sets.len());
            sets[set].get(band * columns + column).cloned()
        };
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        Ok(Tiles {
            shape,
            columns,
            range,
            tiles: places.map(|(row, column)| place(row, column)).collect(),
        })
    }

    /// A matrix as one tile.
    pub fn matrix(matrix: &Tensor) -> Result<Tiles, NotImages> {
        match *matrix.shape() {
            [h, w] => {
                let image = Tensor::new(vec![1, h, w], matrix.data().clone());
                Tiles::of(&[image], 1, None)
            }
            _ => Err(NotImages::Rank(matrix.rank())),
        }
    }

    /// How many times as large small images are drawn: `least` times or more, as far as the picture does not become too large.
    pub fn enlargement(&self, least: usize) -> usize {
        let side = match self.tiles.len() {
            1 => SIDE_ALONE,
            _ => SIDE,
        };
        let [_, h, w] = self.shape;
        let times = (side / h.max(w)).max(least);
        let n_pixels = (h * times + 1).saturating_mul(w * times + 1);
        match n_pixels.saturating_mul(self.tiles.len()) > MOST_PIXELS {
            true => 1,
            false => times,
        }
    }

    /// All tiles in one picture, a pixel apart; each pixel of an image is a square of `times` pixels.
    pub fn picture(&self, times: usize) -> Picture {
        let [channels, h, w] = self.shape;
        let [high, wide] = [h * times, w * times];
        let rows = self.tiles.len() / self.columns;
        let width = self.columns * (wide + 1) - 1;
        let height = rows * (high + 1) - 1;
        let mut bytes = vec![GROUND; width * height * channels];
        for (at, tile) in self.tiles.iter().enumerate() {
            let Some(tile) = tile else { continue };
            let (top, left) = (
                at / self.columns * (high + 1),
                at % self.columns * (wide + 1),
            );
            for y in 0..high {
                let row = &tile[y / times * w * channels..][..w * channels];
                let start = ((top + y) * width + left) * channels;
                let line = bytes[start..start + wide * channels].chunks_exact_mut(channels);
                for (x, pixel) in line.enumerate() {
                    pixel.copy_from_slice(&row[x / times * channels..][..channels]);
                }
            }
        }
        Picture {
            width,
            height,
            channels,
            bytes,
        }
    }
}

impl Picture {
    /// The picture as a PNG file of 8 bits a channel; nothing where it is too large for one.
    pub fn png(&self) -> Option<Vec<u8>> {
        let (width, height) = (self.width.try_into().ok()?, self.height.try_into().ok()?);
        let bytes = self.bytes.clone();
        let image = match self.channels {
            1 => DynamicImage::from(GrayImage::from_raw(width, height, bytes)?),
            _ => DynamicImage::from(RgbImage::from_raw(width, height, bytes)?),
        };
        let mut file = Cursor::new(vec![]);
        image.write_to(&mut file, ImageFormat::Png).ok()?;
        Some(file.into_inner())
    }

    /// The picture as an address that holds it whole, for a page.
    pub fn address(&self) -> Option<String> {
        let png = svg::base64(&self.png()?);
        Some(format!("data:image/png;base64,{png}"))
    }
}

/// What becomes black and white where nobody says.
fn range_of(tensors: &[Tensor]) -> [f64; 2] {
    if tensors.iter().all(|x| matches!(x.data(), Data::U8(_))) {
        return [0.0, 255.0];
    }
    let numbers = tensors.iter().flat_map(Tensor::to_f64);
    let finite = numbers.filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low <= high { [low, high] } else { [0.0, 0.0] }
}

/// The images of a tensor, channels last.
fn tiles(x: &Tensor, [channels, h, w]: [usize; 3], [low, high]: [f64; 2]) -> Vec<Vec<u8>> {
    let byte = |x: f64| match high > low {
        // What is no number is black.
        true => (((x - low) / (high - low)).clamp(0.0, 1.0) * 255.0).round() as u8,
        false => 0,
    };
    let bytes: Vec<u8> = x.to_f64().into_iter().map(byte).collect();
    let image = |image: &[u8]| {
        let pixels = (0..h * w).flat_map(|at| (0..channels).map(move |c| c * h * w + at));
        pixels.map(|at| image[at]).collect()
    };
    bytes.chunks_exact(channels * h * w).map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(shape: &[usize], bytes: &[u8]) -> Tensor {
        Tensor::from_vec(shape.to_vec(), bytes.to_vec())
    }

    #[test]
    fn tiles_stand_a_pixel_apart_and_go_on_beneath() {
        let x = images(&[3, 1, 2], &[1, 2, 3, 4, 5, 6]);
        let tiles = Tiles::of(&[x.clone(), x], 2, None).expect("images");
        let picture = tiles.picture(1);
        assert_eq!((picture.width, picture.height), (5, 7));
        let rows: Vec<&[u8]> = picture.bytes.chunks(5).step_by(2).collect();
        let (first, last) = ([1, 2, 255, 3, 4], [5, 6, 255, 255, 255]);
        assert_eq!(rows, [&first[..], &first, &last, &last]);
        let gaps = picture.bytes.chunks(5).skip(1).step_by(2);
        assert!(gaps.flatten().all(|byte| *byte == GROUND));
    }

    #[test]
    fn channels_come_last_and_pixels_are_enlarged() {
        let x = images(&[1, 3, 1, 2], &[1, 2, 3, 4, 5, 6]);
        let picture = Tiles::of(&[x], 1, None).expect("images").picture(2);
        let row = [1, 3, 5, 1, 3, 5, 2, 4, 6, 2, 4, 6];
        assert_eq!(picture.bytes, [row, row].concat());
    }

    #[test]
    fn what_is_written_as_png_is_read_back() {
        let x = images(&[1, 3, 2, 2], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 255]);
        let picture = Tiles::of(&[x], 1, None).expect("images").picture(3);
        let png = picture.png().expect("it is small");
        let read = image::load_from_memory(&png).expect("a PNG").to_rgb8();
        assert_eq!(read.into_raw(), picture.bytes);
    }

    #[test]
    fn numbers_reach_from_black_to_white_and_no_numbers_are_black() {
        let x = Tensor::from_vec(vec![1, 1, 4], vec![-1.0f32, 0.0, 1.0, f32::NAN]);
        let tiles = Tiles::of(&[x], 1, None).expect("images");
        assert_eq!(tiles.tiles, [Some(vec![0, 128, 255, 0])]);
    }

    #[test]
    fn what_is_no_image_is_told() {
        let of = |shape: &[usize]| image_sizes(shape);
        assert_eq!(of(&[5, 64]), Ok([5, 1, 8, 8]));
        assert_eq!(of(&[5, 63]), Err(NotImages::NotSquare(63)));
        assert_eq!(of(&[5]), Err(NotImages::Rank(1)));
        assert_eq!(of(&[5, 2, 8, 8]), Err(NotImages::Channels([5, 2, 8, 8])));
        assert_eq!(of(&[5, 0, 8]), Err(NotImages::Empty));
        let others = grid(&[&[1, 8, 8], &[1, 9, 8]], 4);
        assert_eq!(others, Err(NotImages::SizesDiffer([1, 8, 8], [1, 9, 8])));
        let large = grid(&[&[1 << 40, 8, 8]], 16);
        assert!(matches!(large, Err(NotImages::TooLarge(..))));
    }
}
