//! What the stopping rule of a project saves and loses.

use accord_domain::{Calibrator, Project, StoppingLoss};
use accord_store::{StoreResult, Transaction};
use serde::Serialize;

use crate::pages::numbers::{count, percent, rate};

#[derive(Debug, Serialize)]
pub(super) struct StoppingShown {
    rule: String,
    full_votes: String,
    /// What was asked and saved; none before an item is complete.
    saved: Option<String>,
    losses: Vec<LossLine>,
}

/// What the rule loses on one field.
#[derive(Debug, Serialize)]
struct LossLine {
    field: String,
    count: String,
    asked: String,
    accuracy: String,
    accuracy_of_all: String,
    difference: String,
    interval: String,
    changed: String,
}

/// None where everybody is asked. `calibrators` are those that serve the rule.
pub(super) async fn stopping(
    transaction: &mut dyn Transaction,
    project: &Project,
    calibrators: &[Calibrator],
) -> StoreResult<Option<StoppingShown>> {
    let stopping = &project.definition.policy.stopping;
    if !stopping.stops_early() {
        return Ok(None);
    }
    let summary = transaction.summarise_stopping(project.id, &stopping.version()).await?;
    let saved = summary.calls_saved().zip(summary.calls_saved_by_rule());
    let losses = calibrators.iter().filter_map(|calibrator| {
        let loss = calibrator.stopping.as_ref()?.loss?;
        let field = project.definition.field(&calibrator.field)?;
        Some(loss_line(&field.title, &loss))
    });
    Ok(Some(StoppingShown {
        rule: stopping.rule.phrase(),
        full_votes: percent(stopping.full_votes),
        saved: saved.map(|(all, by_rule)| {
            format!(
                "{} of {} calls made for {} items: {} saved, {} without the items that all vote on",
                count(summary.called_count),
                count(summary.panel_count),
                count(summary.item_count),
                percent(all),
                percent(by_rule)
            )
        }),
        losses: losses.collect(),
    }))
}

fn loss_line(title: &str, loss: &StoppingLoss) -> LossLine {
    let [lower, upper] = loss.interval;
    LossLine {
        field: title.to_owned(),
        count: count(i64::from(loss.count)),
        asked: format!(
            "{} of {}",
            count(i64::from(loss.asked_count)),
            count(i64::from(loss.panel_count))
        ),
        accuracy: rate(loss.accuracy),
        accuracy_of_all: rate(loss.accuracy_of_all),
        difference: points(loss.accuracy - loss.accuracy_of_all),
        interval: format!("[{}, {}]", points(lower), points(upper)),
        changed: count(i64::from(loss.changed_winner_count)),
    }
}

/// A difference of shares in percentage points, with its sign.
fn points(difference: f64) -> String {
    let rounded = (difference * 1e3).round() / 10.0;
    if rounded == 0.0 {
        "0.0".to_owned()
    } else {
        format!("{rounded:+.1}").replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn differences_have_a_sign_unless_they_are_none() {
        assert_eq!(points(0.0248), "+2.5");
        assert_eq!(points(-0.01), "−1.0");
        assert_eq!(points(-0.0001), "0.0");
    }
}
