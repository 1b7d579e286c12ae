//! The content of a WebAssembly file: its sections, and its functions by name.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// The content of a WebAssembly file. Sizes are in bytes.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The name and size of each section that browsers receive; they do not receive the names of functions.
    pub(super) sections: Vec<(String, u64)>,
    /// The functions, in the order of the file.
    pub(super) functions: Vec<Function>,
}

/// One function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// The name in the compiled file.
    pub(super) symbol: String,
    pub(super) size: u64,
}

/// Reads the content of a file.
///
/// # Errors
///
/// If the file can not be read, or is not WebAssembly.
pub(super) fn read(path: &Path) -> anyhow::Result<Code> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    take_apart(&bytes).with_context(|| format!("{} is no WebAssembly that can be read", path.display()))
}

fn take_apart(bytes: &[u8]) -> anyhow::Result<Code> {
    let mut code = Code::default();
    let (mut sizes, mut names) = (Vec::new(), HashMap::new());
    let mut imported = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            let custom = matches!(payload, Payload::CustomSection(_));
            if !custom {
                code.sections.push((section(id), range.end - range.start));
            }
        }
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().end - body.range().start),
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(subsections) = custom.as_known() {
                    for subsection in subsections {
                        if let Name::Function(functions) = subsection? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index, function.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    code.functions = (imported..)
        .zip(sizes)
        .map(|(index, size)| Function {
            symbol: names.remove(&index).unwrap_or_default(),
            size,
        })
        .collect();
    Ok(code)
}

/// Returns the specification's name of the section with this number.
fn section(id: u8) -> String {
    let names = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    names
        .get(usize::from(id))
        .map_or_else(|| format!("section {id}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Function, take_apart};

    /// `(module (import "a" "b" (func)) (func $two nop nop))`, with a name section.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x02\x07\x01\x01a\x01b\0\0\
        \x03\x02\x01\0\
        \x0a\x06\x01\x04\0\x01\x01\x0b\
        \0\x0d\x04name\x01\x06\x01\x01\x03two";

    #[test]
    fn function_names_come_from_name_section() {
        let code = take_apart(MODULE).unwrap();
        let two = Function {
            symbol: "two".to_owned(),
            size: 4,
        };
        assert_eq!(code.functions, [two]);
        assert!(code.sections.contains(&("code".to_owned(), 6)), "{:?}", code.sections);
        assert!(!code.sections.iter().any(|(name, _)| name == "custom"));
    }

    #[test]
    fn what_is_no_webassembly_is_an_error() {
        assert!(take_apart(b"<html>").is_err());
    }
}
