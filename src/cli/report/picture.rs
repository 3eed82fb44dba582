//! Small images inside a page, as PNG in the page's own text.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

/// An image of numbers, channels first, as an address that holds it whole; the darkest becomes black, the brightest white.
pub(super) fn address([channels, height, width]: [usize; 3], values: &[f64]) -> Option<String> {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(*x), high.max(*x))
        });
    let size = if high > low { high - low } else { 1.0 };
    let byte = |channel: usize, row: u32, column: u32| {
        let at = (channel.min(channels - 1) * height + row as usize) * width + column as usize;
        ((values[at] - low) / size * 255.0) as u8
    };
    let (w, h) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let image = RgbImage::from_fn(w, h, |x, y| {
        image::Rgb(if channels >= 3 {
            [byte(0, y, x), byte(1, y, x), byte(2, y, x)]
        } else {
            [byte(0, y, x); 3]
        })
    });
    let mut bytes = Cursor::new(vec![]);
    DynamicImage::from(image)
        .write_to(&mut bytes, ImageFormat::Png)
        .ok()?;
    Some(format!("data:image/png;base64,{}", base64(bytes.get_ref())))
}

/// Bytes in the alphabet of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in pairs {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
