//! The modules of a crate as `syn` parses them, and the uses between them: a path is followed through re-exports to the file that defines
//! its item, so that `crate::Session` counts for `dispatch/session.rs` and not for `lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemUse, UseTree};

/// A module's path below the crate: `["dispatch", "session"]`; none for `lib.rs`.
pub(super) type ModulePath = Vec<String>;

/// A crate's modules, by their paths.
pub(super) struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

struct Module {
    file: PathBuf,
    syntax: File,
    /// The item that a `use` imports, by its name here.
    imports: BTreeMap<String, Vec<String>>,
}

/// One module uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) from: ModulePath,
    pub(super) to: ModulePath,
    pub(super) line: usize,
}

impl Crate {
    /// Reads all files below a `src` folder.
    ///
    /// # Errors
    /// A file cannot be read, or is not Rust.
    pub(super) fn read(source: &Path) -> io::Result<Self> {
        let mut modules = BTreeMap::new();
        for file in super::files(source, "rs")? {
            let below = file.strip_prefix(source).map_err(io::Error::other)?.with_extension("");
            let path: ModulePath = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            let path = if path == ["lib"] { Vec::new() } else { path };
            let text = fs::read_to_string(&file)?;
            let syntax = syn::parse_file(&text)
                .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
            modules.insert(path, Module { file, syntax, imports: BTreeMap::new() });
        }
        let mut read = Self { modules };
        read.leave_out_tests();
        read.note_imports();
        Ok(read)
    }

    /// All of them, by their paths.
    pub(super) fn modules(&self) -> impl Iterator<Item = &ModulePath> {
        self.modules.keys()
    }

    pub(super) fn file(&self, module: &ModulePath) -> &Path {
        self.modules.get(module).map_or(Path::new("?"), |module| &module.file)
    }

    /// Which module uses which, outside of `#[cfg(test)]`.
    pub(super) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (from, module) in &self.modules {
            let mut paths = Paths::default();
            paths.visit_file(&module.syntax);
            for (segments, line) in paths.found {
                if let Some(to) = self.resolve(from, &segments)
                    && to != *from
                {
                    uses.push(Use { from: from.clone(), to, line });
                }
            }
        }
        uses.sort();
        uses.dedup_by(|right, left| right.from == left.from && right.to == left.to);
        uses
    }

    /// Modules that a parent declares for tests only.
    fn leave_out_tests(&mut self) {
        let mut tests: Vec<ModulePath> = Vec::new();
        for (path, module) in &self.modules {
            for item in &module.syntax.items {
                if let Item::Mod(child) = item
                    && only_tests(&child.attrs)
                {
                    tests.push(joined(path, &child.ident.to_string()));
                }
            }
        }
        self.modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
    }

    fn note_imports(&mut self) {
        let mut imports: Vec<(ModulePath, BTreeMap<String, Vec<String>>)> = Vec::new();
        for (path, module) in &self.modules {
            let mut names = BTreeMap::new();
            for item in &module.syntax.items {
                if let Item::Use(item) = item
                    && !only_tests(&item.attrs)
                {
                    for leaf in leaves(item) {
                        let last = leaf.segments.last().cloned().unwrap_or_default();
                        names.insert(leaf.renamed.unwrap_or(last), leaf.segments);
                    }
                }
            }
            imports.push((path.clone(), names));
        }
        for (path, names) in imports {
            if let Some(module) = self.modules.get_mut(&path) {
                module.imports = names;
            }
        }
    }

    /// The module that defines the item of this path, seen from a module; nothing for a path out of the crate.
    fn resolve(&self, from: &ModulePath, segments: &[String]) -> Option<ModulePath> {
        self.follow(from, segments, 0)
    }

    fn follow(&self, from: &ModulePath, segments: &[String], depth: usize) -> Option<ModulePath> {
        // Longer than any chain of re-exports; the compiler reports circles of them.
        const DEEPEST: usize = 16;
        if depth > DEEPEST {
            return None;
        }
        let (first, mut rest) = segments.split_first()?;
        let mut at = match first.as_str() {
            "crate" | "backdoor_runtime" => Vec::new(),
            "self" => from.clone(),
            "super" => {
                let mut parent = from.clone();
                parent.pop()?;
                while rest.first().is_some_and(|next| next == "super") {
                    parent.pop()?;
                    rest = &rest[1..];
                }
                parent
            }
            child if self.modules.contains_key(&joined(from, child)) => joined(from, child),
            _ => return None,
        };
        while let Some((next, further)) = rest.split_first() {
            let child = joined(&at, next);
            if self.modules.contains_key(&child) {
                at = child;
                rest = further;
                continue;
            }
            if let Some(import) = self.modules.get(&at).and_then(|module| module.imports.get(next)) {
                let target: Vec<String> = import.iter().chain(further).cloned().collect();
                if let Some(found) = self.follow(&at, &target, depth + 1) {
                    return Some(found);
                }
            }
            break;
        }
        Some(at)
    }
}

fn joined(path: &ModulePath, name: &str) -> ModulePath {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

/// Whether an item exists in tests only.
pub(super) fn only_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|cfg| cfg == "test"))
    })
}

/// One name of a `use`.
struct Leaf {
    segments: Vec<String>,
    renamed: Option<String>,
    line: usize,
}

fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(&item.tree, &mut Vec::new(), &mut found);
    found
}

fn collect(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Leaf>) {
    let line = tree.span().start().line;
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            collect(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => {
            let mut segments = before.clone();
            if name.ident != "self" {
                segments.push(name.ident.to_string());
            }
            found.push(Leaf { segments, renamed: None, line });
        }
        UseTree::Rename(name) => {
            let mut segments = before.clone();
            if name.ident != "self" {
                segments.push(name.ident.to_string());
            }
            found.push(Leaf { segments, renamed: Some(name.rename.to_string()), line });
        }
        UseTree::Glob(_) => found.push(Leaf { segments: before.clone(), renamed: None, line }),
        UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, before, found);
            }
        }
    }
}

/// Every path in a file, except those of tests.
#[derive(Default)]
struct Paths {
    found: Vec<(Vec<String>, usize)>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !only_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.found.extend(leaves(item).into_iter().map(|leaf| (leaf.segments, leaf.line)));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.found.push((segments, path.span().start().line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

impl Paths {
    /// Paths that begin with `crate` in the tokens of a macro call, which only the macro can parse.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut after_colons = true;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || after_colons => {
                    line = ident.span().start().line;
                    path.push(ident.to_string());
                    after_colons = false;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    after_colons = true;
                    continue;
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            self.keep(std::mem::take(&mut path), line);
            after_colons = true;
        }
        self.keep(path, line);
    }

    fn keep(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 && path[0] == "crate" {
            self.found.push((path, line));
        }
    }
}
