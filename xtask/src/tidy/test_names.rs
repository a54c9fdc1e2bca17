//! Names of tests state subject and outcome, and have a maximum length.

use crate::tidy::Finding;
use crate::tidy::assertions::Test;

/// The most letters of a test's name.
const LONGEST: usize = 60;

pub(super) fn look(tests: &[Test]) -> Vec<Finding> {
    let long = tests.iter().filter(|test| test.name.len() > LONGEST);
    let findings = long.map(|test| {
        let rule = format!(
            "test `{}` has {} letters; at most {LONGEST}: name the subject and the outcome",
            test.name,
            test.name.len()
        );
        Finding { file: test.file.clone(), line: test.line, rule }
    });
    findings.collect()
}
