//! The files that the rules check.

use std::path::Path;

use anyhow::Context as _;
use proc_macro2::TokenStream;
use walkdir::{DirEntry, WalkDir};

/// The folders with files that are foreign or not written by hand.
const SKIPPED_FOLDERS: [&str; 7] = [".git", "data", "dist", "node_modules", "pkg", "screenshots", "target"];

const EXTENSIONS: [&str; 12] = [
    "css", "html", "js", "json", "md", "mjs", "rs", "sh", "sql", "svg", "toml", "yml",
];

/// A text file of the repository.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// The path from the root of the repository, with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        extensions
            .iter()
            .any(|wanted| Path::new(&self.path).extension().is_some_and(|found| found == *wanted))
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension(&["rs"])
    }

    /// Returns the lines, counted from 1.
    pub(super) fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Returns the tokens; none if the file is not Rust, or can not be parsed, which the compiler reports.
    pub(super) fn tokens(&self) -> TokenStream {
        if self.is_rust() {
            self.text.parse().unwrap_or_default()
        } else {
            TokenStream::new()
        }
    }
}

/// Returns every text file under `root`, ordered by path.
///
/// # Errors
///
/// If a file can not be read.
pub(super) fn read_all(root: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !(entry.file_type().is_dir() && SKIPPED_FOLDERS.contains(&name.as_ref()))
    };
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry.context("cannot list the repository")?;
        let relative = entry.path().strip_prefix(root).unwrap_or_else(|_| entry.path());
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let file = SourceFile::new(parts.join("/"), "");
        if entry.file_type().is_file() && (file.has_extension(&EXTENSIONS) || file.path.starts_with(".ci/")) {
            let text = std::fs::read_to_string(entry.path())
                .with_context(|| format!("{} is not a readable text file", file.path))?;
            files.push(SourceFile { text, ..file });
        }
    }
    Ok(files)
}
