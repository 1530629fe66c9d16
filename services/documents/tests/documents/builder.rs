//! Writes PDF files by hand, so that they can be wrong in chosen ways.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A file of numbered objects (the first is number 1) with a cross-reference table; object 1 is the catalog.
pub(crate) fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    file_with_trailer(objects, "")
}

/// As [`file`], with more entries in the trailer.
pub(crate) fn file_with_trailer(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        writeln!(bytes, "{} 0 obj", index + 1).unwrap();
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    let start = bytes.len();
    writeln!(bytes, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(bytes, "{offset:010} 00000 n ").unwrap();
    }
    writeln!(
        bytes,
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    )
    .unwrap();
    bytes
}

/// An object that is not a stream.
pub(crate) fn object(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A stream as it is.
pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\nendstream");
    bytes
}

/// A stream that is compressed.
pub(crate) fn deflated_stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("{dictionary} /Filter /FlateDecode"), &deflate(data))
}

/// Zlib data.
pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// One page of A4 whose content and further page entries are given; objects from number 6 on follow. Font `/F1` is object 5.
pub(crate) fn page(content: &[u8], page_entries: &str, further: &[Vec<u8>]) -> Vec<u8> {
    page_with_font(
        content,
        page_entries,
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        further,
    )
}

/// As [`page`], with the dictionary of the font.
pub(crate) fn page_with_font(content: &[u8], page_entries: &str, font: &str, further: &[Vec<u8>]) -> Vec<u8> {
    let resources = if page_entries.contains("/Resources") {
        ""
    } else {
        "/Resources << /Font << /F1 5 0 R >> >>"
    };
    let mut objects = vec![
        object("<< /Type /Catalog /Pages 2 0 R >>"),
        object("<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>"),
        object(&format!(
            "<< /Type /Page /Parent 2 0 R /Contents 4 0 R {resources} {page_entries} >>"
        )),
        deflated_stream("", content),
        object(font),
    ];
    objects.extend_from_slice(further);
    file(&objects)
}

/// A page that says `Total 53.20`.
pub(crate) fn small_invoice() -> Vec<u8> {
    page(b"BT /F1 12 Tf 72 700 Td (Total 53.20) Tj ET", "", &[])
}
