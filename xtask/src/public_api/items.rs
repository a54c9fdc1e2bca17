//! The items of a crate in rustdoc's JSON: those that can be reached from the root by public names, each once, by its shortest path.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

/// The kind of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Struct,
    Enum,
    Union,
    Trait,
    Type,
    Function,
    Method,
    Constant,
    Static,
    Macro,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Union => "union",
            Self::Trait => "trait",
            Self::Type => "type",
            Self::Function => "fn",
            Self::Method => "method",
            Self::Constant => "const",
            Self::Static => "static",
            Self::Macro => "macro",
        }
    }

    /// From rustdoc's name of the kind. Nothing for kinds that are not counted.
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "struct" => Self::Struct,
            "enum" => Self::Enum,
            "union" => Self::Union,
            "trait" | "trait_alias" => Self::Trait,
            "type_alias" | "assoc_type" => Self::Type,
            "function" => Self::Function,
            "constant" | "assoc_const" => Self::Constant,
            "static" => Self::Static,
            "macro" | "proc_macro" | "proc_attribute" | "proc_derive" => Self::Macro,
            _ => return None,
        })
    }
}

/// An item, by its path below the crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) path: Vec<String>,
    /// How many words of the path belong to the module.
    pub(super) depth: usize,
}

impl Item {
    pub(super) fn is_at_root(&self) -> bool {
        self.depth == 0
    }

    /// Whether it belongs to a type or trait.
    pub(super) fn is_associated(&self) -> bool {
        self.path.len() > self.depth + 1
    }

    /// The module below the root that contains it.
    pub(super) fn module(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

/// # Errors
/// The text is no JSON of rustdoc, or lacks a part that is read here.
pub(super) fn read(json: &Value) -> io::Result<Vec<Item>> {
    let mut reader = Reader { json, found: BTreeMap::new(), open: Vec::new() };
    reader.module(&json["root"], &[])?;
    let mut items: Vec<Item> = reader.found.into_values().collect();
    items.sort_by(|left, right| {
        (left.depth > 0, &left.path, left.kind).cmp(&(right.depth > 0, &right.path, right.kind))
    });
    Ok(items)
}

struct Reader<'a> {
    json: &'a Value,
    /// By rustdoc's id and the kind: a derive and a trait may share a name, but never an id.
    found: BTreeMap<String, Item>,
    /// Modules that are being read: one may re-export its parent.
    open: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Rustdoc's data about an item of this crate.
    fn item(&self, id: &Value) -> Option<&'a Value> {
        self.json["index"].get(id.to_string())
    }

    fn module(&mut self, id: &Value, path: &[String]) -> io::Result<()> {
        let item = self.item(id).ok_or_else(|| unknown("a module", id))?;
        let items = item["inner"]["module"]["items"].as_array().ok_or_else(|| unknown("items of", id))?;
        if self.open.contains(&id.to_string()) {
            return Ok(());
        }
        self.open.push(id.to_string());
        for id in items {
            let Some(item) = self.item(id) else { continue };
            let (word, inner) = inner(item).ok_or_else(|| unknown("an item", id))?;
            if word == "use" {
                self.reexport(inner, path)?;
            } else if item["visibility"] == "public" || word == "macro" {
                let name = item["name"].as_str().unwrap_or_default();
                self.named(id, name, path)?;
            }
        }
        self.open.pop();
        Ok(())
    }

    fn reexport(&mut self, used: &Value, path: &[String]) -> io::Result<()> {
        let (id, name) = (&used["id"], used["name"].as_str().unwrap_or_default());
        match (self.item(id), used["is_glob"] == true) {
            (Some(_), true) => self.module(id, path),
            (Some(_), false) => self.named(id, name, path),
            // It belongs to another crate: only its name is known.
            (None, _) => {
                let word = self.json["paths"][id.to_string()]["kind"].as_str().unwrap_or("macro");
                if let Some(kind) = Kind::of(word) {
                    self.keep(id, kind, joined(path, name), path.len());
                }
                Ok(())
            }
        }
    }

    /// An item under the name that it has here.
    fn named(&mut self, id: &Value, name: &str, path: &[String]) -> io::Result<()> {
        let item = self.item(id).ok_or_else(|| unknown("an item", id))?;
        let (word, inner) = inner(item).ok_or_else(|| unknown("an item", id))?;
        let here = joined(path, name);
        if word == "module" {
            return self.module(id, &here);
        }
        let Some(kind) = Kind::of(word) else { return Ok(()) };
        if !self.keep(id, kind, here.clone(), path.len()) {
            return Ok(());
        }
        let none = Vec::new();
        if kind == Kind::Trait {
            self.associated(inner["items"].as_array().unwrap_or(&none), &here, path.len(), true);
        }
        for id in inner["impls"].as_array().unwrap_or(&none) {
            let Some(block) = self.item(id) else { continue };
            let block = &block["inner"]["impl"];
            if block["trait"].is_null() {
                self.associated(block["items"].as_array().unwrap_or(&none), &here, path.len(), false);
            }
        }
        Ok(())
    }

    fn associated(&mut self, ids: &[Value], of: &[String], depth: usize, is_trait: bool) {
        for id in ids {
            let Some(item) = self.item(id) else { continue };
            let Some((word, _)) = inner(item) else { continue };
            let Some(kind) = Kind::of(word).filter(|_| is_trait || item["visibility"] == "public") else {
                continue;
            };
            let kind = if kind == Kind::Function { Kind::Method } else { kind };
            self.keep(id, kind, joined(of, item["name"].as_str().unwrap_or_default()), depth);
        }
    }

    /// Stores an item's path if it is the shortest so far. `true` if it is.
    fn keep(&mut self, id: &Value, kind: Kind, path: Vec<String>, depth: usize) -> bool {
        let item = Item { kind, path, depth };
        match self.found.get(&id.to_string()) {
            Some(known) if (known.path.len(), &known.path) <= (item.path.len(), &item.path) => false,
            _ => {
                self.found.insert(id.to_string(), item);
                true
            }
        }
    }
}

/// The kind of an item in rustdoc's words, and its members.
fn inner(item: &Value) -> Option<(&str, &Value)> {
    item["inner"].as_object()?.iter().next().map(|(word, inner)| (word.as_str(), inner))
}

fn joined(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn unknown(what: &str, id: &Value) -> io::Error {
    io::Error::other(format!("rustdoc's JSON is of another form than is read here: {what} {id}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `mod sync { pub struct Lock; impl Lock { pub fn take(); fn own() } pub trait Look { fn look(); } } pub use sync::Lock;`
    #[test]
    fn items_are_counted_once_by_their_shortest_path() {
        let item = |name: &str, visibility: &str, inner: Value| json!({ "name": name, "visibility": visibility, "inner": inner });
        let json = json!({
            "root": 0,
            "index": {
                "0": item("it", "public", json!({ "module": { "items": [1, 2, 9] } })),
                "1": item("sync", "public", json!({ "module": { "items": [3, 7] } })),
                "2": item("", "public", json!({ "use": { "id": 3, "name": "Lock", "is_glob": false } })),
                "3": item("Lock", "public", json!({ "struct": { "impls": [4] } })),
                "4": item("", "default", json!({ "impl": { "trait": null, "items": [5, 6] } })),
                "5": item("take", "public", json!({ "function": {} })),
                "6": item("own", "default", json!({ "function": {} })),
                "7": item("Look", "public", json!({ "trait": { "items": [8] } })),
                "8": item("look", "default", json!({ "function": {} })),
                "9": item("", "public", json!({ "use": { "id": 10, "name": "Poison", "is_glob": false } })),
            },
            "paths": { "10": { "kind": "struct" } },
        });
        let items = read(&json).unwrap();
        let lines: Vec<String> =
            items.iter().map(|item| format!("{} {}", item.kind.word(), item.path.join("::"))).collect();
        assert_eq!(
            lines,
            [
                "struct Lock",
                "method Lock::take",
                "struct Poison",
                "trait sync::Look",
                "method sync::Look::look"
            ]
        );
        assert_eq!(items.iter().map(Item::is_at_root).collect::<Vec<_>>(), [true, true, true, false, false]);
    }
}
