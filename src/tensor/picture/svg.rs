//! A picture as SVG: its pixels as an image within, texts beside rows and above columns, a line beneath.

use std::fmt::Write;

use super::Picture;

/// Pixels that a letter is wide and a line high, at the size of text that is used.
const LETTER: usize = 7;
const LINE: usize = 16;

/// A picture as an SVG file, with as many texts beside it and above it as there are rows and columns that have one, each row `cell` pixels
/// high and each column as wide; `below` stands beneath.
pub fn svg(
    picture: &Picture,
    title: &str,
    [rows, cols]: [&[String]; 2],
    cell: usize,
    below: &str,
) -> Option<String> {
    let widest = |texts: &[String]| {
        let lengths = texts.iter().map(|text| text.chars().count());
        lengths.max().map_or(0, |most| (most + 1) * LETTER)
    };
    // Texts above columns stand upright.
    let (left, top) = (widest(rows), widest(cols));
    let bottom = if below.is_empty() { 0 } else { LINE + LINE / 2 };
    let (width, height) = (picture.width, picture.height);
    let across = (left + width).max((below.chars().count() + 1) * LETTER);
    let down = top + height + bottom;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{across}\" height=\"{down}\" viewBox=\"0 0 {across} {down}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n\
         <rect width=\"{across}\" height=\"{down}\" fill=\"white\"/>\n\
         <image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" style=\"image-rendering: pixelated\" href=\"{}\"/>\n",
        plain(title),
        picture.address()?
    );
    let middle = |at: usize| at * cell + cell / 2 + 4;
    for (at, row) in rows.iter().enumerate() {
        let (x, y) = (left.saturating_sub(LETTER), top + middle(at));
        let row = plain(row);
        let _ = writeln!(
            text,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{row}</text>"
        );
    }
    for (at, col) in cols.iter().enumerate() {
        let (x, y) = (left + middle(at), top.saturating_sub(LETTER / 2));
        let col = plain(col);
        let _ = writeln!(
            text,
            "<text transform=\"translate({x} {y}) rotate(-90)\">{col}</text>"
        );
    }
    if !below.is_empty() {
        let (y, below) = (top + height + LINE, plain(below));
        let _ = writeln!(text, "<text x=\"{left}\" y=\"{y}\">{below}</text>");
    }
    text.push_str("</svg>\n");
    Some(text)
}

/// Text as it may stand in XML, which has no characters that control a terminal.
fn plain(text: &str) -> String {
    let letter = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\n' => "↵".to_owned(),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(letter).collect()
}

/// Bytes in the alphabet of RFC 4648.
pub(super) fn base64(bytes: &[u8]) -> String {
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

    #[test]
    fn nothing_in_a_text_is_markup() {
        let picture = Picture {
            width: 1,
            height: 1,
            channels: 1,
            bytes: vec![0],
        };
        let rows = ["</text>".to_owned(), "\u{1b}[0m\n".to_owned()];
        let text = svg(&picture, "a & b", [&rows, &[]], 1, "").expect("it is small");
        assert!(text.contains(">&lt;/text&gt;</text>") && text.contains("a &amp; b"));
        assert!(text.contains(">\u{fffd}[0m↵</text>") && !text.contains('\u{1b}'));
    }
}
