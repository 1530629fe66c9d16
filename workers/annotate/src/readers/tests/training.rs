//! Training on generated documents with gold.

use accord_documents::Document;
use accord_documents::text::document_from_text;
use accord_domain::answer::Answers;
use accord_domain::{answers_from_json, match_gold};

use super::documents::page;
use super::{canonical, fields};
use crate::readers::{ReaderInput, TrainedModel, TrainingError, reader, train};

/// Shops with receipts whose last total is the right one.
fn receipts(count: usize) -> Vec<(Document, Answers)> {
    let fields = fields("receipt");
    (0..count)
        .map(|number| {
            let (first, second) = (5 * number + 105, 10 * number + 40);
            let cents = |amount: usize| format!("{}.{:02}", amount / 100, amount % 100);
            let day = number % 27 + 1;
            let text = format!(
                "     SHOP NUMBER {number} TRADING\n     {}, JALAN MAWAR,\n     43000 KAJANG, SELANGOR\n     TEL: 03-87331{number:03}\nDATE: {day:02}/03/2019\nPEN        {}\nPAPER      {}\nTOTAL      {}\nCASH       {}\nCHANGE     {}\n",
                number + 3,
                cents(first),
                cents(second),
                cents(first + second),
                cents(first + second + 500),
                cents(500),
            );
            let gold = serde_json::json!({
                "company": format!("SHOP NUMBER {number} TRADING"),
                "date": format!("2019-03-{day:02}"),
                "address": format!("{}, JALAN MAWAR, 43000 KAJANG, SELANGOR", number + 3),
                "total": cents(first + second),
            });
            (page(&text), answers_from_json(&fields, gold.as_object().unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn a_model_reads_what_it_was_not_trained_on() {
    let fields = fields("receipt");
    let samples = receipts(40);
    let (training, held_out) = samples.split_at(30);
    let model = train(training, &fields).unwrap();
    assert_eq!(model.fields.len(), 4);
    assert_eq!(model.sample_count, 30);
    let trained = reader("trained_model", Some(&model)).unwrap();
    for (document, gold) in held_out {
        let answers = trained.read(&ReaderInput {
            document,
            fields: &fields,
        });
        for field in &fields {
            let matched = match_gold(field, &answers[&field.name], &gold[&field.name]).unwrap();
            assert!(
                matched.correct,
                "{}: {:?} instead of {:?}",
                field.name, answers[&field.name], gold[&field.name]
            );
        }
    }
}

#[test]
fn equal_samples_give_equal_models_that_survive_json() {
    let fields = fields("receipt");
    let samples = receipts(12);
    let model = train(&samples, &fields).unwrap();
    assert_eq!(train(&samples, &fields).unwrap(), model);
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<TrainedModel>(&text).unwrap(), model);
    assert_ne!(train(&receipts(13), &fields).unwrap().data_hash, model.data_hash);
}

#[test]
fn too_little_gold_is_an_error_that_says_so() {
    let error = train(&receipts(3), &fields("receipt")).unwrap_err();
    assert_eq!(error, TrainingError::TooLittleGold { samples: 3 });
    assert!(error.to_string().contains("3 documents were given"), "{error}");
    assert!(matches!(
        train(&[], &fields("receipt")),
        Err(TrainingError::TooLittleGold { samples: 0 })
    ));
}

/// Short messages of three kinds, four of each sort.
const MESSAGES: [(&str, [&str; 3]); 3] = [
    (
        "question",
        [
            "when will the parcel arrive",
            "how do i change my password",
            "where can i find the invoice",
        ],
    ),
    (
        "complaint",
        [
            "the parcel arrived broken and nobody answers",
            "i am very disappointed by the late delivery",
            "this is the third wrong bill",
        ],
    ),
    (
        "praise",
        [
            "thank you for the wonderful help",
            "great service and very friendly people",
            "thank you the repair was great",
        ],
    ),
];

fn messages() -> Vec<(Document, Answers)> {
    let fields = fields("text-classification");
    let sample = |round: usize, label: &str, text: &str| {
        let gold = serde_json::json!({ "label": label });
        let gold = answers_from_json(&fields, gold.as_object().unwrap()).unwrap();
        (text_document(&format!("message {round}: {text}")), gold)
    };
    let of_round = |round: usize| {
        let texts = MESSAGES
            .iter()
            .flat_map(|(label, texts)| texts.iter().map(move |text| (label, text)));
        texts.map(move |(label, text)| (round, *label, *text))
    };
    (0..4)
        .flat_map(of_round)
        .map(|(round, label, text)| sample(round, label, text))
        .collect()
}

fn text_document(text: &str) -> Document {
    document_from_text(text, &accord_documents::Limits::default()).unwrap()
}

#[test]
fn texts_are_classified_by_their_words() {
    let fields = fields("text-classification");
    let model = train(&messages(), &fields).unwrap();
    let trained = reader("trained_model", Some(&model)).unwrap();
    for (text, label) in [
        ("when will my password arrive", "question"),
        ("wrong and broken again, very late", "complaint"),
        ("great help, thank you", "praise"),
        ("zzz", "abstained"),
    ] {
        let document = text_document(text);
        let answers = trained.read(&ReaderInput {
            document: &document,
            fields: &fields,
        });
        assert_eq!(canonical(&answers, "label"), label, "{text}");
    }
}
