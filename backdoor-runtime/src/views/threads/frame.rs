//! One function on a stack, and what a person calls it.

use std::sync::Arc;

use crate::reply::Value;

/// One function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Frame {
    /// The function's path without its hash; nothing if the program has no symbols.
    pub function: Option<Arc<str>>,
    /// The source file, if the program has line tables.
    pub file: Option<Arc<str>>,
    /// The line that is being executed.
    pub line: Option<u32>,
    /// The program or library that contains the code, without its directory, and the offset in it.
    pub module: Option<Arc<str>>,
    /// The same with the offset of the function's first instruction, if the function has no name.
    pub begin: Option<Arc<str>>,
    /// Whether the compiler inlined the function into the next one in the list.
    pub inlined: bool,
}

impl Frame {
    /// The frame as a value.
    pub(crate) fn value(&self) -> Value {
        Value::record([
            ("function", self.function.as_deref().into()),
            ("file", self.file.as_deref().into()),
            ("line", self.line.into()),
            ("module", self.module.as_deref().into()),
            ("inlined", self.inlined.into()),
        ])
    }

    /// The function's name, else the address of its first instruction, else the address of the code.
    pub(crate) fn name(&self) -> &str {
        let names = [&self.function, &self.begin, &self.module];
        names.into_iter().find_map(Option::as_deref).unwrap_or("unknown code")
    }

    /// The name for the reader. Line tables alone name a closure or an inlined asynchronous function `{async_fn#0}`.
    pub(crate) fn called(&self) -> &str {
        const UNNAMED: [(&str, &str); 4] = [
            ("{async_fn#", "async fn"),
            ("{async_block#", "async block"),
            ("{async_closure#", "async closure"),
            ("{closure#", "closure"),
        ];
        let name = self.name();
        UNNAMED.iter().find(|(start, _)| name.starts_with(start)).map_or(name, |(_, kind)| kind)
    }

    /// `shop/src/cache.rs:88`: enough of the path to tell files apart.
    pub(crate) fn place(&self) -> Option<String> {
        Some(place(self.file.as_deref()?, self.line))
    }

    /// A function of the program with this name, for tests that build stacks.
    #[cfg(test)]
    pub(crate) fn named(function: &str) -> Self {
        let module = Some("shop+0x10".into());
        Self { function: Some(function.into()), file: None, line: None, module, begin: None, inlined: false }
    }
}

/// Enough of a file's path to tell files apart, and the line.
pub(crate) fn place(file: &str, line: Option<u32>) -> String {
    const PARTS: usize = 3;
    let start = file.rmatch_indices('/').nth(PARTS - 1).map_or(0, |(at, _)| at + 1);
    match line {
        Some(line) => format!("{}:{line}", &file[start..]),
        None => file[start..].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_without_names_get_one() {
        let called = |function: &str| Frame::named(function).called().to_owned();
        assert_eq!(called("{async_fn#0}"), "async fn");
        assert_eq!(called("{closure#12}"), "closure");
        assert_eq!(called("shop::serve::{{closure}}"), "shop::serve::{{closure}}");
    }

    #[test]
    fn a_nameless_function_is_named_by_its_begin() {
        let begin = Some("shop+0x8".into());
        let frame = Frame { function: None, begin, ..Frame::named("") };
        assert_eq!(frame.name(), "shop+0x8");
        assert_eq!(Frame { begin: None, ..frame }.name(), "shop+0x10");
    }
}
