//! Attaching the electronic invoice as Factur-X and ZUGFeRD do: as an associated file with metadata about it.

use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use super::{FileFacts, pdf_date};

/// The name that readers look for.
pub(crate) const FILE_NAME: &str = "factur-x.xml";

/// Adds the file and its metadata to the document.
pub(super) fn attach(
    document: &mut Document,
    catalog: &mut Dictionary,
    xml: &str,
    facts: &FileFacts<'_>,
) -> Result<(), String> {
    let size = i64::try_from(xml.len()).map_err(|error| error.to_string())?;
    let mut stream = Stream::new(
        dictionary! {
            "Type" => "EmbeddedFile",
            "Subtype" => "text/xml",
            "Params" => dictionary! {
                "ModDate" => Object::string_literal(pdf_date(facts.date)),
                "Size" => size,
            },
        },
        xml.as_bytes().to_vec(),
    );
    stream.compress().map_err(|error| error.to_string())?;
    let file_id = document.add_object(stream);
    let specification_id = document.add_object(dictionary! {
        "Type" => "Filespec",
        "F" => Object::string_literal(FILE_NAME),
        "UF" => Object::string_literal(FILE_NAME),
        "AFRelationship" => "Alternative",
        "Desc" => Object::string_literal("Factur-X invoice"),
        "EF" => dictionary! { "F" => file_id, "UF" => file_id },
    });
    catalog.set("AF", vec![specification_id.into()]);
    let names = vec![Object::string_literal(FILE_NAME), specification_id.into()];
    catalog.set(
        "Names",
        dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } },
    );
    let metadata = Stream::new(
        dictionary! { "Type" => "Metadata", "Subtype" => "XML" },
        metadata(&facts.title).into_bytes(),
    );
    let metadata_id = document.add_object(metadata);
    catalog.set("Metadata", metadata_id);
    Ok(())
}

fn metadata(title: &str) -> String {
    format!(
        r#"<?xpacket begin="{}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
   <fx:DocumentType>INVOICE</fx:DocumentType>
   <fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>
   <fx:Version>1.0</fx:Version>
   <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"#,
        '\u{feff}',
        quick_xml::escape::escape(title)
    )
}
