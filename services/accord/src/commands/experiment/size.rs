//! `accord experiment size`.

use accord_statistics::experiments::{
    DecisionRule, ErrorRates, MetricCounts, RuleLevels, SampleSize, non_inferiority_sample_size, rule_levels,
    superiority_sample_size,
};
use serde::Serialize;

use crate::arguments::SizeArguments;
use crate::output::{count, percent, say, table};

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
struct Size {
    levels: RuleLevels,
    /// Documents that each success metric needs; missing without success metrics.
    success: Option<SampleSize>,
    /// Documents that each guardrail needs; missing without guardrails.
    guardrail: Option<SampleSize>,
    /// Documents that the decision needs: the most of these.
    documents: u64,
}

pub(super) fn run(arguments: &SizeArguments) -> anyhow::Result<()> {
    // Every metric may deteriorate, and one check of quality is made.
    let counts = MetricCounts {
        success: arguments.success,
        guardrails: arguments.guardrails,
        deterioration: arguments.success + arguments.guardrails,
        quality: 1,
    };
    let chosen = arguments.levels;
    let levels = rule_levels(counts, chosen.alpha, chosen.beta, chosen.alpha_minus)?;
    let beta = levels.beta(DecisionRule::Rule2);
    let success = match levels.success.value() {
        Some(alpha) => {
            let rates = ErrorRates::new(alpha, beta)?;
            Some(superiority_sample_size(
                rates,
                arguments.discordant,
                arguments.difference,
            )?)
        }
        None => None,
    };
    let guardrail = if arguments.guardrails > 0 {
        let rates = ErrorRates::new(levels.guardrail, beta)?;
        Some(non_inferiority_sample_size(
            rates,
            arguments.discordant,
            arguments.margin,
            0.0,
        )?)
    } else {
        None
    };
    let documents = [success, guardrail]
        .into_iter()
        .flatten()
        .map(|size| size.documents)
        .max()
        .unwrap_or(0);
    let size = Size {
        levels,
        success,
        guardrail,
        documents,
    };
    if arguments.json {
        say(&serde_json::to_string_pretty(&size)?);
        return Ok(());
    }
    print(&size, arguments, beta);
    Ok(())
}

fn print(size: &Size, arguments: &SizeArguments, beta: f64) {
    let mut rows = Vec::new();
    if let (Some(needed), Some(alpha)) = (size.success, size.levels.success.value()) {
        let aim = format!("better by {}", percent(Some(arguments.difference)));
        rows.push(row("success", arguments.success, aim, alpha, beta, needed));
    }
    if let Some(needed) = size.guardrail {
        let aim = format!("not worse by {}", percent(Some(arguments.margin)));
        rows.push(row(
            "guardrail",
            arguments.guardrails,
            aim,
            size.levels.guardrail,
            beta,
            needed,
        ));
    }
    say(&table(
        &["metric", "how many", "to show", "level", "power", "documents"],
        3,
        rows,
    ));
    say(&format!(
        "{} documents, both versions on each: a version as good as hoped ships with a probability of at least {}, one that is no \
         better with at most {}",
        count(size.documents as usize),
        percent(Some(1.0 - arguments.levels.beta)),
        percent(Some(arguments.levels.alpha))
    ));
}

fn row(metric: &str, metrics: usize, aim: String, alpha: f64, beta: f64, needed: SampleSize) -> Vec<String> {
    vec![
        metric.to_owned(),
        metrics.to_string(),
        aim,
        format!("{:.2} %", alpha * 100.0),
        format!("{:.1} %", (1.0 - beta) * 100.0),
        count(needed.documents as usize),
    ]
}
