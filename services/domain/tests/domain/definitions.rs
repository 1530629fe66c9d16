//! Project definitions as people write them: what is read, and what is said of mistakes.

use accord_domain::{
    AutomaticKind, Comparison, FieldType, InputView, Order, ProjectDefinition, template, template_names,
};
use serde_json::json;

const WRITTEN: &str = r#"
name = "bills"
guidelines = "Look twice."

[[fields]]
name = "total"
type = "money"
locale = "de-DE"
required = true
target = 0.99

[[fields]]
name = "price"
type = "decimal"
comparison = { rule = "relative", tolerance = 0.005 }

[[annotators]]
name = "anchors"
kind = "reader"
reader = "labelled_anchors"

[[annotators]]
name = "xml"
kind = "invoice_xml"

[[annotators]]
name = "small-model"
family = "smol"
kind = "language_model"
provider = "local"
model = "smollm2-135m"
view = "head_and_tail"
temperature = 0.7

[policy]
accept_at = 0.9
people = "always"
overlap = 3
"#;

fn read(written: &str) -> Result<ProjectDefinition, String> {
    toml::from_str(written).map_err(|error| error.to_string())
}

fn mistake(from: &str, to: &str) -> String {
    assert!(WRITTEN.contains(from), "{from}");
    read(&WRITTEN.replacen(from, to, 1)).expect_err("the mistake is noticed")
}

#[test]
fn a_written_project_says_what_it_means() {
    let project = read(WRITTEN).unwrap();
    project.check().unwrap();
    let [total, price] = project.fields.as_slice() else {
        panic!("two fields");
    };
    assert_eq!((total.title.as_str(), total.target), ("Total", Some(0.99)));
    assert_eq!(total.field_type, FieldType::Money);
    assert_eq!(price.comparison, Comparison::Relative { tolerance: 0.005 });
    let kinds: Vec<&str> = project
        .annotators
        .iter()
        .map(|annotator| annotator.kind.word())
        .collect();
    assert_eq!(kinds, ["reader", "invoice_xml", "language_model"]);
    let AutomaticKind::LanguageModel(model) = &project.annotators.last().unwrap().kind else {
        panic!("the last annotator is a model");
    };
    assert_eq!(
        (model.view, model.prompt.to_string(), model.maximum_tokens),
        (InputView::HeadAndTail, "extract".to_owned(), 2048)
    );
    assert_eq!(project.policy.overlap, 3);
}

#[test]
fn definitions_survive_toml_and_json() {
    let mut projects = vec![read(WRITTEN).unwrap()];
    projects.extend(template_names().map(|name| template(name).unwrap()));
    for project in projects {
        let json = serde_json::to_value(&project).unwrap();
        assert_eq!(serde_json::from_value::<ProjectDefinition>(json).unwrap(), project);
        let toml = toml::to_string(&project).unwrap();
        assert_eq!(read(&toml).unwrap(), project, "{toml}");
    }
}

#[test]
fn one_entry_stands_for_all_permutations_of_a_model() {
    let entry = "temperature = 0.7\npermutations = 5\nfield_order = { shuffled = 3 }\nexamples = 2\nprompt = \"extract@0123456789\"";
    let written = WRITTEN.replacen("temperature = 0.7", entry, 1);
    let project = read(&written.replacen("family = \"smol\"\n", "", 1)).unwrap();
    project.check().unwrap();
    let models = &project.annotators[2..];
    let names: Vec<&str> = models.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "small-model.plain",
            "small-model.reversed-fields",
            "small-model.paraphrase",
            "small-model.paraphrase.reversed-fields",
            "small-model.shuffled-fields-1",
        ]
    );
    assert!(
        models.iter().all(|one| one.family_name() == "smollm2-135m"),
        "whatever the prompt, one model is one family"
    );
    assert_eq!(project.annotators[0].family_name(), "anchors");
    let asked = |position: usize| {
        let AutomaticKind::LanguageModel(model) = &models[position].kind else {
            panic!("a permutation is a model");
        };
        (model.field_order, model.prompt.to_string(), model.examples)
    };
    let pinned = "extract@0123456789".to_owned();
    assert_eq!(asked(0), (Order::Shuffled(3), pinned.clone(), 2));
    assert_eq!(asked(1), (Order::Reversed, pinned, 2));
    assert_eq!(asked(2), (Order::Shuffled(3), "extract-paraphrase".to_owned(), 2));
    // What is stored and shown names each of them, and reads as the same.
    let again: ProjectDefinition = serde_json::from_value(serde_json::to_value(&project).unwrap()).unwrap();
    assert_eq!(again, project);
    let named = WRITTEN.replacen(
        "temperature = 0.7",
        "permutations = [\"plain\", \"rows+reversed_chunks\"]",
        1,
    );
    let named = read(&named).unwrap();
    assert_eq!(named.annotators[3].name, "small-model.rows.reversed-chunks");
    assert_eq!(
        named.annotators[3].family_name(),
        "smol",
        "a family that is named counts"
    );
}

#[test]
fn misspelt_keys_are_named() {
    for (from, to, key) in [
        ("guidelines", "guidelins", "guidelins"),
        ("required", "requird", "requird"),
        ("tolerance", "tolerence", "tolerence"),
        ("reader = ", "raeder = ", "raeder"),
        ("temperature", "temprature", "temprature"),
        ("overlap", "overlp", "overlp"),
        ("family", "familly", "familly"),
        ("annotators", "anotators", "anotators"),
    ] {
        let error = mistake(from, to);
        assert!(error.contains(&format!("`{key}`")), "{error}");
    }
}

#[test]
fn mistakes_are_explained() {
    for (from, to, explanation) in [
        (
            "type = \"money\"",
            "type = \"cash\"",
            "field `total`: type `cash` is not known",
        ),
        (
            "\"de-DE\"",
            "\"German\"",
            "field `total`: `locale` must be a language and a country",
        ),
        (
            "target = 0.99",
            "target = 99",
            "`target` must lie between 0 and 1, it is 99",
        ),
        (
            "target = 0.99",
            "options = [\"a\", \"b\"]",
            "`options` does not belong to a field of type money",
        ),
        (
            "target = 0.99",
            "comparison = { rule = \"rows\", threshold = 1.0 }",
            "the comparison `rows` does not suit",
        ),
        (
            "kind = \"invoice_xml\"",
            "kind = \"invoice_pdf\"",
            "annotator `xml`: kind `invoice_pdf` is not known",
        ),
        (
            "kind = \"invoice_xml\"",
            "kind = \"invoice_xml\"\nseed = 1",
            "`seed` does not belong to an annotator of kind invoice_xml",
        ),
        (
            "provider = \"local\"",
            "",
            "annotator `small-model`: an annotator of kind language_model needs `provider`",
        ),
        (
            "temperature = 0.7",
            "temperature = 7",
            "`temperature` must lie between 0 and 2, it is 7",
        ),
        (
            "temperature = 0.7",
            "prompt = \"Extract it\"",
            "`Extract it` names no prompt",
        ),
        (
            "temperature = 0.7",
            "permutations = 0",
            "annotator `small-model`: `permutations` must be 1 to 32, it is 0",
        ),
        (
            "temperature = 0.7",
            "permutations = [\"plain\", \"upside_down\"]",
            "permutation `upside_down` is not known: use plain, reversed_fields",
        ),
        (
            "temperature = 0.7",
            "permutations = [\"other_examples:2\"]",
            "annotator `small-model`: permutation `other_examples:2` needs `examples`",
        ),
        (
            "temperature = 0.7",
            "paraphrase = \"extract-paraphrase\"",
            "`paraphrase` is for one of the `permutations`",
        ),
        (
            "reader = \"labelled_anchors\"",
            "reader = \"labelled_anchors\"\npermutations = 2",
            "`permutations` does not belong to an annotator of kind reader",
        ),
        (
            "temperature = 0.7",
            "examples = 21",
            "`examples` must lie between 0 and 20",
        ),
        (
            "temperature = 0.7",
            "examples_seed = 2",
            "`examples_seed` draws nothing",
        ),
        (
            "view = \"head_and_tail\"",
            "view = \"page_image\"\nexamples = 2",
            "need a view of text, not `page_image`",
        ),
        (
            "name = \"total\"",
            "name = \"Total\"",
            "field name `Total` is not valid",
        ),
    ] {
        let error = mistake(from, to);
        assert!(error.contains(explanation), "{error}");
    }
    let reserved = json!({ "name": "label", "type": "choice", "options": ["a", "__ABSENT__"] });
    let error = serde_json::from_value::<accord_domain::Field>(reserved)
        .unwrap_err()
        .to_string();
    assert!(error.contains("it stands for absence"), "{error}");
}

#[test]
fn what_no_part_can_check_is_checked_as_a_whole() {
    let problem = |from: &str, to: &str| {
        read(&WRITTEN.replacen(from, to, 1))
            .unwrap()
            .check()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        problem("\"price\"", "\"total\""),
        "fields[1].name: `total` is given twice"
    );
    assert_eq!(
        problem("\"xml\"", "\"anchors\""),
        "annotators[1].name: `anchors` is given twice"
    );
    assert_eq!(
        problem("overlap = 3", "overlap = 0"),
        "policy: `overlap` must lie between 1 and 100, it is 0"
    );
    assert!(problem("\"bills\"", "\"My Bills\"").starts_with("name: `My Bills` is not valid"));
}

#[test]
fn templates_are_ready_for_use() {
    let names: Vec<&str> = template_names().collect();
    assert_eq!(names, ["invoice", "receipt", "text-classification"]);
    for name in names {
        let project = template(name).unwrap();
        project.check().unwrap();
        assert_eq!(project.name, name);
        assert!(project.fields.iter().all(|field| !field.description.is_empty()));
    }
    assert_eq!(template("nothing"), None);
    let field_names = |name: &str| -> Vec<String> {
        template(name)
            .unwrap()
            .fields
            .iter()
            .map(|field| field.name.to_string())
            .collect()
    };
    assert_eq!(field_names("receipt"), ["company", "date", "address", "total"]);
    assert_eq!(
        field_names("invoice"),
        [
            "invoice_number",
            "issue_date",
            "due_date",
            "seller_name",
            "seller_address",
            "seller_vat_id",
            "buyer_name",
            "currency",
            "net_total",
            "tax_total",
            "gross_total",
            "line_items",
        ]
    );
}

#[test]
fn stages_name_every_language_model_once() {
    let with_stages = |stages: &str| {
        let written =
            format!("{WRITTEN}\n[policy.stopping]\nrule = \"cannot_change\"\norder = {{ stages = {stages} }}\n");
        let checked = read(&written).unwrap().check();
        checked.map_err(|error| error.to_string())
    };
    assert_eq!(with_stages("[[\"small-model\"]]"), Ok(()));
    for (stages, part) in [
        ("[[\"small-model\", \"anchors\"]]", "`anchors` is not a language model"),
        ("[[\"small-model\"], [\"large-model\"]]", "those are `small-model`"),
        ("[[\"small-model\"], [\"small-model\"]]", "named twice"),
        ("[[\"small-model\"], []]", "stages[1]` names nobody"),
        ("[]", "it lacks `small-model`"),
    ] {
        let problem = with_stages(stages).unwrap_err();
        assert!(
            problem.starts_with("policy: ") && problem.contains(part),
            "{stages}: {problem}"
        );
    }
    let posterior = WRITTEN.replacen(
        "[policy]",
        "[policy]\nweighting = \"even\"\nstopping = { rule = { posterior = 0.9 } }",
        1,
    );
    let problem = read(&posterior).unwrap().check().unwrap_err().to_string();
    assert!(problem.contains("log-odds weights"), "{problem}");
}
