//! Maps addresses to functions with file and line. All addresses of one look-up are resolved together, so that each table is read once, and
//! only a bounded part of the result is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::reserve;
use crate::procfs::maps::{self, Maps, Object};
use crate::views::threads::allowance::Room;
use crate::views::threads::debug_info::{self, DebugInfo};
use crate::views::threads::frame::Frame;
use crate::views::threads::object_file::ObjectFile;
use crate::views::threads::owner;
use crate::views::threads::symbol_table;
use crate::views::threads::tables::Tables;
use crate::views::threads::unit::{self, Place};
use crate::views::threads::unit_index::UnitIndex;

/// How many bytes are kept for the next look-up: functions, and the index for finding others.
const KEPT: usize = 512 * 1024;
const INDEXES: usize = 256 * 1024;

/// How many bytes of a function's name are kept: names of generics can be very long.
const NAME: usize = 4096;

/// The functions at the addresses of a look-up.
#[derive(Debug, Default)]
pub(crate) struct Names {
    found: HashMap<u64, Arc<[Frame]>>,
    /// Why functions lack names, files or lines that the program has.
    pub(crate) missing: Option<String>,
}

/// Results of earlier look-ups.
#[derive(Default)]
struct Kept {
    objects: Vec<Object>,
    found: HashMap<u64, Arc<[Frame]>>,
    bytes: usize,
    /// The key is the object's place in the list.
    indexes: HashMap<usize, UnitIndex>,
}

static KEPT_NAMES: Mutex<Option<Kept>> = Mutex::new(None);

/// How many bytes are kept for the next look-up, and the limit.
pub(crate) fn kept() -> (usize, usize) {
    let kept = KEPT_NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = |kept: &Kept| kept.bytes + kept.indexes.values().map(UnitIndex::bytes).sum::<usize>();
    (kept.as_ref().map_or(0, bytes), KEPT + INDEXES)
}

/// The address to look up: all addresses of a stack but the first are return addresses, so the call before them counts.
fn code(address: u64, is_return: bool) -> u64 {
    address.saturating_sub(is_return.into())
}

impl Names {
    /// Looks up all of these addresses; the flag says whether an address is a return address. It blocks while the tables for them are read;
    /// one look-up runs at a time.
    pub(crate) fn look_up(addresses: impl IntoIterator<Item = (u64, bool)>) -> Self {
        Self::look_up_until(addresses, &|| false)
    }

    /// The same, for a caller who may stop waiting: from then on, names come from the symbol table if the debug information was not read
    /// yet.
    pub(crate) fn look_up_until(
        addresses: impl IntoIterator<Item = (u64, bool)>,
        is_enough: &dyn Fn() -> bool,
    ) -> Self {
        let mut kept = KEPT_NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_default();
        if let Ok(Maps { objects, .. }) = Maps::read()
            && objects != kept.objects
        {
            // The address may belong to another library by now.
            *kept = Kept { objects, ..Kept::default() };
        }
        let mut names = Self::default();
        let mut wanted: BTreeMap<Option<usize>, BTreeSet<u64>> = BTreeMap::new();
        for (address, is_return) in addresses {
            let code = code(address, is_return);
            match kept.found.get(&code) {
                Some(frames) => _ = names.found.insert(code, Arc::clone(frames)),
                None => _ = wanted.entry(maps::place_of(&kept.objects, code)).or_default().insert(code),
            }
        }
        for (object, codes) in wanted {
            let codes: Vec<u64> = codes.into_iter().collect();
            let (frames, missing) = match object {
                Some(at) => kept.look_up(at, &codes, is_enough),
                None => (codes.iter().map(|_| vec![unknown(None)]).collect(), None),
            };
            let found = codes.into_iter().zip(frames.into_iter().map(Arc::from));
            match missing {
                Some(missing) => {
                    names.missing.get_or_insert(missing);
                    names.found.extend(found);
                }
                // Only complete results are kept.
                None => found.for_each(|(code, frames)| {
                    kept.insert(code, &frames);
                    names.found.insert(code, frames);
                }),
            }
        }
        names
    }

    /// No names, because the look-up failed.
    pub(crate) fn none(error: &io::Error) -> Self {
        Self { missing: Some(format!("functions have no names: {error}")), ..Self::default() }
    }

    /// The functions at an address of a stack that was looked up, innermost first: several if some are inlined.
    pub(crate) fn at(&self, address: u64, is_return: bool) -> Arc<[Frame]> {
        self.found.get(&code(address, is_return)).cloned().unwrap_or_else(|| Arc::new([unknown(None)]))
    }
}

impl Kept {
    /// The functions at these addresses of an object, and why some are incomplete.
    fn look_up(
        &mut self,
        at: usize,
        codes: &[u64],
        is_enough: &dyn Fn() -> bool,
    ) -> (Vec<Vec<Frame>>, Option<String>) {
        let index = self.indexes.remove(&at);
        let mut look = Look { object: &self.objects[at], room: Room::now(), index, is_enough, missing: None };
        let frames = look.frames(codes);
        reserve::renew();
        let Look { index, missing, .. } = look;
        let bytes: usize = self.indexes.values().map(UnitIndex::bytes).sum();
        if let Some(index) = index.filter(|index| bytes + index.bytes() <= INDEXES) {
            self.indexes.insert(at, index);
        }
        (frames, missing)
    }

    fn insert(&mut self, code: u64, frames: &Arc<[Frame]>) {
        /// The size of a table entry without its frames.
        const ENTRY: usize = 48;
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(0, |text| text.len() + 16);
        let frame = |frame: &Frame| {
            size_of::<Frame>() + text(&frame.function) + text(&frame.file) + text(&frame.module)
        };
        let bytes = ENTRY + frames.iter().map(frame).sum::<usize>();
        if self.bytes + bytes <= KEPT {
            self.bytes += bytes;
            self.found.insert(code, Arc::clone(frames));
        }
    }
}

fn unknown(module: Option<Arc<str>>) -> Frame {
    Frame { function: None, file: None, line: None, module, begin: None, inlined: false }
}

/// A look-up in one program or library.
struct Look<'a> {
    object: &'a Object,
    room: Room,
    /// The index of an earlier look-up, and for the next one.
    index: Option<UnitIndex>,
    /// Whether the caller has stopped waiting.
    is_enough: &'a dyn Fn() -> bool,
    /// Why some functions are incomplete.
    missing: Option<String>,
}

impl Look<'_> {
    /// The functions at these sorted addresses.
    fn frames(&mut self, codes: &[u64]) -> Vec<Vec<Frame>> {
        let start = self.object.range.start;
        let at = |code: u64| Some(format!("{}+{:#x}", self.object.name(), code - start).into());
        let modules: Vec<Option<Arc<str>>> = codes.iter().map(|code| at(*code)).collect();
        let mut frames: Vec<Vec<Frame>> = match ObjectFile::open(self.object) {
            Ok(file) => self.of_file(&file, codes, &modules),
            Err(error) => {
                self.cannot_read(&error);
                modules.iter().map(|module| vec![unknown(module.clone())]).collect()
            }
        };
        let nameless = |frames: &Vec<Frame>| frames.last().is_some_and(|frame| frame.function.is_none());
        if frames.iter().any(nameless)
            && let Some(tables) =
                Tables::read(self.object, reserve::with(|| File::open("/proc/self/mem")).ok().as_ref())
        {
            for (frames, code) in frames.iter_mut().zip(codes).filter(|(frames, _)| nameless(frames)) {
                let begin = tables.function(code - start).map(|function| function.start + start);
                if let Some(frame) = frames.last_mut() {
                    frame.begin = begin.and_then(at);
                }
            }
        }
        frames
    }

    /// The kernel's code has no file, and the reader does not need the functions of a C library.
    fn cannot_read(&mut self, error: &io::Error) {
        let name = self.object.name();
        if !owner::is_c_library(name) {
            self.missing = Some(format!("functions of {name} have no names: {error}"));
        }
    }

    fn of_file(&mut self, file: &ObjectFile, codes: &[u64], modules: &[Option<Arc<str>>]) -> Vec<Vec<Frame>> {
        let base = super::elf::segments(file.file.as_ref()).and_then(|segments| super::elf::base(&segments));
        let base = base.unwrap_or_default();
        let addresses: Vec<u64> =
            codes.iter().map(|code| (code - self.object.range.start).wrapping_add(base)).collect();
        // The author does not need lines of the C library.
        let has_table = file.headers.iter().any(|header| header.kind == super::elf::SHT_SYMTAB);
        let wants_lines = !owner::is_c_library(self.object.name());
        let separate = (wants_lines && !(has_table && debug_info::is_there(&file.headers)))
            .then(|| file.separate(self.object))
            .flatten();
        let of_table = separate.as_ref().filter(|_| !has_table).unwrap_or(file);
        let names = symbol_table::names(&of_table.file, &of_table.headers, &addresses);
        let of_lines = separate.as_ref().filter(|_| !debug_info::is_there(&file.headers)).unwrap_or(file);
        let mut places: Vec<Vec<Place>> = addresses.iter().map(|_| Vec::new()).collect();
        if wants_lines && debug_info::is_there(&of_lines.headers) {
            self.places(of_lines, &addresses, &mut places);
        }
        places
            .into_iter()
            .zip(names)
            .zip(modules)
            .map(|((places, name), module)| frames(places, name, module.as_ref()))
            .collect()
    }

    fn is_over(&mut self) -> bool {
        let is_over = (self.is_enough)();
        if is_over {
            self.missing = Some("names come from the symbol table: the command was interrupted".to_owned());
        }
        is_over
    }

    /// The functions that the debug information has at these addresses, one compile unit after the other.
    fn places(&mut self, file: &ObjectFile, addresses: &[u64], places: &mut [Vec<Place>]) {
        let room = self.room;
        let inflated = debug_info::inflated(&file.file, &file.headers);
        if inflated > room.bytes {
            self.missing = Some(room.too_small_for(inflated));
            return;
        }
        if self.is_over() {
            return;
        }
        let Some(mut debug) = DebugInfo::open(&file.file, &file.headers, self.index.take()) else { return };
        let mut units: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, address) in addresses.iter().enumerate() {
            if let Some(unit) = debug.index.unit_of(*address) {
                units.entry(unit).or_default().push(at);
            }
        }
        for (offset, of_unit) in units {
            if self.is_over() {
                break;
            }
            let Some(unit) = debug.unit_at(offset) else { continue };
            let need = unit::need(&mut debug, &unit).saturating_add(inflated);
            if need > room.bytes {
                self.missing = Some(room.too_small_for(need));
                continue;
            }
            let addresses: Vec<u64> = of_unit.iter().map(|at| addresses[*at]).collect();
            let found = unit::look_up(&mut debug, &unit, &addresses).unwrap_or_default();
            for (at, found) in of_unit.into_iter().zip(found) {
                places[at] = found;
            }
        }
        self.index = Some(debug.index);
    }
}

/// The frames of one address. The outermost function, into which all others were inlined, takes its name from the symbol table, which has
/// its path.
fn frames(places: Vec<Place>, name: Option<Vec<u8>>, module: Option<&Arc<str>>) -> Vec<Frame> {
    let mut frames: Vec<Frame> = places
        .into_iter()
        .map(|place| Frame {
            function: place.function.as_deref().map(plain),
            file: place.file,
            line: place.line,
            inlined: true,
            ..unknown(module.cloned())
        })
        .collect();
    if frames.is_empty() {
        frames.push(unknown(module.cloned()));
    }
    if let Some(outermost) = frames.last_mut() {
        outermost.inlined = false;
        if let Some(name) = name {
            outermost.function = Some(plain(&name));
        }
    }
    frames
}

/// The name without its hash.
fn plain(name: &[u8]) -> Arc<str> {
    let name = String::from_utf8_lossy(name);
    let mut text = format!("{:#}", rustc_demangle::demangle(&name));
    text.truncate(text.floor_char_boundary(NAME));
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::threads::allowance::Of;

    #[test]
    fn a_function_of_ours() {
        let address = a_function_of_ours as *const () as u64;
        let names = Names::look_up([(address, false)]);
        let frames = names.at(address, false);
        let frame = frames.last().unwrap();
        assert!(frame.name().ends_with("symbols::tests::a_function_of_ours"), "{frame:?}");
        assert!(frame.place().unwrap().starts_with("views/threads/symbols.rs:"), "{frame:?}");
        assert!(!frame.inlined);
        assert!(Arc::ptr_eq(&frames, &Names::look_up([(address, false)]).at(address, false)), "it is kept");
        assert!((1..=KEPT + INDEXES).contains(&kept().0));
    }

    #[test]
    fn without_room_names_come_from_the_symbol_table() {
        let address = without_room_names_come_from_the_symbol_table as *const () as u64;
        let maps = Maps::read().unwrap();
        let object = maps::object_at(&maps.objects, address).unwrap();
        let room = Room { bytes: 10 << 10, of: Of::Group };
        let mut look = Look { object, room, index: None, is_enough: &|| false, missing: None };
        let frames = look.frames(&[address]);
        let frame = &frames[0][0];
        assert!(frame.name().ends_with("::without_room_names_come_from_the_symbol_table"), "{frame:?}");
        assert_eq!((frames[0].len(), frame.place()), (1, None));
        let missing = look.missing.unwrap();
        assert!(missing.starts_with("names come from the symbol table: debug information needs "));
        assert!(missing.ends_with(", and 10.0KiB are free in the control group"), "{missing}");
    }

    #[test]
    fn no_memory_means_names_from_the_symbol_table() {
        let address = no_memory_means_names_from_the_symbol_table as *const () as u64;
        let names = Names::look_up_until([(address, false)], &|| true);
        let frames = names.at(address, false);
        assert!(frames[0].name().ends_with("::no_memory_means_names_from_the_symbol_table"));
        assert_eq!((frames.len(), frames[0].place()), (1, None));
        assert_eq!(names.missing.unwrap(), "names come from the symbol table: the command was interrupted");
        // A look-up that continues finds the whole name.
        assert!(Names::look_up([(address, false)]).at(address, false)[0].place().is_some());
    }

    #[test]
    fn no_code_at_all() {
        let names = Names::look_up([(1, true)]);
        assert_eq!(names.at(1, true)[0].name(), "unknown code");
        assert_eq!(names.at(1, true)[0].place(), None);
        assert_eq!(names.at(2, true)[0].name(), "unknown code", "it was not asked for");
    }
}
