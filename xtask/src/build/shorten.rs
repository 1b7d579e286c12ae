//! Gives what the app and the script that starts it call each other by short names.
//!
//! wasm-bindgen writes names such as `__wbg_appendChild_fb8c52e7dd8484ea`, some two hundred of them, once in the script
//! and once in the WebAssembly file. Their digits can not be compressed, nobody reads them, and nothing else uses them.
//! What the script is laid out with goes as well.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, bail};
use walkdir::WalkDir;
use wasmparser::Parser;

/// How the names of both files end, after what they have in common.
const WASM: &str = "_bg.wasm";
const SCRIPT: &str = ".js";

/// The numbers of sections, and of what is imported as a function (WebAssembly core specification, 5.5).
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
const FUNCTION: u8 = 0;

/// Rewrites every pair of a script and a WebAssembly file in `dist`.
///
/// # Errors
///
/// When a file can not be read, understood or written.
pub(super) fn shorten(dist: &Path) -> anyhow::Result<()> {
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let wasm = entry
            .with_context(|| format!("cannot list {}", dist.display()))?
            .into_path();
        let Some(stem) = wasm.to_str().and_then(|path| path.strip_suffix(WASM)) else {
            continue;
        };
        let script = format!("{stem}{SCRIPT}");
        let text = fs::read_to_string(&script).with_context(|| format!("cannot read {script}"))?;
        let module = fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
        let mut names = Names::default();
        let module = rename(&module, &mut names).with_context(|| format!("cannot rewrite {}", wasm.display()))?;
        fs::write(&script, names.replace_in(&without_indentation(&text)))
            .with_context(|| format!("cannot write {script}"))?;
        fs::write(&wasm, module).with_context(|| format!("cannot write {}", wasm.display()))?;
    }
    Ok(())
}

/// Short names for long ones.
#[derive(Debug, Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// The short name for a name; its own, if wasm-bindgen has not made it up.
    fn short(&mut self, name: &str) -> String {
        if !name.starts_with("__wb") && !name.starts_with("wasm_bindgen__") {
            return name.to_owned();
        }
        let number = self.0.len();
        // No word of the script looks like this.
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| format!("w${number:x}"))
            .clone()
    }

    /// The text with every word that has a short name replaced by it.
    fn replace_in(&self, text: &str) -> String {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|letter| !is_part(letter)).unwrap_or(from.len()));
            replaced.push_str(before);
            replaced.push_str(self.0.get(word).map_or(word, String::as_str));
            rest = after;
        }
        replaced + rest
    }
}

/// The script without white space at the ends of its lines, empty lines and lines that are comments: a quarter of it.
pub(super) fn without_indentation(script: &str) -> String {
    // Where text goes on over the end of a line, its white space counts.
    if script.lines().any(|line| line.matches('`').count() % 2 == 1) {
        return script.to_owned();
    }
    let lines = script.lines().map(str::trim);
    let mut kept = String::with_capacity(script.len());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

/// The module with short names for what it imports and exports.
fn rename(module: &[u8], names: &mut Names) -> anyhow::Result<Vec<u8>> {
    let mut renamed = module.get(..8).context("there is no header")?.to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let Some((id, range)) = payload?.as_section() else {
            continue;
        };
        let body = slice(module, range)?;
        let body = match id {
            IMPORTS => imports(body, names)?,
            EXPORTS => exports(body, names)?,
            _ => body.to_vec(),
        };
        renamed.push(id);
        write_bytes(&mut renamed, &body)?;
    }
    Ok(renamed)
}

fn slice(module: &[u8], range: Range<u64>) -> anyhow::Result<&[u8]> {
    let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
    module.get(range).context("a section ends beyond the file")
}

/// A number of imports: from which module, under which name, what kind, of which type.
fn imports(mut section: &[u8], names: &mut Names) -> anyhow::Result<Vec<u8>> {
    let (mut renamed, count) = (Vec::new(), read_number(&mut section)?);
    write_number(&mut renamed, count);
    for _ in 0..count {
        write_bytes(&mut renamed, read_text(&mut section)?.as_bytes())?;
        write_bytes(&mut renamed, names.short(read_text(&mut section)?).as_bytes())?;
        match read_byte(&mut section)? {
            FUNCTION => renamed.push(FUNCTION),
            kind => bail!("it imports something that is no function (kind {kind})"),
        }
        write_number(&mut renamed, read_number(&mut section)?);
    }
    Ok(renamed)
}

/// A number of exports: under which name, what kind, which one.
fn exports(mut section: &[u8], names: &mut Names) -> anyhow::Result<Vec<u8>> {
    let (mut renamed, count) = (Vec::new(), read_number(&mut section)?);
    write_number(&mut renamed, count);
    for _ in 0..count {
        write_bytes(&mut renamed, names.short(read_text(&mut section)?).as_bytes())?;
        renamed.push(read_byte(&mut section)?);
        write_number(&mut renamed, read_number(&mut section)?);
    }
    Ok(renamed)
}

fn read_byte(bytes: &mut &[u8]) -> anyhow::Result<u8> {
    let (first, rest) = bytes.split_first().context("a section ends early")?;
    *bytes = rest;
    Ok(*first)
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn read_number(bytes: &mut &[u8]) -> anyhow::Result<u32> {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = read_byte(bytes)?;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    bail!("a number has too many digits")
}

fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.extend((number & 0x7f | 0x80).to_le_bytes().first());
        number >>= 7;
    }
    bytes.extend(number.to_le_bytes().first());
}

fn read_text<'bytes>(bytes: &mut &'bytes [u8]) -> anyhow::Result<&'bytes str> {
    let length = usize::try_from(read_number(bytes)?)?;
    let (text, rest) = bytes
        .split_at_checked(length)
        .context("a name ends beyond its section")?;
    *bytes = rest;
    Ok(std::str::from_utf8(text)?)
}

fn write_bytes(bytes: &mut Vec<u8>, content: &[u8]) -> anyhow::Result<()> {
    write_number(bytes, u32::try_from(content.len())?);
    bytes.extend_from_slice(content);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Names, read_number, rename, shorten, without_indentation, write_number};

    /// `(module (import "./a.js" "__wbg_now_0123456789abcdef" (func)) (memory (export "memory") 1))`
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x02\x25\x01\x06./a.js\x1a__wbg_now_0123456789abcdef\0\0\
        \x05\x03\x01\0\x01\
        \x07\x0a\x01\x06memory\x02\0";

    #[test]
    fn both_files_share_short_names() {
        let dist = tempfile::tempdir().unwrap();
        let script =
            "// The clock.\nimport0 = {\n    __wbg_now_0123456789abcdef: function() {}\n};\n\n__wbg_load(wasm.memory)";
        std::fs::write(dist.path().join("a.js"), script).unwrap();
        std::fs::write(dist.path().join("a_bg.wasm"), MODULE).unwrap();

        shorten(dist.path()).unwrap();
        let written = std::fs::read_to_string(dist.path().join("a.js")).unwrap();
        assert_eq!(
            written,
            "import0 = {\nw$0: function() {}\n};\n__wbg_load(wasm.memory)\n"
        );
        let module = std::fs::read(dist.path().join("a_bg.wasm")).unwrap();
        let expected = b"\0asm\x01\0\0\0\
            \x01\x04\x01\x60\0\0\
            \x02\x0e\x01\x06./a.js\x03w$0\0\0\
            \x05\x03\x01\0\x01\
            \x07\x0a\x01\x06memory\x02\0";
        assert_eq!(module, expected);
    }

    #[test]
    fn only_whole_words_are_replaced() {
        let mut names = Names::default();
        let short = names.short("__wbg_a");
        assert_eq!(names.short("__wbg_a"), short);
        assert_ne!(names.short("__wbg_b"), short);
        assert_eq!(names.short("memory"), "memory");
        assert_eq!(
            names.replace_in("__wbg_a(__wbg_aa, é.__wbg_a)"),
            format!("{short}(__wbg_aa, é.{short})")
        );
    }

    #[test]
    fn text_over_several_lines_stays_as_it_is() {
        assert_eq!(without_indentation("  a()\n"), "a()\n");
        let script = "  a(`one\n  two`)";
        assert_eq!(without_indentation(script), script);
    }

    #[test]
    fn numbers_are_written_as_they_were_read() {
        for number in [0, 1, 127, 128, 300, u32::MAX] {
            let mut bytes = Vec::new();
            write_number(&mut bytes, number);
            assert_eq!(read_number(&mut &*bytes).unwrap(), number);
        }
        assert!(read_number(&mut &[0x80][..]).is_err());
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(rename(b"<html>", &mut Names::default()).is_err());
    }
}
