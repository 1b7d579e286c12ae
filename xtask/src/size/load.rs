//! Which files a first visit loads, and how large they are.
//!
//! What is loaded is what is named: the page names files, scripts and styles among them name others. Whatever names a
//! file in `dist` has it loaded.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::build::compress;

/// The file that a visit begins with.
const PAGE: &str = "index.html";

/// A file of the first load. Sizes are in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    /// Its path in `dist`.
    pub(super) name: String,
    pub(super) raw: usize,
    pub(super) brotli: usize,
}

/// Everything that is loaded with the page, the page first.
///
/// # Errors
///
/// When there is no page, or a file can not be read.
pub(super) fn first_load(dist: &Path) -> anyhow::Result<Vec<Loaded>> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::from([PAGE.to_owned()]));
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
        files.push(Loaded {
            name,
            raw: content.len(),
            brotli: compress::brotli(&content)?.len(),
        });
    }
    Ok(files)
}

/// The absolute addresses in quotes: the app lives at the root of its host.
fn named_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'', '`', '(', ')'])
        .filter_map(|quoted| quoted.strip_prefix('/'))
        .filter(|path| !path.is_empty() && !path.contains(".."))
}

#[cfg(test)]
mod tests {
    use super::first_load;

    #[test]
    fn what_the_page_names_and_what_that_names_is_loaded_once() {
        let dist = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dist.path().join(name), text).unwrap();
        write(
            "index.html",
            r#"<link rel="stylesheet" href="/a.css"><link rel=preload href="/a.wasm"><script src='/boot.js'></script>"#,
        );
        write("a.css", "a { background: url(/a.svg) }");
        write("a.svg", "<svg/>");
        write("boot.js", "import init from '/a.js'; init('/a.wasm'); fetch('/api')");
        write("a.js", "import '/boot.js'");
        write("later.js", "never()");
        std::fs::write(dist.path().join("a.wasm"), b"\0asm\xff").unwrap();

        let mut names: Vec<_> = first_load(dist.path())
            .unwrap()
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(names.remove(0), "index.html");
        names.sort();
        assert_eq!(names, ["a.css", "a.js", "a.svg", "a.wasm", "boot.js"]);
    }

    #[test]
    fn without_a_page_there_is_no_load() {
        let dist = tempfile::tempdir().unwrap();
        assert!(first_load(dist.path()).is_err());
    }
}
