//! What is stored and sent must come back as it was.

use accord_domain::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

struct Fixed;

impl Environment for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(1_700_000_000_123_456)
    }

    fn random_bytes(&self) -> [u8; 16] {
        [7; 16]
    }
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Value {
    let written = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(written.clone()).unwrap(), value);
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    written
}

fn value(canonical: &str) -> Answer {
    Answer::Value(NormalisedValue {
        raw: canonical.to_uppercase(),
        canonical: canonical.to_owned(),
        parsed: true,
        valid: Some(true),
    })
}

#[test]
fn answers_keep_their_four_kinds_apart() {
    let failed = Answer::Failed {
        reason: "timeout".to_owned(),
    };
    let statuses: Vec<Value> = [value("x"), Answer::Absent, Answer::Abstained, failed]
        .iter()
        .map(|answer| comes_back(answer)["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        [json!("value"), json!("absent"), json!("abstained"), json!("failed")]
    );
}

/// A clock with the chance that would bring what it makes out of order.
struct Later(i64);

impl Environment for Later {
    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(1_700_000_000_123_000 + self.0)
    }

    fn random_bytes(&self) -> [u8; 16] {
        [u8::MAX - u8::try_from(self.0 / 4).unwrap(); 16]
    }
}

#[test]
fn identifiers_sort_by_the_microsecond() {
    let identifiers: Vec<ItemId> = (0..=999).map(|later| ItemId::generate(&Later(later))).collect();
    assert!(identifiers.is_sorted_by(|one, next| one < next));
    let (first, last) = (identifiers[0].as_uuid(), identifiers[999].as_uuid());
    assert_eq!(first.to_string()[..18], *"018bcfe5-687b-7000");
    assert_eq!(last.to_string()[..18], *"018bcfe5-687b-7ffb");
    assert_eq!(
        (last.get_version_num(), last.get_variant()),
        (7, uuid::Variant::RFC4122)
    );
}

#[test]
fn annotations_come_back() {
    let annotation = Annotation {
        id: AnnotationId::generate(&Fixed),
        project_id: ProjectId::generate(&Fixed),
        item_id: ItemId::generate(&Fixed),
        annotator_id: AnnotatorId::generate(&Fixed),
        task_id: TaskId::generate(&Fixed),
        answers: [
            ("total".parse().unwrap(), value("7.42")),
            ("date".parse().unwrap(), Answer::Absent),
        ]
        .into(),
        provenance: Provenance {
            raw_output: Some("{}".to_owned()),
            blind: true,
            cost: Some("0.000123".parse().unwrap()),
            ..Provenance::default()
        },
        submitted_at: Fixed.now(),
    };
    let written = comes_back(&annotation);
    assert_eq!(written["submitted_at"], json!("2023-11-14T22:13:20.123456Z"));
    assert_eq!(written["provenance"]["cost"], json!("0.000123"));
    assert_eq!(
        serde_json::from_value::<Provenance>(json!({})).unwrap(),
        Provenance::default()
    );
}

#[test]
fn consensus_comes_back_whatever_its_outcome() {
    let outcomes = [
        Outcome::Winner {
            canonical: ABSENT_CLASS.to_owned(),
            value: None,
            share: 0.75,
        },
        Outcome::Tie {
            canonicals: vec!["a".to_owned(), "b".to_owned()],
            share: 0.5,
        },
        Outcome::Undefined {
            reason: "no votes".to_owned(),
        },
    ];
    let calibrated = Confidence::Calibrated {
        probability: 0.1 + 0.2,
        calibrator_id: CalibratorId::generate(&Fixed),
        rung: Rung::FieldType,
        gold_count: 40,
    };
    let decision = Decision::NeedsReview {
        reason: ReviewReason::InvertedCalibrator,
        threshold: 0.95,
    };
    for (outcome, confidence) in
        outcomes
            .into_iter()
            .zip([calibrated.clone(), Confidence::Uncalibrated { share: None }, calibrated])
    {
        comes_back(&Consensus {
            id: ConsensusId::generate(&Fixed),
            project_id: ProjectId::generate(&Fixed),
            item_id: ItemId::generate(&Fixed),
            field: "total".parse().unwrap(),
            outcome,
            classes: Vec::new(),
            vote_count: 4,
            effective_vote_count: 2.5,
            abstention_count: 1,
            failure_count: 0,
            margin: 0.25,
            entropy: Some(1.0 / 3.0),
            raw_score: Some(-1.0e-17),
            confidence,
            decision: decision.clone(),
            annotation_ids: vec![AnnotationId::generate(&Fixed)],
            stopped: None,
            project_version: 3,
            weights_version: "even".to_owned(),
            code_version: "0.1.0".to_owned(),
            created_at: Fixed.now(),
        });
    }
}

#[test]
fn items_gold_and_annotators_come_back() {
    let item = Item {
        id: ItemId::generate(&Fixed),
        project_id: ProjectId::generate(&Fixed),
        external_id: "bill 7".to_owned(),
        content_hash: "ab".repeat(32),
        content: ItemContent::File {
            media_type: "application/pdf".to_owned(),
            file_name: "bill.pdf".to_owned(),
            size_bytes: u64::MAX,
        },
        metadata: json!({ "b": 1, "a": [null] }).as_object().unwrap().clone(),
        state: ItemState::NeedsReview,
        created_at: Fixed.now(),
    };
    let written = comes_back(&item);
    assert_eq!(written["content"]["form"], json!("file"));
    comes_back(&Gold {
        id: GoldId::generate(&Fixed),
        project_id: item.project_id,
        item_id: item.id,
        field: "total".parse().unwrap(),
        answer: Answer::Absent,
        source: GoldSource::Adjudicated,
        propensity: Some(0.1),
        user_id: None,
        created_at: Fixed.now(),
    });
    for kind in [
        AnnotatorKind::Human {
            user_id: UserId::generate(&Fixed),
        },
        AnnotatorKind::Automatic {
            definition: AutomaticKind::InvoiceXml,
        },
        AnnotatorKind::Automatic {
            definition: AutomaticKind::LanguageModel(LanguageModel::new("local", "small")),
        },
    ] {
        let written = comes_back(&kind);
        assert_eq!(written["definition"]["kind"].as_str().unwrap_or("human"), kind.word());
    }
}

#[test]
fn identifiers_sort_by_time_and_refuse_other_text() {
    let id = ItemId::generate(&Fixed);
    assert_eq!(id.to_string().parse::<ItemId>(), Ok(id));
    assert_eq!(id.as_uuid().get_version_num(), 7);
    let error = "7".parse::<ItemId>().unwrap_err().to_string();
    assert!(
        error.starts_with("`7` is no item identifier: expected a UUID"),
        "{error}"
    );
    assert!("x".repeat(64).parse::<FieldName>().is_err());
}
