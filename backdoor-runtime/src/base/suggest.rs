//! Suggestions ("did you mean"): finds the one name that a mistyped word most likely stands for, and none if that would be a guess.

use std::mem;

/// Longer words are not mistyped names, and comparing them costs the square of their length.
const LONGEST: usize = 64;

/// How much of a name must be typed to count as an abbreviation.
const SHORTEST_PREFIX: usize = 3;

/// The candidate most similar to `word`; the first of several equal ones.
///
/// The distance is the number of characters inserted, left out, replaced, or swapped with their neighbour. Case does not
/// count, nor does `-` for `_`. Up to a third of the word may be wrong, and one character in any case. A candidate that
/// begins with the word is near, too, from three characters on.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).map(fold).collect();
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    let mut rows = Rows::default();
    let mut best = None;
    let mut bound = limit + 1;
    for candidate in candidates {
        let abbreviated = word.len() >= SHORTEST_PREFIX && begins_with(candidate, &word);
        let distance = match rows.distance(&word, candidate, bound) {
            Some(distance) => distance,
            None if abbreviated => limit,
            None => continue,
        };
        if distance < bound {
            best = Some(candidate);
            bound = distance;
        }
    }
    best
}

fn fold(c: char) -> char {
    if c == '_' { '-' } else { c.to_lowercase().next().unwrap_or(c) }
}

fn begins_with(candidate: &str, word: &[char]) -> bool {
    let mut chars = candidate.chars().map(fold);
    word.iter().all(|&c| chars.next() == Some(c))
}

/// Three rows of the distance table, for one candidate after the other.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    this: Vec<usize>,
}

impl Rows {
    /// The optimal string alignment distance, if it is below `bound` and at least one character of the word is unchanged.
    fn distance(&mut self, word: &[char], candidate: &str, bound: usize) -> Option<usize> {
        let length = candidate.chars().take(LONGEST * 2).count();
        if length.abs_diff(word.len()) >= bound {
            return None;
        }
        self.last.clear();
        self.last.extend(0..=word.len());
        self.before.resize(word.len() + 1, 0);
        self.this.resize(word.len() + 1, 0);
        let mut previous = None;
        for (row, c) in candidate.chars().map(fold).enumerate() {
            self.this[0] = row + 1;
            let mut smallest = row + 1;
            for (at, &w) in word.iter().enumerate() {
                let mut cost = self.last[at] + usize::from(w != c);
                cost = cost.min(self.last[at + 1] + 1).min(self.this[at] + 1);
                if at > 0 && previous == Some(w) && word[at - 1] == c {
                    cost = cost.min(self.before[at - 1] + 1);
                }
                self.this[at + 1] = cost;
                smallest = smallest.min(cost);
            }
            // A swap uses the row before the last and adds one, so both rows have to exceed the bound.
            if smallest >= bound && self.last.iter().all(|&cost| cost + 1 >= bound) {
                return None;
            }
            previous = Some(c);
            mem::swap(&mut self.before, &mut self.last);
            mem::swap(&mut self.last, &mut self.this);
        }
        let distance = self.last[word.len()];
        (distance < bound && distance < length.max(word.len())).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(word, candidates.iter().copied()), expected, "{word:?} among {candidates:?}");
    }

    #[test]
    fn a_typing_error_is_near() {
        check("cahce", &["help", "cache", "catch"], Some("cache"));
        check("hlep", &["exit", "help"], Some("help"));
        check("verbos", &["error", "verbose"], Some("verbose"));
        check("exti", &["exit"], Some("exit"));
        check("ls", &["ll", "help"], Some("ll"));
        check("uptimes", &["uptime"], Some("uptime"));
        check("größse", &["größe"], Some("größe"));
    }

    #[test]
    fn case_and_hyphens_are_ignored() {
        check("INFO", &["into", "info"], Some("info"));
        check("for_time", &["for-tide", "for-time"], Some("for-time"));
    }

    #[test]
    fn distant_words_are_not_suggested() {
        check("verbos", &["error", "warn", "info", "debug", "trace"], None);
        check("x", &["y", "n"], None);
        check("ab", &["cd"], None);
        check("", &["a"], None);
        check("help", &[], None);
        check("cat", &["dog", "cow"], None);
    }

    #[test]
    fn a_third_of_the_word_may_be_wrong() {
        check("abcxef", &["abcdef"], Some("abcdef"));
        check("abxxef", &["abcdef"], Some("abcdef"));
        check("axxxef", &["abcdef"], None);
        check("axcde", &["abcdf"], None);
    }

    #[test]
    fn first_of_equal_candidates_wins() {
        check("cat", &["bat", "hat"], Some("bat"));
        check("cat", &["bat", "hat", "Cat"], Some("Cat"));
    }

    #[test]
    fn a_beginning_is_near() {
        check("conn", &["commands", "connections"], Some("connections"));
        check("CON", &["connections"], Some("connections"));
        check("co", &["connections"], None);
        check("stats", &["statistics", "stats-of"], Some("stats-of"));
        check("start", &["start-up", "stats"], Some("start-up"));
        check("status", &["status-line", "statue"], Some("statue"));
    }

    #[test]
    fn long_words_are_left_alone() {
        let long = "a".repeat(65);
        check(&long, &[&long], None);
        let most = "a".repeat(64);
        check(&most[1..], &[&most], Some(&most));
    }

    /// The early exits must not change the result: compares with the plain table.
    #[test]
    fn banded_distance_equals_the_full_table() {
        fn plain(a: &[char], b: &[char]) -> usize {
            let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
            for i in 0..=a.len() {
                for j in 0..=b.len() {
                    table[i][j] = if i == 0 || j == 0 {
                        i + j
                    } else {
                        let mut cost = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                        cost = cost.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                        if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                            cost = cost.min(table[i - 2][j - 2] + 1);
                        }
                        cost
                    };
                }
            }
            table[a.len()][b.len()]
        }
        let words: Vec<Vec<char>> = (0..3_u32.pow(5))
            .map(|n| {
                (0..5)
                    .map(|at| ['a', 'b', 'c'][(n / 3_u32.pow(at) % 3) as usize])
                    .take(n as usize % 6)
                    .collect()
            })
            .collect();
        let mut rows = Rows::default();
        for word in &words {
            for other in &words {
                let text: String = other.iter().collect();
                let whole = plain(word, other);
                let near = whole < 3 && whole < word.len().max(other.len());
                assert_eq!(rows.distance(word, &text, 3), near.then_some(whole), "{word:?} {text}");
            }
        }
    }
}
