//! The process's mappings, from /proc/self/maps (proc_pid_maps(5)).

use std::ops::Range;
use std::path::PathBuf;
use std::{fs, io};

/// A mapping that may hold a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Writable {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The main thread's stack, which the kernel merges with no other mapping.
    pub(crate) main_stack: bool,
}

/// A program or library in memory: all adjacent mappings of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) range: Range<u64>,
    /// Its file as the kernel names it; `[vdso]` for the kernel's own.
    pub(crate) path: String,
    /// Its first mapping, whose range is its name in /proc/self/map_files.
    first: Range<u64>,
    executable: bool,
    program: bool,
    /// All of it can be read, without a gap.
    whole: bool,
}

impl Object {
    /// Its file's name without the directory.
    pub(crate) fn name(&self) -> &str {
        let path = self.path.trim_end_matches(" (deleted)");
        path.rsplit('/').next().unwrap_or(path)
    }

    /// Whether it is the program, not a library.
    pub(crate) fn is_program(&self) -> bool {
        self.program
    }

    /// The path to open for its file. The program's own file can be opened even if its path leads elsewhere by now.
    pub(crate) fn file(&self) -> &str {
        if self.program { "/proc/self/exe" } else { &self.path }
    }

    /// Another path to its file, also if its own path leads elsewhere by now; only a privileged process may use it.
    pub(crate) fn map_file(&self) -> PathBuf {
        format!("/proc/self/map_files/{:x}-{:x}", self.first.start, self.first.end).into()
    }

    /// Whether its whole range can be read for as long as the process lives.
    pub(crate) fn stays_readable(&self) -> bool {
        self.program && self.whole
    }
}

/// The mappings, sorted by address.
#[derive(Debug, Default)]
pub(crate) struct Maps {
    pub(crate) writable: Vec<Writable>,
    pub(crate) objects: Vec<Object>,
}

impl Maps {
    /// # Errors
    /// /proc is not mounted, or not readable.
    pub(crate) fn read() -> io::Result<Self> {
        let mut maps = Self::parse(&String::from_utf8_lossy(&crate::base::reserve::read("/proc/self/maps")?));
        if let Ok(program) = fs::read_link("/proc/self/exe") {
            maps.objects
                .iter_mut()
                .for_each(|object| object.program = program.as_os_str() == object.path.as_str());
        }
        Ok(maps)
    }

    fn parse(text: &str) -> Self {
        let mut maps = Self::default();
        for line in text.lines() {
            maps.add(line);
        }
        maps.objects.retain(|object| object.executable);
        maps
    }

    /// `7f12a000-7f12c000 rw-p 00000000 08:01 1234   /usr/lib/libc.so.6`; `None` for a line of another form.
    fn add(&mut self, line: &str) -> Option<()> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        let end = u64::from_str_radix(end, 16).ok()?;
        let mut fields = rest.split(' ');
        let access = fields.next()?.as_bytes();
        let is_begin = fields.next()?.bytes().all(|digit| digit == b'0');
        let path = rest.splitn(5, ' ').nth(4).unwrap_or_default().trim_start();
        if access.starts_with(b"rw") {
            let main_stack = path == "[stack]";
            self.writable.push(Writable { start: start as usize, end: end as usize, main_stack });
        }
        if path.starts_with('/') || path == "[vdso]" {
            let executable = access.get(2) == Some(&b'x');
            let readable = access.starts_with(b"r");
            match self.objects.last_mut() {
                // The same file may be mapped again right after, as data.
                Some(last) if last.path == path && !is_begin => {
                    last.whole &= readable && last.range.end == start;
                    last.range.end = end;
                    last.executable |= executable;
                }
                _ => self.objects.push(Object {
                    range: start..end,
                    path: path.to_owned(),
                    first: start..end,
                    executable,
                    program: false,
                    whole: readable,
                }),
            }
        }
        Some(())
    }
}

/// The object that contains an address.
pub(crate) fn object_at(objects: &[Object], address: u64) -> Option<&Object> {
    place_of(objects, address).and_then(|at| objects.get(at))
}

/// Its index.
pub(crate) fn place_of(objects: &[Object], address: u64) -> Option<usize> {
    let at = objects.partition_point(|object| object.range.end <= address);
    objects.get(at).is_some_and(|object| object.range.contains(&address)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
55d0a0000000-55d0a0002000 r--p 00000000 08:01 77                         /srv/my shop
55d0a0002000-55d0a0009000 r-xp 00002000 08:01 77                         /srv/my shop
55d0a0009000-55d0a000a000 rw-p 00009000 08:01 77                         /srv/my shop
55d0a1000000-55d0a1021000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000001000 r--p 00000000 08:01 80                         /usr/share/locale
7f0000001000-7f0000002000 r--p 00000000 08:01 81                         /usr/lib/libc.so.6
7f0000002000-7f0000003000 r--p 00000000 08:01 81                         /usr/lib/libc.so.6
7f0000003000-7f0000004000 r-xp 00001000 08:01 81                         /usr/lib/libc.so.6
7f0000004000-7f0000005000 r--p 00000000 08:01 81                         /usr/lib/libc.so.6
7f0000006000-7f0000008000 rw-p 00000000 00:00 0
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
7ffc00030000-7ffc00032000 r-xp 00000000 00:00 0                          [vdso]
";

    #[test]
    fn writable_mappings_and_objects_are_parsed() {
        let maps = Maps::parse(TEXT);
        let stacks: Vec<bool> = maps.writable.iter().map(|mapping| mapping.main_stack).collect();
        assert_eq!(stacks, [false, false, false, true]);
        let paths: Vec<&str> = maps.objects.iter().map(|object| object.path.as_str()).collect();
        assert_eq!(paths, ["/srv/my shop", "/usr/lib/libc.so.6", "[vdso]"]);
        assert_eq!(maps.objects[0].range, 0x55d0_a000_0000..0x55d0_a000_a000);
        assert_eq!(maps.objects[1].range, 0x7f00_0000_2000..0x7f00_0000_4000);
    }

    #[test]
    fn the_object_of_an_address() {
        let maps = Maps::parse(TEXT);
        let path = |address| object_at(&maps.objects, address).map(|object| object.path.as_str());
        assert_eq!(path(0x55d0_a000_2000), Some("/srv/my shop"));
        assert_eq!(path(0x55d0_a000_a000), None);
        assert_eq!(path(0x7ffc_0003_1fff), Some("[vdso]"));
        assert_eq!(path(0), None);
    }

    #[test]
    fn lines_of_another_form_are_passed_over() {
        let maps = Maps::parse("\n-\nzz-10 rw-p\n10-20\n");
        assert!(maps.writable.is_empty() && maps.objects.is_empty());
    }
}
