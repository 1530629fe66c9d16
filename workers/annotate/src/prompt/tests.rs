use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use accord_domain::PromptReference;
use accord_store::{Blobs, StoreError, StoreResult};
use async_trait::async_trait;
use axum::body::Bytes;
use sha2::{Digest, Sha256};

use super::*;

fn definition() -> ProjectDefinition {
    serde_json::from_value(json!({
        "name": "letters", "title": "Letters", "fields": [
            {"name": "sender", "type": "name", "description": "Who wrote it"},
            {"name": "mood", "type": "choice", "options": ["glad", "sad"]},
        ],
    }))
    .unwrap()
}

fn one_choice() -> ProjectDefinition {
    let mut definition = definition();
    definition.fields.remove(0);
    definition
}

const TEMPLATE: &str = r#"+++
name = "letters"
purpose = "Reads letters."
output = "all_fields"
views = ["rows"]
variables = ["fields", "schema", "document"]
+++

=== system ===
You read {{ fields | length }} fields.

=== user ===
{% if schema %}{{ schema }}{% endif %}
{{ document }}
"#;

fn problem(from: &str, to: &str) -> String {
    assert!(TEMPLATE.contains(from), "{from}");
    let file = PromptOrigin::File("letters.md".into());
    Prompt::parse(&TEMPLATE.replacen(from, to, 1), file)
        .unwrap_err()
        .to_string()
}

#[test]
fn every_built_in_prompt_renders_what_it_is_given() {
    let library = PromptLibrary::open(None).unwrap();
    let example = ExampleText {
        document: "Dear Ben, ACME rejoices".to_owned(),
        answer: r#"{"mood":"glad"}"#.to_owned(),
    };
    for prompt in library.prompts() {
        let definition = match prompt.header.output {
            OutputForm::AllFields | OutputForm::Ratings => definition(),
            OutputForm::OneChoice => one_choice(),
        };
        let schema = json!({"type": "object"});
        let plain = PromptInput {
            definition: &definition,
            fields: &definition.fields,
            document: Some("Dear {{ fields }}, <b>ACME & Co</b>"),
            schema: None,
            examples: &[],
            values: r#"{"mood":"glad"}"#,
        };
        let name = &prompt.header.name;
        let messages = prompt.render(&plain).unwrap();
        let user = &messages.user;
        assert!(
            user.contains(">\nDear {{ fields }}, <b>ACME & Co</b>\n</document-"),
            "{name}: {user}"
        );
        assert!(
            user.contains("glad") && user.contains("sad") && !user.contains("JSON Schema"),
            "{name}: {user}"
        );
        assert_eq!(user.matches("<document-").count(), 1, "{name}");
        let shows_examples = prompt.header.variables.iter().any(|name| name == "examples");
        assert_ne!(shows_examples, prompt.header.output == OutputForm::Ratings, "{name}");
        let examples = if shows_examples {
            std::slice::from_ref(&example)
        } else {
            &[]
        };
        let full = PromptInput {
            schema: Some(&schema),
            examples,
            ..plain
        };
        let user = prompt.render(&full).unwrap().user;
        assert!(
            user.contains(r#"{"type":"object"}"#) && user.contains(r#"{"mood":"glad"}"#),
            "{name}: {user}"
        );
        if shows_examples {
            assert!(
                user.contains(">\nDear Ben, ACME rejoices\n</document-"),
                "{name}: {user}"
            );
        } else {
            assert!(user.contains(">\n{\"mood\":\"glad\"}\n</values-"), "{name}: {user}");
        }
        assert!(
            user.rfind(r#"{"mood":"glad"}"#).unwrap() < user.find("Dear {{").unwrap(),
            "{name}: the document comes last"
        );
        if prompt.header.views.contains(&InputView::PageImage) {
            let images = PromptInput {
                document: None,
                ..plain
            };
            assert!(prompt.render(&images).unwrap().user.contains("images"), "{name}");
        }
    }
}

#[test]
fn a_paraphrase_serves_the_purpose_of_its_prompt_in_other_words() {
    let library = PromptLibrary::open(None).unwrap();
    for name in ["extract", "classify", "choose"] {
        let prompt = library.find(&PromptReference::named(name)).unwrap();
        let paraphrase = library
            .find(&PromptReference::named(format!("{name}-paraphrase")))
            .unwrap();
        let header = PromptHeader {
            name: paraphrase.header.name.clone(),
            ..prompt.header.clone()
        };
        assert_eq!(header, paraphrase.header);
        assert_ne!(prompt.hash, paraphrase.hash);
    }
}

#[test]
fn what_is_wrong_with_a_template_is_named_with_its_line() {
    for (from, to, expected) in [
        ("+++\nname", "name", "letters.md, line 1: expected front matter"),
        ("+++\n\n===", "\n===", "letters.md, line 1: the front matter has no end"),
        (
            "purpose =",
            "purpos =",
            "letters.md, line 3: front matter: unknown field `purpos`",
        ),
        (
            "\"all_fields\"",
            "\"a_poem\"",
            "letters.md, line 4: front matter: unknown variant `a_poem`",
        ),
        (
            "[\"rows\"]",
            "[\"columns\"]",
            "letters.md, line 5: front matter: unknown variant `columns`",
        ),
        ("[\"rows\"]", "[\"rows\"", "letters.md, line 6: front matter:"),
        ("[\"rows\"]", "[]", "letters.md, line 5: `views` is empty"),
        (
            "\"letters\"",
            "\"My Letters\"",
            "letters.md, line 2: `name` `My Letters` is not valid",
        ),
        ("\"Reads letters.\"", "\" \"", "letters.md, line 3: `purpose` is empty"),
        (
            "[\"fields\", ",
            "[\"fields\", \"weather\", ",
            "letters.md, line 6: `variables` names `weather`",
        ),
        (
            "[\"fields\", ",
            "[\"fields\", \"title\", ",
            "letters.md, line 6: `title` is declared and not used",
        ),
        (
            "[\"fields\", ",
            "[",
            "letters.md, line 10: `fields` is used and not declared",
        ),
        (
            "{{ document }}",
            "{{ document }}{{ now }}",
            "letters.md, line 14: `now` is used, which no prompt is given",
        ),
        (
            "\n\n=== sys",
            "\nhello\n=== sys",
            "letters.md, line 8: nothing may stand before",
        ),
        (
            "=== system ===",
            "=== System ===",
            "letters.md: the line `=== system ===` is missing",
        ),
        ("{{ document }}", "{{ document }", "letters.md, line 14:"),
        ("{% endif %}", "", "letters.md, line 14:"),
        (" | length", " | lengthy", "letters.md: the system message:"),
        (
            "You read {{ fields | length }} fields.",
            "",
            "letters.md, line 9: the system message is empty",
        ),
    ] {
        let problem = problem(from, to);
        assert!(problem.starts_with(expected), "{to:?}: {problem}");
    }
    let without_document = TEMPLATE
        .replacen("{{ document }}", "", 1)
        .replacen(", \"document\"", "", 1);
    let error = Prompt::parse(&without_document, PromptOrigin::Kept)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 6: `document` is not used: it is what the question is about"),
        "{error}"
    );
}

#[test]
fn a_prompt_is_asked_only_what_it_is_made_for() {
    let library = PromptLibrary::open(None).unwrap();
    let model = |change: fn(&mut LanguageModel)| {
        let mut model = LanguageModel::new("local", "tiny");
        change(&mut model);
        model
    };
    let refused = |definition: &ProjectDefinition, model: &LanguageModel| {
        library.for_model(definition, model).unwrap_err().to_string()
    };
    let images = model(|model| {
        model.prompt = PromptReference::named("classify");
        model.view = InputView::PageImage;
    });
    let words = refused(&definition(), &images);
    assert!(
        words.contains("`classify` is not made for the view page_image, only for rows"),
        "{words}"
    );
    let choose = model(|model| model.prompt = PromptReference::named("choose"));
    let words = refused(&definition(), &choose);
    assert!(
        words.contains("asks for one choice, and the project has 2 fields"),
        "{words}"
    );
    library.for_model(&one_choice(), &choose).unwrap();
    let unknown = model(|model| model.prompt = PromptReference::named("nothing"));
    let words = refused(&definition(), &unknown);
    assert!(
        words.contains("no prompt `nothing`: use one of choose, choose-paraphrase, classify"),
        "{words}"
    );
}

#[test]
fn a_folder_adds_prompts_and_never_replaces_any() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("letters.md", TEMPLATE);
    write("notes.txt", "no template");
    let library = PromptLibrary::open(Some(folder.path())).unwrap();
    let found = library.find(&PromptReference::named("letters")).unwrap();
    assert_eq!(found.origin, PromptOrigin::File(folder.path().join("letters.md")));
    assert_eq!(library.prompts().count(), 8);
    write("letters-again.md", TEMPLATE);
    let twice = PromptLibrary::open(Some(folder.path())).unwrap_err().to_string();
    assert!(
        twice.contains("letters.md, line 2: the name `letters` is taken by") && twice.contains("letters-again.md"),
        "{twice}"
    );
    write("letters-again.md", &TEMPLATE.replacen("\"letters\"", "\"extract\"", 1));
    let twice = PromptLibrary::open(Some(folder.path())).unwrap_err().to_string();
    assert!(twice.contains("taken by built-in prompts/extract.md"), "{twice}");
    let nowhere = PromptLibrary::open(Some(&folder.path().join("nowhere")))
        .unwrap_err()
        .to_string();
    assert!(nowhere.contains("nowhere cannot be read"), "{nowhere}");
}

#[test]
fn a_pinned_prompt_that_was_edited_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letters.md");
    std::fs::write(&file, TEMPLATE).unwrap();
    let hash = PromptLibrary::open(Some(folder.path()))
        .unwrap()
        .find(&PromptReference::named("letters"))
        .unwrap()
        .hash
        .clone();
    let pinned: PromptReference = format!("letters@{}", &hash[..8]).parse().unwrap();
    assert!(PromptLibrary::open(Some(folder.path())).unwrap().find(&pinned).is_ok());
    std::fs::write(&file, TEMPLATE.replacen("You read", "You see", 1)).unwrap();
    let error = PromptLibrary::open(Some(folder.path()))
        .unwrap()
        .find(&pinned)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("was changed") && error.contains(&hash[..8]) && error.contains("letters.md"),
        "{error}"
    );
}

#[test]
fn a_prompt_is_known_by_its_content() {
    let parse = |text: &str| Prompt::parse(text, PromptOrigin::Kept).unwrap();
    let (one, same) = (parse(TEMPLATE), parse(TEMPLATE));
    let other = parse(&TEMPLATE.replacen("You read", "You see", 1));
    assert_eq!(one.hash, same.hash);
    assert_ne!(one.hash, other.hash);
    assert_eq!(one.hash.len(), 64);
}

/// A store of files that is slow to write, and at first out of order; it counts how often it is asked to.
#[derive(Default)]
struct SlowBlobs(AtomicUsize);

#[async_trait]
impl Blobs for SlowBlobs {
    async fn put(&self, bytes: Bytes) -> StoreResult<String> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        if before == 0 {
            return Err(StoreError::Blob {
                hash: "any".to_owned(),
                problem: "the disk is full".to_owned(),
            });
        }
        Ok(hex::encode(Sha256::digest(&bytes)))
    }

    async fn get(&self, _: &str) -> StoreResult<Option<Bytes>> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_prompt_that_many_begin_to_use_is_written_once() {
    let library = PromptLibrary::open(None).unwrap();
    let prompt = library.find(&PromptReference::named("extract")).unwrap();
    let blobs = SlowBlobs::default();
    let kept = futures::future::join_all((0..100).map(|_| library.keep(&prompt, &blobs))).await;
    // Whom the trouble hit tries again; the next one wrote it for all others.
    assert_eq!(kept.iter().filter(|kept| kept.is_err()).count(), 1);
    library.keep(&prompt, &blobs).await.unwrap();
    assert_eq!(blobs.0.load(Ordering::Relaxed), 2);
}

#[test]
fn judges_and_annotators_have_prompts_of_their_own() {
    let library = PromptLibrary::open(None).unwrap();
    let judge = |prompt: &str| -> accord_domain::Judge {
        serde_json::from_value(json!({"provider": "local", "model": "large", "prompt": prompt})).unwrap()
    };
    assert_eq!(
        library.for_judge(&judge("judge")).unwrap().header.output,
        OutputForm::Ratings
    );
    let refused = library.for_judge(&judge("extract")).unwrap_err().to_string();
    assert!(
        refused.contains("asks for all_fields, and a judge gives ratings"),
        "{refused}"
    );
    let mut voter = LanguageModel::new("local", "tiny");
    voter.prompt = PromptReference::named("judge");
    let refused = library.for_model(&definition(), &voter).unwrap_err().to_string();
    assert!(refused.contains("it is for the `judge` of a project"), "{refused}");
}

#[test]
fn values_are_for_judges_and_examples_for_annotators() {
    for (from, to, expected) in [
        (
            "\"all_fields\"",
            "\"ratings\"",
            "`values` is not used: they are what a judge rates",
        ),
        (
            "\"schema\", \"document\"]",
            "\"schema\", \"document\", \"values\"]",
            "`values` is declared and not used",
        ),
    ] {
        let problem = problem(from, to);
        assert!(problem.contains(expected), "{problem}");
    }
    let with_values = TEMPLATE
        .replacen("\"document\"]", "\"document\", \"values\"]", 1)
        .replacen("{{ document }}", "{{ values }}{{ document }}", 1);
    let parse = |text: &str| Prompt::parse(text, PromptOrigin::Kept);
    let problem = parse(&with_values).unwrap_err().to_string();
    assert!(problem.contains("line 6: `values` is used: only prompts"), "{problem}");
    let rating = with_values.replacen("\"all_fields\"", "\"ratings\"", 1);
    assert!(parse(&rating).is_ok());
    let with_examples = rating.replacen("\"values\"]", "\"values\", \"examples\"]", 1).replacen(
        "{{ values }}",
        "{{ values }}{{ examples | length }}",
        1,
    );
    let problem = parse(&with_examples).unwrap_err().to_string();
    assert!(problem.contains("a judge is shown none"), "{problem}");
}
