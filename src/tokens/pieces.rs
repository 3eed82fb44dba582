//! A text in pieces that no token reaches across: words with the space before them, runs of digits, of marks, of white space. The
//! rule is GPT-2's (Radford et al. 2019), `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.

use unicode_general_category::{GeneralCategory, get_general_category};

/// The endings that stand by themselves.
const ENDINGS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// The pieces of a text in order; together they are the text.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at(length(rest));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Space,
    Mark,
}

/// The bytes of the first piece.
fn length(text: &str) -> usize {
    if let Some(ending) = ENDINGS.iter().find(|ending| text.starts_with(**ending)) {
        return ending.len();
    }
    let word = text.strip_prefix(' ').unwrap_or(text);
    match word.chars().next().map(kind) {
        Some(Kind::Space) | None => space(text),
        Some(own) => text.len() - word.len() + run(word, own),
    }
}

/// White space, but the last of it where something follows: a space belongs to that.
fn space(text: &str) -> usize {
    let all = run(text, Kind::Space);
    let last = text[..all].chars().next_back().map_or(0, char::len_utf8);
    match all == text.len() || all == last {
        true => all,
        false => all - last,
    }
}

/// The bytes of the characters of one kind that a text begins with.
fn run(text: &str, own: Kind) -> usize {
    let end = text.find(|letter| kind(letter) != own);
    end.unwrap_or(text.len())
}

fn kind(letter: char) -> Kind {
    match letter {
        _ if letter.is_whitespace() => Kind::Space,
        _ if letter.is_numeric() => Kind::Digit,
        _ if is_letter(letter) => Kind::Letter,
        _ => Kind::Mark,
    }
}

/// `\p{L}`: signs that only modify letters are none.
fn is_letter(letter: char) -> bool {
    matches!(
        get_general_category(letter),
        GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        pieces(text).collect()
    }

    #[test]
    fn words_take_the_space_before_them() {
        assert_eq!(
            cut("Hello, my world's 12 x"),
            ["Hello", ",", " my", " world", "'s", " 12", " x"]
        );
        assert_eq!(cut("a  b"), ["a", " ", " b"]);
        assert_eq!(cut("a\n\n b \n"), ["a", "\n\n", " b", " \n"]);
        assert_eq!(cut("a\nb"), ["a", "\n", "b"]);
        assert_eq!(cut("λόγος, 日本語。🐋"), ["λόγος", ",", " 日本語", "。🐋"]);
    }

    #[test]
    fn pieces_together_are_the_text() {
        for text in [
            "",
            " ",
            "'",
            "''s",
            "  '  ",
            "e\u{301}a",
            "\u{a0}x\u{3000} y",
        ] {
            assert_eq!(cut(text).concat(), text);
        }
    }
}
