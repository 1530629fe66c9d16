//! What an endpoint can really do: told by the results of a tiny call, since servers ignore silently what they do not know.

use serde_json::{Value, json};

use super::{CallError, Provider, ProviderSettings, file_part};

/// What the schema demands and the words do not: an answer with it shows that the schema was obeyed.
const DEMANDED: &str = "amber-17";

/// Enough for the answer of any model that does not think aloud.
const MAXIMUM_TOKENS: i64 = 64;

/// What was found out about a provider.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProviderCheck {
    /// The model that was asked for.
    pub model: String,
    /// The model that says it answered.
    pub answered_as: Option<String>,
    /// From sending to the last byte of the first answer, in milliseconds.
    pub latency_milliseconds: i64,
    /// Calls that were made: one, and one for each extra where they were refused together.
    pub calls: usize,
    /// Tokens of question and answer as the server counts them, over all calls; none where it does not.
    pub input_tokens: Option<i64>,
    /// As above, of the answers.
    pub output_tokens: Option<i64>,
    /// Why the answer ended, in the server's word.
    pub finish_reason: Option<String>,
    /// The extras, in the order in which they are shown.
    pub extras: Vec<ExtraCheck>,
    /// Whether there are batches; tried where the configuration says so.
    pub batches: Option<BatchesCheck>,
}

/// Whether batches can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BatchesCheck {
    /// Whether they can.
    pub verdict: Verdict,
    /// What was seen.
    pub reason: String,
}

/// Whether one extra works.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExtraCheck {
    /// The extra.
    pub extra: Extra,
    /// Whether it works.
    pub verdict: Verdict,
    /// What was seen.
    pub reason: String,
}

/// What can be asked for besides an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// An answer that satisfies a JSON Schema.
    JsonSchema,
    /// Log probabilities of the answer's tokens.
    Logprobs,
    /// A seed.
    Seed,
    /// A temperature.
    Temperature,
    /// An image beside the words. It is tried where the configuration says that models see: others refuse the whole call.
    Images,
    /// A PDF file beside the words. It is tried where the configuration says that models read such files.
    Files,
}

/// A white square of 32 by 32 pixels: some servers refuse smaller ones.
const IMAGE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAFklEQVR42mP4TwAwjCoYVTCqYKQqAAA/aPwuqUTQyAAAAABJRU5ErkJggg==";

/// A PDF file of one blank page.
const FILE: &[u8] = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
    3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>\nendobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n\
    0000000054 00000 n \n0000000105 00000 n \ntrailer\n<</Size 4/Root 1 0 R>>\nstartxref\n170\n%%EOF\n";

/// How an extra fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its effect was seen.
    Works,
    /// It was taken; whether it has an effect cannot be seen in one call.
    Accepted,
    /// It was taken and had no effect.
    Ignored,
    /// It was refused.
    Refused,
}

/// Puts a part behind the words of the question, and behind what was put there before.
fn attach(request: &mut Value, part: Value) {
    let content = &mut request["messages"][1]["content"];
    match content {
        Value::Array(parts) => parts.push(part),
        words => *words = json!([{"type": "text", "text": words.take()}, part]),
    }
}

impl Extra {
    /// Those that are tried at an endpoint of these settings.
    fn tried(settings: &ProviderSettings) -> Vec<Self> {
        let mut tried = vec![Self::JsonSchema, Self::Logprobs, Self::Seed, Self::Temperature];
        tried.extend(settings.images.then_some(Self::Images));
        tried.extend(settings.files.then_some(Self::Files));
        tried
    }

    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::Logprobs => "logprobs",
            Self::Seed => "seed",
            Self::Temperature => "temperature",
            Self::Images => "images",
            Self::Files => "files",
        }
    }

    fn add_to(self, request: &mut Value) {
        match self {
            Self::JsonSchema => {
                let schema = json!({
                    "type": "object", "additionalProperties": false, "required": ["answer"],
                    "properties": {"answer": {"type": "string", "enum": [DEMANDED]}},
                });
                request["response_format"] = json!({
                    "type": "json_schema", "json_schema": {"name": "answers", "strict": true, "schema": schema},
                });
            }
            Self::Logprobs => request["logprobs"] = true.into(),
            Self::Seed => request["seed"] = 7.into(),
            Self::Temperature => request["temperature"] = 0.into(),
            Self::Images => attach(request, json!({"type": "image_url", "image_url": {"url": IMAGE}})),
            Self::Files => attach(request, file_part(FILE, 1)),
        }
    }

    fn seen_in(self, reply: &Value) -> (Verdict, String) {
        match self {
            Self::JsonSchema => {
                let content = reply.pointer("/choices/0/message/content").and_then(Value::as_str);
                let content = content.unwrap_or_default();
                let obeyed =
                    serde_json::from_str::<Value>(content).is_ok_and(|answer| answer == json!({ "answer": DEMANDED }));
                if obeyed {
                    (Verdict::Works, "the answer is what only the schema demands".to_owned())
                } else {
                    (Verdict::Ignored, format!("the answer was {}", shown(content)))
                }
            }
            Self::Logprobs => {
                let tokens = reply.pointer("/choices/0/logprobs/content").and_then(Value::as_array);
                let numbers = tokens.map_or(0, |tokens| {
                    let has_number = |token: &&Value| token.get("logprob").is_some_and(Value::is_number);
                    tokens.iter().filter(has_number).count()
                });
                if numbers > 0 {
                    (Verdict::Works, format!("{numbers} tokens have one"))
                } else {
                    (Verdict::Ignored, "the reply has none".to_owned())
                }
            }
            Self::Seed | Self::Temperature | Self::Images | Self::Files => {
                (Verdict::Accepted, "the call was answered".to_owned())
            }
        }
    }

    fn check(self, reply: &Value) -> ExtraCheck {
        let (verdict, reason) = self.seen_in(reply);
        ExtraCheck {
            extra: self,
            verdict,
            reason,
        }
    }
}

impl Provider {
    /// Makes one tiny call with all extras and says what came of each; where it is refused, one call without any and one
    /// with each.
    ///
    /// # Errors
    /// The endpoint does not answer the plain call.
    pub async fn check(&self, model: &str) -> Result<ProviderCheck, CallError> {
        let mut check = ProviderCheck {
            model: model.to_owned(),
            answered_as: None,
            latency_milliseconds: 0,
            calls: 0,
            input_tokens: None,
            output_tokens: None,
            finish_reason: None,
            extras: Vec::new(),
            batches: None,
        };
        let extras = Extra::tried(&self.settings);
        match self.tiny_call(&mut check, &extras).await {
            Ok(reply) => {
                check.describe(&reply);
                check.extras = extras.iter().map(|extra| extra.check(&reply)).collect();
            }
            Err(CallError::Status { status, .. }) if is_refusal(status) => {
                let reply = self.tiny_call(&mut check, &[]).await?;
                check.describe(&reply);
                for extra in extras {
                    let alone = self.tiny_call(&mut check, &[extra]).await;
                    check.extras.push(match alone {
                        Ok(reply) => extra.check(&reply),
                        Err(error) => ExtraCheck {
                            extra,
                            verdict: Verdict::Refused,
                            reason: error.to_string(),
                        },
                    });
                }
            }
            Err(error) => return Err(error),
        }
        if self.settings.batch.is_some() {
            check.batches = Some(self.try_batches().await);
        }
        Ok(check)
    }

    async fn try_batches(&self) -> BatchesCheck {
        match self.check_batches().await {
            Ok(()) => BatchesCheck {
                verdict: Verdict::Works,
                reason: "the list of batches was answered".to_owned(),
            },
            Err(error) => BatchesCheck {
                verdict: Verdict::Refused,
                reason: error.to_string(),
            },
        }
    }

    async fn tiny_call(&self, check: &mut ProviderCheck, extras: &[Extra]) -> Result<Value, CallError> {
        let mut request = json!({
            "model": check.model,
            "messages": [
                {"role": "system", "content": "You answer with one JSON object and nothing else."},
                {"role": "user", "content": "Answer with {\"answer\": \"yes\"}"},
            ],
            "stream": false,
        });
        request[self.settings.maximum_tokens_parameter.word()] = MAXIMUM_TOKENS.into();
        for extra in extras {
            extra.add_to(&mut request);
        }
        check.calls += 1;
        let reply = self.ask(&request).await?;
        let value: Value =
            serde_json::from_str(&reply.body).map_err(|error| CallError::Unreadable(error.to_string()))?;
        if value.pointer("/choices/0").is_none() {
            return Err(CallError::Unreadable(
                "it holds no choice: is this a chat completion endpoint?".to_owned(),
            ));
        }
        if check.latency_milliseconds == 0 {
            check.latency_milliseconds = reply.latency_milliseconds;
        }
        let tokens = |name: &str| value.pointer(&format!("/usage/{name}")).and_then(Value::as_i64);
        check.input_tokens = added(check.input_tokens, tokens("prompt_tokens"));
        check.output_tokens = added(check.output_tokens, tokens("completion_tokens"));
        Ok(value)
    }
}

impl ProviderCheck {
    fn describe(&mut self, reply: &Value) {
        let word = |place: &str| reply.pointer(place).and_then(Value::as_str).map(str::to_owned);
        self.answered_as = word("/model");
        self.finish_reason = word("/choices/0/finish_reason");
    }
}

/// Whether a status says that the request itself was not liked. Some servers say 500 or 501 to what they do not know.
const fn is_refusal(status: u16) -> bool {
    matches!(status, 400 | 404 | 422 | 500 | 501)
}

fn added(sum: Option<i64>, tokens: Option<i64>) -> Option<i64> {
    match (sum, tokens) {
        (Some(sum), Some(tokens)) => Some(sum.saturating_add(tokens)),
        (one, other) => one.or(other),
    }
}

fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let short: String = text.chars().take(LONGEST).collect();
    if short.is_empty() {
        "empty".to_owned()
    } else {
        format!("`{short}`")
    }
}
