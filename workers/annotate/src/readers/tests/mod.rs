//! Tests of the readers through their public face.

mod documents;
mod hostile;
mod quality;
mod reading_documents;
mod training;

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::{ReaderInput, reader};

/// The fields of a template.
pub(super) fn fields(template: &str) -> Vec<Field> {
    accord_domain::template(template).unwrap().fields
}

/// The answers of a reader without a model.
pub(super) fn read(name: &str, document: &accord_documents::Document, fields: &[Field]) -> Answers {
    reader(name, None).unwrap().read(&ReaderInput { document, fields })
}

/// The canonical value of an answer; its status when it is none.
pub(super) fn canonical(answers: &Answers, field: &str) -> String {
    let answer = answers.get(&field.parse().unwrap()).unwrap();
    match answer {
        Answer::Value(value) => value.canonical.clone(),
        other => other.status().to_owned(),
    }
}
