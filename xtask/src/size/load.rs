//! The files that a first visit loads, and their sizes.
//!
//! A file in `dist` counts as loaded if a loaded file names it: the page names files, of which scripts and styles name
//! others. Parts of the app that are not needed to sign in are loaded later, all other files at first.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::build::{compress, split};

/// The first file of a visit.
const PAGE: &str = "index.html";

/// The files that a visit loads.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// The files before anything is shown; the page is first.
    pub(super) first: Vec<Loaded>,
    /// The files that load during the sign-in.
    pub(super) later: Vec<Loaded>,
}

impl Load {
    /// Returns the sums, in bytes: before anything is shown, and in total.
    pub(super) fn sums(&self) -> (Sum, Sum) {
        let first = self.first.iter().fold(Sum::default(), Sum::and);
        (first, self.later.iter().fold(first, Sum::and))
    }
}

/// The total size of several files, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) raw: usize,
    pub(super) brotli: usize,
}

impl Sum {
    const fn and(self, file: &Loaded) -> Self {
        Self {
            raw: self.raw + file.raw,
            brotli: self.brotli + file.brotli,
        }
    }
}

/// A loaded file. Sizes are in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    /// The path in `dist`.
    pub(super) name: String,
    pub(super) raw: usize,
    pub(super) brotli: usize,
}

/// Returns the files that are loaded with the page.
///
/// # Errors
///
/// If there is no page, or a file can not be read.
pub(super) fn load(dist: &Path) -> anyhow::Result<Load> {
    let (mut load, mut seen) = (Load::default(), BTreeSet::from([PAGE.to_owned()]));
    let mut to_read = vec![PAGE.to_owned()];
    while let Some(name) = to_read.pop() {
        let path = dist.join(&name);
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if let Ok(text) = std::str::from_utf8(&content) {
            let named = named_in(text).filter(|named| dist.join(named).is_file());
            to_read.extend(
                named
                    .filter(|named| seen.insert((*named).to_owned()))
                    .map(str::to_owned),
            );
        }
        let files = if split::is_part(&name) {
            &mut load.later
        } else {
            &mut load.first
        };
        files.push(Loaded {
            name,
            raw: content.len(),
            brotli: compress::brotli(&content)?.len(),
        });
    }
    Ok(load)
}

/// Returns the paths in quotes, without the leading slash: all files of the app are served at the root of its host.
fn named_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'', '`', '(', ')'])
        .filter_map(|quoted| quoted.strip_prefix('.').unwrap_or(quoted).strip_prefix('/'))
        .filter(|path| !path.is_empty() && !path.contains(".."))
}

#[cfg(test)]
mod tests {
    use super::load;

    #[test]
    fn transitive_files_count_once() {
        let dist = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dist.path().join(name), text).unwrap();
        write(
            "index.html",
            r#"<link rel="stylesheet" href="/a.css"><link rel=preload href="/a.wasm"><script src='/boot.js'></script>"#,
        );
        write("a.css", "a { background: url(/a.svg) }");
        write("a.svg", "<svg/>");
        write("boot.js", "import init from '/a.js'; init('/a.wasm'); fetch('/api')");
        write("a.js", "import '/boot.js'; import './b.js'");
        write("b.js", "fetch('./a_part_b.wasm')");
        write("a_part_b.wasm", "b");
        write("never.js", "never()");
        std::fs::write(dist.path().join("a.wasm"), b"\0asm\xff").unwrap();

        let load = load(dist.path()).unwrap();
        let mut names: Vec<_> = load.first.into_iter().map(|file| file.name).collect();
        assert_eq!(names.remove(0), "index.html");
        names.sort();
        assert_eq!(names, ["a.css", "a.js", "a.svg", "a.wasm", "b.js", "boot.js"]);
        let later: Vec<_> = load.later.into_iter().map(|file| file.name).collect();
        assert_eq!(later, ["a_part_b.wasm"]);
    }

    #[test]
    fn without_a_page_there_is_no_load() {
        let dist = tempfile::tempdir().unwrap();
        assert!(load(dist.path()).is_err());
    }
}
