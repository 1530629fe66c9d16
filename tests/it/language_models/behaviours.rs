//! How a troubled server behaves, and what must become of it.

use serde_json::{Value, json};

use crate::scripted::action::{Action, answer, error, message, page, says, status};

/// What must become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// An answer.
    Answered,
    /// A reply that is no answer: paid, kept, never asked for again; the reason contains this.
    Unusable(&'static str),
    /// No reply at all, after every attempt; the reason contains this.
    Lost(&'static str),
}

/// One way to behave.
pub(crate) struct Behaviour {
    /// The word with which the items begin that bring it about.
    pub(crate) name: &'static str,
    /// What the server does at the attempt of this number.
    pub(crate) act: fn(usize, &Value) -> Action,
    pub(crate) expected: Expected,
    /// How often the server must have been asked.
    pub(crate) calls: usize,
}

/// Attempts that the policy allows.
pub(crate) const MAXIMUM_ATTEMPTS: usize = 3;

const fn behaviour(
    name: &'static str,
    expected: Expected,
    calls: usize,
    act: fn(usize, &Value) -> Action,
) -> Behaviour {
    Behaviour {
        name,
        act,
        expected,
        calls,
    }
}

/// The action at the first attempt, then a good answer.
fn at_first(action: Action, attempt: usize, good: &Value) -> Action {
    if attempt == 1 { action } else { answer(good) }
}

fn limited(code: Value, retry_after: Option<&'static str>) -> Action {
    let body = json!({ "error": { "message": "slow down", "type": "rate_limit", "code": code } });
    error(429, &body, retry_after.map(|value| ("retry-after", value)))
}

/// All ways to behave.
pub(crate) const BEHAVIOURS: [Behaviour; 27] = [
    behaviour("good", Expected::Answered, 1, |_, good| answer(good)),
    behaviour("fenced", Expected::Answered, 1, |_, good| {
        says(&format!("```json\n{good}\n```"), "stop")
    }),
    behaviour("unknown-finish", Expected::Answered, 1, |_, good| {
        says(&good.to_string(), "eos")
    }),
    behaviour("without-usage", Expected::Answered, 1, |_, good| {
        message(json!({ "content": good.to_string() }), Value::Null, false)
    }),
    behaviour("in-parts", Expected::Answered, 1, |_, good| {
        message(
            json!({ "content": [{ "type": "text", "text": good.to_string() }] }),
            json!("stop"),
            true,
        )
    }),
    behaviour("chatty", Expected::Answered, 1, |_, good| {
        says(&format!("Sure, here you are: {good}"), "stop")
    }),
    behaviour("undecided", Expected::Unusable("more than one object"), 1, |_, good| {
        says(&format!("{good} or rather {good}"), "stop")
    }),
    behaviour("malformed", Expected::Unusable("not a JSON object"), 1, |_, _| {
        says("{\"label\": \"praise\", ", "stop")
    }),
    behaviour("a-list", Expected::Unusable("it is a list"), 1, |_, good| {
        says(&json!([good]).to_string(), "stop")
    }),
    behaviour("refusal", Expected::Unusable("refused: I cannot"), 1, |_, _| {
        message(
            json!({ "content": null, "refusal": "I cannot help with that" }),
            json!("stop"),
            true,
        )
    }),
    behaviour("cut-off", Expected::Unusable("token limit"), 1, |_, _| {
        says("{\"label\": \"pra", "length")
    }),
    behaviour("filtered", Expected::Unusable("content filter"), 1, |_, _| {
        says("", "content_filter")
    }),
    behaviour("empty", Expected::Unusable("no answer"), 1, |_, _| says("  ", "stop")),
    behaviour("no-choices", Expected::Unusable("no answer"), 1, |_, _| {
        error(200, &json!({ "choices": [] }), None)
    }),
    behaviour("limited-text-code", Expected::Answered, 2, |attempt, good| {
        at_first(limited(json!("rate_limit_exceeded"), Some("1")), attempt, good)
    }),
    behaviour("limited-integer-code", Expected::Answered, 2, |attempt, good| {
        at_first(limited(json!(429), None), attempt, good)
    }),
    behaviour("limited-list", Expected::Answered, 2, |attempt, good| {
        let body = json!([{ "error": { "code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED" } }]);
        at_first(error(429, &body, None), attempt, good)
    }),
    behaviour("limited-milliseconds", Expected::Answered, 2, |attempt, good| {
        at_first(
            error(429, &json!({ "message": "wait" }), Some(("retry-after-ms", "200"))),
            attempt,
            good,
        )
    }),
    behaviour("broken", Expected::Answered, 3, |attempt, good| {
        if attempt < 3 {
            status(500, "internal error")
        } else {
            answer(good)
        }
    }),
    behaviour("bad-gateway", Expected::Answered, 2, |attempt, good| {
        at_first(page(502, "<html><h1>502 Bad Gateway</h1></html>"), attempt, good)
    }),
    behaviour("page-instead", Expected::Answered, 2, |attempt, good| {
        at_first(page(200, "<html>log in first</html>"), attempt, good)
    }),
    behaviour("cut", Expected::Answered, 2, |attempt, good| {
        at_first(Action::Cut, attempt, good)
    }),
    behaviour(
        "always-limited",
        Expected::Lost("slow down"),
        MAXIMUM_ATTEMPTS,
        |_, _| limited(json!(429), None),
    ),
    behaviour(
        "always-broken",
        Expected::Lost("answered 503"),
        MAXIMUM_ATTEMPTS,
        |_, _| status(503, "overloaded"),
    ),
    behaviour("always-cut", Expected::Lost("connection"), MAXIMUM_ATTEMPTS, |_, _| {
        Action::Cut
    }),
    behaviour("out-of-money", Expected::Lost("no credit"), 1, |_, _| {
        let body =
            json!({ "error": { "message": "no credit", "type": "insufficient_quota", "code": "insufficient_quota" } });
        error(429, &body, None)
    }),
    behaviour("bad-request", Expected::Lost("unknown model"), 1, |_, _| {
        error(
            400,
            &json!({ "error": { "message": "unknown model", "code": 400 } }),
            None,
        )
    }),
];

/// The behaviour that a text brings about.
pub(crate) fn behaviour_of(text: &str) -> &'static Behaviour {
    let word = text.split(' ').next().unwrap();
    BEHAVIOURS
        .iter()
        .find(|behaviour| behaviour.name == word)
        .unwrap_or_else(|| panic!("no behaviour `{word}`"))
}
