//! Hides from the library what it must not act on while it parses a file: encryption and lengths that stand elsewhere.
//!
//! The library decrypts and inflates object streams of encrypted files unseen, and follows a stream's length from object to object by
//! recursion, which a chain of streams turns into a stack overflow. Under names that mean nothing to it both wait until [`super::unpack`].

use super::lexer::{is_delimiter, is_white_space, unescape_name};
use super::load::broken;
use crate::error::DocumentError;

/// Under which name the `Encrypt` entry is found after loading.
pub(super) const ENCRYPTION: &[u8] = b"Encrypz";
/// Under which name a stream's `Length` is found after loading when it is a reference.
pub(super) const INDIRECT_LENGTH: &[u8] = b"Lengtz";

/// A copy of the file, beginning at its header, with the names replaced by ones of the same length.
pub(super) fn conceal(bytes: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let start = bytes
        .windows(5)
        .position(|window| window == b"%PDF-")
        .ok_or_else(|| broken("it has no header"))?;
    let mut concealed = bytes.get(start..).unwrap_or_default().to_vec();
    let mut position = 0;
    while let Some(slash) = next_slash(&concealed, position) {
        position = slash + 1;
        let rest = concealed.get(position..).unwrap_or_default();
        let end = rest
            .iter()
            .take(64)
            .position(|byte| is_white_space(*byte) || is_delimiter(*byte));
        let Some((name, after)) = end.and_then(|end| rest.split_at_checked(end)) else {
            continue;
        };
        if let Some(replacement) = replacement(name, after)?
            && let Some(place) = concealed.get_mut(position..position + replacement.len())
        {
            place.copy_from_slice(replacement);
        }
    }
    Ok(concealed)
}

fn next_slash(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|byte| *byte == b'/').map(|place| from + place)
}

fn replacement(name: &[u8], after: &[u8]) -> Result<Option<&'static [u8]>, DocumentError> {
    let plain = unescape_name(name);
    let replacement = match plain.as_slice() {
        b"Encrypt" => ENCRYPTION,
        b"Length" if !is_direct_number(after) => INDIRECT_LENGTH,
        _ => return Ok(None),
    };
    if plain == name {
        Ok(Some(replacement))
    } else {
        // No program escapes letters in these names; hiding them serves no good purpose.
        Err(broken("its dictionaries are written in an unusual way"))
    }
}

/// Whether a name is followed by an integer that is the value itself and not the first part of a reference.
fn is_direct_number(after: &[u8]) -> bool {
    let number = after.trim_ascii_start();
    let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let next = number.get(digits..).unwrap_or_default().trim_ascii_start();
    digits > 0 && matches!(next.first(), Some(b'/' | b'>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encryption_and_indirect_lengths_are_renamed() {
        let file = b"junk%PDF-1.4 /Length 5 /Length 5>> /Length 5 0 R/Length%c\n7 0 R /Length1 9 0 R /Encrypt 3 0 R /EncryptMetadata true ";
        let expected = b"%PDF-1.4 /Length 5 /Length 5>> /Lengtz 5 0 R/Lengtz%c\n7 0 R /Length1 9 0 R /Encrypz 3 0 R /EncryptMetadata true ";
        assert_eq!(conceal(file).unwrap(), expected);
        assert!(conceal(b"%PDF-1.4 /#45ncrypt 3 0 R ").is_err());
        assert!(conceal(b"no header").is_err());
    }
}
