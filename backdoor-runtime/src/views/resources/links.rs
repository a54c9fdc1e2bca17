//! The links of `/proc/self/fd`, which say what the descriptors are of.

use std::path::Path;
use std::{fs, io};

use crate::base::reserve;
use crate::procfs::files::named;

/// Number and link of every descriptor, without the one that reads them.
pub(super) fn links() -> io::Result<Vec<(u32, String)>> {
    const DIRECTORY: &str = "/proc/self/fd";
    let mut links = Vec::new();
    for fd in reserve::names(DIRECTORY).map_err(|error| named(Path::new(DIRECTORY), error))? {
        // One that was closed meanwhile is open no more, as that which listed them.
        let Ok(link) = fs::read_link(Path::new(DIRECTORY).join(&fd)) else { continue };
        let Ok(fd) = fd.parse() else { continue };
        links.push((fd, link.to_string_lossy().into_owned()));
    }
    links.sort_unstable();
    Ok(links)
}
