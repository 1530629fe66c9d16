#[test]
fn debug() {
    let p = std::env::var("P").unwrap();
    let r = accord_documents::read_document(&std::fs::read(&p).unwrap(), Some("a.pdf"), &accord_documents::Limits::default()).unwrap();
    let reading = super::reading::Reading::new(&r.document);
    let tables = super::line_items::headings::find(&reading);
    eprintln!("{tables:#?}");
    for t in &tables { for row in t.first_row..reading.view.rows.len() {
        let texts: Vec<_> = reading.view.row(row).iter().map(|s| s.text.clone()).collect();
        eprintln!("{row} {:?} {:?} {:?}", super::line_items::kind_of(&reading,row), texts, super::line_items::numbers_of(&reading,row).iter().map(|a| a.value.to_string()).collect::<Vec<_>>());
    }}
}
