//! `crop(28, pad: 4 px)`: a window of an image, cut at random, in the image's own size. With black pixels around the image and a window
//! as large as the image this is what is usual on small images (He et al. 2016, section 4.2); smaller windows are enlarged
//! (Szegedy et al. 2015, section 6).

use crate::data::augment::{Tone, moved};

/// Which windows are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// Height and width of the window; those of the image where the program does not say.
    pub size: Option<[usize; 2]>,
    /// Black pixels on each side of the image.
    pub pad: usize,
}

impl Crop {
    /// The largest window there is in images of this height and width.
    pub(crate) fn most(&self, [height, width]: [usize; 2]) -> [usize; 2] {
        [height + 2 * self.pad, width + 2 * self.pad]
    }

    /// Cuts at a place that two numbers on `[0, 1)` say. Place `y` of the result is `start + (y + 1/2) · window / height − 1/2` of
    /// the image, and never beyond the middle of the window's last pixel.
    pub(crate) fn apply(&self, image: &mut [f32], shape: [usize; 3], tones: &[Tone], u: [f64; 2]) {
        let sides = [shape[1], shape[2]];
        let (most, window) = (self.most(sides), self.size.unwrap_or(sides));
        let starts: [f64; 2] = std::array::from_fn(|axis| {
            let places = most[axis].saturating_sub(window[axis]) + 1;
            (u[axis] * places as f64).trunc() - self.pad as f64
        });
        moved(image, shape, tones, |place| {
            std::array::from_fn(|axis| {
                let scale = window[axis] as f64 / sides[axis] as f64;
                let within = (place[axis] + 0.5) * scale - 0.5;
                starts[axis] + within.clamp(0.0, (window[axis] - 1) as f64)
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONES: [Tone; 1] = [Tone {
        black: -1.0,
        white: 1.0,
    }];

    /// 0 to 15 in four rows, cropped.
    fn cropped(size: Option<[usize; 2]>, pad: usize, u: [f64; 2]) -> Vec<f32> {
        let mut image: Vec<f32> = (0..16).map(|at| at as f32).collect();
        Crop { size, pad }.apply(&mut image, [1, 4, 4], &TONES, u);
        image
    }

    #[test]
    fn a_window_of_the_image_s_size_moves_it_and_lets_black_in() {
        let same: Vec<f32> = (0..16).map(|at| at as f32).collect();
        assert_eq!(cropped(None, 1, [0.5, 0.5]), same);
        let corner = cropped(None, 1, [0.0, 0.0]);
        assert_eq!(corner[..6], [-1.0, -1.0, -1.0, -1.0, -1.0, 0.0]);
        let other = cropped(None, 1, [0.999, 0.999]);
        assert_eq!(other[8..], [13.0, 14.0, 15.0, -1.0, -1.0, -1.0, -1.0, -1.0]);
    }

    #[test]
    fn a_smaller_window_is_enlarged_and_shows_nothing_else() {
        let single = cropped(Some([1, 1]), 0, [0.3, 0.8]);
        assert_eq!(single, [7.0; 16]);
        let quarter = cropped(Some([2, 2]), 0, [0.999, 0.999]);
        let row = [10.0, 10.25, 10.75, 11.0];
        assert_eq!(quarter[..4], row);
        assert_eq!(quarter[12..], row.map(|x| x + 4.0));
    }
}
