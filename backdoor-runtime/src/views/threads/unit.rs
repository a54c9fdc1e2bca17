//! One compile unit: the functions at an address, the inlined ones included, and the line in each.

use std::collections::HashMap;
use std::sync::Arc;

use gimli::{DebugLine, DebugLineOffset, LineProgramHeader, LittleEndian};

use crate::views::threads::debug_info::{DebugInfo, Unit};
use crate::views::threads::elf;
use crate::views::threads::entry::{self, Entry, Slice};

/// A function at an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The compiler's or the linker's name.
    pub(super) function: Option<Arc<[u8]>>,
    pub(super) file: Option<Arc<str>>,
    pub(super) line: Option<u32>,
}

/// A function around an address, and where it is called if it was inlined.
struct Level {
    /// Its debug entry.
    entry: u64,
    called: Line,
}

/// A file's number in the line program, and a line.
#[derive(Clone, Copy)]
struct Line {
    file: u64,
    line: u64,
}

/// How much memory a unit needs while its addresses are looked up.
pub(super) fn need(debug: &mut DebugInfo, unit: &Unit) -> u64 {
    let lines = unit.root.lines.and_then(|at| line_program_length(debug, at));
    unit.head.length + lines.unwrap_or_default()
}

/// The functions at these sorted addresses of one unit, innermost first.
pub(super) fn look_up(debug: &mut DebugInfo, unit: &Unit, addresses: &[u64]) -> Option<Vec<Vec<Place>>> {
    let levels =
        levels(debug, unit, addresses).unwrap_or_else(|| addresses.iter().map(|_| Vec::new()).collect());
    let mut names = HashMap::new();
    let mut name = |debug: &mut DebugInfo, entry| {
        names.entry(entry).or_insert_with(|| debug.name(entry).map(Arc::from)).clone()
    };
    let mut found: Vec<Vec<Place>> = Vec::with_capacity(addresses.len());
    let mut lines: Vec<Vec<Option<Line>>> = Vec::with_capacity(addresses.len());
    for levels in &levels {
        let inner_first = levels.iter().rev();
        let functions = inner_first.clone().map(|level| name(debug, level.entry));
        found.push(functions.map(|function| Place { function, ..Place::default() }).collect());
        // The place in a function is its call of the function that was inlined into it.
        lines.push(std::iter::once(None).chain(inner_first.map(|level| Some(level.called))).collect());
    }
    let Some(at) = unit.root.lines else { return Some(found) };
    let length = usize::try_from(line_program_length(debug, at)?).ok()?;
    let bytes = debug.lines.read(at, length)?;
    let section = DebugLine::new(&bytes, LittleEndian);
    let program = section.program(DebugLineOffset(0), 8, None, None).ok()?;
    let header = program.header().clone();
    let innermost = rows(program, addresses, debug.code);
    let mut files = HashMap::new();
    for ((places, mut lines), innermost) in found.iter_mut().zip(lines).zip(innermost) {
        if places.is_empty() && innermost.is_some() {
            places.push(Place::default());
        }
        lines[0] = innermost;
        for (place, line) in places.iter_mut().zip(lines) {
            let Some(line) = line else { continue };
            let file = files.entry(line.file).or_insert_with(|| file(debug, unit, &header, line.file));
            place.file = file.clone();
            place.line = u32::try_from(line.line).ok().filter(|line| *line > 0);
        }
    }
    Some(found)
}

/// The functions around each address, outermost first.
fn levels(debug: &mut DebugInfo, unit: &Unit, addresses: &[u64]) -> Option<Vec<Vec<Level>>> {
    let abbreviations = debug.abbreviations(unit.head.abbreviations)?;
    let bytes = debug.info.read(unit.head.offset, usize::try_from(unit.head.length).ok()?)?;
    let header = gimli::DebugInfo::new(&bytes, LittleEndian).units().next().ok()??;
    let mut entries = header.entries_raw(&abbreviations, None).ok()?;
    let mut levels: Vec<Vec<Level>> = addresses.iter().map(|_| Vec::new()).collect();
    // The functions around the current entry, by depth, and their addresses.
    let mut around: Vec<(isize, Vec<usize>)> = Vec::new();
    while !entries.is_empty() {
        let (depth, offset) = (entries.next_depth(), entries.next_offset().0 as u64);
        let Some(abbreviation) = entries.read_abbreviation().ok()? else { continue };
        while around.last().is_some_and(|(of, _)| *of >= depth) {
            around.pop();
        }
        let is_function = abbreviation.tag() == gimli::DW_TAG_subprogram;
        let is_inlined = abbreviation.tag() == gimli::DW_TAG_inlined_subroutine
            && around.last().is_some_and(|(_, of)| !of.is_empty());
        if !is_function && !is_inlined {
            entries.skip_attributes(abbreviation.attributes()).ok()?;
            continue;
        }
        let entry = Entry::read(&mut entries, abbreviation, unit.head.offset)?;
        let mut inside = Vec::new();
        debug.each_range(unit, &entry, |begin, end| {
            let first = addresses.partition_point(|address| *address < begin);
            let covered = (first..addresses.len()).take_while(|at| addresses[*at] < end);
            match around.last() {
                Some((_, of)) if is_inlined => inside.extend(covered.filter(|at| of.contains(at))),
                _ => inside.extend(covered),
            }
        });
        for at in &inside {
            if is_function {
                levels[*at].clear();
            }
            let called = Line { file: entry.called_in, line: entry.called_at };
            levels[*at].push(Level { entry: unit.head.offset + offset, called });
        }
        around.push((depth, inside));
    }
    Some(levels)
}

/// The row of the line table for each address. Rows below `code` belong to functions that the linker has left out.
fn rows(program: gimli::IncompleteLineProgram<Slice<'_>>, addresses: &[u64], code: u64) -> Vec<Option<Line>> {
    let mut found = vec![None; addresses.len()];
    let mut rows = program.rows();
    let mut before: Option<(u64, Line)> = None;
    while let Ok(Some((_, row))) = rows.next_row() {
        if let Some((begin, line)) = before {
            let first = addresses.partition_point(|address| *address < begin);
            let inside = addresses[first..].iter().take_while(|address| **address < row.address());
            for (_, found) in inside.zip(&mut found[first..]) {
                *found = Some(line);
            }
        }
        let line = Line { file: row.file_index(), line: row.line().map_or(0, u64::from) };
        before = (!row.end_sequence() && row.address() >= code).then_some((row.address(), line));
    }
    found
}

fn line_program_length(debug: &mut DebugInfo, at: u64) -> Option<u64> {
    let bytes = debug.lines.at(at, 12)?;
    match elf::u32_at(bytes, 0)? {
        u32::MAX => elf::u64_at(bytes, 4)?.checked_add(12),
        length => Some(u64::from(length) + 4),
    }
}

/// A file's path: its directory is relative to that of the unit.
fn file(
    debug: &mut DebugInfo,
    unit: &Unit,
    header: &LineProgramHeader<Slice<'_>>,
    number: u64,
) -> Option<Arc<str>> {
    let file = header.file(number)?;
    let mut path = unit.root.directory.as_ref().and_then(|text| debug.text(unit, text)).unwrap_or_default();
    let directory = (file.directory_index() != 0).then(|| file.directory(header)).flatten();
    for part in [directory, Some(file.path_name())].into_iter().flatten() {
        let part = debug.text(unit, &entry::text(&part)?)?;
        if part.starts_with(b"/") {
            path.clear();
        } else if !path.is_empty() && !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend(part);
    }
    Some(String::from_utf8_lossy(&path).into())
}
