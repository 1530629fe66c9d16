//! Pages that are one image.

use std::io::Cursor;

use accord_documents::{Limits, MediaType, ReadWarning, pdf, read_document};
use image::{ImageFormat, RgbImage};

use crate::builder;

fn page_with_image(content: &[u8], image: Vec<u8>) -> Vec<u8> {
    let resources = "/Resources << /Font << /F1 5 0 R >> /XObject << /Scan 6 0 R >> >>";
    builder::page(content, resources, &[image])
}

fn jpeg() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(60, 80).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

const FULL_PAGE: &[u8] = b"q 595 0 0 842 0 0 cm /Scan Do Q";

#[test]
fn a_scanned_page_yields_its_jpeg_as_it_is() {
    let scan = builder::stream("/Subtype /Image /Width 60 /Height 80 /Filter /DCTDecode", &jpeg());
    let file = page_with_image(FULL_PAGE, scan.clone());
    let images = pdf::page_images(&file, &Limits::default()).unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].bytes, jpeg());
    assert_eq!((images[0].page, images[0].media_type), (0, MediaType::Jpeg));
    assert_eq!((images[0].width, images[0].height), (60, 80));

    let read = read_document(&file, None, &Limits::default()).unwrap();
    assert!(read.document.is_without_text());
    assert_eq!(read.warnings, [ReadWarning::WithoutText]);

    let logo = page_with_image(b"q 90 0 0 40 10 10 cm /Scan Do Q", scan.clone());
    assert_eq!(pdf::page_images(&logo, &Limits::default()).unwrap(), []);
    let with_text = page_with_image(b"q 595 0 0 842 0 0 cm /Scan Do Q BT /F1 9 Tf (text) Tj ET", scan);
    assert_eq!(pdf::page_images(&with_text, &Limits::default()).unwrap(), []);
}

#[test]
fn uncompressed_pixels_become_a_png() {
    let grey = builder::deflated_stream(
        "/Subtype /Image /Width 3 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8",
        &[0, 50, 100, 150, 200, 250],
    );
    let bits = builder::stream(
        "/Subtype /Image /Width 3 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 1",
        &[0b0100_0000, 0b1010_0000],
    );
    for (image, pixels) in [(grey, [0, 50, 100, 150, 200, 250]), (bits, [0, 255, 0, 255, 0, 255])] {
        let found = pdf::page_images(&page_with_image(FULL_PAGE, image), &Limits::default()).unwrap();
        assert_eq!(found[0].media_type, MediaType::Png);
        let decoded = image::load_from_memory(&found[0].bytes).unwrap().into_luma8();
        assert_eq!(decoded.into_raw(), pixels);
    }
}

#[test]
fn huge_and_unknown_images_are_left_out_or_refused() {
    let unknown = builder::stream("/Subtype /Image /Width 9 /Height 9 /Filter /JBIG2Decode", b"x");
    let file = page_with_image(FULL_PAGE, unknown);
    assert_eq!(pdf::page_images(&file, &Limits::default()).unwrap(), []);
    let huge = builder::stream(
        "/Subtype /Image /Width 99999 /Height 99999 /ColorSpace /DeviceGray /BitsPerComponent 8",
        b"x",
    );
    let error = pdf::page_images(&page_with_image(FULL_PAGE, huge), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), "too_large");
}
