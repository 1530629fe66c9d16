//! Decodes the streams of a PDF within a budget, so that a small file cannot fill the memory.

use std::io::Read;
use std::time::Instant;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use lopdf::{Dictionary, Document, Object, Stream};
use weezl::{BitOrder, LzwStatus};

use crate::error::{DocumentError, LimitedAmount};
use crate::limits::Limits;

/// Longest chain of filters that is decoded; real files have one or two.
const MAXIMUM_FILTERS: usize = 4;
/// Bytes decoded between two looks at the budget.
const CHUNK_BYTES: usize = 64 * 1024;

/// What is left to decompress and when to stop, shared by all streams of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    limit_bytes: u64,
    used_bytes: u64,
    deadline: Instant,
    limit_milliseconds: u64,
}

impl Budget {
    pub(super) const fn new(limits: &Limits, deadline: Instant) -> Self {
        Self {
            limit_bytes: limits.inflated_bytes,
            used_bytes: 0,
            deadline,
            limit_milliseconds: limits.time_milliseconds,
        }
    }

    /// A budget of at most `bytes`, for one step.
    pub(super) fn at_most(mut self, bytes: u64) -> Self {
        self.limit_bytes = self.limit_bytes.min(bytes);
        self
    }

    /// Counts bytes that were produced or have to be looked through.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), DocumentError> {
        self.used_bytes = self.used_bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.used_bytes > self.limit_bytes {
            return Err(DocumentError::TooLarge {
                amount: LimitedAmount::InflatedBytes,
                limit: self.limit_bytes,
                actual: self.limit_bytes.saturating_add(1),
            });
        }
        self.check_time()
    }

    /// Fails once the deadline has passed.
    pub(super) fn check_time(&self) -> Result<(), DocumentError> {
        if Instant::now() > self.deadline {
            return Err(self.timed_out());
        }
        Ok(())
    }

    /// The error for a deadline that has passed.
    pub(super) const fn timed_out(&self) -> DocumentError {
        DocumentError::TimedOut {
            limit_milliseconds: self.limit_milliseconds,
        }
    }
}

/// What remains of a stream after all filters that can be undone here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// The first filter that was not undone (an image codec), if any.
    pub(super) remaining_filter: Option<Vec<u8>>,
}

/// Undoes the filters of a stream up to the first image codec. Damaged data yields what could be read before the damage.
pub(super) fn decode(document: &Document, stream: &Stream, budget: &mut Budget) -> Result<Decoded, DocumentError> {
    let filters = names_of(document, &stream.dict, &[b"Filter", b"F"]);
    let parameters = parameters_of(document, &stream.dict);
    budget.spend(stream.content.len())?;
    let mut bytes = stream.content.clone();
    for (position, filter) in filters.iter().enumerate() {
        if position >= MAXIMUM_FILTERS {
            return Ok(Decoded {
                bytes: Vec::new(),
                remaining_filter: Some(filter.clone()),
            });
        }
        let parameters = parameters.get(position).copied().flatten();
        bytes = match filter.as_slice() {
            b"FlateDecode" | b"Fl" => undo_predictor(inflate(&bytes, budget)?, document, parameters),
            b"LZWDecode" | b"LZW" => {
                let early_change = integer(document, parameters, b"EarlyChange").unwrap_or(1) != 0;
                let plain = decode_lzw(&bytes, early_change, budget)?;
                undo_predictor(plain, document, parameters)
            }
            b"ASCII85Decode" | b"A85" => decode_ascii85(&bytes),
            b"ASCIIHexDecode" | b"AHx" => decode_ascii_hex(&bytes),
            b"RunLengthDecode" | b"RL" => decode_run_length(&bytes, budget)?,
            b"Crypt" => bytes,
            _ => {
                return Ok(Decoded {
                    bytes,
                    remaining_filter: Some(filter.clone()),
                });
            }
        };
    }
    Ok(Decoded {
        bytes,
        remaining_filter: None,
    })
}

fn names_of(document: &Document, dictionary: &Dictionary, keys: &[&[u8]]) -> Vec<Vec<u8>> {
    let Some(value) = keys.iter().find_map(|key| dictionary.get_deref(key, document).ok()) else {
        return Vec::new();
    };
    match value {
        Object::Name(name) => vec![name.clone()],
        Object::Array(names) => names
            .iter()
            .filter_map(|name| document.dereference(name).ok())
            .filter_map(|(_, name)| name.as_name().ok().map(<[u8]>::to_vec))
            .collect(),
        _ => Vec::new(),
    }
}

fn parameters_of<'document>(
    document: &'document Document,
    dictionary: &'document Dictionary,
) -> Vec<Option<&'document Dictionary>> {
    let value = dictionary
        .get_deref(b"DecodeParms", document)
        .or_else(|_| dictionary.get_deref(b"DP", document));
    match value {
        Ok(Object::Dictionary(parameters)) => vec![Some(parameters)],
        Ok(Object::Array(list)) => list
            .iter()
            .map(|entry| {
                let (_, entry) = document.dereference(entry).ok()?;
                entry.as_dict().ok()
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn integer(document: &Document, parameters: Option<&Dictionary>, key: &[u8]) -> Option<i64> {
    parameters?.get_deref(key, document).ok()?.as_i64().ok()
}

/// Inflates zlib data; data without a sound zlib header is tried as raw deflate, as other readers do.
pub(super) fn inflate(bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, DocumentError> {
    let plain = read_within(ZlibDecoder::new(bytes), budget)?;
    if plain.is_empty() && bytes.len() > 2 {
        let raw = bytes.get(2..).unwrap_or_default();
        return read_within(DeflateDecoder::new(raw), budget);
    }
    Ok(plain)
}

fn read_within(mut source: impl Read, budget: &mut Budget) -> Result<Vec<u8>, DocumentError> {
    let mut plain = Vec::new();
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    // An error in the data ends it: what came before is kept.
    while let Ok(length @ 1..) = source.read(&mut chunk) {
        budget.spend(length)?;
        plain.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(plain)
}

/// Decodes LZW data as PDF and TIFF write it.
pub(super) fn decode_lzw(bytes: &[u8], early_change: bool, budget: &mut Budget) -> Result<Vec<u8>, DocumentError> {
    let mut decoder = if early_change {
        weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    } else {
        weezl::decode::Decoder::new(BitOrder::Msb, 8)
    };
    let mut plain = Vec::new();
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let mut rest = bytes;
    loop {
        let step = decoder.decode_bytes(rest, &mut chunk);
        budget.spend(step.consumed_out)?;
        plain.extend_from_slice(chunk.get(..step.consumed_out).unwrap_or_default());
        rest = rest.get(step.consumed_in..).unwrap_or_default();
        let stalled = step.consumed_in == 0 && step.consumed_out == 0;
        if stalled || !matches!(step.status, Ok(LzwStatus::Ok)) {
            return Ok(plain);
        }
    }
}

pub(super) fn decode_ascii85(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len() / 5 * 4);
    let mut group: Vec<u32> = Vec::with_capacity(5);
    for &byte in bytes {
        match byte {
            b'z' if group.is_empty() => plain.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                group.push(u32::from(byte - b'!'));
                if group.len() == 5 {
                    plain.extend_from_slice(&ascii85_bytes(&group));
                    group.clear();
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    let present = group.len();
    if present > 1 {
        group.resize(5, 84);
        let bytes = ascii85_bytes(&group);
        plain.extend_from_slice(bytes.get(..present - 1).unwrap_or_default());
    }
    plain
}

fn ascii85_bytes(group: &[u32]) -> [u8; 4] {
    group
        .iter()
        .fold(0_u32, |value, digit| value.wrapping_mul(85).wrapping_add(*digit))
        .to_be_bytes()
}

fn decode_ascii_hex(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => high << 4 | low,
            [high] => high << 4,
            _ => 0,
        })
        .collect()
}

fn decode_run_length(bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, DocumentError> {
    let mut plain = Vec::new();
    let mut rest = bytes;
    while let Some((&length, after)) = rest.split_first() {
        match length {
            0..=127 => {
                let count = (usize::from(length) + 1).min(after.len());
                let (copied, remaining) = after.split_at(count);
                budget.spend(count)?;
                plain.extend_from_slice(copied);
                rest = remaining;
            }
            128 => break,
            129..=255 => {
                let Some((&value, remaining)) = after.split_first() else {
                    break;
                };
                let count = 257 - usize::from(length);
                budget.spend(count)?;
                plain.resize(plain.len() + count, value);
                rest = remaining;
            }
        }
    }
    Ok(plain)
}

/// Undoes the PNG predictors (10 to 15) and the TIFF predictor (2) for components of 8 bits.
fn undo_predictor(bytes: Vec<u8>, document: &Document, parameters: Option<&Dictionary>) -> Vec<u8> {
    let number = |key: &[u8], default: i64| integer(document, parameters, key).unwrap_or(default);
    let predictor = number(b"Predictor", 1);
    let bits_per_pixel = number(b"Colors", 1)
        .clamp(1, 32)
        .saturating_mul(number(b"BitsPerComponent", 8).clamp(1, 16));
    let row_bits = number(b"Columns", 1).clamp(1, 1 << 24).saturating_mul(bits_per_pixel);
    let pixel = usize::try_from((bits_per_pixel + 7) / 8).unwrap_or(1);
    let row = usize::try_from((row_bits + 7) / 8).unwrap_or(1);
    match predictor {
        10..=15 => undo_png_rows(&bytes, row, pixel),
        2 if number(b"BitsPerComponent", 8) == 8 => undo_tiff_rows(bytes, row, pixel),
        _ => bytes,
    }
}

fn undo_png_rows(bytes: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(bytes.len());
    for encoded in bytes.chunks(row + 1) {
        let Some((&filter, data)) = encoded.split_first() else {
            break;
        };
        let start = plain.len();
        for (offset, &value) in data.iter().enumerate() {
            let at = |back: usize| start.checked_add(offset)?.checked_sub(back);
            let before = |back: Option<usize>| back.and_then(|index| plain.get(index)).copied().unwrap_or(0);
            let left = if offset >= pixel { before(at(pixel)) } else { 0 };
            let above = before(at(row));
            let corner = if offset >= pixel { before(at(row + pixel)) } else { 0 };
            let prediction = match filter {
                1 => left,
                2 => above,
                3 => left.midpoint(above),
                4 => paeth(left, above, corner),
                _ => 0,
            };
            plain.push(value.wrapping_add(prediction));
        }
    }
    plain
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(above) && distance(left) <= distance(corner) {
        left
    } else if distance(above) <= distance(corner) {
        above
    } else {
        corner
    }
}

fn undo_tiff_rows(mut bytes: Vec<u8>, row: usize, pixel: usize) -> Vec<u8> {
    for line in bytes.chunks_mut(row) {
        for offset in pixel..line.len() {
            let left = line.get(offset - pixel).copied().unwrap_or(0);
            if let Some(value) = line.get_mut(offset) {
                *value = value.wrapping_add(left);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use lopdf::dictionary;
    use std::io::Write;
    use std::time::Duration;

    fn budget(inflated_bytes: u64) -> Budget {
        let limits = Limits {
            inflated_bytes,
            ..Limits::default()
        };
        Budget::new(&limits, Instant::now() + Duration::from_secs(20))
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn chains_of_filters_are_undone_up_to_an_image_codec() {
        let hex: String = deflate(b"jpeg data").iter().map(|byte| format!("{byte:02x}")).collect();
        let names = ["ASCIIHexDecode", "FlateDecode", "DCTDecode"];
        let filters: Vec<Object> = names.iter().map(|name| Object::from(*name)).collect();
        let stream = Stream::new(dictionary! { "Filter" => filters }, hex.into_bytes());
        let decoded = decode(&Document::new(), &stream, &mut budget(1 << 20)).unwrap();
        assert_eq!(decoded.bytes, b"jpeg data");
        assert_eq!(decoded.remaining_filter, Some(b"DCTDecode".to_vec()));
    }

    #[test]
    fn a_bomb_exhausts_the_budget_and_not_the_memory() {
        let bomb = deflate(&vec![0_u8; 4 << 20]);
        assert!(bomb.len() < 10_000);
        let error = inflate(&bomb, &mut budget(1 << 20)).unwrap_err();
        assert_eq!(error.code(), "too_large");
        let mut lzw = weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8);
        let bomb = lzw.encode(&vec![0_u8; 4 << 20]).unwrap();
        let error = decode_lzw(&bomb, true, &mut budget(1 << 20)).unwrap_err();
        assert_eq!(error.code(), "too_large");
        assert_eq!(decode_lzw(&bomb, true, &mut budget(8 << 20)).unwrap().len(), 4 << 20);
    }

    #[test]
    fn predictors_ascii85_and_run_lengths_are_undone() {
        assert_eq!(undo_png_rows(&[2, 1, 2, 2, 1, 1, 1, 5, 1], 2, 1), [1, 2, 2, 3, 5, 6]);
        assert_eq!(undo_tiff_rows(vec![1, 1, 1, 5, 5, 5], 3, 1), [1, 2, 3, 5, 10, 15]);
        assert_eq!(decode_ascii85(b"87cUR\nD]~>"), b"Hello".to_vec());
        assert_eq!(
            decode_run_length(&[1, 7, 8, 254, 9, 128, 1], &mut budget(99)).unwrap(),
            [7, 8, 9, 9, 9]
        );
    }

    #[test]
    fn cut_data_yields_what_came_before() {
        let text = "line of text ".repeat(500);
        let whole = deflate(text.as_bytes());
        let part = inflate(&whole[..whole.len() - 8], &mut budget(1 << 20)).unwrap();
        assert!(!part.is_empty() && text.as_bytes().starts_with(&part));
    }
}
