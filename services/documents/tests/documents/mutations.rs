//! Arbitrary and mutated bytes never panic through the guarded entry.

use accord_documents::{Limits, invoice_xml, pdf, read_document};
use proptest::prelude::*;

use crate::builder;

fn limits() -> Limits {
    Limits {
        inflated_bytes: 4 * 1024 * 1024,
        time_milliseconds: 5_000,
        ..Limits::default()
    }
}

/// A small file with most of what the reader looks into: two fonts, a form, an image, an attachment, an annotation.
fn rich_file() -> Vec<u8> {
    let resources = "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> /XObject << /X 8 0 R /I 9 0 R >> >>
        /Annots [<< /Subtype /Widget /Rect [30 60 40 62] /AP << /N 8 0 R >> >>] /Rotate 90 /CropBox [0 0 500 800]";
    builder::page(
        b"q 1 0 0 1 5 5 cm BT /F1 12 Tf 72 700 Td [(To) -20 (tal)] TJ T* /F2 9 Tf <00010002> Tj ET /X Do /I Do Q",
        resources,
        &[
            builder::object(
                "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 7 0 R /DescendantFonts [<< /W [1 3 500 7 [1 2]] /DW 900 >>] >>",
            ),
            builder::stream("", b"1 beginbfrange <0001> <0003> <0041> endbfrange"),
            builder::stream(
                "/Subtype /Form /BBox [0 0 9 9] /Matrix [1 0 0 1 3 4]",
                b"BT /F1 8 Tf (form) Tj ET",
            ),
            builder::stream(
                "/Subtype /Image /Width 2 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8",
                b"ab",
            ),
            builder::deflated_stream("/Type /ObjStm /N 1 /First 5", b"11 0 << /A 1 >>"),
        ],
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600), is_pdf in any::<bool>()) {
        let mut file = if is_pdf { b"%PDF-1.5\n".to_vec() } else { Vec::new() };
        file.extend(bytes);
        let _ = read_document(&file, None, &limits());
    }

    #[test]
    fn mutated_files_are_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        removal in (any::<prop::sample::Index>(), 0_usize..40),
    ) {
        let mut file = rich_file();
        for (position, value) in changes {
            let position = position.index(file.len());
            file[position] = value;
        }
        let start = removal.0.index(file.len());
        let end = (start + removal.1).min(file.len());
        file.drain(start..end);
        let _ = pdf::read_pdf_guarded(&file, &limits());
        let _ = pdf::page_images(&file, &limits());
    }

    #[test]
    fn replaced_words_are_read_or_refused(
        position in any::<prop::sample::Index>(),
        word in prop::sample::select(vec!["null", "-1", "99999999999999999999", "3 0 R", "<<", "[", "(", "/Kids", "1e400", "4 0 R", "stream\n", "endobj"]),
    ) {
        let file = rich_file();
        let spaces: Vec<usize> = file.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at).collect();
        let start = spaces[position.index(spaces.len())] + 1;
        let length = file[start..].iter().position(|byte| *byte == b' ').unwrap_or(0);
        let mut changed = file[..start].to_vec();
        changed.extend_from_slice(word.as_bytes());
        changed.extend_from_slice(&file[start + length..]);
        let _ = pdf::read_pdf_guarded(&changed, &limits());
    }

    #[test]
    fn arbitrary_text_is_no_invoice_but_never_a_panic(text in "\\PC{0,200}") {
        let _ = invoice_xml::parse_invoice(&text);
        let _ = read_document(text.as_bytes(), Some("x.xml"), &limits());
    }
}

#[test]
fn the_file_that_is_mutated_is_sound() {
    let read = pdf::read_pdf(&rich_file(), &limits()).unwrap();
    let text = read.document.text();
    assert!(
        text.contains("Total") && text.contains("AB") && text.contains("form"),
        "{text}"
    );
}
