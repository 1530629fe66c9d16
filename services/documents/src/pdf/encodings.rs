//! What the names of fonts, encodings and glyphs stand for.

use lopdf::{Object, dictionary};

/// The fonts whose widths the text library knows.
const STANDARD_FONTS: [&str; 14] = [
    "Courier",
    "Courier-Bold",
    "Courier-BoldOblique",
    "Courier-Oblique",
    "Helvetica",
    "Helvetica-Bold",
    "Helvetica-BoldOblique",
    "Helvetica-Oblique",
    "Symbol",
    "Times-Bold",
    "Times-BoldItalic",
    "Times-Italic",
    "Times-Roman",
    "ZapfDingbats",
];
/// `StandardEncoding` differs from the Windows encoding, in what invoices use, by its quotation marks.
pub(super) fn standard_encoding() -> Object {
    let differences: Vec<Object> = vec![
        Object::Integer(39),
        Object::from("quoteright"),
        Object::Integer(96),
        Object::from("quoteleft"),
    ];
    Object::Dictionary(dictionary! {
        "Type" => "Encoding",
        "BaseEncoding" => "WinAnsiEncoding",
        "Differences" => differences,
    })
}

/// The characters of `uniXXXX` and `uXXXXX` glyph names.
pub(super) fn unicode_of_name(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let digits = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'))?;
    if !(4..=6).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).map(String::from)
}

/// The standard font that comes nearest to a font without widths.
pub(super) fn standard_font(base_font: &str) -> &str {
    if STANDARD_FONTS.contains(&base_font) {
        return base_font;
    }
    let name = base_font.to_ascii_lowercase();
    let is_bold = name.contains("bold") || name.contains("black");
    if name.contains("dingbats") {
        "ZapfDingbats"
    } else if name == "symbol" {
        "Symbol"
    } else if name.contains("courier") || name.contains("mono") {
        if is_bold { "Courier-Bold" } else { "Courier" }
    } else if name.contains("times") || (name.contains("serif") && !name.contains("sans")) {
        if is_bold { "Times-Bold" } else { "Times-Roman" }
    } else if is_bold {
        "Helvetica-Bold"
    } else {
        "Helvetica"
    }
}
