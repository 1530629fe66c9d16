//! The phrases of the labels. Written in full form; folding takes accents, case and punctuation away.

use super::Label;

/// Label, strength from 1 to 10, phrases separated by bars.
pub(super) const PHRASES: &[(Label, u8, &str)] = &[
    // Numbers.
    (
        Label::InvoiceNumber,
        10,
        "invoice number|invoice no|invoice nr|invoice num|invoice #|invoice id|inv no|inv number|inv #|inv nr|number of invoice",
    ),
    (
        Label::InvoiceNumber,
        10,
        "tax invoice no|tax invoice number|tax invoice #|tax inv no|taxinvno|invoice ref|invoice reference|sales invoice no|cash invoice no|cash inv no",
    ),
    (
        Label::InvoiceNumber,
        9,
        "receipt number|receipt no|receipt #|bill number|bill no|bill #|document number|document no|doc no|doc number|doc #|check #|slip no",
    ),
    (
        Label::InvoiceNumber,
        9,
        "credit note number|credit note no|credit memo no|credit memo number|sales no|no invois|no resit|no rujukan",
    ),
    (
        Label::InvoiceNumber,
        10,
        "rechnungsnummer|rechnungsnr|rechnungs nr|rechnungs no|rechnung nr|rechnung no|rechnung nummer|rechnungs nummer|re nr|rg nr|handelsrechnung 380 nr",
    ),
    (Label::InvoiceNumber, 8, "belegnummer|belegnr|beleg nr"),
    (
        Label::InvoiceNumber,
        9,
        "gutschriftsnummer|gutschriftnummer|gutschrift nr|gutschriftsnr|dokumentnummer|dokument nr|quittungsnummer|bon nr",
    ),
    (
        Label::InvoiceNumber,
        10,
        "numéro de facture|numéro facture|n de facture|n de la facture|n facture|no de facture|no facture|num facture|facture n|facture no|facture numéro|facture num|réf facture|référence facture",
    ),
    (
        Label::InvoiceNumber,
        9,
        "numéro d'avoir|n d'avoir|avoir n|numéro du document|n de document",
    ),
    (
        Label::InvoiceNumber,
        10,
        "fakturanummer|fakturanr|faktura nr|faktura nummer|faktura no|fakturans nummer|kreditfakturanummer|kreditnotanummer|kvittonummer|kvitto nr",
    ),
    (
        Label::InvoiceNumber,
        10,
        "numero fattura|numero della fattura|n fattura|nr fattura|num fattura|fattura n|fattura nr|fattura no|fattura numero|numero documento|n documento|documento n|nota di credito n",
    ),
    (
        Label::InvoiceNumber,
        10,
        "n o factura|n o de factura|número de factura|número factura|núm factura|num de factura|nro factura|nro de factura|no de factura|factura n|factura no|factura núm|factura nro|factura número|número de documento",
    ),
    (
        Label::InvoiceNumber,
        10,
        "factuurnummer|factuurnr|factuur nr|factuur nummer|factuur no|faktuurnummer|creditnotanummer|bonnummer",
    ),
    (
        Label::DocumentTitle,
        6,
        "invoice|tax invoice|commercial invoice|sales invoice|credit note|credit memo|rechnung|handelsrechnung|schlussrechnung|abschlagsrechnung|teilrechnung|gutschrift|stornorechnung",
    ),
    (
        Label::DocumentTitle,
        6,
        "facture|avoir|faktura|kreditfaktura|kreditnota|fattura|nota di credito|factura|factura rectificativa|factuur|creditnota|creditfactuur|invois",
    ),
    (
        Label::DocumentTitle,
        3,
        "booking id|booking no|booking number|booking reference",
    ),
    (
        Label::OtherNumber,
        5,
        "order number|order no|order #|order id|your order|our order|purchase order|po number|po no|po #|p o number|customer number|customer no|customer id|customer #|client number|client no|client id|account number|account no|delivery note|delivery note no|delivery no|quote no|quotation no|project no|contract no|contract number|reference no|ref no|ref|reference|your reference|our reference|your ref|our ref|table no|member no|card no|serial no|article no|item no|item code|sku|tracking no|package tracking no|page|page no|trans|transaction no|terminal|slip",
    ),
    (
        Label::OtherNumber,
        5,
        "kd nr|ihr auftrag|ihre bestellung|bezug rechnung nr|bezug rechnung|bezug|zu rechnung nr|zur rechnung nr|stornorechnung zu|ursprüngliche rechnung|original invoice|original invoice no|original invoice number|reference invoice|related invoice|related invoice no|credit for invoice|credit of invoice|facture d'origine|facture initiale|avoir sur facture|sur facture n|fattura di riferimento|rif fattura|fattura originale|factura original|factura rectificada|factura de referencia|credit op factuur|betreft factuur|oorspronkelijke factuur|avser faktura|gäller faktura|kredit av faktura|gjelder faktura|kreditert faktura|vedrørende faktura|kundennummer|kundennr|kunden nr|kunden no|ihre kundennummer|auftragsnummer|auftragsnr|auftrags nr|auftrag nr|ihre auftragsnummer|bestellnummer|bestellnr|bestell nr|bestellung nr|bestellung|lieferscheinnummer|lieferschein nr|lieferschein|lieferung nr|vertragsnummer|vertrag|vorgangsnummer|vorgang|projektnummer|projekt|referenz|ihre referenz|ihr zeichen|unser zeichen|angebot|angebotsnummer|weitere referenz|buchungsreferenz|seite|art nr|artikelnummer|artikelnr|artikel nr|gln|unsere gln|ihre gln|gtin|lieferantennummer|lieferanten nr|personalnummer",
    ),
    (
        Label::OtherNumber,
        5,
        "numéro de client|n client|n de client|code client|référence client|numéro de commande|n commande|n de commande|commande n|bon de commande|votre référence|notre référence|réf marché|réf client|numéro de devis|devis n|bon de livraison|contrat n|facture liée",
    ),
    (
        Label::OtherNumber,
        5,
        "vår ref|er ref|deres ref|kundnummer|kundnr|kund nr|kundenummer|kundenr|ordernummer|ordernr|order nr|ordrenummer|ordrenr|er referens|vår referens|ert ordernummer|referens|deres referanse|vår referanse|referanse|referansenummer|ocr|ocr nummer|kid|kid nummer|prosjektnummer|bestillingsnummer",
    ),
    (
        Label::OtherNumber,
        5,
        "n o de cliente|cliente n|cliente n o|n o cliente|n cliente interno|uw order|votre interlocuteur|your contact|relates to invoice|su pedido|vuestro pedido|n pedido|codice cliente|numero cliente|n cliente|numero ordine|n ordine|ordine n|ordine|vostro ordine|riferimento|vostro riferimento|nostro riferimento|ddt n|ddt|contratto|numero de cliente|código cliente|código de cliente|nº cliente|número de pedido|nº pedido|pedido|nº de pedido|su referencia|nuestra referencia|referencia|albarán|presupuesto|contrato",
    ),
    (
        Label::OtherNumber,
        5,
        "klantnummer|klantnr|klant nr|debiteurnummer|debiteurnr|uw referentie|onze referentie|uw kenmerk|ons kenmerk|referentie|kenmerk|bestelnummer|pakbon|offertenummer|projectnummer|contractnummer|serienummer|polisnummer",
    ),
    // Dates.
    (
        Label::IssueDate,
        10,
        "invoice date|date of invoice|tax invoice date|inv date|bill date|billing date|receipt date|document date|date of issue|issue date|issued on|issued|date issued|credit note date|sales date|posting date|invoice issue date",
    ),
    (
        Label::IssueDate,
        5,
        "date|dated|trans date|transaction date|bill dt|date time|tarikh|purchase date",
    ),
    (
        Label::IssueDate,
        10,
        "rechnungsdatum|datum der rechnung|liefer und rechnungsdatum|rechnungs und lieferdatum|rechnungs datum|ausstellungsdatum|belegdatum|gutschriftsdatum|gutschriftdatum|rechnung vom|ausgestellt am|dokumentdatum",
    ),
    (
        Label::IssueDate,
        10,
        "date de facture|date de la facture|date facture|date de facturation|date d'émission|date du document|émise le|émis le|facture du|date de l'avoir",
    ),
    (
        Label::IssueDate,
        10,
        "fakturadatum|faktura datum|fakturadato|faktura dato|fakturans datum|utställningsdatum|utfärdad|utstedelsesdato|utstedt|dokumentdatum den|kreditfakturadatum",
    ),
    (
        Label::IssueDate,
        10,
        "data fattura|data della fattura|data documento|data emissione|data di emissione|data del documento|emessa il|emissione",
    ),
    (
        Label::IssueDate,
        10,
        "fecha de factura|fecha factura|fecha de la factura|fecha de emisión|fecha emisión|fecha de expedición|fecha expedición|fecha del documento",
    ),
    (
        Label::IssueDate,
        10,
        "factuurdatum|factuur datum|datum factuur|datum van uitgifte|uitgiftedatum",
    ),
    (Label::IssueDate, 5, "datum|dato|data|fecha|le"),
    (
        Label::DueDate,
        10,
        "due date|payment due|payment due date|date due|due on|due by|pay by|payable by|payment deadline|due|total amount due on|amount due on|payment date due|please pay by|last payment date|to be paid by|tarikh akhir bayaran",
    ),
    (
        Label::DueDate,
        10,
        "fälligkeitsdatum|fälligkeit|fällig am|fällig bis|fällig|zahlbar bis|zahlbar bis zum|zahlbar bis spätestens|zahlungsziel|zu zahlen bis|zahlung bis|zahlungsfrist|zahlen bis|zahltag|fälligkeitstag|überweisen sie bis|überweisen sie bis zum|bitte überweisen sie bis zum|bitte zahlen sie bis zum|zahlungstermin|netto bis",
    ),
    (
        Label::DueDate,
        10,
        "date d'échéance|échéance|date échéance|à payer avant le|payable avant le|à régler avant le|date limite de paiement|à payer pour le|échéance le|date de paiement limite|payable au plus tard le",
    ),
    (
        Label::DueDate,
        10,
        "förfallodatum|förfallodag|förfaller|förfaller den|betalas senast|att betala senast|oss tillhanda senast|forfallsdato|forfall|forfaldsdato|betalingsfrist|betales innen|sista betalningsdag|betala senast",
    ),
    (
        Label::DueDate,
        10,
        "data scadenza|data di scadenza|scadenza|scadenza pagamento|da pagare entro|pagare entro|entro il|pagamento entro",
    ),
    (
        Label::DueDate,
        10,
        "fecha de vencimiento|fecha vencimiento|vencimiento|vence|vence el|pagar antes del|fecha límite de pago|vto",
    ),
    (
        Label::DueDate,
        10,
        "vervaldatum|verval datum|vervaldag|te betalen voor|betalen voor|uiterste betaaldatum|uiterlijk betalen|betaaldatum|betaal voor|te voldoen voor",
    ),
    (
        Label::OtherDate,
        5,
        "ordered on|ordered|order placed|order date|delivery date|date of delivery|shipment date|ship date|service date|date of supply|supply date|tax point|tax point date|payment date|paid on|print date|printed on|printed|valid until|expiry date|expiry|expires|check in|check out|start date|end date|period|billing period|invoice period|date of birth|statement date|discount date|pickup time|order time|delivered on|exp date",
    ),
    (
        Label::OtherDate,
        5,
        "bestellt am|bestellt|liefertag|geliefert am|beställningsdatum|levererat|levert|bestilt|date de la prestation|besteld op|geleverd op|ordinato il|consegnato il|pedido el|entregado el|lieferdatum|leistungsdatum|liefertermin|leistungszeitraum|lieferzeitraum|liefer und leistungsdatum|abrechnungszeitraum|auftragsdatum|bestelldatum|bestellung vom|bestelldatum vom|zahlungsdatum|versanddatum|zeitraum|skonto bis|skontofrist|leistung vom|lieferung vom|tag der lieferung|gemäß bestellung vom|valuta",
    ),
    (
        Label::OtherDate,
        5,
        "date de livraison|date livraison|date de commande|date commande|date de paiement|date de prestation|date de règlement|période|date de service|leveransdatum|leveringsdato|levering|orderdatum|ordredato|leveransdag|betalningsdatum|betalt|tidsperiode|period från|data consegna|data di consegna|data ordine|data ddt|data pagamento|periodo|fecha de entrega|fecha entrega|fecha de pedido|fecha pedido|fecha de pago|fecha de operación|fecha operación|leverdatum|besteldatum|leveringsdatum|orderdatum van|datum levering|geldig tot",
    ),
    // Parties.
    (
        Label::Seller,
        9,
        "fra|från|von|van|de|da|seller|vendor|supplier|sold by|from|issued by|service provider|invoice from|issuer|provider|sold from|biller|penjual|pembekal",
    ),
    (
        Label::Seller,
        9,
        "verkäufer|rechnungsersteller|rechnungssteller|lieferant|leistungserbringer|rechnungsaussteller|aussteller|absender|auftragnehmer|anbieter|verkaeufer",
    ),
    (
        Label::Seller,
        9,
        "vendeur|fournisseur|émetteur|prestataire|expéditeur|émis par|säljare|leverantör|selger|leverandør|avsändare|avsender|venditore|fornitore|cedente|cedente prestatore|emittente|mittente|vendedor|proveedor|emisor|expedidor|verkoper|leverancier|afzender",
    ),
    (
        Label::Buyer,
        9,
        "faktureringsadress|fakturerad till|rechnungsempfängerin|invoice to|to|aan|an|till|til|pour|para|facture à|factuur aan|faktura till|faktura til|bill to|billed to|bill to address|billing address|invoiced to|invoice address|sold to|buyer|customer|client|customer name|client name|recipient|purchaser|bill for|charge to|guest name|customer details|attn|attention|kepada|pelanggan|pembeli|customer address",
    ),
    (
        Label::Buyer,
        9,
        "rechnungsempfänger|käufer|käufer leistungsempfänger|leistungsempfänger|kunde|auftraggeber|rechnung an|rechnungsadresse|rechnungsanschrift|empfänger|besteller|kundin|debitor",
    ),
    (
        Label::Buyer,
        9,
        "facturer à|client facturé|adresse de facturation|acheteur|destinataire|adressé à|kund|köpare|fakturaadress|faktureras till|faktureras|mottagare|kunde kjøper|kjøper|fakturaadresse|fakturamottagare|fakturamottaker|køber|mottaker",
    ),
    (
        Label::Buyer,
        9,
        "cliente|destinatario|acquirente|cessionario|cessionario committente|committente|intestatario|spett le|spettabile|fatturato a|fatturare a|intestata a|comprador|facturar a|facturado a|datos del cliente|dirección de facturación|koper|klant|afnemer|factuuradres|factureren aan|gefactureerd aan|geadresseerde|t a v",
    ),
    (
        Label::OtherParty,
        5,
        "ship to|shipped to|ship to address|shipping address|delivery address|deliver to|delivered to|delivery to|sales contact|salesperson|contact|contact person|cashier|operator|served by|server|sales person|sales rep|account manager|payee|lieferadresse|lieferanschrift|warenempfänger|abweichender warenempfänger|lieferung an|ansprechpartner|ansprechpartnerin|sachbearbeitung|betreuung|bearbeitung|suivi par|comercial|atendido por|er säljare|vår säljare|säljare kontakt|saksbehandler|deres kontakt|vår kontaktperson|referente|agente|vertegenwoordiger|behandeld door|bearbeiter|sachbearbeiter|versandadresse|adresse de livraison|livré à|livraison|contact commercial|leveransadress|leveringsadresse|kontaktperson|kontakt|er kontakt|vår kontakt|indirizzo di consegna|luogo di consegna|destinazione|destinazione merce|dirección de entrega|dirección de envío|enviar a|contacto|afleveradres|bezorgadres|leveradres|verzendadres|contactpersoon",
    ),
    (
        Label::PartyName,
        5,
        "name|nom|namn|navn|nome|nombre|naam|company name|firmenname|firma|razón social|ragione sociale|raison sociale|denominazione|företag|bedrijfsnaam",
    ),
    (
        Label::PartyAddress,
        5,
        "address|anschrift|adresse|adress|indirizzo|dirección|domicilio|adres|registered office|office address|alamat|sede legale|siège social",
    ),
    (
        Label::Owner,
        6,
        "owned by|own by|owner|operated by|dimiliki|dimiliki oleh|managed by|kontoinhaber|account holder|account name|beneficiary|titulaire|titulaire du compte|begünstigter|zahlungsempfänger|kontohavare|mottagare av betalning|intestato a|beneficiario|titular|rekeninghouder|ten name van|tnv|in favor of|in favour of|payable to|make cheques payable to",
    ),
    // Registrations.
    (
        Label::VatId,
        10,
        "federal tax id|vat id|vat id no|vat no|vat number|vat reg no|vat registration no|vat registration number|vat registration|vat identification number|vat|vat reg|vat identifier|tax id|ust id|ust id nr|ust idnr|ust ident nr|ust identnr|ustid|ustidnr|ust id no|umsatzsteuer id|umsatzsteuer identifikationsnummer|umsatzsteueridentifikationsnummer|umsatzsteuer identnummer|uid|uid nr|uid nummer|mwst nr|vat nr|unsere ust id",
    ),
    (
        Label::VatId,
        10,
        "numéro de tva|n tva|no tva|tva|tva intracommunautaire|n tva intracommunautaire|numéro de tva intracommunautaire|tva intra|id tva|momsregistreringsnummer|momsregnr|moms reg nr|momsreg nr|moms nr|momsnr|momsnummer|vat nr moms|mva nr|mva nummer|org nr|organisationsnummer|orgnr|organisasjonsnummer|foretaksregisteret|cvr|cvr nr|partita iva|p iva|p iva n|p iva c f|piva|p i|cif|nif|cif nif|nif cif|nif iva|n o de iva|n de iva|n i f|c i f|iva n|btw|btw nummer|btw nr|btw id|btw identificatienummer|btwnummer|btw no",
    ),
    (
        Label::BuyerVatId,
        10,
        "customer vat|customer vat number|customer vat no|customer vat id|your vat|your vat id|your vat no|your vat number|buyer vat|client vat|client vat number|ihre ust id|ihre ust id nr|ihre ust idnr|ihre ust identnr|ihre ust ident nr|ihre umsatzsteuer id|ust id kunde|ust id des kunden|kunden ust id|ihre uid|n tva client|numéro de tva client|tva client|votre n tva|votre numéro de tva|tva du client|kundens momsnr|kundens vat nr|ert vat nr|ert momsregnr|kundens momsregistreringsnummer|kundens orgnr|p iva cliente|partita iva cliente|nif cliente|cif cliente|nif del cliente|cif del cliente|uw btw nummer|btw nummer klant|uw btw nr|btw klant|btw nr klant",
    ),
    (
        Label::Registration,
        5,
        "gst id|gst id no|gst no|gst reg no|gst reg|gst registration no|gst registration number|gst ref no|gst reg #|gst number|gstin|gst|sst no|sst id|sst reg no|co reg|co reg no|co no|company no|company reg no|company registration no|reg no|registration no|roc no|business reg no|no syarikat|company number|cin|ein|abn",
    ),
    (
        Label::Registration,
        5,
        "steuernummer|steuer nr|steuernr|st nr|handelsregister|handelsregisternummer|hrb|hra|registergericht|amtsgericht|firmenbuch|siret|siren|rcs|ape|code ape|code naf|kvk|kvk nummer|kvk nr|codice fiscale|c f|rea|reg imp|registro mercantil|bolagets säte|säte|bankgiro|plusgiro|postgiro",
    ),
    (
        Label::Currency,
        8,
        "currency|invoice currency|currency code|währung|rechnungswährung|beträge in|alle beträge in|devise|monnaie|valuta der rechnung|valutakod|divisa|moneda|moneta|munteenheid|munt|all amounts in|amounts in|montants en|montants exprimés en|belopp i|beløp i|importi in|importes en|bedragen in|valuta fattura",
    ),
    (
        Label::Other,
        5,
        "payment terms|terms of payment|terms|payment method|payment mode|mode of payment|shipping method|shipment method|shipping agent code|sales order|incoterms|rooms|notes|remarks|comments|hotel details|item count|zahlungsbedingungen|zahlungsbedingung|zahlungsart|lieferbedingung|versandart|bemerkungen|bemerkung|hinweis|inhalt|betreff|globale nummer|conditions de paiement|mode de règlement|mode de paiement|règlement|objet|betalningsvillkor|betalingsbetingelser|leveransvillkor|leveringsbetingelser|dröjsmålsränta|modalità di pagamento|condizioni di pagamento|pagamento|causale|oggetto|forma de pago|condiciones de pago|método de pago|concepto|observaciones|betalingsvoorwaarden|betaalwijze|betalingstermijn|betreft|opmerkingen|omschrijving",
    ),
    (
        Label::Contact,
        5,
        "tel|telephone|phone|phone no|tel fax|tel no|mobile|hp|h p|fax|fax no|email|e mail|mail|website|web|www|http|https|hotline|whatsapp|careline|customer service|customer care line|telefon|telefax|mobil|fon|internet|im internet|home page|homepage|webseite|télécopie|courriel|portable|telefono|cellulare|pec|correo|móvil|telefoon|mobiel|puh",
    ),
    (
        Label::Bank,
        5,
        "iban|bic|swift|swift code|blz|bankleitzahl|kontonummer|konto nr|konto|bank|bankverbindung|bank account|bank name|account|sort code|ifsc code|banque|rib|compte|bankkonto|kontonr|banca|conto corrente|c c bancario|banco|cuenta|cuenta bancaria|bankrekening|rekeningnummer|rekening",
    ),
    (Label::OtherNumber, 4, "number|no|nummer|nr|numéro"),
    (Label::OtherDate, 4, "vom|am|on|from date|to date"),
    (
        Label::DueDate,
        4,
        "bis zum|bis|jusqu'au|until|senast|entro|hasta|tot en met",
    ),
    (
        Label::OtherParty,
        4,
        "prepared by|approved by|received by|signature|unterschrift|salesman|waiter|staff|user",
    ),
    (
        Label::InvoiceNumber,
        8,
        "invoice number date|beleg|kvittering nr|faktura nr dato",
    ),
];
