//! The characters before a character, as far as they decide whether it is shown: marks accumulate on a base, and a joiner or a selector has
//! a meaning only inside an emoji sequence.

use crate::base::escape::class::Class;

/// The most combining marks that are shown on one base. A large stack is drawn over the lines above; no script needs more than a few.
const MOST_MARKS: u8 = 8;

/// ZERO WIDTH JOINER.
const JOINER: char = '\u{200d}';

/// VARIATION SELECTOR-15 and 16: text style and emoji style.
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';

/// COMBINING ENCLOSING KEYCAP.
const KEYCAP: char = '\u{20e3}';

/// The last character that was shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    marks: u8,
    last: Last,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    /// A digit, `#` or `*`, which a keycap may enclose.
    KeycapBase,
    /// A picture by itself.
    Picture,
    /// A picture with its style or its skin tone.
    Styled,
}

impl Context {
    /// There is no base for marks: the previous character was escaped, or is not known.
    pub(crate) fn without_base() -> Self {
        Self { marks: MOST_MARKS, last: Last::Other }
    }

    /// How many bytes of the text can be shown unchanged, up to the first character for which that is not certain.
    pub(super) fn pass(&mut self, text: &str) -> usize {
        let mut at = 0;
        loop {
            // Byte by byte as far as possible, which is enough for nearly all text.
            let rest = &text.as_bytes()[at..];
            let plain = rest.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(rest.len());
            if plain > 0 {
                let is_base = matches!(rest[plain - 1], b'0'..=b'9' | b'#' | b'*');
                *self = Self { marks: 0, last: if is_base { Last::KeycapBase } else { Last::Other } };
                at += plain;
            }
            // A byte that is neither plain nor the begin of a longer character is a control.
            if rest.get(plain).is_none_or(u8::is_ascii) {
                return at;
            }
            match text[at..].chars().next() {
                Some(character) if self.shows(character) => {
                    at += character.len_utf8();
                }
                _ => return at,
            }
        }
    }

    /// Whether a character is shown unchanged, whatever follows it. If so, it becomes the last shown character.
    pub(crate) fn shows(&mut self, character: char) -> bool {
        let (marks, last) = match (Class::of(character), self.last) {
            (Class::Hidden, Last::Picture) if matches!(character, TEXT_STYLE | EMOJI_STYLE) => {
                (0, Last::Styled)
            }
            (Class::Hidden, _) => return false,
            (Class::Mark, _) if self.marks >= MOST_MARKS => return false,
            (Class::Mark, _) => (self.marks + 1, Last::Other),
            (Class::SkinTone, Last::Picture) => (0, Last::Styled),
            (Class::Picture, _) => (0, Last::Picture),
            (Class::Plain, _) if matches!(character, '0'..='9' | '#' | '*') => (0, Last::KeycapBase),
            (Class::Plain | Class::SkinTone, _) => (0, Last::Other),
        };
        *self = Self { marks, last };
        true
    }

    /// Whether a character that is not shown by itself is shown because of the next one: a joiner between two pictures, and the style of a
    /// digit that becomes a keycap. `None` if that is not known yet.
    pub(super) fn joins(&self, character: char, next: Option<char>) -> Option<bool> {
        match (character, self.last) {
            (JOINER, Last::Picture | Last::Styled) => next.map(|next| Class::of(next) == Class::Picture),
            (EMOJI_STYLE, Last::KeycapBase) => next.map(|next| next == KEYCAP),
            _ => Some(false),
        }
    }
}
