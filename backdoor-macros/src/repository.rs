//! The commit of a package: from the file that cargo added when it was published, or from the git repository that contains it. A directory
//! somewhere below a repository that the repository does not track, such as a vendored or unpacked package, is no part of it.

use std::fs;
use std::path::{Path, PathBuf};

/// The file that cargo adds to a published package.
const PUBLISHED: &str = ".cargo_vcs_info.json";

/// The commit of a package.
pub(crate) struct Commit {
    /// The hash; `-dirty` follows if there were uncommitted changes at publication.
    pub(crate) hash: String,
    /// The files that require a new reading when they change.
    pub(crate) read_from: Vec<PathBuf>,
}

impl Commit {
    /// The commit of the package in this directory, if it is known.
    pub(crate) fn of_package(package: &Path) -> Option<Self> {
        let published = package.join(PUBLISHED);
        match fs::read_to_string(&published) {
            Ok(text) => Self::published(&text, published),
            Err(_) => package.ancestors().find_map(|root| Self::in_tree(root, package)),
        }
    }

    /// `{"git": {"sha1": "..", "dirty": true}, "path_in_vcs": ".."}`
    fn published(text: &str, from: PathBuf) -> Option<Self> {
        let value = |key: &str| text.split_once(key)?.1.split_once(':').map(|(_, value)| value.trim_start());
        let hash = value("\"sha1\"")?.strip_prefix('"')?.split_once('"')?.0;
        let is_dirty = value("\"dirty\"").is_some_and(|value| value.starts_with("true"));
        let mut commit = Self { hash: hash.to_owned(), read_from: vec![from] }.checked()?;
        commit.hash.push_str(if is_dirty { "-dirty" } else { "" });
        Some(commit)
    }

    /// The checked-out commit at `root`, if that is a work tree that contains the package.
    fn in_tree(root: &Path, package: &Path) -> Option<Self> {
        let dot_git = root.join(".git");
        let git = match fs::read_to_string(&dot_git) {
            // A worktree or a submodule: a file with the path of the directory.
            Ok(link) => root.join(link.trim().strip_prefix("gitdir: ")?),
            Err(_) if dot_git.is_dir() => dot_git,
            Err(_) => return None,
        };
        let commit = Self::head(&git)?;
        let manifest = package.strip_prefix(root).ok()?.join("Cargo.toml");
        let index = fs::read(git.join("index")).ok()?;
        has_entry(&index, manifest.to_str()?.as_bytes(), commit.hash.len() / 2).then_some(commit)
    }

    fn head(git: &Path) -> Option<Self> {
        let head_file = git.join("HEAD");
        let head = fs::read_to_string(&head_file).ok()?;
        let Some(reference) = head.trim().strip_prefix("ref: ") else {
            return Self { hash: head.trim().to_owned(), read_from: vec![head_file] }.checked();
        };
        let common = match fs::read_to_string(git.join("commondir")) {
            Ok(path) => git.join(path.trim()),
            Err(_) => git.to_owned(),
        };
        let loose = common.join(reference);
        if let Ok(hash) = fs::read_to_string(&loose) {
            return Self { hash: hash.trim().to_owned(), read_from: vec![head_file, loose] }.checked();
        }
        let packed_file = common.join("packed-refs");
        let packed = fs::read_to_string(&packed_file).ok()?;
        let hash = packed.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' '))?;
        Self { hash: hash.to_owned(), read_from: vec![head_file, packed_file] }.checked()
    }

    fn checked(self) -> Option<Self> {
        let is_hash = self.hash.len() >= 40 && self.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then_some(self)
    }
}

/// Whether git's index has an entry of this path (gitformat-index(5)). `hash` is the length of an object's name in bytes.
fn has_entry(index: &[u8], path: &[u8], hash: usize) -> bool {
    find_entry(index, path, hash).unwrap_or(false)
}

/// `None` if the index is truncated, or has an unknown form.
fn find_entry(index: &[u8], path: &[u8], hash: usize) -> Option<bool> {
    /// The bytes of an entry before its object's name.
    const STAT: usize = 40;
    let number = |at: usize| Some(u32::from_be_bytes(*index.get(at..)?.first_chunk()?));
    let version = number(4)?;
    if !index.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let mut at = 12;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..number(8)? {
        let begin = at;
        at += STAT + hash;
        let flags = u16::from_be_bytes(*index.get(at..)?.first_chunk()?);
        let is_extended = version > 2 && flags & 0x4000 != 0;
        at += if is_extended { 4 } else { 2 };
        if version == 4 {
            // The end of the previous name is replaced.
            let (dropped, length) = varint(index.get(at..)?)?;
            at += length;
            name.truncate(name.len().checked_sub(dropped)?);
        } else {
            name.clear();
        }
        let rest = index.get(at..)?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        name.extend_from_slice(&rest[..end]);
        at += end + 1;
        if version < 4 {
            at = begin + (at - begin).next_multiple_of(8);
        }
        if name == path {
            return Some(true);
        }
    }
    Some(false)
}

/// A number in the encoding of offsets in git's packs, and its length.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";

    /// A directory of this test.
    fn directory(name: &str) -> PathBuf {
        let directory = env::temp_dir().join(format!("backdoor-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    fn hash(package: &Path) -> Option<String> {
        Commit::of_package(package).map(|commit| commit.hash)
    }

    /// Runs git in a repository without the machine's configuration. Returns false if git is missing.
    fn git(root: &Path, arguments: &[&str]) -> bool {
        let config = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
        let run = Command::new("git")
            .current_dir(root)
            .args(config)
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output();
        match run {
            Ok(output) => {
                assert!(output.status.success(), "git {arguments:?}: {output:?}");
                true
            }
            Err(_) => false,
        }
    }

    #[test]
    fn a_commit_is_read_from_a_head_a_reference_or_a_packed_one() {
        let git = directory("head");
        let (two, three) = ("2".repeat(40), "3".repeat(40));
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        let hash = || Commit::head(&git).map(|commit| commit.hash);
        fs::write(git.join("HEAD"), format!("{ONE}\n")).unwrap();
        assert_eq!(hash().as_deref(), Some(ONE));
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(hash(), None);
        fs::write(git.join("packed-refs"), format!("# pack-refs\n{two} refs/heads/main\n")).unwrap();
        assert_eq!(hash(), Some(two));
        fs::write(git.join("refs/heads/main"), format!("{three}\n")).unwrap();
        assert_eq!(hash(), Some(three));
        fs::write(git.join("refs/heads/main"), "nonsense\n").unwrap();
        assert_eq!(hash(), None);
        fs::remove_dir_all(&git).unwrap();
    }

    /// The expansion took the commit of the dotfiles repository above the package (author A12).
    #[test]
    fn regression_an_untracked_package_has_no_commit() {
        let root = directory("below");
        if !git(&root, &["init", "--quiet", "."]) {
            println!("not tested: there is no git");
            return;
        }
        for version in ["2", "4"] {
            let (own, unpacked) = (root.join("crates/own"), root.join("crates/unpacked-1.0"));
            for package in [&own, &unpacked] {
                fs::create_dir_all(package.join("src")).unwrap();
                fs::write(package.join("Cargo.toml"), "").unwrap();
                fs::write(package.join("src/lib.rs"), version).unwrap();
            }
            git(&root, &["update-index", "--index-version", version]);
            git(&root, &["add", "crates/own"]);
            git(&root, &["commit", "--quiet", "--message", version]);
            let head = hash(&own).expect("it is the repository's");
            assert_eq!(head.len(), 40);
            assert_eq!(hash(&unpacked), None);
            assert!(Commit::of_package(&unpacked).is_none_or(|commit| commit.read_from.is_empty()));
        }
        let linked = root.join("linked");
        git(&root, &["worktree", "add", "--quiet", "linked"]);
        assert_eq!(hash(&linked.join("crates/own")), hash(&root.join("crates/own")));
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_published_package_has_cargos_commit() {
        let package = directory("published");
        let note = |text: &str| fs::write(package.join(PUBLISHED), text).unwrap();
        note(&format!("{{\n  \"git\": {{\n    \"sha1\": \"{ONE}\"\n  }},\n  \"path_in_vcs\": \"\"\n}}"));
        assert_eq!(hash(&package).as_deref(), Some(ONE));
        note(&format!("{{\"git\":{{\"sha1\":\"{ONE}\",\"dirty\":true}},\"path_in_vcs\":\"crates/own\"}}"));
        assert_eq!(hash(&package), Some(format!("{ONE}-dirty")));
        for broken in ["", "{}", "{\"git\":{\"sha1\":\"main\"}}"] {
            note(broken);
            assert_eq!(hash(&package), None, "{broken}");
        }
        fs::remove_dir_all(&package).unwrap();
    }

    #[test]
    fn a_truncated_index_has_no_entry() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\x01".to_vec();
        index.extend([0; 60]);
        index.extend(b"\0\x0aCargo.toml\0\0\0\0\0\0\0\0");
        assert!(has_entry(&index, b"Cargo.toml", 20));
        assert!(!has_entry(&index, b"Cargo.lock", 20));
        for end in 0..84 {
            assert!(!has_entry(&index[..end], b"Cargo.toml", 20), "{end}");
        }
        assert_eq!(varint(&[0x80, 0x00]), Some((128, 2)));
        assert_eq!(varint(&[0x05]), Some((5, 1)));
    }
}
