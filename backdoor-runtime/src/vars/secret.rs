//! What was typed to set a secret must not be read by others: not in the log, nor by `running` and `who`.

use std::sync::Arc;

use crate::vars::registry;

/// The line as others may see it: what follows the name of a secret variable behind `set` is left out.
pub(crate) fn scrubbed(line: &Arc<str>) -> Arc<str> {
    // Nearly every line is told by its first letter.
    if !line.trim_start().starts_with('s') {
        return line.clone();
    }
    let mut words = line.split_whitespace();
    let is_set = match words.next() {
        Some("set") => true,
        Some("sys") => words.next() == Some("set"),
        _ => false,
    };
    if !is_set {
        return line.clone();
    }
    // Names are alike with `-` and `_`, which are of one length.
    let spelled = line.replace('_', "-");
    let ends = registry::secrets().into_iter().filter_map(|name| end_of_name(&spelled, &name));
    match ends.min() {
        Some(end) => format!("{} ••••", &line[..end]).into(),
        None => line.clone(),
    }
}

/// Where this name first ends as a word of its own.
fn end_of_name(line: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.match_indices(name).map(|(at, _)| (at, at + name.len())).find_map(|(start, end)| {
        let stands_alone = !line[..start].ends_with(is_part) && !line[end..].starts_with(is_part);
        stands_alone.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word() {
        assert_eq!(end_of_name("set pass x", "pass"), Some(8));
        assert_eq!(end_of_name("set bypass=1 'pass=x'", "pass"), Some(18));
        assert_eq!(end_of_name("set pass-word x", "pass"), None);
    }

    #[test]
    fn other_lines_are_as_they_were() {
        for line in ["", "get a", "set a 1", "sys set a=1"] {
            assert_eq!(&*scrubbed(&line.into()), line);
        }
    }
}
