//! The columns of a table and their widths: the form that fits the terminal, and the rows in it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::column::{Column, Cut};
use super::fit::{cut, shrunk};
use super::{Shape, members, write_apart};
use crate::base::escape::escape_line;
use crate::reply::cell::{cell, compact, short_cell};
use crate::reply::lines::write_pairs;
use crate::reply::scalar::NONE;
use crate::reply::value::Value;
use crate::reply::wrap;

/// The same for a column that declares its own minimum.
const LAST_RESORT: usize = 16;

/// The indentation of text below its row.
const BELOW: usize = 4;

/// The number of cells between two columns.
const GAP: usize = 2;

/// The least number of cells for a text.
const LEAST: usize = 8;

/// The form of the rows.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// One row a line, under the names.
    Table,
    /// Each row as lines of names and values.
    Records,
    /// Each row on as many lines as it needs, without names.
    Lines,
}

/// A column of the layout.
struct Laid {
    name: String,
    hint: Column,
    kind: Kind,
    /// The width that its cells need.
    full: usize,
    /// The width that they need in short form.
    short: usize,
    /// The width that they get; nothing if the column is left out.
    width: Option<usize>,
    /// Cells wider than this are cut.
    limit: usize,
}

impl Laid {
    fn is_empty_and_left_out(&self) -> bool {
        self.kind == Kind::Empty && self.width.is_none()
    }

    /// Whether its cells are shown below their rows.
    fn is_below(&self) -> bool {
        self.hint.below && self.width.is_none()
    }

    fn is_right(&self) -> bool {
        self.hint.right || self.kind == Kind::Numbers
    }

    /// Its minimal width; it is less if the rows would otherwise have to be shown as names and values.
    fn least(&self, is_last_resort: bool) -> usize {
        match self.kind {
            Kind::Text => {
                let least = match self.hint.least {
                    Some(usize::MAX) => usize::MAX,
                    Some(least) if is_last_resort => least.min(LAST_RESORT),
                    Some(least) => least,
                    None => (self.short / 2).max(LEAST),
                };
                least.max(self.name.width()).min(self.short)
            }
            _ => self.short,
        }
    }
}

pub(super) struct Layout {
    shape: Shape,
    form: Form,
    columns: Vec<Laid>,
    positions: HashMap<String, usize>,
    width: Option<usize>,
    /// The free width of the terminal: a later cell that is wider than its column may move the others to the right.
    spare: usize,
    /// Whether times are short.
    is_short: bool,
    /// Whether a record was written.
    is_begun: Cell<bool>,
}

impl Layout {
    /// The columns that these rows need, in order of appearance; `None` if there are none.
    pub(super) fn new(rows: &[Value], hints: &[Column], width: Option<usize>) -> Option<Layout> {
        let shape = rows.iter().find_map(Shape::of)?;
        let mut layout = Layout {
            shape,
            form: Form::Table,
            columns: Vec::new(),
            positions: HashMap::new(),
            width: width.filter(|width| *width > 0),
            spare: 0,
            is_short: false,
            is_begun: Cell::new(false),
        };
        for row in rows.iter().filter(|row| Shape::of(row) == Some(shape)) {
            for (name, value) in members(row) {
                let index = layout.position_or_new(&name, hints);
                let column = &mut layout.columns[index];
                column.kind = column.kind.and(value);
                let full = cell(value).width();
                column.full = column.full.max(full);
                let short = if let Value::Time(_) = value { short_cell(value).width() } else { full };
                column.short = column.short.max(short);
            }
        }
        layout.fit();
        (!layout.columns.is_empty()).then_some(layout)
    }

    fn position_or_new(&mut self, name: &str, hints: &[Column]) -> usize {
        if let Some(index) = self.positions.get(name) {
            return *index;
        }
        let header = match self.shape {
            Shape::Records => escape_line(name).into_owned(),
            Shape::Tuples => String::new(),
        };
        let hint = hints.iter().find(|hint| hint.name == name);
        let cells = header.width();
        self.columns.push(Laid {
            name: header,
            hint: hint.copied().unwrap_or(const { Column::new("") }),
            kind: Kind::Empty,
            full: cells,
            short: cells,
            width: Some(cells),
            limit: usize::MAX,
        });
        self.positions.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// Selects the form that fits: all in full, times in short form, the minimal widths, or without some columns.
    fn fit(&mut self) {
        let full: Vec<usize> = self.columns.iter().map(|column| column.full).collect();
        let Some(width) = self.width else { return self.give(&full) };
        let gaps = |widths: &[usize]| GAP * widths.iter().rposition(|width| *width > 0).unwrap_or(0);
        let needs = |widths: &[usize]| widths.iter().sum::<usize>() + gaps(widths);
        let short: Vec<usize> = self.columns.iter().map(|column| column.short).collect();
        for widths in [&full, &short] {
            self.is_short = *widths != full;
            if needs(widths) <= width {
                self.spare = width - needs(widths);
                return self.give(widths);
            }
        }
        self.is_short = true;
        let last = self.columns.iter().map(|column| column.hint.spare).max().unwrap_or(0);
        for (is_last_resort, left_out) in
            [false, true].into_iter().flat_map(|is_last| (0..=last).map(move |at| (is_last, at)))
        {
            let is_shown = |column: &Laid| {
                if column.hint.below {
                    return false;
                }
                let is_wanted = column.hint.spare == 0 || column.hint.spare > left_out;
                is_wanted && (column.kind != Kind::Empty || self.shape == Shape::Tuples)
            };
            let shown: Vec<&Laid> = self.columns.iter().filter(|column| is_shown(column)).collect();
            let widths: Vec<usize> = shown.iter().map(|column| column.short).collect();
            let least: Vec<usize> = shown.iter().map(|column| column.least(is_last_resort)).collect();
            let room = width.saturating_sub(gaps(&widths));
            let Some(fitted) = shrunk(&widths, &least, room) else { continue };
            self.spare = room - fitted.iter().sum::<usize>();
            let is_shown: Vec<bool> = self.columns.iter().map(is_shown).collect();
            let mut fitted = fitted.into_iter();
            for (column, is_shown) in self.columns.iter_mut().zip(is_shown) {
                column.width = if is_shown { fitted.next() } else { None };
            }
            return self.limit();
        }
        self.is_short = false;
        self.form = if self.shape == Shape::Records { Form::Records } else { Form::Lines };
    }

    fn give(&mut self, widths: &[usize]) {
        for (column, width) in self.columns.iter_mut().zip(widths) {
            column.width = Some(*width);
        }
        self.limit();
    }

    fn limit(&mut self) {
        for column in &mut self.columns {
            column.limit = match column.width {
                // A column without a name may be empty in all rows so far: later cells must not disappear.
                Some(width) if matches!(column.kind, Kind::Text | Kind::Empty) && self.width.is_some() => {
                    width.max(1)
                }
                _ => usize::MAX,
            };
        }
    }

    pub(super) fn write_header(&self, out: &mut String) {
        if self.shape == Shape::Records && self.form == Form::Table {
            let names = self.columns.iter().map(|column| Cow::Borrowed(column.name.as_str())).collect();
            self.write_cells(names, out);
            out.push('\n');
        }
    }

    pub(super) fn write(&self, row: &Value, out: &mut String) {
        if Shape::of(row) != Some(self.shape) {
            return write_apart(row, self.width, out);
        }
        match self.form {
            Form::Table => self.write_row(row, out),
            Form::Records => self.write_record(row, out),
            Form::Lines => {
                let cells: Vec<_> = members(row).iter().map(|(_, value)| cell(value)).collect();
                wrap::line(cells.join("  ").trim_end(), self.width, GAP, out);
                out.push('\n');
            }
        }
    }

    fn write_record(&self, row: &Value, out: &mut String) {
        if self.is_begun.replace(true) {
            out.push('\n');
        }
        let members = members(row);
        let there = members.iter().filter(|(_, value)| !value.is_null() && *value != "");
        let there: Vec<_> = there.map(|(name, value)| (escape_line(name), *value)).collect();
        if there.is_empty() {
            out.push_str(NONE);
            out.push('\n');
        }
        let key_width = self.columns.iter().map(|column| column.name.width()).max().unwrap_or(0);
        write_pairs(&there, key_width, self.width, usize::MAX, out);
    }

    fn write_row(&self, row: &Value, out: &mut String) {
        let mut cells = vec![Cow::Borrowed(""); self.columns.len()];
        let mut late = Vec::new();
        for (name, value) in members(row) {
            match self.positions.get(name.as_ref()) {
                // The column did not exist when the layout was made.
                Some(index) if self.columns[*index].is_empty_and_left_out() => {
                    late.extend((!value.is_null()).then_some((name, value)));
                }
                Some(index) if self.is_short => cells[*index] = short_cell(value),
                Some(index) => cells[*index] = cell(value),
                None => late.push((name, value)),
            }
        }
        let below = self.columns.iter().zip(&cells).filter(|(column, _)| column.is_below());
        let below: Vec<(&str, String)> =
            below.map(|(column, cell)| (&*column.name, cell.to_string())).collect();
        let mut line = String::new();
        self.write_cells(cells, &mut line);
        // A field that appears after the columns were fixed is important: it is shown in full, beyond the edge if necessary.
        for (name, value) in late {
            if !line.is_empty() {
                line.push_str("  ");
            }
            if self.shape == Shape::Records {
                line.push_str(&escape_line(&name));
                line.push('=');
            }
            line.push_str(&compact(value));
        }
        out.push_str(&line);
        out.push('\n');
        for (name, text) in below.iter().filter(|(_, text)| !text.is_empty()) {
            wrap::line(&format!("{:BELOW$}{name} {text}", ""), self.width, BELOW + 2, out);
            out.push('\n');
        }
    }

    fn write_cells(&self, cells: Vec<Cow<'_, str>>, out: &mut String) {
        let mut line = String::new();
        // Padding is written before the next cell, so that no line ends in spaces of ours.
        let mut pending = 0;
        let mut spare = self.spare;
        for (column, cell) in self.columns.iter().zip(cells) {
            let Some(width) = column.width else { continue };
            let beyond = cell.width().saturating_sub(column.limit).min(spare);
            spare -= beyond;
            let at = column.hint.cut.unwrap_or(if cell.contains(' ') { Cut::End } else { Cut::Middle });
            let cell = cut(&cell, column.limit.saturating_add(beyond), at);
            let padding = width.saturating_sub(cell.width());
            let (before, after) = if column.is_right() { (padding, 0) } else { (0, padding) };
            pending += before;
            if !cell.is_empty() {
                line.push_str(&" ".repeat(std::mem::take(&mut pending)));
                line.push_str(&cell);
            }
            pending += after + GAP;
        }
        out.push_str(&cut(&line, self.width.unwrap_or(usize::MAX), Cut::End));
    }
}

/// The kind of a column's cells.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Empty,
    /// Numbers and durations.
    Numbers,
    /// Cells without text that could be cut.
    Fixed,
    Text,
}

impl Kind {
    fn and(self, value: &Value) -> Kind {
        let of = match value {
            Value::Null => return self,
            Value::Integer(_) | Value::Unsigned(_) | Value::Float(_) | Value::Duration(_) => Kind::Numbers,
            Value::Bool(_) | Value::Time(_) => Kind::Fixed,
            _ => Kind::Text,
        };
        match self {
            Kind::Empty => of,
            kind if kind == of => kind,
            Kind::Text => Kind::Text,
            _ if of == Kind::Text => Kind::Text,
            _ => Kind::Fixed,
        }
    }
}
