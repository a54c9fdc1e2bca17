//! Why functions are shown without names, or without files and lines.

/// The sentence below stacks: the reason that the look-up gave, else the sections that the program was built without. `has_lines` is
/// whether any function of the author's has a line; nothing if there is no such function.
pub(crate) fn why(given: Option<&str>, has_lines: Option<bool>) -> Option<String> {
    const NO_LINES: &str = "this program has no line tables: build it with `debug = \"line-tables-only\"` in its profile and do not strip it";
    let without = (has_lines == Some(false)).then_some(NO_LINES);
    given.or(without).map(str::to_owned)
}
