//! jemalloc, with the feature `jemalloc`: its figures and its heap profile.

#[cfg(feature = "jemalloc")]
pub(super) use with_feature::figures;
#[cfg(feature = "jemalloc")]
pub use with_feature::heap_profile;
#[cfg(not(feature = "jemalloc"))]
pub(super) use without_feature::figures;
#[cfg(not(feature = "jemalloc"))]
pub use without_feature::heap_profile;

#[cfg(feature = "jemalloc")]
mod with_feature {
    use std::io;
    use std::os::unix::ffi::OsStringExt;
    use std::path::PathBuf;

    use tikv_jemalloc_ctl::{epoch, raw, stats, thread};

    use crate::base::private_file::{Directory, longest};
    use crate::views::resources::allocator::Allocator;

    /// Its figures; `None` if it is not the program's allocator.
    pub(in crate::views::resources) fn figures() -> Option<Allocator> {
        if !is_allocator() {
            return None;
        }
        // The figures are updated once in each epoch.
        epoch::advance().ok()?;
        Some(Allocator {
            name: "jemalloc",
            allocated: stats::allocated::read().ok()? as u64,
            active: stats::active::read().ok()? as u64,
            resident: stats::resident::read().ok()? as u64,
            mapped: stats::mapped::read().ok()? as u64,
            retained: stats::retained::read().ok()? as u64,
        })
    }

    /// Writes jemalloc's heap profile into a new private directory and returns its path; `jeprof` reads it. The path stays in memory for
    /// good, as jemalloc requires.
    ///
    /// # Errors
    /// jemalloc is not the program's allocator, was not built or not started for profiling, or the file cannot be written.
    pub fn heap_profile() -> io::Result<PathBuf> {
        if !is_allocator() {
            return Err(io::Error::other("jemalloc is not the allocator of this program"));
        }
        if let Some(limit) = longest() {
            return Err(io::Error::other(format!(
                "the process may write files of at most {limit} bytes (RLIMIT_FSIZE), and the size of a heap profile is unknown in advance"
            )));
        }
        let directory = Directory::new()?;
        let path = directory.path().join("jemalloc.heap");
        let mut name = path.clone().into_os_string().into_vec();
        name.push(0);
        raw::write_str(b"prof.dump\0", Box::leak(name.into_boxed_slice())).map_err(|error| {
            io::Error::other(format!(
                "jemalloc writes no profile ({error}): build it with its feature `profiling` and start the service with MALLOC_CONF=prof:true"
            ))
        })?;
        directory.keep();
        Ok(path)
    }

    /// Whether jemalloc counts the program's allocations.
    fn is_allocator() -> bool {
        let Ok(allocated) = thread::allocatedp::read() else { return false };
        let before = allocated.get();
        drop(std::hint::black_box(vec![1_u8; 4096]));
        allocated.get() != before
    }
}

#[cfg(not(feature = "jemalloc"))]
mod without_feature {
    use std::io;
    use std::path::PathBuf;

    use crate::views::resources::allocator::Allocator;

    /// No allocator is known.
    pub(in crate::views::resources) fn figures() -> Option<Allocator> {
        None
    }

    /// Writes jemalloc's heap profile, which needs the feature `jemalloc`.
    ///
    /// # Errors
    /// Always: the feature is off.
    pub fn heap_profile() -> io::Result<PathBuf> {
        Err(io::Error::other("heap profiles need the feature `jemalloc` of backdoor-runtime"))
    }
}
