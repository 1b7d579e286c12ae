//! Writes a `.br` and a `.gz` beside every compressible file, so that the server compresses nothing.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use walkdir::WalkDir;

/// The extensions of text files and similar ones: pictures and fonts are compressed already.
const EXTENSIONS: [&str; 8] = ["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// The best quality: a build compresses a file once, and it is loaded many times.
const BROTLI_QUALITY: i32 = 11;
/// The binary logarithm of the window: 16 MiB, the largest one that every browser accepts.
const BROTLI_WINDOW: i32 = 24;

/// Compresses all files under `dist`; returns a line about each file.
///
/// # Errors
///
/// If a file can not be read or written.
pub(super) fn compress(dist: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for path in compressible(dist)? {
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (brotli, gzip) = (brotli(&content)?, gzip(&content)?);
        for (suffix, bytes) in [("br", &brotli), ("gz", &gzip)] {
            let sibling = sibling(&path, suffix);
            fs::write(&sibling, bytes).with_context(|| format!("cannot write {}", sibling.display()))?;
        }
        let name = path.strip_prefix(dist).unwrap_or(&path).display();
        lines.push(format!(
            "{name}: {} bytes, br {}, gz {}",
            content.len(),
            brotli.len(),
            gzip.len()
        ));
    }
    Ok(lines)
}

fn compressible(dist: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot list {}", dist.display()))?;
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        if entry.file_type().is_file() && extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            paths.push(entry.into_path());
        }
    }
    Ok(paths)
}

/// `app.js` → `app.js.br`.
fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Compresses content with brotli, as browsers receive it.
///
/// # Errors
///
/// If it can not be compressed.
pub(crate) fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let params = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &params).context("cannot compress with brotli")?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).context("cannot compress with gzip")?;
    encoder.finish().context("cannot compress with gzip")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{compress, sibling};

    #[test]
    fn text_files_get_compressed_siblings() {
        let dist = tempfile::tempdir().unwrap();
        let text = "the same words again and again, ".repeat(500);
        std::fs::create_dir(dist.path().join("deep")).unwrap();
        let script = dist.path().join("deep/app-1.js");
        std::fs::write(&script, &text).unwrap();
        std::fs::write(dist.path().join("logo.png"), [1, 2, 3]).unwrap();

        assert_eq!(compress(dist.path()).unwrap().len(), 1);

        let mut plain = String::new();
        let gz = std::fs::read(sibling(&script, "gz")).unwrap();
        flate2::read::GzDecoder::new(&*gz).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, text);
        let br = std::fs::read(sibling(&script, "br")).unwrap();
        assert!(br.len() < text.len() / 10);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &*br, &mut plain).unwrap();
        assert_eq!(plain, text.as_bytes());
        assert!(!sibling(&dist.path().join("logo.png"), "br").exists());
    }

    #[test]
    fn compressing_again_does_not_compress_what_is_compressed() {
        let dist = tempfile::tempdir().unwrap();
        std::fs::write(dist.path().join("index.html"), "<p>hello</p>").unwrap();
        assert_eq!(compress(dist.path()).unwrap().len(), 1);
        assert_eq!(compress(dist.path()).unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(dist.path()).unwrap().count(), 3);
    }
}
