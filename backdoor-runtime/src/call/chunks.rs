//! Text cut into pieces that are small enough to be sent.

/// The largest piece of text that is sent at once.
pub(crate) const PIECE: usize = 8 * 1024;

/// Cuts text into pieces that are small enough to be sent, at character boundaries.
///
/// Each piece is a copy: removing a piece from the front would copy the rest of the text each time.
pub(crate) fn pieces(text: String) -> impl Iterator<Item = String> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = text.floor_char_boundary((start + PIECE).min(text.len()));
        let piece = (start < end).then(|| text[start..end].to_owned());
        start = end;
        piece
    })
}

/// Removes the first piece, for a text of only a few pieces.
pub(crate) fn first_piece(text: &mut String) -> String {
    text.drain(..text.floor_char_boundary(PIECE.min(text.len()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        let check = |text: String| {
            let cut: Vec<String> = pieces(text.clone()).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|piece| !piece.is_empty() && piece.len() <= PIECE));
        };
        check(String::new());
        check("a".repeat(PIECE));
        check("a".repeat(PIECE + 1));
        check("€".repeat(PIECE));
    }
}
