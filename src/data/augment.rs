//! Changes of the images in a training batch: shifted, cropped, turned, mirrored, of other light, noisy. Each is a pure function of
//! the seed, the run, the epoch and the row, so that the same run meets the same images. Knows one image at a time, as numbers.

use crate::data::crop::Crop;
use crate::data::jitter::Jitter;
use crate::scalar::math::Float;
use crate::tensor::{Distribution, place_of, random};
use crate::types::DType;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Augment {
    /// `shift(max: 2 px)`: moved by up to so many whole pixels along each axis; what comes in is black.
    Shift(usize),
    /// `crop(28, pad: 4 px)`: a window cut at random, in the image's size.
    Crop(Crop),
    /// `rotate(max: 10 deg)`: turned about the middle by up to so many degrees, by straight lines between pixels.
    Rotate(f64),
    /// `zoom(max: 10%)`: larger or smaller by up to this share.
    Zoom(f64),
    /// `flip`: mirrored left to right, every other image.
    Flip,
    /// `jitter(brightness: 20%)`: of other light and colours.
    Jitter(Jitter),
    /// `noise(std: 0.1)`: normal noise added to each number.
    Noise(f64),
    /// `cutout(size: 8 px)`: a square of so many pixels blackened.
    Cutout(usize),
}

/// What a pixel without light and one of full light are, in a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tone {
    pub(crate) black: f32,
    pub(crate) white: f32,
}

impl Tone {
    /// A number as light, from 0 to 1; none where black is white.
    pub(crate) fn light(self, x: f32) -> f32 {
        match self.white - self.black {
            0.0 => 0.0,
            range => (x - self.black) / range,
        }
    }

    /// Light as a number.
    pub(crate) fn of_light(self, light: f32) -> f32 {
        self.black + light * (self.white - self.black)
    }
}

/// Where the randomness of a batch comes from.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The seed of the run.
    pub seed: u64,
    /// Its name.
    pub run: &'a str,
    /// The epoch.
    pub epoch: u64,
}

/// Where the randomness of one image comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowDraw<'a> {
    draw: Draw<'a>,
    row: u32,
}

impl<'a> Draw<'a> {
    /// The draws for a row of the part.
    pub(crate) fn row(self, row: u32) -> RowDraw<'a> {
        RowDraw { draw: self, row }
    }
}

impl RowDraw<'_> {
    pub(crate) fn numbers(self, purpose: &str, distribution: Distribution, n: usize) -> Vec<f64> {
        let RowDraw { draw, row } = self;
        let place = place_of(&format!("{}/augment/{purpose}/{row}", draw.run));
        let (seed, epoch) = (draw.seed.cast_signed(), draw.epoch.cast_signed());
        random(distribution, seed, place, epoch, &[n], DType::F64).to_f64()
    }

    /// `n` numbers, uniform on `[0, 1)`.
    pub(crate) fn uniform<const N: usize>(self, purpose: &str) -> [f64; N] {
        let numbers = self.numbers(purpose, Distribution::Uniform, N);
        std::array::from_fn(|at| numbers[at])
    }
}

impl Augment {
    /// Changes an image of `shape` channels, rows and columns.
    pub(crate) fn apply(
        &self,
        image: &mut [f32],
        shape: [usize; 3],
        tones: &[Tone],
        draw: RowDraw<'_>,
    ) {
        match *self {
            Augment::Shift(max) => {
                let by = draw.uniform::<2>("shift").map(|u| whole(u, max));
                moved(image, shape, tones, |[y, x]| [y - by[0], x - by[1]]);
            }
            Augment::Rotate(max) => {
                let [u] = draw.uniform("rotate");
                let angle = (2.0 * u - 1.0) * max.to_radians();
                let (sin, cos) = (Float::sin(angle), Float::cos(angle));
                about_middle(image, shape, tones, |[y, x]| {
                    [cos * y - sin * x, sin * y + cos * x]
                });
            }
            Augment::Zoom(max) => {
                let [u] = draw.uniform("zoom");
                let factor = 1.0 + (2.0 * u - 1.0) * max;
                about_middle(image, shape, tones, |[y, x]| [y / factor, x / factor]);
            }
            Augment::Flip => {
                let [u] = draw.uniform("flip");
                if u < 0.5 {
                    image.chunks_exact_mut(shape[2]).for_each(<[f32]>::reverse);
                }
            }
            Augment::Crop(crop) => crop.apply(image, shape, tones, draw.uniform("crop")),
            Augment::Jitter(jitter) => jitter.apply(image, tones, draw.uniform("jitter")),
            Augment::Noise(std) => {
                let noise = draw.numbers("noise", Distribution::Normal, image.len());
                let pairs = image.iter_mut().zip(noise);
                pairs.for_each(|(x, noise)| *x += (std * noise) as f32);
            }
            Augment::Cutout(size) => cut_out(image, shape, tones, size, draw.uniform("cutout")),
        }
    }
}

/// A whole number from `-max` to `max`.
fn whole(u: f64, max: usize) -> f64 {
    (u * (2 * max + 1) as f64).trunc() - max as f64
}

/// Each pixel from where `from` says, given places about the middle.
fn about_middle(
    image: &mut [f32],
    shape: [usize; 3],
    tones: &[Tone],
    from: impl Fn([f64; 2]) -> [f64; 2],
) {
    let middle = [shape[1], shape[2]].map(|size| (size as f64 - 1.0) / 2.0);
    moved(image, shape, tones, |[y, x]| {
        let [y, x] = from([y - middle[0], x - middle[1]]);
        [y + middle[0], x + middle[1]]
    });
}

/// Each pixel from where `from` says, by straight lines between pixels.
pub(crate) fn moved(
    image: &mut [f32],
    shape: [usize; 3],
    tones: &[Tone],
    from: impl Fn([f64; 2]) -> [f64; 2],
) {
    let [_, height, width] = shape;
    for (plane, tone) in image.chunks_exact_mut(height * width).zip(tones) {
        let source = plane.to_vec();
        for (at, pixel) in plane.iter_mut().enumerate() {
            let place = from([(at / width) as f64, (at % width) as f64]);
            *pixel = between(&source, [height, width], place, tone.black);
        }
    }
}

/// The number at a place between four pixels; outside is black.
fn between(plane: &[f32], [height, width]: [usize; 2], [y, x]: [f64; 2], black: f32) -> f32 {
    let pixel = |y: f64, x: f64| {
        let inside = y >= 0.0 && x >= 0.0 && y < height as f64 && x < width as f64;
        if inside {
            plane[y as usize * width + x as usize]
        } else {
            black
        }
    };
    let (y0, x0) = (Float::floor(y), Float::floor(x));
    let (dy, dx) = ((y - y0) as f32, (x - x0) as f32);
    if dy == 0.0 && dx == 0.0 {
        return pixel(y0, x0);
    }
    let top = pixel(y0, x0) * (1.0 - dx) + pixel(y0, x0 + 1.0) * dx;
    let bottom = pixel(y0 + 1.0, x0) * (1.0 - dx) + pixel(y0 + 1.0, x0 + 1.0) * dx;
    top * (1.0 - dy) + bottom * dy
}

fn cut_out(image: &mut [f32], shape: [usize; 3], tones: &[Tone], size: usize, u: [f64; 2]) {
    let [_, height, width] = shape;
    let start = |u: f64, n: usize| (u * n as f64) as usize;
    let (y, x) = (start(u[0], height), start(u[1], width));
    let rows = y.saturating_sub(size / 2)..(y + size.div_ceil(2)).min(height);
    let cols = x.saturating_sub(size / 2)..(x + size.div_ceil(2)).min(width);
    for (plane, tone) in image.chunks_exact_mut(height * width).zip(tones) {
        for row in rows.clone() {
            plane[row * width..][cols.clone()].fill(tone.black);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(row: u32, epoch: u64) -> RowDraw<'static> {
        let run = "fit";
        Draw {
            seed: 1,
            run,
            epoch,
        }
        .row(row)
    }

    const TONES: &[Tone] = &[Tone {
        black: 0.0,
        white: 15.0,
    }];

    /// 0 to 15 in four rows.
    fn image() -> Vec<f32> {
        (0..16).map(|at| at as f32).collect()
    }

    fn changed(augment: &Augment, draw: RowDraw<'_>) -> Vec<f32> {
        let mut image = image();
        augment.apply(&mut image, [1, 4, 4], TONES, draw);
        image
    }

    #[test]
    fn the_same_draw_gives_the_same_image_and_others_give_others() {
        let all = [
            Augment::Shift(2),
            Augment::Rotate(30.0),
            Augment::Zoom(0.3),
            Augment::Crop(Crop {
                size: Some([3, 3]),
                pad: 1,
            }),
            Augment::Jitter(Jitter {
                brightness: 0.5,
                contrast: 0.5,
                saturation: 0.0,
            }),
            Augment::Noise(1.0),
            Augment::Cutout(2),
        ];
        for augment in all {
            let images: Vec<Vec<f32>> = (0..8).map(|row| changed(&augment, draw(row, 0))).collect();
            assert_eq!(images[3], changed(&augment, draw(3, 0)));
            assert!(
                images.iter().any(|other| *other != images[0]),
                "{augment:?}"
            );
            assert!((0..8).any(|epoch| changed(&augment, draw(0, epoch)) != images[0]));
        }
    }

    #[test]
    fn shifts_are_of_whole_pixels_and_let_black_in() {
        let mut shifted = image();
        moved(&mut shifted, [1, 4, 4], TONES, |[y, x]| [y - 1.0, x + 1.0]);
        let expected = [0, 0, 0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0];
        assert_eq!(shifted, expected.map(|x| x as f32));
    }

    #[test]
    fn a_quarter_turn_is_a_rotation_of_places() {
        let mut turned = image();
        about_middle(&mut turned, [1, 4, 4], TONES, |[y, x]| [-x, y]);
        let expected = [12, 8, 4, 0, 13, 9, 5, 1, 14, 10, 6, 2, 15, 11, 7, 3];
        assert_eq!(turned, expected.map(|x| x as f32));
    }
}
