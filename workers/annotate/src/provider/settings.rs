//! What an operator says about a provider of language models.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::Deserialize;

/// An OpenAI-compatible endpoint. Its key comes from an environment variable, never from the configuration itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// The address before `/chat/completions`, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// The environment variable that holds the key; endpoints without keys leave it out.
    #[serde(default)]
    pub key_variable: Option<String>,
    /// The model that `accord provider check` asks when nothing else is said.
    #[serde(default)]
    pub check_model: Option<String>,
    /// Calls at the same time.
    #[serde(default = "default_concurrency")]
    pub concurrency: usize,
    /// Calls in a minute, of all workers of a process.
    #[serde(default)]
    pub requests_per_minute: Option<NonZeroU64>,
    /// Tokens of questions and answers in a minute, of all workers of a process.
    #[serde(default)]
    pub tokens_per_minute: Option<NonZeroU64>,
    /// Whether the calls and tokens in a minute are those of all processes on one database together.
    #[serde(default)]
    pub shared_limits: bool,
    /// Repeated calls in a minute, however few calls there are; beyond that one call in ten may be a repetition.
    #[serde(default = "default_retries_per_minute")]
    pub retries_per_minute: u64,
    /// The longest a call may take, from sending to the last byte.
    #[serde(default = "default_timeout_seconds")]
    pub timeout_seconds: u64,
    /// When a call without a reply is made once more, to use whichever reply comes first; both are paid. Never, when left
    /// out.
    #[serde(default)]
    pub hedge_after_milliseconds: Option<NonZeroU64>,
    /// How the provider is told the form of the answer.
    #[serde(default)]
    pub structured_output: StructuredOutput,
    /// Whether the provider takes a seed.
    #[serde(default = "yes")]
    pub seed: bool,
    /// Whether the provider takes the wish for log probabilities; where it refuses it, its answers have none.
    #[serde(default = "yes")]
    pub logprobs: bool,
    /// Whether the provider takes a temperature.
    #[serde(default = "yes")]
    pub temperature: bool,
    /// Whether its models see images: pages of scans are then sent as images, and so are documents without a text layer.
    #[serde(default)]
    pub images: bool,
    /// Whether its models read PDF files: the view `file` then sends them as they are.
    #[serde(default)]
    pub files: bool,
    /// Pixels of the longest edge of an image that is sent; larger ones are made smaller.
    #[serde(default = "default_longest_image_edge")]
    pub longest_image_edge: NonZeroU32,
    /// The parameter that limits the answer.
    #[serde(default)]
    pub maximum_tokens_parameter: MaximumTokensParameter,
    /// Price of a million tokens of the question.
    #[serde(default)]
    pub input_price: Option<Decimal>,
    /// Price of a million tokens of the answer.
    #[serde(default)]
    pub output_price: Option<Decimal>,
    /// Currency of the prices, ISO 4217.
    #[serde(default)]
    pub currency: Option<String>,
    /// How its batches are used; none where it has no batches.
    #[serde(default)]
    pub batch: Option<BatchSettings>,
}

/// How the batches of a provider are used, by the batch interface of OpenAI.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchSettings {
    /// What tokens cost in a batch, as a part of the ordinary prices.
    pub price_factor: Decimal,
    /// The most requests of a batch.
    pub maximum_requests: NonZeroU32,
    /// The most bytes of its file of requests.
    pub maximum_bytes: NonZeroU64,
    /// Within which time the provider is asked to answer, in its own words.
    pub completion_window: String,
    /// How long no further request may have come in before a batch is sent.
    pub gather_seconds: u64,
    /// How often a batch that was sent is looked at.
    pub poll_seconds: NonZeroU64,
}

impl Default for BatchSettings {
    /// The limits of OpenAI.
    fn default() -> Self {
        Self {
            price_factor: Decimal::ONE,
            maximum_requests: NonZeroU32::new(50_000).unwrap_or(NonZeroU32::MIN),
            maximum_bytes: NonZeroU64::new(200_000_000).unwrap_or(NonZeroU64::MIN),
            completion_window: "24h".to_owned(),
            gather_seconds: 60,
            poll_seconds: NonZeroU64::new(60).unwrap_or(NonZeroU64::MIN),
        }
    }
}

/// How a provider is told the form of the answer. Whatever it is told, the answer is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// By a JSON Schema that the provider enforces.
    #[default]
    JsonSchema,
    /// By asking for a JSON object; the schema stands in the prompt.
    JsonObject,
    /// By the prompt alone.
    None,
}

/// The parameter that limits the length of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaximumTokensParameter {
    /// `max_tokens`, which nearly all servers take.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's reasoning models demand.
    MaxCompletionTokens,
}

impl MaximumTokensParameter {
    /// The parameter as it stands in a request.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

const fn default_concurrency() -> usize {
    8
}

/// What hosted models look at most closely; they make larger images smaller themselves.
const fn default_longest_image_edge() -> NonZeroU32 {
    match NonZeroU32::new(2048) {
        Some(pixels) => pixels,
        None => NonZeroU32::MIN,
    }
}

const fn default_retries_per_minute() -> u64 {
    10
}

const fn default_timeout_seconds() -> u64 {
    120
}

const fn yes() -> bool {
    true
}

impl ProviderSettings {
    /// What so many tokens cost; none when the provider has no prices or reported no tokens.
    #[must_use]
    pub fn cost(&self, input_tokens: Option<i64>, output_tokens: Option<i64>) -> Option<Decimal> {
        let part = |price: Option<Decimal>, tokens: Option<i64>| Some(price? * Decimal::from(tokens?));
        let input = part(self.input_price, input_tokens);
        let output = part(self.output_price, output_tokens);
        let sum = match (input, output) {
            (Some(input), Some(output)) => input + output,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return None,
        };
        Some((sum / Decimal::from(1_000_000)).normalize())
    }

    /// The same in a batch.
    #[must_use]
    pub fn cost_in_batch(&self, input_tokens: Option<i64>, output_tokens: Option<i64>) -> Option<Decimal> {
        let factor = self.batch.as_ref().map_or(Decimal::ONE, |batch| batch.price_factor);
        let cost = self.cost(input_tokens, output_tokens)?;
        Some((cost * factor).normalize())
    }

    /// How late a call is that is made once more; none where none is.
    #[must_use]
    pub fn hedge_after(&self) -> Option<Duration> {
        self.hedge_after_milliseconds
            .map(|milliseconds| Duration::from_millis(milliseconds.get()))
    }

    /// Checks how long calls may take.
    pub(super) fn check_times(&self) -> Result<(), String> {
        if self.timeout_seconds == 0 {
            return Err("timeout_seconds must be at least 1".to_owned());
        }
        match self.hedge_after() {
            Some(late) if late >= Duration::from_secs(self.timeout_seconds) => Err(format!(
                "hedge_after_milliseconds must be less than the {} s of timeout_seconds, after which nothing is waited for",
                self.timeout_seconds
            )),
            _ => Ok(()),
        }
    }

    /// Checks what is said of batches.
    pub(super) fn check_batch(&self) -> Result<(), String> {
        let Some(batch) = &self.batch else { return Ok(()) };
        if batch.price_factor.is_sign_negative() && !batch.price_factor.is_zero() {
            return Err(format!(
                "batch.price_factor must not be below 0, it is {}: half the price is 0.5",
                batch.price_factor
            ));
        }
        if batch.completion_window.trim().is_empty() {
            return Err("batch.completion_window must not be empty: use \"24h\"".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact() {
        let settings: ProviderSettings =
            serde_json::from_str(r#"{"base_url": "http://x", "input_price": "2.50", "output_price": "10"}"#).unwrap();
        assert_eq!(settings.cost(Some(1000), Some(100)), Some("0.0035".parse().unwrap()));
        assert_eq!(settings.cost(Some(1000), None), Some("0.0025".parse().unwrap()));
        assert_eq!(settings.cost(None, None), None);
        assert_eq!(
            settings.cost_in_batch(Some(1000), Some(100)),
            settings.cost(Some(1000), Some(100))
        );
    }

    #[test]
    fn a_late_call_is_made_once_more_before_the_first_is_given_up() {
        let read = |text: &str| serde_json::from_str::<ProviderSettings>(text).unwrap();
        let off = read(r#"{"base_url": "http://x"}"#);
        assert_eq!((off.hedge_after(), off.check_times()), (None, Ok(())));
        let on = read(r#"{"base_url": "http://x", "timeout_seconds": 5, "hedge_after_milliseconds": 4999}"#);
        assert_eq!(on.check_times(), Ok(()));
        let late = read(r#"{"base_url": "http://x", "timeout_seconds": 5, "hedge_after_milliseconds": 5000}"#);
        assert!(late.check_times().unwrap_err().contains("hedge_after_milliseconds"));
    }

    #[test]
    fn batches_cost_a_part_of_it() {
        let settings: ProviderSettings = serde_json::from_str(
            r#"{"base_url": "http://x", "input_price": "2.50", "output_price": "10", "batch": {"price_factor": "0.5"}}"#,
        )
        .unwrap();
        assert_eq!(
            settings.cost_in_batch(Some(1000), Some(100)),
            Some("0.00175".parse().unwrap())
        );
        assert_eq!(settings.cost_in_batch(None, None), None);
        settings.check_batch().unwrap();
        let batch = settings.batch.as_ref().unwrap();
        assert_eq!(
            (batch.maximum_requests.get(), batch.completion_window.as_str()),
            (50_000, "24h")
        );
        let wrong = ProviderSettings {
            batch: Some(BatchSettings {
                price_factor: "-0.5".parse().unwrap(),
                ..BatchSettings::default()
            }),
            ..settings
        };
        assert!(wrong.check_batch().unwrap_err().contains("price_factor"));
    }
}
