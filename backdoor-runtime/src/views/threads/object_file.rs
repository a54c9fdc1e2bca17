//! The file that a program or library was loaded from, and the separate file with its debug information.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::procfs::maps::Object;
use crate::views::threads::elf::{self, Bytes, Header};

/// How many bytes at a file's start are compared to recognize another build: the headers there give the offset of everything.
const BEGINNING: usize = 4096;

/// A file whose sections can be read.
pub(super) struct ObjectFile {
    pub(super) file: Arc<File>,
    pub(super) headers: Vec<Header>,
}

impl ObjectFile {
    /// Opens the file of a loaded object. If it was replaced or removed since then, it is reached through /proc: any process can do so for
    /// its program, and only a privileged one for a library (proc_pid_map_files(5)).
    ///
    /// # Errors
    /// The file is gone, was replaced by another build, or is no ELF file.
    pub(super) fn open(object: &Object) -> io::Result<Self> {
        let path = Path::new(object.file());
        let same = |path: &Path| {
            let file = crate::base::reserve::with(|| File::open(path))?;
            match object.is_program() || is_same(&file, object) {
                true => Ok(file),
                false => Err(io::Error::other("its file was replaced after loading")),
            }
        };
        let file = same(path).or_else(|error| same(&object.map_file()).map_err(|_| error))?;
        Self::of(file).ok_or_else(|| io::Error::other("its headers cannot be read"))
    }

    fn of(file: File) -> Option<Self> {
        let headers = elf::sections(&file).or_else(|| elf::segments(&file).map(|_| Vec::new()))?;
        Some(Self { file: Arc::new(file), headers })
    }

    /// The separate file that a strip put the debug information into, if there is one: by the build id that both have, or by its name
    /// (gdb's manual, "Debugging Information in Separate Files").
    pub(super) fn separate(&self, object: &Object) -> Option<Self> {
        let open = |path: &PathBuf| crate::base::reserve::with(|| File::open(path)).ok().and_then(Self::of);
        let by_number = self.build_id().map(|id| {
            let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            let (first, rest) = id.split_at_checked(2).unwrap_or_default();
            PathBuf::from(format!("/usr/lib/debug/.build-id/{first}/{rest}.debug"))
        });
        let program = object.is_program().then(|| fs::read_link(object.file()).ok()).flatten();
        let path = program.as_deref().unwrap_or_else(|| Path::new(object.file()));
        let named = || {
            let (directory, name) = (path.parent()?, self.debug_link()?);
            let places = [directory.join(&name), directory.join(".debug").join(&name)];
            // A file with the right name and another build id belongs to another build.
            places.iter().filter_map(open).find(|file| file.build_id() == self.build_id())
        };
        by_number.as_ref().and_then(open).or_else(named)
    }

    fn section(&self, name: &str) -> Option<Vec<u8>> {
        const LONGEST: u64 = 4096;
        let header = self.headers.iter().find(|header| header.name == name && header.size <= LONGEST)?;
        self.file.bytes(header.offset, header.size as usize)
    }

    /// The note's description, after its three lengths and the name `GNU`.
    fn build_id(&self) -> Option<Vec<u8>> {
        let note = self.section(".note.gnu.build-id")?;
        let length = elf::u32_at(&note, 4)? as usize;
        note.get(16..)?.get(..length).map(<[u8]>::to_vec)
    }

    fn debug_link(&self) -> Option<String> {
        let link = self.section(".gnu_debuglink")?;
        let name = link.split(|byte| *byte == 0).next()?;
        // The path comes from a file, so it is not trusted.
        String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty() && !name.contains('/'))
    }
}

/// Whether a file is the one that is loaded. If memory cannot be read, the name decides.
fn is_same(file: &File, object: &Object) -> bool {
    let Ok(memory) = File::open("/proc/self/mem") else { return true };
    let loaded = memory.bytes(object.range.start, BEGINNING);
    loaded.is_none() || loaded == file.bytes(0, BEGINNING)
}
