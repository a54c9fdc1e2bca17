//! Addresses to functions with file and line. Slow the first time, so what was found is kept.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use backtrace::SymbolName;

use crate::reply::Value;
use crate::threads::maps::{self, Maps, Object};
use crate::threads::symbol_table::SymbolTable;

/// How many addresses are kept. A service's threads are found at a few thousand.
const KEPT: usize = 32 * 1024;

/// Of a function's name, so many bytes are kept: generics can be endless.
const NAME: usize = 4096;

/// One function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Frame {
    /// The function's path without its hash; nothing where the program has no symbols.
    pub function: Option<String>,
    /// The source file, where the program has line tables.
    pub file: Option<String>,
    /// The line in it that is being executed.
    pub line: Option<u32>,
    /// The program or library that the code is in, without its directory, and the offset in it.
    pub module: Option<String>,
    /// Whether the compiler put the function into the one that follows.
    pub inlined: bool,
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Symbols {
    objects: Vec<Object>,
    /// By path; nothing for one that has no table.
    tables: HashMap<String, Option<SymbolTable>>,
    found: HashMap<u64, Arc<[Frame]>>,
}

static SYMBOLS: Mutex<Option<Symbols>> = Mutex::new(None);

/// Looks addresses up, with one lock and one look at what is loaded for all of them.
pub(crate) fn with<T>(look: impl FnOnce(&mut Symbols) -> T) -> T {
    let mut symbols = SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let symbols = symbols.get_or_insert_with(Symbols::default);
    if let Ok(Maps { objects, .. }) = Maps::read()
        && objects != symbols.objects
    {
        // An address may be another library's now.
        symbols.found.clear();
        symbols.tables.clear();
        symbols.objects = objects;
    }
    look(symbols)
}

impl Symbols {
    /// The functions at an address of a stack, innermost first: several where some are inlined. All but the stack's first address
    /// are return addresses, so the call before them is looked up.
    ///
    /// A library that was loaded after the first look-up of the process has names, but no files and lines.
    pub(crate) fn frames(&mut self, address: u64, is_return: bool) -> Arc<[Frame]> {
        let code = if is_return { address.saturating_sub(1) } else { address };
        if let Some(frames) = self.found.get(&code) {
            return Arc::clone(frames);
        }
        if self.found.len() >= KEPT {
            self.found.clear();
        }
        let frames: Arc<[Frame]> = self.look_up(code).into();
        self.found.insert(code, Arc::clone(&frames));
        frames
    }

    fn look_up(&mut self, code: u64) -> Vec<Frame> {
        let object = maps::object_at(&self.objects, code);
        let module = object.map(|object| format!("{}+{:#x}", object.name(), code - object.range.start));
        let mut frames = Vec::new();
        // It takes what it is given for a return address, and looks one byte before it.
        backtrace::resolve(code.wrapping_add(1) as *mut c_void, |symbol| {
            frames.push(Frame {
                function: symbol.name().as_ref().map(plain),
                file: symbol.filename().map(|file| file.display().to_string()),
                line: symbol.lineno(),
                module: module.clone(),
                inlined: true,
            });
        });
        if frames.is_empty() {
            frames.push(Frame { function: None, file: None, line: None, module, inlined: false });
        }
        if let (Some(outermost), Some(object)) = (frames.last_mut(), object) {
            outermost.inlined = false;
            let table = self.tables.entry(object.path.clone());
            if let Some(table) = table.or_insert_with(|| SymbolTable::open(object.file()))
                && let Some(name) = table.name(code - object.range.start)
            {
                outermost.function = Some(plain(&SymbolName::new(&name)));
            }
        }
        frames
    }
}

/// The name without its hash.
fn plain(name: &SymbolName<'_>) -> String {
    let mut text = format!("{name:#}");
    text.truncate(text.floor_char_boundary(NAME));
    text
}

impl Frame {
    /// The frame as a value.
    pub fn value(&self) -> Value {
        Value::record([
            ("function", self.function.as_deref().into()),
            ("file", self.file.as_deref().into()),
            ("line", self.line.into()),
            ("module", self.module.as_deref().into()),
            ("inlined", self.inlined.into()),
        ])
    }

    /// What to call the function: its name, else where its code is.
    pub fn name(&self) -> &str {
        self.function.as_deref().or(self.module.as_deref()).unwrap_or("unknown code")
    }

    /// What a person calls it. Line tables alone name a closure or an asynchronous function that was inlined `{async_fn#0}`.
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

    /// `shop/src/cache.rs:88`: as much of the path as tells files apart.
    pub fn place(&self) -> Option<String> {
        const PARTS: usize = 3;
        let file = self.file.as_deref()?;
        let start = file.rmatch_indices('/').nth(PARTS - 1).map_or(0, |(at, _)| at + 1);
        Some(match self.line {
            Some(line) => format!("{}:{line}", &file[start..]),
            None => file[start..].to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_of_ours() {
        let address = a_function_of_ours as *const () as u64;
        let frames = with(|symbols| symbols.frames(address, false));
        let frame = frames.last().unwrap();
        assert!(frame.name().ends_with("symbols::tests::a_function_of_ours"), "{frame:?}");
        assert!(frame.place().unwrap().starts_with("src/threads/symbols.rs:"), "{frame:?}");
        assert!(!frame.inlined);
        assert!(Arc::ptr_eq(&frames, &with(|symbols| symbols.frames(address, false))));
    }

    #[test]
    fn what_line_tables_leave_without_a_name() {
        let called = |function: &str| {
            let function = Some(function.to_owned());
            Frame { function, file: None, line: None, module: None, inlined: true }.called().to_owned()
        };
        assert_eq!(called("{async_fn#0}"), "async fn");
        assert_eq!(called("{closure#12}"), "closure");
        assert_eq!(called("shop::serve::{{closure}}"), "shop::serve::{{closure}}");
    }

    #[test]
    fn no_code_at_all() {
        let frames = with(|symbols| symbols.frames(1, true));
        assert_eq!(frames[0].name(), "unknown code");
        assert_eq!(frames[0].place(), None);
    }
}
