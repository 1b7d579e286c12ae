//! The built app, as it is and with another configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::root;

/// The built app: in the folder that `FRESHET_E2E_DIST` names, else in `dist`.
///
/// # Errors
///
/// When it was not built.
pub fn built() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("FRESHET_E2E_DIST").map_or_else(|| root().join("dist"), PathBuf::from);
    ensure!(
        path.join("index.html").is_file(),
        "the app is not built: run `cargo xtask build`"
    );
    Ok(path)
}

/// A copy of an app with other values in its configuration.
///
/// # Errors
///
/// When it can not be copied, or has no configuration.
pub fn configured(dist: &Path, values: &Value) -> anyhow::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    for entry in std::fs::read_dir(dist)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        // What is compressed is the page as it was.
        if path.is_file() && !name.to_string_lossy().starts_with("index.html") {
            std::fs::copy(path, copy.path().join(name))?;
        }
    }
    let page = std::fs::read_to_string(dist.join("index.html")).context("the app is not built")?;
    let changed = page.split_once("id=\"freshet-config\"").and_then(|(before, rest)| {
        let (tag, rest) = rest.split_once('>')?;
        let (text, after) = rest.split_once("</script>")?;
        let mut config: Value = serde_json::from_str(text).ok()?;
        for (name, value) in values.as_object()? {
            config[name] = value.clone();
        }
        Some(format!("{before}id=\"freshet-config\"{tag}>{config}</script>{after}"))
    });
    let changed = changed.context("index.html holds no configuration")?;
    std::fs::write(copy.path().join("index.html"), changed)?;
    Ok(copy)
}
