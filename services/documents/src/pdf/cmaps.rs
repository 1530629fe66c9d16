//! `ToUnicode` character maps: read leniently, written anew in the plainest form.

use std::collections::BTreeMap;
use std::io::Write;

use super::lexer::{Lexer, Token};

/// Codes that one font may map; two bytes cannot hold more.
const MAXIMUM_CODES: usize = 65_536;
/// Codes that the ranges of one map may span together, counting repetitions.
const MAXIMUM_RANGE_STEPS: usize = 4 * MAXIMUM_CODES;
/// Characters that one code may stand for; a ligature has up to four.
const MAXIMUM_CHARACTERS_PER_CODE: usize = 16;
/// Entries of one `bfchar` block, as the format asks.
const BLOCK_ENTRIES: usize = 100;

/// Which characters the codes of a font stand for.
pub(super) type CharacterMap = BTreeMap<u32, String>;

#[derive(Clone, Copy)]
enum Section {
    None,
    Single,
    Range,
}

/// Reads `bfchar` and `bfrange` sections; entries that make no sense are left out.
pub(super) fn parse(bytes: &[u8]) -> CharacterMap {
    let mut map = CharacterMap::new();
    let mut steps_left = MAXIMUM_RANGE_STEPS;
    let mut section = Section::None;
    let mut strings: Vec<Vec<u8>> = Vec::new();
    let mut list: Option<Vec<Vec<u8>>> = None;
    for token in Lexer::new(bytes) {
        match (token, section) {
            (Token::Operator(word), _) => {
                section = match word.as_slice() {
                    b"beginbfchar" => Section::Single,
                    b"beginbfrange" => Section::Range,
                    _ => Section::None,
                };
                strings.clear();
                list = None;
            }
            (Token::String(bytes), Section::Single | Section::Range) => match list.as_mut() {
                Some(list) => list.push(bytes),
                None => strings.push(bytes),
            },
            (Token::Open, Section::Range) => list = Some(Vec::new()),
            (Token::Close, Section::Range) => {
                if let (Some(targets), [first, last]) = (list.take(), strings.as_slice()) {
                    add_list(&mut map, code(first), code(last), &targets);
                }
                strings.clear();
            }
            _ => {}
        }
        match (section, strings.as_slice()) {
            (Section::Single, [from, to]) => {
                insert(&mut map, code(from), decode_utf16(to));
                strings.clear();
            }
            (Section::Range, [first, last, target]) => {
                add_range(&mut map, &mut steps_left, [first, last, target]);
                strings.clear();
            }
            _ => {}
        }
    }
    map
}

/// Writes the map with single entries only.
pub(super) fn write(map: &CharacterMap) -> Vec<u8> {
    let mut output = b"/CIDInit /ProcSet findresource begin\n".to_vec();
    let entries: Vec<(&u32, &String)> = map.iter().collect();
    for block in entries.chunks(BLOCK_ENTRIES) {
        // Writing into a vector cannot fail.
        let _ = writeln!(output, "{} beginbfchar", block.len());
        for (code, text) in block {
            let _ = write!(output, "<{code:04x}> <");
            for unit in text.encode_utf16() {
                let _ = write!(output, "{unit:04x}");
            }
            let _ = writeln!(output, ">");
        }
        let _ = writeln!(output, "endbfchar");
    }
    output.extend_from_slice(b"end\n");
    output
}

fn insert(map: &mut CharacterMap, code: Option<u32>, text: Option<String>) {
    if let (Some(code), Some(text)) = (code, text)
        && (map.len() < MAXIMUM_CODES || map.contains_key(&code))
    {
        map.insert(code, text);
    }
}

fn add_list(map: &mut CharacterMap, first: Option<u32>, last: Option<u32>, targets: &[Vec<u8>]) {
    if let (Some(first), Some(last)) = (first, last) {
        for (code, target) in (first..=last).zip(targets) {
            insert(map, Some(code), decode_utf16(target));
        }
    }
}

fn add_range(map: &mut CharacterMap, steps_left: &mut usize, [first, last, target]: [&Vec<u8>; 3]) {
    let (Some(first), Some(last), Some(text)) = (code(first), code(last), decode_utf16(target)) else {
        return;
    };
    let mut prefix: Vec<char> = text.chars().collect();
    let Some(end) = prefix.pop() else {
        return;
    };
    for (step, code) in (first..=last).take(*steps_left).enumerate() {
        *steps_left -= 1;
        let next = u32::try_from(step)
            .ok()
            .and_then(|step| u32::from(end).checked_add(step))
            .and_then(char::from_u32);
        if let Some(next) = next {
            let text: String = prefix.iter().copied().chain([next]).collect();
            insert(map, Some(code), Some(text));
        }
    }
}

fn code(bytes: &[u8]) -> Option<u32> {
    match bytes.len() {
        1..=4 => Some(bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))),
        _ => None,
    }
}

/// Big-endian UTF-16; a single byte stands for itself. Lone surrogates and zeros mean that the code has no text.
fn decode_utf16(bytes: &[u8]) -> Option<String> {
    if let [single] = bytes {
        return Some(char::from(*single).to_string());
    }
    let units = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .take(MAXIMUM_CHARACTERS_PER_CODE)
        .map(|pair| u16::from_be_bytes(*pair));
    let text: String = char::decode_utf16(units)
        .filter_map(Result::ok)
        .filter(|character| *character != '\0')
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_all_forms_are_read_and_written_plainly() {
        let source = b"1 begincodespacerange <0000> <ffff> endcodespacerange
            2 beginbfchar <0003> <0020> <04> <00660069> endbfchar
            3 beginbfrange <0010> <0012> <0041> <0020><0021> [<0061> <D83DDE00>] <0030> <0030> <d800> endbfrange";
        let map = parse(source);
        let expected = [
            (3, " "),
            (4, "fi"),
            (0x10, "A"),
            (0x11, "B"),
            (0x12, "C"),
            (0x20, "a"),
            (0x21, "😀"),
        ];
        assert_eq!(map, expected.map(|(code, text)| (code, text.to_owned())).into());
        assert_eq!(parse(&write(&map)), map);
    }

    #[test]
    fn an_endless_range_ends() {
        let map = parse(b"1 beginbfrange <00000000> <ffffffff> <0041> endbfrange");
        assert!(map.len() <= MAXIMUM_CODES);
        assert!(parse(b"beginbfchar <00> [ [ [ beginbfrange <41> ]").is_empty());
    }
}
