//! Names of tests say subject and outcome, and end before a line of a terminal does.

use crate::tidy::Finding;
use crate::tidy::assertions::Test;
use crate::tidy::known::Counted;

/// Letters of a test's name.
const LONGEST: usize = 60;

pub(super) fn look(tests: &[Test]) -> Vec<Counted> {
    let long = tests.iter().filter(|test| test.name.len() > LONGEST);
    let counted = long.map(|test| {
        let rule = format!(
            "test `{}` has {} letters; at most {LONGEST}: name the subject and the outcome",
            test.name,
            test.name.len()
        );
        let finding = Finding { file: test.file.clone(), line: test.line, rule };
        Counted { name: "test-name", key: test.file.display().to_string(), finding }
    });
    counted.collect()
}
