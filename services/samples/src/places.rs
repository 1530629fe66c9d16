//! Streets, towns and invented names per country.

use crate::country::Country;

/// A postcode with its town, and the state or province where addresses have one.
pub(crate) type Town = (&'static str, &'static str);

/// What addresses and companies of a country are made of.
pub(crate) struct Places {
    pub(crate) towns: &'static [Town],
    /// Streets; `{}` stands for the house number.
    pub(crate) streets: &'static [&'static str],
    /// Invented proper names of companies.
    pub(crate) names: &'static [&'static str],
    pub(crate) legal_forms: &'static [&'static str],
    pub(crate) people: &'static [&'static str],
    pub(crate) banks: &'static [&'static str],
    /// A telephone number; `#` stands for a random digit.
    pub(crate) phone: &'static str,
}

/// The places of a country.
pub(crate) fn places(country: Country) -> &'static Places {
    match country {
        Country::Germany => &GERMANY,
        Country::Austria => &AUSTRIA,
        Country::Switzerland => &SWITZERLAND,
        Country::France => &FRANCE,
        Country::UnitedKingdom => &UNITED_KINGDOM,
        Country::UnitedStates => &UNITED_STATES,
        Country::Sweden => &SWEDEN,
        Country::Norway => &NORWAY,
        Country::Italy => &ITALY,
        Country::Spain => &SPAIN,
        Country::Netherlands => &NETHERLANDS,
    }
}

static GERMANY: Places = Places {
    towns: &[
        ("20457", "Hamburg"),
        ("80331", "München"),
        ("04109", "Leipzig"),
        ("70173", "Stuttgart"),
        ("50667", "Köln"),
        ("28195", "Bremen"),
        ("90402", "Nürnberg"),
        ("48143", "Münster"),
        ("01067", "Dresden"),
    ],
    streets: &[
        "Am Alten Speicher {}",
        "Lindenallee {}",
        "Gewerbering {}",
        "Hafenstraße {}",
        "Industriestraße {}",
        "Mühlenweg {}",
        "Kastanienweg {}",
        "Bahnhofstraße {}",
    ],
    names: &[
        "Falkenrath",
        "Brunnhöfer",
        "Ostermoor",
        "Windsberg",
        "Krähenfeld",
        "Tannwald",
        "Silberkuhle",
        "Hellmoor",
        "Rauschenbacher",
        "Eichsteder",
    ],
    legal_forms: &["GmbH", "GmbH & Co. KG", "AG", "e.K.", "OHG", "UG (haftungsbeschränkt)"],
    people: &[
        "Frau Ahlers",
        "Herr Böttcher",
        "Jana Wittig",
        "T. Krämer",
        "Frau Dr. Sommer",
    ],
    banks: &[
        "Hanseatische Handelsbank",
        "Volksbank Musterland",
        "Sparkasse Musterkreis",
    ],
    phone: "+49 30 23125 ###",
};

static AUSTRIA: Places = Places {
    towns: &[
        ("1010", "Wien"),
        ("8010", "Graz"),
        ("4020", "Linz"),
        ("5020", "Salzburg"),
        ("6020", "Innsbruck"),
    ],
    streets: &["Alpengasse {}", "Ringstraße {}", "Marktgasse {}", "Donaulände {}"],
    names: &["Almberger", "Grünauer", "Steinleitner", "Hochkogler", "Wiesinger"],
    legal_forms: &["GmbH", "KG", "Ges.m.b.H."],
    people: &["Mag. Huber", "Frau Pichler", "Ing. Leitner"],
    banks: &["Alpen Kreditbank", "Donau Handelsbank"],
    phone: "+43 1 99 500 ##",
};

static SWITZERLAND: Places = Places {
    towns: &[
        ("8001", "Zürich"),
        ("3011", "Bern"),
        ("4051", "Basel"),
        ("9000", "St. Gallen"),
        ("1003", "Lausanne"),
    ],
    streets: &["Seestrasse {}", "Bundesgasse {}", "Rue du Lac {}", "Fabrikstrasse {}"],
    names: &["Brändlin", "Aebersold", "Rochat-Vernet", "Zumthal", "Wyssenbach"],
    legal_forms: &["AG", "GmbH", "SA"],
    people: &["Frau Keller", "Herr Zbinden", "Mme Rochat"],
    banks: &["Muster Kantonalbank", "Helvetische Handelsbank"],
    phone: "+41 44 555 0# ##",
};

static FRANCE: Places = Places {
    towns: &[
        ("75011", "Paris"),
        ("69002", "Lyon"),
        ("13006", "Marseille"),
        ("33000", "Bordeaux"),
        ("59000", "Lille"),
        ("44000", "Nantes"),
        ("67000", "Strasbourg"),
    ],
    streets: &[
        "{}, rue des Tilleuls",
        "{}, avenue de la Gare",
        "{}, quai du Port",
        "{}, rue Neuve",
        "{} bis, rue du Moulin",
        "{}, zone artisanale des Prés",
    ],
    names: &[
        "Duvallois",
        "Montclairet",
        "Hautecombe",
        "Rivaudière",
        "Sainte-Ombre",
        "Vauquelan",
        "Brissardet",
    ],
    legal_forms: &["SARL", "SAS", "SA", "EURL"],
    people: &["Mme Lefort", "M. Garnaud", "Claire Besson"],
    banks: &["Banque du Littoral", "Crédit Régional"],
    phone: "01 99 00 ## ##",
};

static UNITED_KINGDOM: Places = Places {
    towns: &[
        ("LS1 4AP", "Leeds"),
        ("BS1 5TR", "Bristol"),
        ("M1 2WD", "Manchester"),
        ("EH1 1BB", "Edinburgh"),
        ("NE1 3AF", "Newcastle upon Tyne"),
        ("CB2 1TN", "Cambridge"),
        ("SE1 9SG", "London"),
    ],
    streets: &[
        "{} Mill Lane",
        "{} Station Road",
        "Unit {}, Riverside Park",
        "{} Foundry Street",
        "{} Orchard Way",
        "{} Wharf Road",
    ],
    names: &[
        "Harrowgate",
        "Pemberwick",
        "Thistledown",
        "Oakminster",
        "Larkfield",
        "Brackenbury",
        "Wexcombe",
        "Stonehaven",
    ],
    legal_forms: &["Ltd", "Limited", "LLP", "plc"],
    people: &["Olivia Marsh", "D. Whitlock", "Accounts team", "Priya Nair"],
    banks: &["Northern Mercantile Bank", "Severn & Tyne Bank"],
    phone: "01632 960###",
};

static UNITED_STATES: Places = Places {
    towns: &[
        ("OH 43215", "Columbus"),
        ("TX 78701", "Austin"),
        ("OR 97204", "Portland"),
        ("IL 60603", "Chicago"),
        ("GA 30303", "Atlanta"),
        ("MN 55401", "Minneapolis"),
    ],
    streets: &[
        "{} Maple Avenue",
        "{} Commerce Drive",
        "{} W 3rd Street, Suite 210",
        "{} Industrial Parkway",
    ],
    names: &[
        "Bluestem",
        "Cedar Hollow",
        "Ironwood",
        "Lakepoint",
        "Granite Ridge",
        "Summerfield",
    ],
    legal_forms: &["Inc.", "LLC", "Corp.", "Co."],
    people: &["Megan Ortiz", "J. Tillman", "Accounts Receivable"],
    banks: &["First Prairie Bank", "Granite State Trust"],
    phone: "(614) 555-01##",
};

static SWEDEN: Places = Places {
    towns: &[
        ("111 22", "Stockholm"),
        ("411 05", "Göteborg"),
        ("211 20", "Malmö"),
        ("753 20", "Uppsala"),
        ("903 26", "Umeå"),
        ("582 23", "Linköping"),
    ],
    streets: &[
        "Storgatan {}",
        "Hamngatan {}",
        "Verkstadsvägen {}",
        "Björkvägen {}",
        "Fabriksgatan {}",
    ],
    names: &[
        "Nordanå",
        "Granlund",
        "Havsörnen",
        "Björkviks",
        "Ekeberga",
        "Södermark",
        "Lillskär",
    ],
    legal_forms: &["AB", "HB", "Handelsbolag", "AB (publ)"],
    people: &["Anna Lindqvist", "Per Åberg", "Kundtjänst"],
    banks: &["Mälarbanken", "Västkustbanken"],
    phone: "031-390 06 ##",
};

static NORWAY: Places = Places {
    towns: &[
        ("0152", "Oslo"),
        ("5014", "Bergen"),
        ("7011", "Trondheim"),
        ("4006", "Stavanger"),
    ],
    streets: &["Fjordgata {}", "Kirkegata {}", "Industriveien {}", "Skogveien {}"],
    names: &["Fjellheim", "Storvik", "Nordlys", "Havnesund", "Bjørkelia"],
    legal_forms: &["AS", "ASA", "DA"],
    people: &["Kari Solberg", "Ola Nygård"],
    banks: &["Fjordbanken", "Nordre Sparebank"],
    phone: "55 50 ## ##",
};

static ITALY: Places = Places {
    towns: &[
        ("20121", "Milano MI"),
        ("10121", "Torino TO"),
        ("40121", "Bologna BO"),
        ("35121", "Padova PD"),
    ],
    streets: &[
        "Via dei Mulini, {}",
        "Corso della Fiera, {}",
        "Via Nuova, {}",
        "Viale dell'Industria, {}",
    ],
    names: &["Valmontana", "Ferrandelli", "Sorgiva", "Belcastello", "Marinoverde"],
    legal_forms: &["S.r.l.", "S.p.A.", "S.n.c.", "S.a.s."],
    people: &["Dott.ssa Conti", "Sig. Moretti"],
    banks: &["Banca del Ponte", "Credito Padano"],
    phone: "02 5550 ####",
};

static SPAIN: Places = Places {
    towns: &[
        ("28004", "Madrid"),
        ("08002", "Barcelona"),
        ("41001", "Sevilla"),
        ("46002", "Valencia"),
        ("48001", "Bilbao"),
    ],
    streets: &[
        "Calle del Olmo, {}",
        "Avenida del Puerto, {}",
        "Polígono Las Eras, nave {}",
        "Plaza Nueva, {}",
    ],
    names: &["Montalbar", "Riofresco", "Alcázar Nuevo", "Sierrallana", "Puertoluna"],
    legal_forms: &["S.L.", "S.A.", "S.L.U."],
    people: &["Lucía Ramos", "Sr. Ortega"],
    banks: &["Banco del Ebro", "Caja Levante"],
    phone: "910 555 ###",
};

static NETHERLANDS: Places = Places {
    towns: &[
        ("1012 LG", "Amsterdam"),
        ("3011 AB", "Rotterdam"),
        ("3511 EX", "Utrecht"),
        ("5611 EM", "Eindhoven"),
    ],
    streets: &["Molenstraat {}", "Havenkade {}", "Kerkplein {}", "Industrieweg {}"],
    names: &["Van der Weerd", "Duinkerk", "Polderman", "Waterveen", "Zandhuis"],
    legal_forms: &["B.V.", "V.O.F.", "N.V."],
    people: &["Sanne de Wit", "J. Bakker"],
    banks: &["Deltabank", "Handelsbank Laagland"],
    phone: "020 555 0###",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::win_ansi;

    #[test]
    fn every_name_can_be_printed() {
        for country in [
            Country::Germany,
            Country::Austria,
            Country::Switzerland,
            Country::France,
            Country::UnitedKingdom,
            Country::UnitedStates,
            Country::Sweden,
            Country::Norway,
            Country::Italy,
            Country::Spain,
            Country::Netherlands,
        ] {
            let places = places(country);
            let all = [
                places.streets,
                places.names,
                places.legal_forms,
                places.people,
                places.banks,
            ]
            .concat();
            assert!(all.iter().all(|text| win_ansi(text).is_some()), "{}", places.phone);
            assert!(places.streets.iter().all(|street| street.contains("{}")));
        }
    }
}
