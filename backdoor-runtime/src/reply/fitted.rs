//! Output wider than a narrow terminal: only the most important columns of a table, and sentences on several lines.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::{Column, Page, Value};

/// Writes a table of these records, or of the columns that `few` selects if not all of them fit.
pub(crate) fn table(
    page: &mut Page<'_>,
    rows: &[Value],
    few: impl Fn(&Value) -> Value,
    columns: &[Column],
) -> fmt::Result {
    let has_room = |width: usize| {
        let all = Value::List(rows.to_vec()).to_text(None);
        all.lines().all(|line| line.width() <= width)
    };
    match page.width() {
        Some(width) if !has_room(width) => page.table(&rows.iter().map(few).collect::<Vec<_>>(), columns),
        _ => page.table(rows, columns),
    }
}

/// Writes a sentence that begins at this column. It wraps two columns further to the right, between words.
pub(crate) fn sentence(page: &mut Page<'_>, indent: usize, text: &str) -> fmt::Result {
    page.hanging(&format!("{:indent$}{text}", ""), indent + 2)
}

/// A place as `file:line`, without its folders and column.
pub(crate) fn short_place(place: &str) -> String {
    let file = place.rsplit('/').next().unwrap_or(place);
    let mut parts = file.splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => file.to_owned(),
    }
}

/// The type and the method of a function, or its last module and name, without generic arguments and closures.
pub(crate) fn short_function(name: &str) -> String {
    // In `<A as B>::method`, `A` is the type.
    let own = name.strip_prefix('<').and_then(|inside| inside.split_once(" as "));
    let whole = match own {
        Some((own, rest)) => format!("{own}{}", rest.rfind(">::").map_or("", |at| &rest[at + 1..])),
        None => name.to_owned(),
    };
    let (mut plain, mut depth) = (String::new(), 0_usize);
    for c in whole.chars() {
        match c {
            '<' => depth += 1,
            '>' if depth > 0 => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let parts: Vec<&str> =
        plain.split("::").filter(|part| !part.is_empty() && *part != "{{closure}}").collect();
    match parts.len() {
        0 => name.to_owned(),
        count => parts[count.saturating_sub(2)..].join("::"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: Option<usize>, write: impl FnOnce(&mut Page<'_>) -> fmt::Result) -> String {
        let mut text = String::new();
        write(&mut Page::new(&mut text, width, usize::MAX)).unwrap();
        text
    }

    #[test]
    fn columns_that_do_not_fit_are_omitted() {
        let rows = [Value::record([("name", "refresh".into()), ("place", "src/cache.rs:88:5".into())])];
        let few = |row: &Value| Value::record([("name", row["name"].clone())]);
        let shown = |width| page(width, |page| table(page, &rows, few, &[]));
        let all = "name     place\nrefresh  src/cache.rs:88:5\n";
        assert_eq!([shown(None), shown(Some(26))], [all, all]);
        assert_eq!(shown(Some(25)), "name\nrefresh\n");
    }

    #[test]
    fn a_long_sentence_wraps_below_its_text() {
        let shown = |width| page(width, |page| sentence(page, 2, "one two three"));
        assert_eq!(shown(None), "  one two three\n");
        assert_eq!(shown(Some(10)), "  one two\n  three\n");
        assert_eq!(shown(Some(1)), "  one\ntwo\nthree\n");
    }

    #[test]
    fn newcomer_3_3_2_functions_are_short_and_keep_their_method() {
        let check = |name, expected| assert_eq!(short_function(name), expected);
        check(
            "<tokio::net::tcp::stream::TcpStream as tokio::io::AsyncWrite>::poll_write",
            "TcpStream::poll_write",
        );
        check("hyper::proto::h1::dispatch::OptGuard<T>::new", "OptGuard::new");
        check("tokio::runtime::worker::Launch::launch::{{closure}}", "Launch::launch");
        check("core::ptr::drop_in_place<axum::Request<hyper::Incoming>>", "ptr::drop_in_place");
        check("<core::pin::Pin<P> as core::future::Future<Output = ()>>::poll", "Pin::poll");
        check("main", "main");
    }

    #[test]
    fn places_are_short() {
        assert_eq!(short_place("examples/faults/locks.rs:41:5"), "locks.rs:41");
        assert_eq!(short_place("locks.rs:41"), "locks.rs:41");
        assert_eq!(short_place("nowhere"), "nowhere");
    }
}
