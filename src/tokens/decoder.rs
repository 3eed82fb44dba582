//! Bytes that come token by token as text: what is cut within a character is held back until the rest of it has come.

/// Text from bytes as they come.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
}

impl Decoder {
    /// What is whole after these bytes; bytes that belong to no character become `�`.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.held) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.held.clear();
                    return text;
                }
                Err(error) => {
                    let rest = self.held.split_off(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(&self.held));
                    self.held = rest;
                    let Some(broken) = error.error_len() else {
                        return text;
                    };
                    self.held.drain(..broken);
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }

    /// What is left at the end, which is no whole character.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.held).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_held_back_until_it_is_whole() {
        let mut decoder = Decoder::default();
        let bytes = "aλ🐋".as_bytes();
        let texts = bytes.iter().map(|byte| decoder.push(&[*byte]));
        assert_eq!(texts.collect::<Vec<_>>(), ["a", "", "λ", "", "", "", "🐋"]);
        assert_eq!(decoder.finish(), "");
    }

    #[test]
    fn what_is_no_character_is_shown_so() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(b"a\xffb\xce"), "a\u{fffd}b");
        assert_eq!(decoder.push(b"c"), "\u{fffd}c");
        assert_eq!(decoder.push(b"\xf0\x9f"), "");
        assert_eq!(decoder.finish(), "\u{fffd}");
    }
}
