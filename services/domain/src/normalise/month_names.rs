//! The names of the months, and the words that stand beside them, in the languages of the documents.

/// Names and abbreviations, case-folded, in English, German, French, Swedish, Spanish, Italian, Dutch, Portuguese, Danish, Norwegian and Malay.
const MONTHS: [&str; 12] = [
    "january jan januar jänner januari jän janvier janv jan enero ene gennaio gen janeiro",
    "february feb februar feber februari février fevrier févr fevr fév fev febrero febbraio fevereiro",
    "march mar märz maerz marz mrz mär mars marzo maart mrt março marco marts mac",
    "april apr avril avr abril abr aprile",
    "may mai maj mayo maggio mag mei maio",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho julai",
    "august aug août aout augusti agosto ago augustus ogos",
    "september sep sept septembre septiembre setiembre settembre set sett setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre decembre déc desember des diciembre dicembre dic dezembro disember",
];

/// Articles, prepositions, endings of ordinals and the marks of Chinese and Japanese dates.
const PARTICLES: &str = "of the on de del di du da den der le la el il am al st nd rd th er e o a ème t 年 月 日";

/// Days of the week in full and abbreviated.
const WEEKDAYS: &str = "monday mon montag mo lundi lun måndag mån lunes lunedì lunedi maandag ma \
tuesday tue tues dienstag di mardi mar tisdag tis martes martedì martedi dinsdag \
wednesday wed mittwoch mi mercredi mer onsdag ons miércoles miercoles mercoledì mercoledi woensdag wo \
thursday thu thur thurs donnerstag do jeudi jeu torsdag tor jueves giovedì giovedi gio donderdag \
friday fri freitag fr vendredi ven fredag fre viernes venerdì venerdi vrijdag vr \
saturday sat samstag sa samedi sam lördag lör sábado sabato sab zaterdag za sonnabend \
sunday sun sonntag so dimanche dim söndag sön domingo domenica dom zondag zo";

/// The month that a case-folded word names, from 1.
#[must_use]
pub(crate) fn month_of(word: &str) -> Option<i8> {
    let position = MONTHS.iter().position(|names| lists(names, word))?;
    i8::try_from(position + 1).ok()
}

/// Whether a case-folded word may stand in a date without changing it.
#[must_use]
pub(crate) fn is_filler(word: &str) -> bool {
    lists(PARTICLES, word) || lists(WEEKDAYS, word)
}

fn lists(names: &str, word: &str) -> bool {
    names.split_ascii_whitespace().any(|name| name == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_months() {
        for (position, names) in MONTHS.iter().enumerate() {
            for name in names.split_ascii_whitespace() {
                assert_eq!(month_of(name), i8::try_from(position + 1).ok(), "{name}");
            }
        }
    }
}
