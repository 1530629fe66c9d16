//! Providers of language models: OpenAI-compatible endpoints, asked one call at a time within their limits.

mod answer;
pub(crate) mod batches;
mod check;
mod error;
mod file_part;
mod limits;
mod reply;
mod settings;
mod transport;
mod value_logprobs;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accord_domain::Environment;
use accord_store::Store;
use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serde_json::value::RawValue;

use limits::admission::{Admission, Permit};
use limits::gate::{Allowed, Outcome, Room, Wanted};
use transport::Transport;

pub use check::{BatchesCheck, Extra, ExtraCheck, ProviderCheck, Verdict};
pub use error::CallError;
pub(crate) use file_part::file_part;
pub use limits::estimate::TokenEstimate;
pub use limits::gate::HoldReason;
pub use reply::{AnsweredObject, ChatReply, ReplyError, Usage};
pub use settings::{BatchSettings, MaximumTokensParameter, ProviderSettings, StructuredOutput};

/// A provider that can be asked.
pub struct Provider {
    /// Its name in the configuration.
    pub name: String,
    /// What the operator said about it.
    pub settings: ProviderSettings,
    client: Client<Endpoint>,
    transport: Transport,
    admission: Arc<Admission>,
}

/// A reply as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReply {
    /// The JSON text of the body.
    pub body: String,
    /// Tokens used, where the server counts them.
    pub usage: Option<Usage>,
    /// From sending to the last byte.
    pub latency_milliseconds: i64,
}

/// A provider that cannot be used as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("provider `{name}`: {problem}")]
pub struct ProviderError {
    /// The provider.
    pub name: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Provider {
    /// Prepares a provider. Its key is read by `variable`, which looks up environment variables. The environment gives
    /// chance to pauses.
    ///
    /// # Errors
    /// The address is unusable, the key's variable is not set, or the key has characters no key has.
    pub fn new(
        name: &str,
        settings: ProviderSettings,
        environment: Arc<dyn Environment>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ProviderError> {
        let problem = |problem: String| ProviderError {
            name: name.to_owned(),
            problem,
        };
        let base = reqwest::Url::parse(&settings.base_url)
            .map_err(|error| problem(format!("base_url `{}` is not an address: {error}", settings.base_url)))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(problem("base_url must begin with http:// or https://".to_owned()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(problem(
                "base_url holds a password; give a key by key_variable instead".to_owned(),
            ));
        }
        if settings.concurrency == 0 {
            return Err(problem("concurrency must be at least 1".to_owned()));
        }
        settings.check_times().map_err(problem)?;
        settings.check_batch().map_err(problem)?;
        let key = match &settings.key_variable {
            None => String::new(),
            Some(variable_name) => variable(variable_name)
                .map(|key| key.trim().to_owned())
                .filter(|key| !key.is_empty())
                .ok_or_else(|| {
                    problem(format!(
                        "the environment variable {variable_name} with its key is not set"
                    ))
                })?,
        };
        let endpoint = Endpoint::new(&settings.base_url, key).map_err(problem)?;
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let admission = Arc::new(Admission::new(name, allowed(&settings), environment));
        let transport = Transport::new(timeout, Arc::clone(&admission)).map_err(|error| problem(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            admission,
            client: Client::with_config(endpoint).with_http_service(transport.clone()),
            transport,
            settings,
        })
    }

    /// Takes limits that are shared by all processes from this store. Without it they are taken for those of this process.
    #[must_use]
    pub fn sharing_limits(self, store: Arc<dyn Store>) -> Self {
        self.admission.share(store);
        self
    }

    /// Waits for the turn of a call of so many tokens among the provider's calls, but not longer than `patience`.
    ///
    /// # Errors
    /// `Held` when it is not the call's turn: why, and when to ask again.
    pub async fn admit(&self, tokens: u64, repeated: bool, patience: Duration) -> Result<Turn, CallError> {
        let wanted = Wanted { tokens, repeated };
        match self.admission.admit(wanted, patience).await {
            Ok(permit) => Ok(Turn { permit }),
            Err(hold) => Err(CallError::Held {
                reason: hold.reason,
                wait: hold.until.saturating_duration_since(Instant::now()),
            }),
        }
    }

    /// Waits for its turn, within the time that a call may take, and sends one chat completion.
    ///
    /// # Errors
    /// Those of [`Self::admit`] and [`Self::send`].
    pub async fn ask(&self, request: &Value) -> Result<RawReply, CallError> {
        let patience = Duration::from_secs(self.settings.timeout_seconds);
        let tokens = TokenEstimate::of(request).total();
        let turn = self.admit(tokens, false, patience).await?;
        self.send(turn, request).await
    }

    /// Sends one chat completion whose turn it is and returns the reply as it came.
    ///
    /// # Errors
    /// Says what went wrong and whether the same call may succeed later. Nothing is tried twice here.
    pub async fn send(&self, turn: Turn, request: &Value) -> Result<RawReply, CallError> {
        let started = Instant::now();
        let result: Result<Box<RawValue>, OpenAIError> = self.client.chat().create_byot(request).await;
        let elapsed = started.elapsed();
        metrics::histogram!("accord_model_call_duration_seconds", "provider" => self.name.clone())
            .record(elapsed.as_secs_f64());
        let result = result.map_err(|error| self.without_key(call_error(error)));
        let usage = result.as_ref().ok().and_then(|body| usage_of(body.get()));
        turn.permit.settle(outcome_of(&result, usage));
        let outcome = if result.is_ok() { "replied" } else { "failed" };
        metrics::counter!("accord_model_calls_total", "provider" => self.name.clone(), "outcome" => outcome)
            .increment(1);
        Ok(RawReply {
            body: String::from(Box::<str>::from(result?)),
            usage,
            latency_milliseconds: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// How many calls may go now, for those who fetch work.
    pub(crate) fn room(&self) -> Room {
        self.admission.room()
    }

    /// How long until a call may go; none when that depends on calls under way.
    pub(crate) fn opens_in(&self) -> Option<Duration> {
        self.admission.opens_in()
    }

    /// Whether what goes wrong is the provider's doing and not that of single calls.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.admission.is_in_trouble()
    }

    fn text_without_key(&self, text: String) -> String {
        let key = self.client.config().key.expose_secret();
        if key.is_empty() {
            text
        } else {
            text.replace(key, "[key]")
        }
    }

    /// Providers may repeat the key in what they complain about.
    pub(crate) fn without_key(&self, error: CallError) -> CallError {
        let clean = |text: String| self.text_without_key(text);
        match error {
            CallError::Status {
                status,
                retry_after,
                message,
            } => CallError::Status {
                status,
                retry_after,
                message: clean(message),
            },
            CallError::TimedOut(text) => CallError::TimedOut(clean(text)),
            CallError::Connection(text) => CallError::Connection(clean(text)),
            CallError::Unreadable(text) => CallError::Unreadable(clean(text)),
            CallError::Request(text) => CallError::Request(clean(text)),
            held @ CallError::Held { .. } => held,
        }
    }
}

/// A call's turn among the calls of its provider.
pub struct Turn {
    permit: Permit,
}

impl Turn {
    /// Leaves the turn to others: the call is not made.
    pub(crate) fn give_back(self) {
        self.permit.settle(Outcome::NotSent);
    }
}

fn allowed(settings: &ProviderSettings) -> Allowed {
    Allowed {
        concurrency: settings.concurrency,
        requests_per_minute: settings.requests_per_minute.map(NonZeroU64::get),
        tokens_per_minute: settings.tokens_per_minute.map(NonZeroU64::get),
        shared: settings.shared_limits,
        retries_per_minute: settings.retries_per_minute,
    }
}

fn usage_of(body: &str) -> Option<Usage> {
    let reply: ChatReply = serde_json::from_str(body).ok()?;
    reply.usage
}

/// What a call says about its endpoint.
fn outcome_of(result: &Result<Box<RawValue>, CallError>, usage: Option<Usage>) -> Outcome {
    match result {
        Ok(_) => Outcome::Replied {
            tokens: usage.and_then(Usage::total),
        },
        Err(CallError::Status {
            status: 429,
            retry_after,
            ..
        }) => Outcome::Busy {
            retry_after: *retry_after,
        },
        Err(error) if error.is_transient() => Outcome::Failed {
            retry_after: error.retry_after(),
        },
        Err(CallError::Request(_)) => Outcome::NotSent,
        Err(_) => Outcome::Refused,
    }
}

fn call_error(error: OpenAIError) -> CallError {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<CallError>() {
            Ok(error) => *error,
            Err(other) => CallError::Request(other.to_string()),
        },
        OpenAIError::JSONDeserialize(error, _) => CallError::Unreadable(error.to_string()),
        other => CallError::Request(other.to_string()),
    }
}

/// Address and key of an endpoint. The client library's own configuration takes keys from the environment behind the
/// operator's back and would send them to any address.
#[derive(Debug, Clone)]
struct Endpoint {
    base_url: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Endpoint {
    fn new(base_url: &str, key: String) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        if !key.is_empty() {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| "the key has characters that no key has; check the variable".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            key: SecretString::from(key),
            headers,
        })
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Arc<dyn Environment> {
        Arc::new(accord_store::SystemEnvironment)
    }

    fn settings(json: &str) -> ProviderSettings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn keys_are_checked_and_never_shown() {
        let with_key = settings(r#"{"base_url": "https://models.example/v1", "key_variable": "KEY"}"#);
        let missing = Provider::new("p", with_key.clone(), environment(), |_| None)
            .err()
            .unwrap();
        assert!(missing.problem.contains("KEY"));
        let broken = Provider::new("p", with_key, environment(), |_| Some("a\nb".to_owned()))
            .err()
            .unwrap();
        assert!(!broken.problem.contains("a\nb"));
        let endpoint = Endpoint::new("https://models.example/v1/", "hunter2".to_owned()).unwrap();
        assert!(!format!("{endpoint:?}").contains("hunter2"));
        assert_eq!(
            endpoint.url("/chat/completions"),
            "https://models.example/v1/chat/completions"
        );
    }

    #[test]
    fn addresses_are_checked() {
        for base in ["nowhere", "ftp://x", "", "https://me:secret@models.example/v1"] {
            let wrong = settings(&format!(r#"{{"base_url": "{base}"}}"#));
            let problem = Provider::new("p", wrong, environment(), |_| None)
                .err()
                .unwrap()
                .to_string();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
