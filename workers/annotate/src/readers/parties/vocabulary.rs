//! Words that occur in addresses and in the names of firms.

const STREET_WORDS: &str = "jalan jln jl lorong lrg persiaran lebuh lebuhraya taman tmn tman kampung kampong kg bandar seksyen sek mukim wisma plaza mall kompleks kawasan medan pusat dataran lot level lvl floor flr ground aras tingkat blok block unit suite tower menara batu bt desa pekan jaya garden gardens park parade square centre center pt \
street st road rd avenue ave lane ln drive dr boulevard blvd highway way court ct terrace place building bldg house industrial estate box \
strasse str weg platz allee gasse ring ufer damm chaussee postfach hof graben markt \
rue avenue chemin impasse quai cours allee route bp place bis \
via viale piazza piazzale corso vicolo largo strada localita frazione \
calle c avenida avda av plaza paseo carretera ctra poligono camino ronda carrer \
straat laan plein gracht kade singel dijk postbus hoofdstraat \
gatan vagen gata vag vei veien vej gade allen postboks plass torg";

const STREET_SUFFIXES: [&str; 19] = [
    "strasse", "str", "weg", "gasse", "platz", "allee", "ring", "ufer", "damm", "straat", "laan", "gracht", "plein",
    "kade", "gatan", "vagen", "veien", "gata", "gade",
];

const REGIONS: &str = "selangor johor penang pahang perak kedah kelantan terengganu melaka malacca sabah sarawak perlis kl pj lumpur putrajaya malaysia klang petaling shah alam ipoh subang cheras puchong \
germany deutschland france frankreich spain espana italy italia sweden sverige norway norge denmark danmark netherlands nederland belgium belgique austria osterreich switzerland schweiz suisse svizzera \
england scotland wales ireland dublin london uk usa states india singapore cedex kingdom";

const BUSINESS_WORDS: &str = "enterprise enterprises trading restaurant restoran resturant restaurants cafe kafe kopitiam bakery bakeries hardware stationery stationers store stores shop mart market supermarket hypermarket minimarket pharmacy farmasi clinic klinik kedai perniagaan syarikat company co group holdings marketing \
services service station petrol petroleum oil motor motors auto electrical electronic electronics books book bookstore food foods seafood beverage kitchen catering house boutique fashion jewellery optical gift decor deco furniture furnishing hotel resort spa salon saloon centre center industries industry machinery \
supply supplies system systems solutions technology technologies tech design studio print printing advertising logistics transport travel sports toys pet garden florist bistro grill bar pizza coffee tea cake house delights wholesale retail distributor manufacturing international global \
handel handels verlag bau technik software systemhaus betrieb werkstatt buchhandlung apotheke backerei metzgerei gaststatte boulangerie pharmacie librairie garage atelier studio officina ristorante bottega ferreteria tienda panaderia restaurante winkel bakkerij apotheek butik verkstad";

/// Legal forms of two letters, which are such only at the end of a name.
pub(crate) fn is_short_legal_form(word: &str) -> bool {
    matches!(
        word,
        "ag" | "kg"
            | "ab"
            | "as"
            | "sa"
            | "sl"
            | "slu"
            | "spa"
            | "snc"
            | "sas"
            | "sb"
            | "ek"
            | "ev"
            | "se"
            | "hb"
            | "ks"
            | "cv"
            | "ans"
            | "enk"
            | "eg"
    )
}

/// Whether a folded word occurs in the names of streets, places or buildings.
pub(crate) fn is_street_word(word: &str) -> bool {
    listed(STREET_WORDS, word)
}

/// Whether a folded word ends like the name of a street in Germanic languages.
pub(crate) fn is_street_suffix(word: &str) -> bool {
    STREET_SUFFIXES
        .iter()
        .any(|suffix| word.len() >= suffix.len() + 3 && word.ends_with(suffix))
}

/// Whether a folded word is a country, or a state or large town of Malaysia.
pub(crate) fn is_region(word: &str) -> bool {
    listed(REGIONS, word)
}

/// Whether a folded word occurs in the names of shops and firms.
pub(crate) fn is_business_word(word: &str) -> bool {
    listed(BUSINESS_WORDS, word)
}

fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|entry| entry == word)
}
