//! The typefaces of the samples and how wide their characters are.
//!
//! Arimo, Tinos and Cousine have the metrics of Helvetica, Times and Courier, so one set of widths serves the
//! standard fonts that every PDF reader brings, embedded fonts and rasterised pages alike.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};

/// A typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Sans,
    SansBold,
    Serif,
    SerifBold,
    Mono,
    MonoBold,
}

/// One embedded typeface.
pub(crate) struct FontFace {
    /// The TrueType file.
    pub(crate) file: &'static [u8],
    pub(crate) font: FontRef<'static>,
    /// The width of each WinAnsi code from 32 to 255, in thousandths of the font size.
    pub(crate) widths: Vec<f32>,
}

/// How many faces there are.
pub(crate) const FACE_COUNT: usize = 6;

impl Face {
    /// All faces, in the order of their indexes.
    pub(crate) const ALL: [Self; FACE_COUNT] = [
        Self::Sans,
        Self::SansBold,
        Self::Serif,
        Self::SerifBold,
        Self::Mono,
        Self::MonoBold,
    ];

    /// The name of the standard PDF font of this face.
    pub(crate) fn standard_name(self) -> &'static str {
        match self {
            Self::Sans => "Helvetica",
            Self::SansBold => "Helvetica-Bold",
            Self::Serif => "Times-Roman",
            Self::SerifBold => "Times-Bold",
            Self::Mono => "Courier",
            Self::MonoBold => "Courier-Bold",
        }
    }

    /// The PostScript name of the typeface that is embedded for this face.
    pub(crate) fn embedded_name(self) -> &'static str {
        match self {
            Self::Sans => "Arimo-Regular",
            Self::SansBold => "Arimo-Bold",
            Self::Serif => "Tinos-Regular",
            Self::SerifBold => "Tinos-Bold",
            Self::Mono => "Cousine-Regular",
            Self::MonoBold => "Cousine-Bold",
        }
    }

    /// The bold face of the same family.
    pub(crate) fn bold(self) -> Self {
        match self {
            Self::Sans | Self::SansBold => Self::SansBold,
            Self::Serif | Self::SerifBold => Self::SerifBold,
            Self::Mono | Self::MonoBold => Self::MonoBold,
        }
    }

    /// The typeface itself.
    pub(crate) fn load(self) -> &'static FontFace {
        &FACES[self as usize]
    }

    /// The width of `text` in this face at `size`, in points.
    pub(crate) fn width(self, text: &str, size: f32) -> f32 {
        let widths = &self.load().widths;
        let thousandths: f32 = text
            .chars()
            .filter_map(win_ansi_code)
            .filter_map(|code| widths.get(usize::from(code).checked_sub(32)?))
            .sum();
        thousandths * size / 1000.0
    }
}

static FACES: LazyLock<[FontFace; FACE_COUNT]> = LazyLock::new(|| {
    [
        load(include_bytes!("../assets/Arimo-Regular.ttf")),
        load(include_bytes!("../assets/Arimo-Bold.ttf")),
        load(include_bytes!("../assets/Tinos-Regular.ttf")),
        load(include_bytes!("../assets/Tinos-Bold.ttf")),
        load(include_bytes!("../assets/Cousine-Regular.ttf")),
        load(include_bytes!("../assets/Cousine-Bold.ttf")),
    ]
});

#[expect(clippy::expect_used, reason = "the fonts are compiled in and read by the tests")]
fn load(file: &'static [u8]) -> FontFace {
    let font = FontRef::try_from_slice(file).expect("the embedded font is a TrueType font");
    let units = font.units_per_em().unwrap_or(1000.0);
    let widths = (32..=255u8)
        .map(|code| {
            let glyph = font.glyph_id(character(code));
            (font.h_advance_unscaled(glyph) * 1000.0 / units).round()
        })
        .collect();
    FontFace { file, font, widths }
}

/// The characters of the WinAnsi codes 128 to 159, where it differs from Latin-1.
const WINDOWS_BLOCK: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn character(code: u8) -> char {
    match code {
        128..=159 => WINDOWS_BLOCK[usize::from(code) - 128],
        _ => char::from(code),
    }
}

fn win_ansi_code(character: char) -> Option<u8> {
    match u8::try_from(u32::from(character)) {
        Ok(code) if !(128..160).contains(&code) => Some(code),
        _ => {
            let place = WINDOWS_BLOCK.iter().position(|entry| *entry == character)?;
            u8::try_from(place).ok().map(|place| place + 128)
        }
    }
}

/// The text in the encoding of the PDF fonts, or nothing where a character has no place in it.
pub(crate) fn win_ansi(text: &str) -> Option<Vec<u8>> {
    text.chars().map(win_ansi_code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_standard_fonts() {
        assert_eq!(Face::Sans.width("A", 1000.0), 667.0);
        assert_eq!(Face::SansBold.width("€", 1000.0), 556.0);
        assert_eq!(Face::Serif.width("é", 1000.0), 444.0);
        assert_eq!(Face::Mono.width("Ünï", 10.0), 18.0);
    }

    #[test]
    fn characters_outside_the_encoding_are_noticed() {
        assert_eq!(win_ansi("€ ü"), Some(vec![128, 32, 252]));
        assert_eq!(win_ansi("ł"), None);
    }
}
