//! `jitter(brightness: 20%, contrast: 20%, saturation: 20%)`: light and colours changed at random. What transforms made of pixels is
//! taken back to light from 0 to 1, changed, and made again what it was, so that it means the same for every scale of numbers.

use crate::data::augment::Tone;

/// By what share each is changed at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// `x · f`
    pub brightness: f64,
    /// `m + f · (x − m)`, about the mean `m` of the image's light.
    pub contrast: f64,
    /// `g + f · (x − g)`, about the gray `g` of each pixel.
    pub saturation: f64,
}

impl Jitter {
    /// Changes an image by factors from `1 − share` to `1 + share`, which numbers on `[0, 1)` say.
    pub(crate) fn apply(&self, image: &mut [f32], tones: &[Tone], u: [f64; 3]) {
        let n_pixels = image.len() / tones.len().max(1);
        let shares = [self.brightness, self.contrast, self.saturation];
        let [brightness, contrast, saturation] =
            std::array::from_fn(|at| (1.0 + (2.0 * u[at] - 1.0) * shares[at]) as f32);
        let planes = || tones.iter().copied();
        each_plane(image, n_pixels, planes(), |x, tone| tone.light(x));
        image
            .iter_mut()
            .for_each(|x| *x = about(*x, 0.0, brightness));
        let mean = mean(&grays(image, n_pixels));
        image
            .iter_mut()
            .for_each(|x| *x = about(*x, mean, contrast));
        let grays = grays(image, n_pixels);
        for plane in image.chunks_exact_mut(n_pixels) {
            let pairs = plane.iter_mut().zip(&grays);
            pairs.for_each(|(x, gray)| *x = about(*x, *gray, saturation));
        }
        each_plane(image, n_pixels, planes(), |x, tone| tone.of_light(x));
    }
}

/// Light moved from `middle`, or to it, as far as light goes.
fn about(x: f32, middle: f32, factor: f32) -> f32 {
    (middle + factor * (x - middle)).clamp(0.0, 1.0)
}

fn each_plane(
    image: &mut [f32],
    n_pixels: usize,
    tones: impl Iterator<Item = Tone>,
    f: impl Fn(f32, Tone) -> f32,
) {
    for (plane, tone) in image.chunks_exact_mut(n_pixels).zip(tones) {
        plane.iter_mut().for_each(|x| *x = f(*x, tone));
    }
}

/// The gray of each pixel: of red, green and blue `0.299 r + 0.587 g + 0.114 b` (ITU-R BT.601), of other channels their mean.
fn grays(image: &[f32], n_pixels: usize) -> Vec<f32> {
    let n_channels = image.len() / n_pixels.max(1);
    let weight = |channel: usize| match n_channels {
        3 => [0.299, 0.587, 0.114][channel],
        n => 1.0 / n as f32,
    };
    let mut grays = vec![0.0; n_pixels];
    for (channel, plane) in image.chunks_exact(n_pixels).enumerate() {
        let pairs = grays.iter_mut().zip(plane);
        pairs.for_each(|(gray, x)| *gray += weight(channel) * x);
    }
    grays
}

fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().copied().map(f64::from).sum();
    (sum / values.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Jitter = Jitter {
        brightness: 0.0,
        contrast: 0.0,
        saturation: 0.0,
    };

    /// A red, a green and a blue pixel, a white and a black one, as numbers from -1 to 1.
    const COLOURS: [f32; 15] = [
        1.0, -1.0, -1.0, 1.0, -1.0, //
        -1.0, 1.0, -1.0, 1.0, -1.0, //
        -1.0, -1.0, 1.0, 1.0, -1.0,
    ];

    fn changed(jitter: Jitter, u: [f64; 3]) -> Vec<f32> {
        let tone = Tone {
            black: -1.0,
            white: 1.0,
        };
        let mut image = COLOURS.to_vec();
        jitter.apply(&mut image, &[tone; 3], u);
        image
    }

    #[test]
    fn nothing_is_changed_by_no_share() {
        assert_eq!(changed(NONE, [0.0, 0.9, 0.3]), COLOURS);
    }

    #[test]
    fn half_the_light_is_half_the_way_to_black() {
        let brightness = 0.5;
        let dark = changed(Jitter { brightness, ..NONE }, [0.0; 3]);
        assert_eq!(dark[..5], [0.0, -1.0, -1.0, 0.0, -1.0]);
    }

    #[test]
    fn without_contrast_all_is_the_mean_of_the_light() {
        let contrast = 1.0;
        let flat = changed(Jitter { contrast, ..NONE }, [0.0; 3]);
        // Red, green and blue make one white pixel, and there is another: two of five.
        assert!(
            flat.iter().all(|x| (x - (2.0 * 0.4 - 1.0)).abs() < 1e-6),
            "{flat:?}"
        );
    }

    #[test]
    fn without_saturation_pixels_are_gray() {
        let saturation = 1.0;
        let gray = changed(Jitter { saturation, ..NONE }, [0.0; 3]);
        let expected = [0.299, 0.587, 0.114, 1.0, 0.0].map(|x| 2.0 * x - 1.0);
        for plane in gray.chunks(5) {
            let pairs = plane.iter().zip(expected);
            assert!(
                pairs.into_iter().all(|(x, y)| (x - y).abs() < 1e-6),
                "{gray:?}"
            );
        }
    }
}
