//! Finds users who may replace our socket: a user who may write a directory on its path may rename the entries of that directory.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::escape::escape_line;
use crate::base::kernel_ids;

/// The bit by which only the owner of a file renames it in a directory that all may write, such as `/tmp` (inode(7)).
const STICKY: u32 = 0o1000;

/// A user or group, other than root and this process's own, who may replace the file at this absolute path, and the directory that allows
/// it.
pub(super) fn who_may_replace(path: &Path) -> Option<String> {
    let directory = path.parent()?;
    // A symbolic link on the path may be replaced in its directory, and its target in the target's directory.
    let real = fs::canonicalize(directory).ok();
    let on_the_way = directory.ancestors().chain(real.iter().flat_map(|real| real.ancestors()));
    on_the_way.filter(|at| !at.as_os_str().is_empty()).find_map(|at| {
        let who = who_may_write(&fs::metadata(at).ok()?)?;
        Some(format!("{who} may write {}", escape_line(&at.to_string_lossy())))
    })
}

fn who_may_write(directory: &Metadata) -> Option<String> {
    let is_ours = |owner| owner == 0 || owner == kernel_ids::effective_user();
    let is_our_group = |group| group == 0 || group == kernel_ids::effective_group();
    let mode = directory.mode();
    match () {
        () if !is_ours(directory.uid()) => Some(format!("user {}", directory.uid())),
        () if mode & STICKY != 0 => None,
        () if mode & 0o002 != 0 => Some("every user".to_owned()),
        () if mode & 0o020 != 0 && !is_our_group(directory.gid()) => {
            Some(format!("group {}", directory.gid()))
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::env;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::process;

    /// Only root may give a directory away; for other owners this part is unknown.
    #[test]
    fn l9_a_directory_that_another_user_may_write_is_named() {
        let base = env::temp_dir().join(format!("backdoor-directory-{}", process::id()));
        let inner = base.join("inner");
        fs::create_dir_all(&inner).unwrap();
        let who = |mode: u32, directory: &Path| {
            fs::set_permissions(directory, Permissions::from_mode(mode)).unwrap();
            let who = who_may_replace(&inner.join("a.sock"));
            fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
            who
        };
        // The directories above belong to the machine.
        let before = who_may_replace(&inner.join("a.sock"));
        for mode in [0o700, 0o755, 0o775, 0o1777] {
            assert_eq!(who(mode, &inner), before, "{mode:o}");
        }
        for directory in [&base, &inner] {
            let expected = format!("every user may write {}", directory.display());
            assert_eq!(who(0o777, directory), Some(expected));
        }
        if chown(&inner, Some(65_534), None).is_ok() {
            let expected = format!("user 65534 may write {}", inner.display());
            assert_eq!(who(0o755, &inner), Some(expected.clone()));
            assert_eq!(
                who(0o1777, &inner),
                Some(expected),
                "its owner may rename in spite of the sticky bit"
            );
            chown(&inner, Some(0), Some(65_534)).unwrap();
            assert_eq!(who(0o775, &inner), Some(format!("group 65534 may write {}", inner.display())));
        } else {
            println!("left out: this user may not give a directory away");
        }
        fs::remove_dir_all(&base).unwrap();
    }
}
