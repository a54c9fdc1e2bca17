//! The part of an XML parser that checks whether a document is well-formed.

/// Panics if tags do not match, or if text contains forbidden characters.
#[track_caller]
pub(super) fn check(document: &str) {
    let mut open = Vec::new();
    let mut rest = document.trim();
    assert!(rest.starts_with('<'), "it begins with text");
    while let Some(at) = rest.find('<') {
        text(&rest[..at]);
        rest = &rest[at..];
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            rest = data.split_once("]]>").expect("CDATA ends").1;
            continue;
        }
        let (tag, behind) = rest[1..].split_once('>').expect("a tag ends");
        rest = behind;
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "in </{name}>");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        attributes(tag[name.len()..].trim_end_matches('/'));
        if !tag.ends_with('/') {
            open.push(name);
        }
        assert!(!open.is_empty(), "something stands outside");
    }
    assert_eq!(rest, "", "text stands behind the end");
    assert!(open.is_empty(), "{open:?} are not closed");
}

#[track_caller]
fn attributes(mut rest: &str) {
    while !rest.trim().is_empty() {
        let (name, value) = rest.trim_start().split_once("=\"").expect("an attribute has a quoted value");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
        let (value, behind) = value.split_once('"').expect("a value ends");
        text(value);
        rest = behind;
    }
}

#[track_caller]
fn text(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    for entity in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known));
        assert!(known, "&{entity}");
    }
}
