//! The links of `/proc/self/fd`, which name the targets of the descriptors.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use crate::base::reserve;
use crate::base::sort;
use crate::procfs::files::named;

/// The targets of the descriptors by number.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn descriptor_links() -> io::Result<HashMap<u32, String>> {
    Ok(links()?.into_iter().collect())
}

/// The number and link of every descriptor, without the one that reads the directory.
pub(super) fn links() -> io::Result<Vec<(u32, String)>> {
    const DIRECTORY: &str = "/proc/self/fd";
    let mut links = Vec::new();
    for fd in reserve::names(DIRECTORY).map_err(|error| named(Path::new(DIRECTORY), error))? {
        // It was closed meanwhile, or it is the descriptor that reads the directory.
        let Ok(link) = fs::read_link(Path::new(DIRECTORY).join(&fd)) else { continue };
        let Ok(fd) = fd.parse() else { continue };
        links.push((fd, link.to_string_lossy().into_owned()));
    }
    sort::sort(&mut links);
    Ok(links)
}
