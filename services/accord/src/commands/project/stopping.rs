//! What the stopping rule of a project saves and loses.

use accord_domain::{FieldName, Project, StoppingFit};
use accord_store::{StoppingSummary, StoreResult, Transaction};

use crate::output::{percent, say, table};

/// How a project's stopping rule stands.
pub(super) struct StoppingStanding {
    summary: StoppingSummary,
    fits: Vec<(FieldName, StoppingFit)>,
}

impl StoppingStanding {
    /// None where everybody is asked.
    pub(super) async fn read(transaction: &mut dyn Transaction, project: &Project) -> StoreResult<Option<Self>> {
        let stopping = &project.definition.policy.stopping;
        if !stopping.stops_early() {
            return Ok(None);
        }
        let summary = transaction.summarise_stopping(project.id, &stopping.version()).await?;
        let calibrators = transaction.current_calibrators(project.id).await?;
        let serving = calibrators.into_iter().filter(|calibrator| calibrator.serves(stopping));
        let fits = serving.filter_map(|calibrator| Some((calibrator.field, calibrator.stopping?)));
        Ok(Some(Self {
            summary,
            fits: fits.collect(),
        }))
    }

    pub(super) fn as_json(&self) -> serde_json::Value {
        let summary = &self.summary;
        serde_json::json!({
            "version": summary.version, "item_count": summary.item_count, "asked_count": summary.asked_count,
            "called_count": summary.called_count, "panel_count": summary.panel_count,
            "calls_saved": summary.calls_saved(), "calls_saved_by_rule": summary.calls_saved_by_rule(),
            "fields": self.fits.iter().map(|(field, fit)| serde_json::json!({
                "field": field, "order": fit.order, "loss": fit.loss,
            })).collect::<Vec<_>>(),
        })
    }

    pub(super) fn say(&self, project: &Project) {
        let summary = &self.summary;
        say(&format!(
            "asking stops {}: {} of {} calls of language models made, {} saved ({} without the items that all vote on)",
            project.definition.policy.stopping.rule.phrase(),
            summary.called_count,
            summary.panel_count,
            percent(summary.calls_saved()),
            percent(summary.calls_saved_by_rule()),
        ));
        let losses = self.fits.iter().filter_map(|(field, fit)| {
            let loss = fit.loss?;
            let [lower, upper] = loss.interval.map(|limit| limit * 100.0);
            Some(vec![
                field.to_string(),
                loss.count.to_string(),
                percent(Some(loss.accuracy)),
                percent(Some(loss.accuracy_of_all)),
                format!(
                    "{:+.1} [{lower:+.1}, {upper:+.1}]",
                    (loss.accuracy - loss.accuracy_of_all) * 100.0
                ),
                loss.changed_winner_count.to_string(),
            ])
        });
        let losses: Vec<Vec<String>> = losses.collect();
        if !losses.is_empty() {
            let headings = [
                "field",
                "items asked of all",
                "right by the rule",
                "right by all",
                "points [95 %]",
                "other winners",
            ];
            say(&table(&headings, 1, losses));
        }
    }
}
