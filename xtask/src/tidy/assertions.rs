//! Every test asserts something: by a macro, or by a helper that asserts for it. Helpers are found by name, in all tests together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn};

use crate::tidy::Finding;

/// Calls that fail if a condition is wrong.
const ASSERTING: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "compile_fail",
    "expect_err",
    "panic",
    "prop_assert",
    "prop_assert_eq",
    "unwrap_err",
];

/// Names of functions that many types have, so that a call does not show whether it asserts.
const TOO_COMMON: &[&str] = &["new", "start", "drop", "default", "fmt", "from", "with", "run"];

/// The names of all tests, and the tests without an assertion.
///
/// # Errors
/// A file cannot be read, or is not Rust.
pub(super) fn look(root: &Path) -> io::Result<(Vec<Test>, Vec<Finding>)> {
    let mut functions = Functions::default();
    for file in super::files(root, "rs")? {
        if file.starts_with("tests/ui") || file.starts_with("backdoor-macros/src/snapshots") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let syntax = syn::parse_file(&text)
            .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        functions.file = file;
        functions.visit_file(&syntax);
    }
    let asserting = functions.asserting();
    let without = functions.tests.iter().filter(|test| test.names.is_disjoint(&asserting));
    let findings = without
        .map(|test| Finding {
            file: test.file.clone(),
            line: test.line,
            rule: format!("test `{}` asserts nothing", test.name),
        })
        .collect();
    Ok((functions.tests, findings))
}

pub(super) struct Test {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) name: String,
    names: BTreeSet<String>,
}

/// All functions, with the names that their bodies use.
#[derive(Default)]
struct Functions {
    file: PathBuf,
    helpers: BTreeMap<String, BTreeSet<String>>,
    tests: Vec<Test>,
}

impl Functions {
    /// The names that assert, directly or through other functions.
    fn asserting(&self) -> BTreeSet<String> {
        let mut asserting: BTreeSet<String> = ASSERTING.iter().map(|&name| name.to_owned()).collect();
        loop {
            let more: Vec<String> = self
                .helpers
                .iter()
                .filter(|(name, names)| !asserting.contains(*name) && !names.is_disjoint(&asserting))
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                return asserting;
            }
            asserting.extend(more);
        }
    }

    fn note(&mut self, attributes: &[Attribute], name: &syn::Ident, body: &Block) {
        let mut names = BTreeSet::new();
        words(body.to_token_stream(), &mut names);
        let is_test = attributes
            .iter()
            .any(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "test"));
        if is_test {
            if attributes.iter().any(|attribute| attribute.path().is_ident("should_panic")) {
                return;
            }
            let line = name.span().start().line;
            self.tests.push(Test { file: self.file.clone(), line, name: name.to_string(), names });
        } else if !TOO_COMMON.contains(&name.to_string().as_str()) && is_of_tests(&self.file) {
            self.helpers.entry(name.to_string()).or_default().extend(names);
        }
    }
}

/// Helpers are in the tests, or in a `mod tests`, whose functions rarely have the names of the code under test.
fn is_of_tests(file: &Path) -> bool {
    file.starts_with("tests") || file.starts_with("backdoor-runtime") || file.starts_with("backdoor-macros")
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.note(&function.attrs, &function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.note(&function.attrs, &function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    /// Properties of `proptest!` and tests made by a macro of ours are functions inside a macro's tokens.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Ok(file) = syn::parse2::<syn::File>(call.tokens.clone()) {
            self.visit_file(&file);
        }
        visit::visit_macro(self, call);
    }
}

fn words(tokens: TokenStream, names: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                names.insert(ident.to_string());
            }
            TokenTree::Group(group) => words(group.stream(), names),
            _ => {}
        }
    }
}
