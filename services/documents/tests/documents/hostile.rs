//! Files made to break readers: each must end in a typed error or a sound document, soon, and without taking the process along.

use std::time::{Duration, Instant};

use accord_documents::{Document, DocumentError, LimitedAmount, Limits, read_document};

use crate::builder;

/// Limits that make tests quick; the time is generous for unoptimised builds on busy machines.
fn limits() -> Limits {
    Limits {
        inflated_bytes: 8 * 1024 * 1024,
        time_milliseconds: 10_000,
        ..Limits::default()
    }
}

fn read(bytes: &[u8]) -> Result<Document, DocumentError> {
    let started = Instant::now();
    let outcome = read_document(bytes, Some("hostile.pdf"), &limits()).map(|read| read.document);
    assert!(started.elapsed() < Duration::from_secs(12), "it took too long");
    outcome
}

fn text(bytes: &[u8]) -> String {
    read(bytes).unwrap().text()
}

fn code(bytes: &[u8]) -> &'static str {
    match read(bytes) {
        Ok(document) => panic!("expected an error, got {:?}", document.text()),
        Err(error) => error.code(),
    }
}

#[test]
fn the_builder_makes_a_sound_file() {
    let document = read(&builder::small_invoice()).unwrap();
    assert_eq!(document.text(), "Total 53.20");
    let page = &document.pages[0];
    assert_eq!((page.width, page.height), (595.0, 842.0));
    let bounds = page.lines[0].words[0].bounds.unwrap();
    assert!(
        (bounds.left - 72.0).abs() < 0.1 && (bounds.top - 133.0).abs() < 0.1,
        "{bounds:?}"
    );
    assert!(
        (bounds.right - 98.0).abs() < 1.0,
        "Total in 12 point Helvetica: {bounds:?}"
    );
}

/// The file encrypted with RC4 and the user password.
fn encrypt(file: &[u8], user_password: &str) -> Vec<u8> {
    let mut document = lopdf::Document::load_mem(file).unwrap();
    let identifier = lopdf::Object::string_literal("0123456789abcdef");
    document.trailer.set("ID", vec![identifier.clone(), identifier]);
    let version = lopdf::EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password,
        key_length: 128,
        permissions: lopdf::Permissions::PRINTABLE,
    };
    let state = lopdf::EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_password_is_asked_to_be_removed() {
    let file = builder::small_invoice();
    let error = read(&encrypt(&file, "secret")).unwrap_err();
    assert_eq!(error, DocumentError::Encrypted);
    assert!(error.to_string().contains("remove the password"));
    let restricted = encrypt(&file, "");
    assert!(!restricted.windows(5).any(|window| window == b"53.20"));
    assert_eq!(text(&restricted), "Total 53.20", "only editing is restricted");
}

#[test]
fn object_streams_of_encrypted_files_are_read_within_the_budget() {
    // Seen by the library only when it is decrypted: under this name it passes as any stream.
    let with_objects = |objects: &[u8]| {
        let packed = builder::deflated_stream("/Type /XbjStm /N 1 /First 5", objects);
        let resources = "/Resources << /Font << /F1 50 0 R >> >>";
        let file = builder::page(b"BT /F1 9 Tf 72 600 Td (A) Tj ET", resources, &[packed]);
        let mut encrypted = encrypt(&file, "");
        let place = encrypted.windows(7).position(|window| window == b"/XbjStm").unwrap();
        encrypted[place + 1] = b'O';
        encrypted
    };
    let font = b"50 0 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [65 /B] >> >>";
    assert_eq!(text(&with_objects(font)), "B");
    let bomb = vec![b' '; 100 * 1024 * 1024];
    assert_eq!(code(&with_objects(&bomb)), "too_large");
}

#[test]
fn truncated_and_random_files_are_broken_or_partly_read() {
    let whole = builder::small_invoice();
    for length in (9..whole.len()).step_by(7) {
        let _ = read(&whole[..length]);
    }
    assert_eq!(code(b"%PDF-1.7\n"), "broken");
    let noise: Vec<u8> = (0..20_000_u32)
        .map(|number| u8::try_from(number.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    let mut bytes = b"%PDF-1.4\n".to_vec();
    bytes.extend_from_slice(&noise);
    assert_eq!(code(&bytes), "broken");
}

#[test]
fn cross_references_that_loop_end() {
    let objects = [builder::object("<< /Type /Catalog /Pages 2 0 R >>")];
    let plain = builder::file(&objects);
    let start = plain.windows(5).position(|window| window == b"xref\n").unwrap();
    let looped = builder::file_with_trailer(&objects, &format!("/Prev {start}"));
    assert_eq!(code(&looped), "broken");
    let cycle = builder::file(&[
        builder::object("<< /Type /Catalog /Pages 2 0 R >>"),
        builder::object("3 0 R"),
        builder::object("2 0 R"),
    ]);
    assert_eq!(code(&cycle), "broken");
}

#[test]
fn a_page_tree_that_contains_itself_ends() {
    let file = builder::file(&[
        builder::object("<< /Type /Catalog /Pages 2 0 R >>"),
        builder::object("<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R 3 0 R] /Parent 3 0 R /Count 99 >>"),
        builder::object("<< /Type /Page /Parent 3 0 R >>"),
    ]);
    let document = read(&file).unwrap();
    assert_eq!(document.pages.len(), 1);
    assert_eq!((document.pages[0].width, document.pages[0].height), (612.0, 792.0));
}

#[test]
fn too_many_pages_are_refused() {
    let kids: Vec<String> = (0..500).map(|number| format!("{} 0 R", number + 3)).collect();
    let mut objects = vec![
        builder::object("<< /Type /Catalog /Pages 2 0 R >>"),
        builder::object(&format!("<< /Type /Pages /Kids [{}] >>", kids.join(" "))),
    ];
    objects.resize(502, builder::object("<< /Type /Page /MediaBox [0 0 9 9] >>"));
    let error = read(&builder::file(&objects)).unwrap_err();
    assert!(matches!(
        error,
        DocumentError::TooLarge {
            amount: LimitedAmount::Pages,
            limit: 200,
            ..
        }
    ));
}

#[test]
fn absurd_page_boxes_fall_back_to_a_usual_size() {
    for media_box in [
        "[0 0 1000000000000 5]",
        "[0 0 0 0]",
        "[0 0 (a)]",
        "9 0 R",
        "[0 0 1000000000 1]",
    ] {
        let entries = format!("/MediaBox {media_box} /Rotate 45");
        let file = builder::page(b"BT /F1 12 Tf 72 600 Td (here) Tj ET", &entries, &[]);
        let document = read(&file).unwrap();
        assert_eq!((document.pages[0].width, document.pages[0].height), (595.0, 842.0));
        assert_eq!(document.text(), "here", "{media_box}");
    }
}

#[test]
fn bombs_are_refused_wherever_they_are() {
    let zeros = vec![b' '; 32 * 1024 * 1024];
    assert_eq!(code(&builder::page(&zeros, "", &[])), "too_large");

    let nested = builder::stream(
        "/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]",
        &builder::deflate(&builder::deflate(&zeros)),
    );
    assert_eq!(code(&builder::page(b"", "", &[nested])), "too_large");

    let character_map = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>";
    let content = b"BT /F1 12 Tf (x) Tj ET";
    let map = builder::stream(
        "/Filter [/ASCIIHexDecode /FlateDecode]",
        builder::deflate(&zeros)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .as_bytes(),
    );
    assert_eq!(
        code(&builder::page_with_font(content, "", character_map, &[map])),
        "too_large"
    );

    let repeated = "1 0 ".repeat(1000);
    let mut members = repeated.clone().into_bytes();
    members.extend_from_slice(b"[1 2 3]");
    let dictionary = format!("/Type /ObjStm /N 1000 /First {}", repeated.len());
    let repeating = builder::stream(&dictionary, &members);
    assert_eq!(code(&builder::page(b"", "", &[repeating])), "broken");
}

#[test]
fn cross_reference_streams_cannot_ask_for_memory() {
    let mut bytes = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec();
    for widths in ["[1 999999999999 1]", "[0 0 0]", "[4294967296 1 1]"] {
        let start = bytes.len();
        bytes.extend_from_slice(b"2 0 obj\n");
        let dictionary = format!("/Type /XRef /W {widths} /Index [0 4000000000] /Size 4000000000 /Root 1 0 R");
        bytes.extend(builder::stream(&dictionary, b"0123456789"));
        bytes.extend_from_slice(format!("\nendobj\nstartxref\n{start}\n%%EOF").as_bytes());
        assert_eq!(code(&bytes), "broken", "{widths}");
    }
}

#[test]
fn a_chain_of_lengths_does_not_exhaust_the_stack() {
    // Each stream says that its length is the next stream.
    let content = b"BT /F1 9 Tf 72 600 Td (in) Tj ET";
    let mut chain: Vec<Vec<u8>> = (7..30_007)
        .map(|next| format!("<< /Length {next} 0 R >>\nstream\nx\nendstream").into_bytes())
        .collect();
    chain.push(builder::object("1"));
    assert_eq!(text(&builder::page(content, "", &chain)), "in");
}

#[test]
fn lengths_that_stand_elsewhere_are_found() {
    let shown = |content: &str, length: &str| {
        let mut file = builder::page(
            b"",
            "/Contents 6 0 R",
            &[
                builder::object(&format!("<< /Length 7 0 R >>\nstream\n{content}\nendstream")),
                builder::object(length),
            ],
        );
        let place = file.windows(13).position(|window| window == b"/Contents 4 0").unwrap();
        file[place..place + 9].copy_from_slice(b"/Previous");
        text(&file)
    };
    let content = "BT /F1 9 Tf 72 600 Td (in endstream) Tj ET";
    assert_eq!(shown(content, &content.len().to_string()), "in endstream");
    let content = "BT /F1 9 Tf 72 600 Td (in) Tj ET";
    assert_eq!(shown(content, "(no number)"), "in", "up to what looks like the end");
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = "[".repeat(200_000);
    let _ = read(&builder::page(b"", &format!("/X {deep}"), &[]));
    let content = format!("{} BT /F1 9 Tf 72 600 Td {deep} (in) Tj ET", "<<".repeat(100_000));
    let _ = read(&builder::page(content.as_bytes(), "", &[]));
    let saved = format!("{} BT /F1 9 Tf 72 600 Td (in) Tj ET", "q ".repeat(200_000));
    assert_eq!(text(&builder::page(saved.as_bytes(), "", &[])), "in");
}

#[test]
fn forms_that_draw_themselves_end_and_their_text_is_kept() {
    let form = |content: &[u8]| {
        builder::stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 500 500] /Matrix [1 0 0 1 10 20] /Resources << /XObject << /X 6 0 R /Y 7 0 R >> /Font << /F1 5 0 R >> >>",
            content,
        )
    };
    let loops = builder::page(
        b"/X Do BT /F1 9 Tf 72 700 Td (page) Tj ET",
        "/Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >>",
        &[
            form(b"BT /F1 9 Tf 100 300 Td (form) Tj ET /Y Do /X Do"),
            form(b"/X Do /Y Do"),
        ],
    );
    let document = read(&loops).unwrap();
    assert_eq!(document.text(), "page\nform");
    let bounds = document.pages[0].lines[1].bounds().unwrap();
    assert!(
        (bounds.left - 110.0).abs() < 0.1,
        "the form's matrix counts: {bounds:?}"
    );

    // Ten forms that each draw the next one ten times: 10 to the power of 10 drawings.
    let mut forms = Vec::new();
    for number in 0..10 {
        let dictionary = format!(
            "/Type /XObject /Subtype /Form /Resources << /XObject << /N {} 0 R >> /Font << /F1 5 0 R >> >>",
            number + 7
        );
        forms.push(builder::stream(&dictionary, "/N Do ".repeat(10).as_bytes()));
    }
    forms.push(builder::stream("/Subtype /Form", b"BT /F1 9 Tf 90 90 Td (leaf) Tj ET"));
    let resources = "/Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >>";
    let _ = read(&builder::page(b"/X Do", resources, &forms));
}

#[test]
fn damaged_drawings_and_operands_do_not_hide_the_text() {
    let content = b"/Nope cs 1 scn /G gs v h 1 2 cm Tj ET Q Q TJ (x) Tz BI /W 1 ID zz\nEI /No Do
        BT /F1 12 Tf 72 600 Td (found) Tj T* [(al) (so)] TJ /Missing 12 Tf (there) ' 3 Tr 0 -20 TD 1 2 (too) \" ET ] >> }";
    let found = text(&builder::page(content, "", &[]));
    for word in ["found", "also", "there", "too"] {
        assert!(found.contains(word), "{word} in {found}");
    }
}

#[test]
fn fonts_that_upset_the_library_are_read_or_refused() {
    let content = b"BT /F1 12 Tf 72 600 Td (Sum 12) Tj ET";
    for font in [
        "<< /Type /Font /Subtype /Type1 >>",
        "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Arial /Encoding /StandardEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /FirstChar 32 /LastChar 90 /Widths [500 500] /Encoding /Odd >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /Encoding << /Differences [300 /a -5 /b (x) 65 /A] >> >>",
        "<< /Type /Font /Subtype /Type3 /FontMatrix [0.001 0 0 0.001 0 0] /Widths [500] /FirstChar 83 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /FontDescriptor 99 0 R /Widths 98 0 R >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /FontDescriptor << /FontFile 6 0 R >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /FontDescriptor << /FontFile3 6 0 R >> >>",
        "<< /Subtype /Type1 /BaseFont 5 0 R /Encoding 5 0 R >>",
        "(no font)",
    ] {
        let program = builder::stream("/Subtype /Type1C /Length1 20", b"\x01\x00\x04\x04garbage {{{{ [");
        let file = builder::page_with_font(content, "", font, &[program]);
        let document = read(&file).unwrap();
        assert_eq!(document.text(), "Sum 12", "{font}");
    }
    for font in [
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /90ms-RKSJ-H >>",
        "<< /Type /Font /Subtype /Type0 /DescendantFonts [<< /W [1 [2 3] 4 5] /DW 500.5 >>] /ToUnicode /Odd >>",
        "<< /Type /Font /Subtype /Type0 /DescendantFonts [5 0 R] /W [0 999999 1] /Encoding 6 0 R >>",
    ] {
        let map = builder::stream("", b"1 beginbfrange <00000000> <ffffffff> <0041> endbfrange");
        assert_eq!(text(&builder::page_with_font(content, "", font, &[map])), "", "{font}");
    }
}

#[test]
fn composite_fonts_are_read_by_their_map_and_width_ranges() {
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R
        /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /W [1 3 500] >>] >>";
    let map = builder::stream(
        "",
        b"1 beginbfrange <0001> <0003> <0041> endbfrange 1 beginbfchar <0004> <00660069> endbfchar",
    );
    let content = b"BT /F1 10 Tf 72 600 Td <00010002000300010004> Tj ET";
    let document = read(&builder::page_with_font(content, "", font, &[map])).unwrap();
    assert_eq!(document.text(), "ABCAfi");
    let bounds = document.pages[0].lines[0].bounds().unwrap();
    assert!(
        (bounds.right - bounds.left - 30.0).abs() < 0.1,
        "four halves and a whole em: {bounds:?}"
    );
}

#[test]
fn turned_and_cropped_pages_are_read_as_they_are_shown() {
    let content = b"BT /F1 10 Tf 0 1 -1 0 300 200 Tm (upright) Tj ET BT /F1 10 Tf 10 10 Td (hidden) Tj ET";
    let file = builder::page(content, "/Rotate 90 /CropBox [100 100 400 500]", &[]);
    let document = read(&file).unwrap();
    assert_eq!(document.text(), "upright");
    let page = &document.pages[0];
    assert_eq!((page.width, page.height), (400.0, 300.0));
    let bounds = page.lines[0].bounds().unwrap();
    assert!(
        (bounds.left - 100.0).abs() < 0.1 && (bounds.bottom - 202.2).abs() < 0.1,
        "{bounds:?}"
    );
}

#[test]
fn filled_in_form_fields_belong_to_the_text() {
    let appearance = builder::stream(
        "/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 5 0 R >> >>",
        b"/Tx BMC BT /F1 10 Tf 2 5 Td (4711) Tj ET EMC",
    );
    let annotations = "/Annots [<< /Subtype /Widget /Rect [300 600 400 620] /AP << /N 6 0 R >> >>
        << /Subtype /Widget /F 2 /Rect [0 0 9 9] /AP << /N 6 0 R >> >> 77 0 R]";
    let file = builder::page(b"BT /F1 10 Tf 200 605 Td (Number:) Tj ET", annotations, &[appearance]);
    assert_eq!(text(&file), "Number:  4711");
}

#[test]
fn time_and_characters_are_limited() {
    let line = "BT /F1 9 Tf 72 600 Td (many words here again and again) Tj ET\n".repeat(20_000);
    let file = builder::page(line.as_bytes(), "", &[]);
    let few = Limits {
        characters: 1_000,
        ..limits()
    };
    let error = read_document(&file, None, &few).unwrap_err();
    assert!(matches!(
        error,
        DocumentError::TooLarge {
            amount: LimitedAmount::Characters,
            limit: 1_000,
            ..
        }
    ));
    let hasty = Limits {
        time_milliseconds: 0,
        ..limits()
    };
    let error = read_document(&file, None, &hasty).unwrap_err();
    assert_eq!(error, DocumentError::TimedOut { limit_milliseconds: 0 });
    let small = Limits { bytes: 100, ..limits() };
    assert_eq!(read_document(&file, None, &small).unwrap_err().code(), "too_large");
}

#[test]
fn attachments_are_found_by_any_name_and_within_limits() {
    let xml = b"<CrossIndustryInvoice><ExchangedDocument><ID>7</ID></ExchangedDocument></CrossIndustryInvoice>";
    let with_attachment = |name: &str, file: Vec<u8>| {
        builder::file(&[
            builder::object("<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Kids [4 0 R] >> >> >>"),
            builder::object("<< /Type /Pages /Kids [3 0 R] >>"),
            builder::object("<< /Type /Page >>"),
            builder::object("<< /Kids [4 0 R] /Names [(x) 5 0 R (y) (no file)] >>"),
            builder::object(&format!("<< /Type /Filespec /F ({name}) /EF << /F 6 0 R >> >>")),
            file,
        ])
    };
    for name in ["factur-x.xml", "ZUGFeRD-invoice.xml", "XRECHNUNG.XML", "rechnung.xml"] {
        let document = read(&with_attachment(name, builder::deflated_stream("", xml))).unwrap();
        assert_eq!(document.invoice_xml.as_deref(), std::str::from_utf8(xml).ok(), "{name}");
    }
    let other = read(&with_attachment("factur-x.xml", builder::stream("", b"<feed/>"))).unwrap();
    assert_eq!(other.invoice_xml, None);
    let file = with_attachment("factur-x.xml", builder::stream("", xml));
    let tight = Limits {
        attachment_bytes: 10,
        ..limits()
    };
    let read = read_document(&file, None, &tight).unwrap();
    assert_eq!(read.document.invoice_xml, None);
    assert!(
        read.warnings
            .iter()
            .any(|warning| warning.to_string().contains("attached invoice"))
    );
}
