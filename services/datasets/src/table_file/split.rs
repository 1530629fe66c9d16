//! Takes a row of CSV without quotes apart, eight bytes at a time.

use super::cell::Cell;

/// So many bytes behind the data must be readable, whatever they hold.
pub(super) const PADDING: usize = 8;

/// Bytes below this may end a cell: comma, line feed, carriage return and quote are; digits and letters are not.
const FIRST_PLAIN: u8 = b'-';

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const ZERO_DIGITS: u64 = 0x3030_3030_3030_3030;

/// What was found at the start of a row.
pub(super) enum Row {
    /// A row of so many cells; the next one begins there.
    Whole { cells: usize, next: usize },
    /// Nothing but the end of a line; the next row begins there.
    Blank { next: usize },
    /// A quote or a lone carriage return: take it apart with care.
    Careful,
    /// The data end before the row does.
    Unfinished,
}

/// Takes apart the row that begins at `start`. `slots[k]` says where the cell of column `k` goes in `cells`, past its
/// end when nobody wants it. The data are the first `filled` bytes; [`PADDING`] more can be read.
#[inline]
pub(super) fn split_row<'a>(
    data: &'a [u8],
    filled: usize,
    start: usize,
    slots: &[usize],
    cells: &mut [Cell<'a>],
) -> Row {
    let mut count = 0;
    let mut at = start;
    loop {
        let Some(end) = cell_end(data, at) else {
            return Row::Unfinished;
        };
        let stop = data.get(end.place).copied().unwrap_or_default();
        if end.place >= filled {
            return Row::Unfinished;
        }
        let next = match stop {
            b',' | b'\n' => end.place + 1,
            b'\r' if data.get(end.place + 1) == Some(&b'\n') && end.place + 1 < filled => end.place + 2,
            b'\r' if end.place + 1 >= filled => return Row::Unfinished,
            _ => return Row::Careful,
        };
        let is_last = stop != b',';
        if is_last && count == 0 && end.place == start {
            return Row::Blank { next };
        }
        if let Some(slot) = slots.get(count)
            && let Some(cell) = cells.get_mut(*slot)
        {
            *cell = end.cell(data, at);
        }
        count += 1;
        if is_last {
            return Row::Whole { cells: count, next };
        }
        at = next;
    }
}

/// Where a cell ends, and its first eight bytes.
struct CellEnd {
    place: usize,
    first_bytes: u64,
}

impl CellEnd {
    #[inline]
    fn cell<'a>(&self, data: &'a [u8], start: usize) -> Cell<'a> {
        let length = self.place - start;
        if length == 0 {
            return Cell::Missing;
        }
        if length < 8
            && let Some(number) = short_integer(self.first_bytes, length)
        {
            return Cell::Integer(number);
        }
        Cell::Text(data.get(start..self.place).unwrap_or_default())
    }
}

/// The first comma, quote or end of line from `start` on. `None` at the end of the data.
#[inline]
fn cell_end(data: &[u8], start: usize) -> Option<CellEnd> {
    let first_bytes = eight_bytes(data, start)?;
    let mut window = first_bytes;
    let mut at = start;
    loop {
        let mut hits = below_plain(window);
        while hits != 0 {
            // Only the lowest hit is sure: a borrow may mark the byte above it.
            let place = at + (hits.trailing_zeros() / 8) as usize;
            match data.get(place) {
                Some(b',' | b'\n' | b'\r' | b'"') | None => return Some(CellEnd { place, first_bytes }),
                Some(_) => hits &= hits - 1,
            }
        }
        at += 8;
        window = eight_bytes(data, at)?;
    }
}

#[inline]
fn eight_bytes(data: &[u8], start: usize) -> Option<u64> {
    let bytes = data.get(start..start + 8)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

/// Marks the high bit of every byte that is below [`FIRST_PLAIN`]; above such a byte another may be marked wrongly.
#[inline]
fn below_plain(window: u64) -> u64 {
    window.wrapping_sub(LOW_BITS * FIRST_PLAIN as u64) & !window & HIGH_BITS
}

/// The number that the first `length` bytes (1 to 7) of a window write, when they are digits without leading zeros.
#[inline]
fn short_integer(window: u64, length: usize) -> Option<i64> {
    let bits = 8 * length;
    if length > 1 && window & 0xff == u64::from(b'0') {
        return None;
    }
    // The digits move up behind zeros, so that the first of eight is the highest.
    let digits = (window << (64 - bits)) | (ZERO_DIGITS >> bits);
    let is_digits = (digits & 0xf0f0_f0f0_f0f0_f0f0)
        | (((digits.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0) >> 4);
    if is_digits != 0x3333_3333_3333_3333 {
        return None;
    }
    let values = digits.wrapping_sub(ZERO_DIGITS);
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    i64::try_from(low.wrapping_add(high) >> 32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table_file::cell::canonical_integer;

    #[test]
    fn short_integers_are_those_that_would_be_written_so() {
        for text in [
            "0", "7", "12", "999", "1000", "54321", "123456", "9999999", "007", "1a", "a1", "1:", "1/", "-1", "é", "00",
        ] {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            // What stands behind the cell must not matter.
            for behind in [0, b',', b'9', 0xff] {
                bytes[text.len()..].fill(behind);
                let found = short_integer(u64::from_le_bytes(bytes), text.len());
                let expected = canonical_integer(text.as_bytes()).filter(|number| *number >= 0);
                assert_eq!(found, expected, "{text}");
            }
        }
    }
}
