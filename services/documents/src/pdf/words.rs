//! Joins characters into words.
//!
//! Characters are followed in the order in which the page shows them, because overlapping or interleaved text stays apart that way; a word
//! ends at a blank, at a gap, or when the next character stands elsewhere.

use super::characters::Character;
use crate::document::Bounds;

/// Gap that ends a word, in ems (the threshold of poppler).
const WORD_GAP: f64 = 0.1;
/// How far a character may step back and still continue a word (kerning, combining marks), in ems.
const WORD_OVERLAP: f64 = 0.5;
/// How far baselines within a word may differ, in ems.
const BASELINE_TOLERANCE: f64 = 0.3;
/// Letter spacing up to this many ems does not separate letters.
const LETTER_SPACING: f64 = 0.3;
/// Characters drawn again this near, in ems, are a printed shadow (imitated bold type).
const SHADOW_DISTANCE: f64 = 0.1;
/// Height above and below the baseline that a word's rectangle covers, in ems.
const ASCENT: f64 = 0.75;
const DESCENT: f64 = 0.22;
/// Slant up to which text counts as upright, in degrees.
const UPRIGHT_TOLERANCE: i32 = 10;

/// A word where its own line of writing is the horizontal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlacedWord {
    /// The characters.
    pub(super) text: String,
    /// The direction of writing in whole degrees, clockwise; 0 is left to right.
    pub(super) angle: i32,
    /// Where it begins along its direction.
    pub(super) left: f64,
    /// Where it ends along its direction.
    pub(super) right: f64,
    /// Where its baseline stands across its direction, growing downwards.
    pub(super) baseline: f64,
    /// Its font size as shown.
    pub(super) em: f64,
    /// Whether a blank was shown before it.
    pub(super) follows_blank: bool,
    /// Whether a blank was shown behind it.
    pub(super) precedes_blank: bool,
}

impl PlacedWord {
    /// The rectangle on the page.
    pub(super) fn bounds(&self) -> Bounds {
        let top = self.baseline - ASCENT * self.em;
        let bottom = self.baseline + DESCENT * self.em;
        let corners = [
            self.to_page(self.left, top),
            self.to_page(self.right, top),
            self.to_page(self.left, bottom),
            self.to_page(self.right, bottom),
        ];
        let horizontal = corners.map(|(x, _)| x);
        let vertical = corners.map(|(_, y)| y);
        Bounds {
            left: least(&horizontal),
            top: least(&vertical),
            right: most(&horizontal),
            bottom: most(&vertical),
        }
    }

    fn to_page(&self, along: f64, across: f64) -> (f64, f64) {
        let (sine, cosine) = f64::from(self.angle).to_radians().sin_cos();
        (along * cosine - across * sine, along * sine + across * cosine)
    }

    /// Whether `next` continues this word without a gap.
    pub(super) fn continues_with(&self, next: &Self) -> bool {
        let em = self.em.min(next.em);
        let gap = next.left - self.right;
        !self.precedes_blank
            && !next.follows_blank
            && gap < WORD_GAP * em
            && gap > -WORD_OVERLAP * em
            && (self.baseline - next.baseline).abs() < BASELINE_TOLERANCE * em
    }

    /// Whether `other` is the same word printed again in nearly the same place.
    pub(super) fn is_shadow_of(&self, other: &Self) -> bool {
        let near = 2.0 * SHADOW_DISTANCE * self.em;
        self.text == other.text
            && (self.left - other.left).abs() < near
            && (self.baseline - other.baseline).abs() < near
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "points on a page need no double precision"
)]
fn least(values: &[f64]) -> f32 {
    values.iter().copied().fold(f64::INFINITY, f64::min) as f32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "points on a page need no double precision"
)]
fn most(values: &[f64]) -> f32 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max) as f32
}

/// Joins the characters of a page into words.
pub(super) fn join(characters: &[Character]) -> Vec<PlacedWord> {
    let mut joiner = Joiner::default();
    for character in characters {
        joiner.add(character);
    }
    joiner.finish()
}

#[derive(Default)]
struct Joiner {
    words: Vec<PlacedWord>,
    current: Option<PlacedWord>,
    last: Option<Placed>,
    follows_blank: bool,
}

/// A character where its own line of writing is the horizontal.
#[derive(Debug, Clone, PartialEq)]
struct Placed {
    text: String,
    angle: i32,
    left: f64,
    right: f64,
    reach: f64,
    baseline: f64,
    em: f64,
}

impl Joiner {
    fn add(&mut self, character: &Character) {
        let text = clean(&character.text);
        if text.is_empty() {
            return;
        }
        let Some(placed) = place(character, text) else {
            return;
        };
        if placed.text.chars().all(char::is_whitespace) {
            self.end_word(true);
            self.follows_blank = true;
            self.last = None;
            return;
        }
        if self.last.as_ref().is_some_and(|last| is_shadow(last, &placed)) {
            return;
        }
        let continues = self.last.as_ref().is_some_and(|last| continues(last, &placed));
        if !continues {
            self.end_word(false);
        }
        let follows_blank = std::mem::take(&mut self.follows_blank);
        match self.current.as_mut() {
            Some(word) => {
                word.text.push_str(&placed.text);
                word.right = word.right.max(placed.right);
                word.left = word.left.min(placed.left);
                word.em = word.em.max(placed.em);
            }
            None => {
                self.current = Some(PlacedWord {
                    text: placed.text.clone(),
                    angle: placed.angle,
                    left: placed.left,
                    right: placed.right,
                    baseline: placed.baseline,
                    em: placed.em,
                    follows_blank,
                    precedes_blank: false,
                });
            }
        }
        self.last = Some(placed);
    }

    fn end_word(&mut self, precedes_blank: bool) {
        if let Some(mut word) = self.current.take() {
            word.precedes_blank = precedes_blank;
            self.words.push(word);
        }
    }

    fn finish(mut self) -> Vec<PlacedWord> {
        self.end_word(false);
        self.words
    }
}

fn continues(last: &Placed, next: &Placed) -> bool {
    let em = last.em.min(next.em);
    let gap = next.left - last.reach;
    last.angle == next.angle
        && (last.baseline - next.baseline).abs() < BASELINE_TOLERANCE * em
        && gap < WORD_GAP * em
        && gap > -WORD_OVERLAP * em - (last.reach - last.right)
        && last.em.max(next.em) < 3.0 * em
}

fn is_shadow(last: &Placed, next: &Placed) -> bool {
    let near = SHADOW_DISTANCE * last.em;
    last.text == next.text && (last.left - next.left).abs() < near && (last.baseline - next.baseline).abs() < near
}

fn place(character: &Character, text: String) -> Option<Placed> {
    let (up_x, up_y) = character.up;
    let em = up_x.hypot(up_y);
    let advance = (character.end.0 - character.start.0, character.end.1 - character.start.1);
    // The direction of a glyph without width follows from its upright.
    let direction = if advance.0.hypot(advance.1) > 1.0e-6 {
        advance
    } else {
        (-up_y, up_x)
    };
    if em < 1.0e-6 {
        return None;
    }
    let angle = round_angle(direction.1.atan2(direction.0).to_degrees());
    let (sine, cosine) = f64::from(angle).to_radians().sin_cos();
    let along = |(x, y): (f64, f64)| x * cosine + y * sine;
    let (left, right) = (along(character.start), along(character.end));
    let spacing = if (0.0..LETTER_SPACING * em).contains(&character.spacing) {
        character.spacing
    } else {
        0.0
    };
    Some(Placed {
        text,
        angle,
        left: left.min(right),
        right: left.max(right),
        reach: left.max(right) + spacing,
        baseline: character.start.1 * cosine - character.start.0 * sine,
        em,
    })
}

/// Whole degrees in 0..360: slightly skewed text counts as upright, and slanted text in steps of ten degrees.
#[expect(clippy::cast_possible_truncation, reason = "an angle is between -180 and 180")]
fn round_angle(degrees: f64) -> i32 {
    let whole = (degrees.round() as i32).rem_euclid(360);
    let quarter = (whole + 45) / 90 * 90;
    if (whole - quarter).abs() <= UPRIGHT_TOLERANCE {
        quarter % 360
    } else {
        (whole + 5) / 10 * 10 % 360
    }
}

/// Ligatures spelled out; control characters, soft hyphens and other invisible characters dropped.
fn clean(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{fb00}' => plain.push_str("ff"),
            '\u{fb01}' => plain.push_str("fi"),
            '\u{fb02}' => plain.push_str("fl"),
            '\u{fb03}' => plain.push_str("ffi"),
            '\u{fb04}' => plain.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => plain.push_str("st"),
            '\u{ad}' => plain.push('-'),
            '\t' | '\n' | '\r' => plain.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fffd}' => {}
            other if other.is_control() => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_at(text: &str, x: f64, y: f64, advance: (f64, f64), up: (f64, f64)) -> Vec<Character> {
        let mut place = (x, y);
        text.chars()
            .map(|character| {
                let start = place;
                place = (place.0 + advance.0, place.1 + advance.1);
                Character {
                    text: character.to_string(),
                    start,
                    end: place,
                    up,
                    spacing: 0.0,
                }
            })
            .collect()
    }

    fn texts(words: &[PlacedWord]) -> Vec<&str> {
        words.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn blanks_gaps_and_new_lines_end_words() {
        let mut characters = text_at("no blank", 10.0, 50.0, (5.0, 0.0), (0.0, -10.0));
        characters.extend(text_at("gap", 52.0, 50.0, (5.0, 0.0), (0.0, -10.0)));
        characters.extend(text_at("below", 67.0, 62.0, (5.0, 0.0), (0.0, -10.0)));
        let words = join(&characters);
        assert_eq!(texts(&words), ["no", "blank", "gap", "below"]);
        assert!(words[0].precedes_blank && words[1].follows_blank);
        let bounds = words[1].bounds();
        assert_eq!((bounds.left, bounds.right), (25.0, 50.0));
        assert_eq!((bounds.top, bounds.bottom), (42.5, 52.2));
    }

    #[test]
    fn letters_set_apart_and_shadows_stay_one_word() {
        let mut characters = text_at("Sum", 10.0, 50.0, (5.0, 0.0), (0.0, -10.0));
        for (position, character) in characters.iter_mut().enumerate() {
            let shift = 2.0
                * if position == 0 {
                    0.0
                } else if position == 1 {
                    1.0
                } else {
                    2.0
                };
            character.start.0 += shift;
            character.end.0 += shift;
            character.spacing = 2.0;
        }
        let doubled: Vec<Character> = characters
            .iter()
            .flat_map(|character| [character.clone(), character.clone()])
            .collect();
        assert_eq!(texts(&join(&doubled)), ["Sum"]);
    }

    #[test]
    fn upright_text_is_bounded_on_the_page() {
        // Written upwards along the left margin.
        let words = join(&text_at("AB", 20.0, 100.0, (0.0, -5.0), (-10.0, 0.0)));
        assert_eq!(words[0].angle, 270);
        let bounds = words[0].bounds();
        assert!((bounds.top - 90.0).abs() < 0.01 && (bounds.bottom - 100.0).abs() < 0.01);
        assert!((bounds.left - 12.5).abs() < 0.01 && (bounds.right - 22.2).abs() < 0.01);
    }

    #[test]
    fn ligatures_are_spelled_out() {
        assert_eq!(clean("\u{fb01}\u{200b}x\u{1}"), "fix");
    }
}
