//! Answers from candidates: the printed characters where the normaliser reads them as what was meant, else a plain form.

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;
use accord_domain::normalise::normalise;

use super::candidates::amounts::Amount;
use super::candidates::dates::DateCandidate;
use super::reading::Reading;
use super::roles::{Role, role_of};

/// A value of any type from its characters; abstains when there are none.
pub(crate) fn text(field: &Field, raw: &str) -> Answer {
    let raw = raw.trim();
    if raw.is_empty() {
        return Answer::Abstained;
    }
    Answer::Value(normalise(field, raw))
}

/// An amount: as printed when that is read as the same number, else with a decimal point.
pub(crate) fn amount(field: &Field, amount: &Amount) -> Answer {
    let plain = normalise(field, &amount.plain());
    let printed = normalise(field, &amount.printed);
    let same = printed.parsed && printed.canonical == plain.canonical;
    Answer::Value(if same { printed } else { plain })
}

/// A date: as printed when that is read as the same day, else in ISO form.
pub(crate) fn date(field: &Field, date: &DateCandidate) -> Answer {
    let iso = normalise(field, &date.date.to_string());
    let printed = normalise(field, &date.printed);
    let same = printed.parsed && printed.canonical == iso.canonical;
    Answer::Value(if same { printed } else { iso })
}

/// Answers every field by its role; fields without a role are abstained from.
pub(crate) fn by_role(fields: &[Field], mut answer: impl FnMut(&Field, Role) -> Option<Answer>) -> Answers {
    fields
        .iter()
        .map(|field| {
            let found = role_of(field).and_then(|role| answer(field, role));
            (field.name.clone(), found.unwrap_or(Answer::Abstained))
        })
        .collect()
}

/// The currency of the document, from the marks beside its amounts and the codes in its text.
pub(crate) fn currency(field: &Field, reading: &Reading) -> Option<Answer> {
    reading.currency().map(|code| text(field, code))
}
