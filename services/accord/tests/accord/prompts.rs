//! Prompt templates: those there are, what differs between them, and what a model would be sent.

use serde_json::Value;

use crate::program::Program;

const PROJECT: &str = r#"
name = "letters"
[[fields]]
name = "sender"
type = "name"
[[fields]]
name = "mood"
type = "choice"
options = ["glad", "sad"]
[[annotators]]
name = "small"
kind = "language_model"
provider = "local"
model = "tiny"
examples = 2
permutations = 3
"#;

/// A folder with one template of its own, a project and a letter.
fn letters() -> Program {
    let program = Program::new();
    let own = program.run(&["prompt", "show", "extract"]).well();
    program.write(
        "prompts/letters.md",
        own.replacen("name = \"extract\"", "name = \"letters\"", 1),
    );
    program.write("accord.toml", "[prompts]\nfolder = \"prompts\"\n");
    program.write("letters.toml", PROJECT);
    program.write("letter.txt", "Dear Ann,\nwhat a day! Yours, Ben");
    program
}

fn run(program: &Program, arguments: &[&str]) -> String {
    program
        .run(&[&["--config", "accord.toml", "prompt"], arguments].concat())
        .well()
}

fn json(program: &Program, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(program, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn templates_are_listed_with_where_they_come_from() {
    let program = letters();
    let listed = json(&program, &["list"]);
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "choose",
            "choose-paraphrase",
            "classify",
            "classify-paraphrase",
            "extract",
            "extract-paraphrase",
            "judge",
            "letters"
        ]
    );
    let own = &listed[7];
    assert_eq!(
        (&own["from"], &own["output"]),
        (&"prompts/letters.md".into(), &"all_fields".into())
    );
    assert_eq!(own["hash"].as_str().unwrap().len(), 64);
    assert_eq!(own["views"][3], "page_image");
    assert_eq!(own["views"][4], "file");
    let words = run(&program, &["list"]);
    for part in [
        "extract-paraphrase",
        "Chooses one option",
        "one_choice",
        "prompts/letters.md",
        &own["hash"].as_str().unwrap()[..12],
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn a_template_is_shown_by_name_hash_and_file() {
    let program = letters();
    let shown = json(&program, &["show", "letters"]);
    let hash = shown["hash"].as_str().unwrap();
    let text = std::fs::read_to_string(program.path("prompts/letters.md")).unwrap();
    assert_eq!(shown["text"], text.as_str());
    for wanted in [
        hash,
        "prompts/letters.md",
        &format!("letters@{hash}"),
        &format!("letters@{}", &hash[..6]),
    ] {
        assert_eq!(run(&program, &["show", wanted]), text, "{wanted}");
    }
    program.write("prompts/letters.md", text.replacen("You read", "You see", 1));
    let arguments = ["--config", "accord.toml", "prompt", "show"];
    let pinned = format!("letters@{}", &hash[..6]);
    program
        .run(&[&arguments[..], &[&pinned]].concat())
        .complains_of(&["letters.md", "was changed", &hash[..6]]);
    program
        .run(&[&arguments[..], &[hash]].concat())
        .complains_of(&[hash, "none was used"]);
    program
        .run(&[&arguments[..], &["nothing"]].concat())
        .complains_of(&["`nothing`", "choose, choose-paraphrase"]);
    // A text that was used is kept with the files; an import puts it there too.
    program.run(&["project", "create", "letters.toml"]).well();
    program.write("old.txt", &text);
    program.run(&["import", "--project", "letters", "old.txt"]).well();
    let kept = json(&program, &["show", &format!("letters@{hash}")]);
    assert_eq!((&kept["text"], &kept["hash"]), (&text.as_str().into(), &hash.into()));
    assert!(run(&program, &["diff", hash, "letters"]).contains("-You read documents"));
    program.write("prompts/letters.md", text.replacen("{{ title }}", "{{ titel }}", 1));
    program
        .run(&["--config", "accord.toml", "prompt", "list"])
        .complains_of(&[
            "prompts/letters.md, line 16",
            "`titel` is used, which no prompt is given",
        ]);
}

#[test]
fn templates_are_compared_line_by_line() {
    let program = letters();
    let words = run(&program, &["diff", "extract", "letters"]);
    assert!(words.contains("-name = \"extract\"\n+name = \"letters\"\n"), "{words}");
    assert!(
        words.starts_with("--- extract@") && words.contains("\n+++ letters@"),
        "{words}"
    );
    let same = json(&program, &["diff", "letters", "prompts/letters.md"]);
    assert_eq!((&same["same"], &same["diff"]), (&true.into(), &"".into()));
    assert!(run(&program, &["diff", "extract", "extract"]).contains("are the same text"));
}

#[test]
fn what_would_be_sent_is_rendered_word_for_word() {
    let program = letters();
    let question = ["render", "letters", "--project", "letters.toml", "--text", "letter.txt"];
    let rendered = run(&program, &question);
    assert!(rendered.starts_with("=== system ===\nYou read documents"), "{rendered}");
    assert!(
        rendered.contains(">\nDear Ann,\nwhat a day! Yours, Ben\n</document-"),
        "{rendered}"
    );
    let with = |flags: &[&str]| json(&program, &[&question[..], flags].concat());
    let turned = with(&[
        "--field-order",
        "reversed",
        "--chunk-order",
        "shuffled:1",
        "--view",
        "reading_order",
    ]);
    let request = &turned["request"];
    assert_eq!(
        request["response_format"]["json_schema"]["schema"]["required"],
        serde_json::json!(["mood", "sender"])
    );
    assert_eq!(turned["prompt"]["name"], "letters");
    assert!(request.get("tools").is_none());
    let complaint = |flags: &[&str]| {
        let arguments = [&["--config", "accord.toml", "prompt"], &question[..], flags].concat();
        program.run(&arguments)
    };
    complaint(&["--annotator", "small.plain"]).complains_of(&["provider `local`", "there is none"]);
    complaint(&["--annotator", "large"])
        .complains_of(&["`large`", "small.plain, small.reversed-fields, small.paraphrase"]);
    complaint(&["--examples", "2"]).complains_of(&["--gold PATH"]);
    complaint(&["--provider", "local"]).complains_of(&["no provider `local`"]);
    program.write(
        "seeing.toml",
        "[providers.local]\nbase_url = \"http://127.0.0.1:9/v1\"\nimages = true\n",
    );
    let file = |flags: &[&str]| {
        let extract = [
            "prompt",
            "render",
            "extract",
            "--project",
            "letters.toml",
            "--text",
            "letter.txt",
        ];
        program.run(&[&["--config", "seeing.toml"], &extract[..], &["--view", "file"], flags].concat())
    };
    file(&["--provider", "local"]).complains_of(&["takes none", "`files = true` in [providers.local]"]);
    file(&[]).complains_of(&["must be a PDF file"]);
    program.write("blank.txt", " \n");
    program
        .run(&[
            "prompt",
            "render",
            "extract",
            "--project",
            "letters.toml",
            "--text",
            "blank.txt",
        ])
        .complains_of(&["blank.txt"]);
}

#[test]
fn examples_are_drawn_from_documents_with_gold() {
    let program = letters();
    let line = |number: usize| {
        format!(
            "{{\"external_id\": \"{number}\", \"text\": \"Letter {number}. Yours, Sender{number}\", \
             \"gold\": {{\"sender\": \"Sender{number}\", \"mood\": \"glad\"}}}}\n"
        )
    };
    program.write("gold.jsonl", (0..20).map(line).collect::<String>());
    let question = [
        "render",
        "extract",
        "--project",
        "letters.toml",
        "--text",
        "letter.txt",
        "--examples",
        "3",
        "--gold",
        "gold.jsonl",
    ];
    let rendered = json(&program, &question);
    assert_eq!(rendered["examples"], 3);
    let user = rendered["request"]["messages"][1]["content"].as_str().unwrap();
    assert_eq!(user.matches("{\"sender\":\"Sender").count(), 3, "{user}");
    assert_eq!(user.matches("<document-").count(), 4, "{user}");
    assert_eq!(
        json(&program, &question),
        rendered,
        "the same seed draws the same examples"
    );
    let other = json(&program, &[&question[..], &["--examples-seed", "2"]].concat());
    assert_ne!(other["request"], rendered["request"]);
}

#[test]
fn whoever_is_to_be_tried_must_be_named() {
    let program = letters();
    program
        .run(&[
            "prompt",
            "try",
            "extract",
            "--project",
            "letters.toml",
            "--text",
            "letter.txt",
        ])
        .complains_of(&["who is to be asked?", "--provider NAME"]);
    program
        .run(&[
            "prompt",
            "try",
            "Extract!",
            "--project",
            "letters.toml",
            "--text",
            "letter.txt",
        ])
        .complaint
        .contains("names no prompt")
        .then_some(())
        .unwrap();
}

#[test]
fn a_project_says_at_once_which_prompts_it_lacks() {
    let program = letters();
    let written = PROJECT.replacen("examples = 2", "prompt = \"letters\"", 1);
    program.write("letters.toml", written);
    let created = program.run(&["--config", "accord.toml", "project", "create", "letters.toml"]);
    assert_eq!(created.code, Some(0), "{}", created.complaint);
    let warning = "warning: annotator `small.paraphrase`: there is no prompt `letters-paraphrase`: use one of choose";
    assert!(created.complaint.contains(warning), "{}", created.complaint);
    assert_eq!(created.complaint.matches("warning").count(), 1, "{}", created.complaint);
    let judged = "[judge]\nprovider = \"small\"\nmodel = \"large\"\nprompt = \"letters\"\n";
    let written = format!("{}\n{judged}", PROJECT.replacen("\"letters\"", "\"judged\"", 1));
    program.write("judged.toml", written);
    let created = program.run(&["--config", "accord.toml", "project", "create", "judged.toml"]);
    let warning = "warning: judge: prompt `letters` asks for all_fields, and a judge gives ratings";
    assert!(created.complaint.contains(warning), "{}", created.complaint);
}
