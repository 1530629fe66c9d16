//! What a judge's reply says. A rating that is missing, not a number or off the scale is none: it is never guessed.

use std::collections::BTreeMap;

use accord_domain::{Field, FieldName};
use serde_json::Value;

use crate::prompt::HIGHEST_RATING;
use crate::provider::{ChatReply, Usage};

/// The most characters of a reason, which may quote a reply.
const LONGEST_REASON: usize = 500;

/// What a reply says of the values that were to be judged.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ratings {
    /// From 0 to 1, of the fields that were asked about and of no other.
    pub(super) ratings: BTreeMap<FieldName, f64>,
    pub(super) usage: Usage,
    /// The model that says it answered.
    pub(super) model: Option<String>,
    /// Why there is no rating at all.
    pub(super) failure: Option<String>,
}

/// Reads a reply.
pub(super) fn ratings_of(fields: &[Field], reply: &str) -> Ratings {
    let reply: ChatReply = match serde_json::from_str(reply) {
        Ok(reply) => reply,
        Err(error) => {
            return Ratings {
                failure: Some(shortened(&format!("the reply is not a chat completion: {error}"))),
                ..Ratings::default()
            };
        }
    };
    let (ratings, failure) = match reply.object() {
        Ok(object) => {
            let rated = fields.iter().filter_map(|field| {
                let rating = rating(object.members.get(field.name.as_str())?)?;
                Some((field.name.clone(), rating))
            });
            let ratings: BTreeMap<FieldName, f64> = rated.collect();
            let failure = ratings
                .is_empty()
                .then(|| format!("the answer rates none of the values by a number from 0 to {HIGHEST_RATING}"));
            (ratings, failure)
        }
        Err(error) => (BTreeMap::new(), Some(shortened(&error.to_string()))),
    };
    Ratings {
        ratings,
        usage: reply.usage.unwrap_or_default(),
        model: reply.model,
        failure,
    }
}

fn rating(value: &Value) -> Option<f64> {
    let highest = f64::from(HIGHEST_RATING);
    let points = value.as_f64()?;
    (0.0..=highest).contains(&points).then(|| points / highest)
}

fn shortened(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields() -> Vec<Field> {
        serde_json::from_value(json!([
            {"name": "sender", "type": "name"}, {"name": "mood", "type": "choice", "options": ["glad", "sad"]},
        ]))
        .unwrap()
    }

    fn read(content: &str) -> Ratings {
        let reply = json!({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]});
        ratings_of(&fields(), &reply.to_string())
    }

    fn found(content: &str) -> [Option<f64>; 2] {
        let ratings = read(content).ratings;
        ["sender", "mood"].map(|name| ratings.get(&name.parse().unwrap()).copied())
    }

    #[test]
    fn numbers_on_the_scale_are_ratings() {
        assert_eq!(found(r#"{"sender": 100, "mood": 0}"#), [Some(1.0), Some(0.0)]);
        assert_eq!(
            found("```json\n{\"mood\": 62.5, \"sender\": 7, \"other\": 3}\n```"),
            [Some(0.07), Some(0.625)]
        );
    }

    #[test]
    fn what_is_no_rating_is_none_and_does_not_spoil_the_others() {
        for bad in [
            "101",
            "-1",
            "\"80\"",
            "\"80 %\"",
            "null",
            "true",
            "[80]",
            "{\"rating\": 80}",
            "1e300",
        ] {
            assert_eq!(
                found(&format!(r#"{{"sender": {bad}, "mood": 40}}"#)),
                [None, Some(0.4)],
                "{bad}"
            );
        }
        assert_eq!(found(r#"{"mood": 40}"#), [None, Some(0.4)]);
    }

    #[test]
    fn a_reply_without_any_rating_says_why() {
        for (content, reason) in [
            (r#"{"sender": "sure"}"#, "rates none of the values"),
            (r#"{"sender": 1, "sender": 2}"#, "`sender` is there twice"),
            ("80", "not a JSON object"),
            ("", "holds no answer"),
        ] {
            let ratings = read(content);
            let failure = ratings.failure.unwrap();
            assert!(
                ratings.ratings.is_empty() && failure.contains(reason),
                "{content}: {failure}"
            );
        }
        let cut = json!({"choices": [{"message": {"content": "{\"mood\": 4"}, "finish_reason": "length"}]});
        let failure = ratings_of(&fields(), &cut.to_string()).failure.unwrap();
        assert!(failure.contains("cut off"), "{failure}");
        let failure = ratings_of(&fields(), "<html>").failure.unwrap();
        assert!(failure.contains("not a chat completion"), "{failure}");
    }
}
