//! Moves the code that is not needed before a sign-in out of the file that starts the app.
//!
//! `src/lazy.rs` marks the place of the split. The code that only the later part needs is found by the references
//! between functions. The linker writes these references and wasm-bindgen removes them, so the split has to happen
//! between the two. Trunk has no hook there, so its output is replaced afterwards by the split app.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wasm_encoder::reencode::{self, Reencode};
use wasm_split_cli_support::{Options, transform};
use wasmparser::{CustomSectionReader, Parser};

use super::hash;
use super::shorten::without_indentation;
use crate::shell::{program, run};

/// The linker option that writes the references between functions.
pub(super) const LINKER: &str = "-Clink-arg=--emit-relocs";

/// The feature of the app that marks the place of the split.
pub(super) const FEATURE: &str = "split";

/// The name of the script that loads the parts, as used by the script that starts the app and by the WebAssembly file.
const LOADER: &str = "./__wasm_split.js";
/// The ends of the file names, after their common stem.
const STARTS: &str = ".js";
const STARTED: &str = "_bg.wasm";
const LOADS: &str = "_split.js";
/// The text of a part's file name after the common stem; the name of the part and `.wasm` follow.
const PART: &str = "_part_";

/// Returns whether a file is loaded after the app has started.
pub(crate) fn is_part(name: &str) -> bool {
    name.contains(PART)
}

/// Splits the app in `dist`, whose linked file is `linked`, in the scratch folder `scratch`.
///
/// # Errors
///
/// If a file can not be read, parsed or written, or there is nothing to split.
pub(super) fn split(dist: &Path, linked: &Path, scratch: &Path) -> anyhow::Result<()> {
    let parts = take_apart(linked, scratch)?;
    let bound = scratch.join("bound");
    run(program("wasm-bindgen")
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--keep-lld-exports",
            "--remove-name-section",
        ])
        .args(["--remove-producers-section", "--out-name", "app", "--out-dir"])
        .arg(&bound)
        .arg(scratch.join("app.wasm")))
    .context("`cargo xtask setup` installs wasm-bindgen")?;

    let read = |path: PathBuf| fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
    let text = |path: PathBuf| Ok::<_, anyhow::Error>(String::from_utf8(read(path)?)?);
    let app = App {
        starts: text(bound.join("app.js"))?,
        started: read(bound.join("app_bg.wasm"))?,
        loads: text(scratch.join(LOADER))?,
        parts: parts
            .into_iter()
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, compact(&read(path)?)?))
            })
            .collect::<anyhow::Result<_>>()?,
    };
    app.replace_in(dist)
}

/// Writes the parts and `app.wasm`, the input of wasm-bindgen, into `scratch`. Returns the paths of the parts.
fn take_apart(linked: &Path, scratch: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if scratch.exists() {
        fs::remove_dir_all(scratch).with_context(|| format!("cannot empty {}", scratch.display()))?;
    }
    let module = fs::read(linked).with_context(|| format!("cannot read {}", linked.display()))?;
    let main = scratch.join("app.wasm");
    let mut options = Options::new(&module);
    options.output_dir = scratch;
    options.main_out_path = &main;
    options.link_name = LOADER;
    options.main_module = "./app.js";
    let parts = transform(options)
        .map_err(|error| anyhow::anyhow!("{error:#}"))
        .with_context(|| {
            format!(
                "cannot split {}: RUSTFLAGS, if set, must contain {LINKER}",
                linked.display()
            )
        })?
        .split_modules;
    if parts.is_empty() {
        bail!(
            "there is nothing to split in {}: was it built without the feature {FEATURE}?",
            linked.display()
        );
    }
    Ok(parts)
}

/// The files of an app that has been split.
struct App {
    /// The script that starts the app.
    starts: String,
    /// The WebAssembly file that is started.
    started: Vec<u8>,
    /// The script that loads the parts.
    loads: String,
    /// The parts, each with the name under which it is loaded.
    parts: Vec<(String, Vec<u8>)>,
}

impl App {
    /// Replaces the output of Trunk in `dist`.
    fn replace_in(mut self, dist: &Path) -> anyhow::Result<()> {
        let page = dist.join("index.html");
        let html = fs::read_to_string(&page)
            .with_context(|| format!("cannot read {}: Trunk should have written it", page.display()))?;
        let before = stem_in(&html)?;
        let after = self.stem(&before);

        let mut hints = format!(r#"<link rel="modulepreload" href="/{after}{LOADS}" crossorigin="anonymous">"#);
        for (name, _) in &mut self.parts {
            let served = format!("{after}{PART}{}", name.strip_prefix("split_").unwrap_or(name));
            self.loads = replace(&self.loads, &format!("./{name}"), &format!("./{served}"))?;
            // On a slow connection a preloaded part would delay the first files. `static/early.js` turns this link into
            // a hint if the person needs all parts.
            hints += &format!(
                r#"<link data-part href="/{served}" as="fetch" type="application/wasm" crossorigin="anonymous">"#
            );
            *name = served;
        }
        self.loads = replace(&self.loads, "./app.js", &format!("./{after}{STARTS}"))?;
        // The other occurrence is the name under which the WebAssembly file imports the loader, and stays.
        self.starts = replace(
            &self.starts,
            &format!("from \"{LOADER}\""),
            &format!("from \"./{after}{LOADS}\""),
        )?;
        self.starts = replace(&self.starts, "app_bg.wasm", &format!("{after}{STARTED}"))?;
        let html = replace(&html.replace(&before, &after), "</head>", &format!("{hints}</head>"))?;

        for suffix in [STARTS, STARTED] {
            let path = dist.join(format!("{before}{suffix}"));
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        let write = |name: String, content: &[u8]| {
            fs::write(dist.join(&name), content).with_context(|| format!("cannot write {name}"))
        };
        write(format!("{after}{STARTS}"), self.starts.as_bytes())?;
        write(format!("{after}{STARTED}"), &self.started)?;
        write(format!("{after}{LOADS}"), without_indentation(&self.loads).as_bytes())?;
        for (name, part) in self.parts {
            write(name, &part)?;
        }
        write("index.html".to_owned(), html.as_bytes())
    }

    /// Returns the common stem of all file names. It changes with the content of any file: parts of different builds do
    /// not fit together.
    fn stem(&self, before: &str) -> String {
        let (name, _) = before.rsplit_once('-').unwrap_or((before, ""));
        let fixed = [self.starts.as_bytes(), &self.started, self.loads.as_bytes()];
        let parts = self.parts.iter().flat_map(|(name, part)| [name.as_bytes(), part]);
        format!("{name}-{}", hash(fixed.into_iter().chain(parts)))
    }
}

/// Returns the common stem of the files that Trunk wrote: `freshet-0123456789abcdef`.
fn stem_in(html: &str) -> anyhow::Result<String> {
    let (before, _) = html.split_once(STARTED).context("the page names no WebAssembly file")?;
    let start = before.rfind(['/', '"', '\'']).map_or(0, |at| at + 1);
    Ok(before[start..].to_owned())
}

/// Replaces a text like [`str::replace`], and fails if the text is missing.
fn replace(text: &str, from: &str, to: &str) -> anyhow::Result<String> {
    if !text.contains(from) {
        bail!("{from} was to become {to}, but is not there: have the tools changed?");
    }
    Ok(text.replace(from, to))
}

/// Returns the module without the names of its functions, and without the padding of numbers that the linker wrote.
fn compact(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    /// A copy that omits the custom sections, which no engine reads.
    struct Compact;
    impl Reencode for Compact {
        type Error = std::convert::Infallible;
        fn parse_custom_section(
            &mut self,
            _: &mut wasm_encoder::Module,
            _: CustomSectionReader<'_>,
        ) -> Result<(), reencode::Error<Self::Error>> {
            Ok(())
        }
    }
    let mut compact = wasm_encoder::Module::new();
    Compact
        .parse_core_module(&mut compact, Parser::new(0), module)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("cannot read a part of the app")?;
    Ok(compact.finish())
}

#[cfg(test)]
mod tests {
    use super::{App, compact, is_part, stem_in};

    const PAGE: &str = r#"<head><link rel="modulepreload" href="/freshet-589f611cbd1a0562.js"><link rel="preload" href="/freshet-589f611cbd1a0562_bg.wasm"></head><body></body>"#;

    fn app() -> App {
        App {
            starts: "import * as import1 from \"./__wasm_split.js\"\n\
                     imports = {\"./__wasm_split.js\": import1}; new URL('app_bg.wasm', import.meta.url)"
                .to_owned(),
            started: b"\0asm".to_vec(),
            loads: "import { initSync } from \"./app.js\";\n    fetch(new URL(\"./split_room.wasm\", import.meta.url))"
                .to_owned(),
            parts: vec![("split_room.wasm".to_owned(), b"room".to_vec())],
        }
    }

    #[test]
    fn parts_replace_the_whole_file() {
        let dist = tempfile::tempdir().unwrap();
        let path = |name: &str| dist.path().join(name);
        std::fs::write(path("index.html"), PAGE).unwrap();
        for whole in ["freshet-589f611cbd1a0562.js", "freshet-589f611cbd1a0562_bg.wasm"] {
            std::fs::write(path(whole), "the whole app").unwrap();
        }
        app().replace_in(dist.path()).unwrap();

        let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
        let html = read("index.html");
        let stem = stem_in(&html).unwrap();
        assert!(stem.starts_with("freshet-") && stem.len() == "freshet-589f611cbd1a0562".len());
        assert!(!html.contains("589f611cbd1a0562"), "{html}");
        assert!(html.contains(&format!("href=\"/{stem}_split.js\"")), "{html}");
        assert!(
            html.contains(&format!("<link data-part href=\"/{stem}_part_room.wasm\"")),
            "it is no hint yet: {html}"
        );
        let mut files: Vec<_> = std::fs::read_dir(dist.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(&stem, "*"))
            .collect();
        files.sort();
        assert_eq!(
            files,
            ["*.js", "*_bg.wasm", "*_part_room.wasm", "*_split.js", "index.html"]
        );
        assert_eq!(
            read(&format!("{stem}.js")),
            format!(
                "import * as import1 from \"./{stem}_split.js\"\n\
                 imports = {{\"./__wasm_split.js\": import1}}; new URL('{stem}_bg.wasm', import.meta.url)"
            )
        );
        assert_eq!(
            read(&format!("{stem}_split.js")),
            format!(
                "import {{ initSync }} from \"./{stem}.js\";\n\
                 fetch(new URL(\"./{stem}_part_room.wasm\", import.meta.url))\n"
            )
        );
        assert_eq!(read(&format!("{stem}_part_room.wasm")), "room");
        assert!(is_part(&format!("{stem}_part_room.wasm")) && !is_part(&format!("{stem}_bg.wasm")));
    }

    #[test]
    fn the_names_change_with_every_part() {
        let before = "freshet-589f611cbd1a0562";
        let mut other = app();
        other.parts[0].1 = b"hall".to_vec();
        assert_eq!(app().stem(before), app().stem(before));
        assert_ne!(other.stem(before), app().stem(before));
    }

    #[test]
    fn unexpected_tool_output_is_an_error() {
        let dist = tempfile::tempdir().unwrap();
        std::fs::write(dist.path().join("index.html"), PAGE).unwrap();
        let mut other = app();
        other.loads = "fetch(\"./somewhere.wasm\")".to_owned();
        let error = other.replace_in(dist.path()).unwrap_err().to_string();
        assert!(error.contains("./split_room.wasm"), "{error}");
        assert!(stem_in("<html></html>").is_err());
    }

    #[test]
    fn a_part_is_written_without_padding_and_names() {
        // `(func)`, with five bytes for the length of its body, and a section of names.
        let padded = b"\0asm\x01\0\0\0\
            \x01\x04\x01\x60\0\0\
            \x03\x02\x01\0\
            \x0a\x08\x01\x82\x80\x80\x80\0\0\x0b\
            \0\x06\x04name\0";
        let expected = b"\0asm\x01\0\0\0\
            \x01\x04\x01\x60\0\0\
            \x03\x02\x01\0\
            \x0a\x04\x01\x02\0\x0b";
        assert_eq!(compact(padded).unwrap(), expected);
        assert!(compact(b"<html>").is_err());
    }
}
