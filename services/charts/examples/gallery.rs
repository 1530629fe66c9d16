//! Writes a page with one chart of each kind to standard output, to look at:
//! `cargo run -p accord-charts --example gallery > gallery.html`.

use std::error::Error;
use std::io::Write;

use accord_charts::{
    Bar, CertifiedThreshold, PairCell, ReliabilityPoint, RiskPoint, STYLE, agreement_matrix, bars, confusion_matrix,
    correlation_matrix, reliability_diagram, risk_coverage_curve,
};

fn main() -> Result<(), Box<dyn Error>> {
    let charts = [
        reliability_diagram(
            "Few levels",
            &points(&[(0.62, 0.5, 40), (0.91, 0.9, 120), (0.98, 0.985, 700)]),
        )?,
        reliability_diagram(
            "Levels close to 1",
            &points(&[
                (0.93, 0.92, 31),
                (0.951, 0.94, 52),
                (0.968, 0.97, 110),
                (0.975, 0.98, 140),
                (0.983, 0.985, 210),
                (0.989, 0.99, 1240),
                (0.995, 0.996, 410),
            ]),
        )?,
        risk_coverage_curve("With a threshold", &curve(), 0.01, Some(THRESHOLD))?,
        risk_coverage_curve("Without a threshold", &curve(), 0.01, None)?,
        agreement_matrix("Agreement of six", &names(6), &pairs(6))?,
        agreement_matrix("Agreement of thirty", &names(30), &pairs(30))?,
        correlation_matrix("Correlation of errors", &names(4), &pairs(4))?,
        confusion_matrix(
            "Classes",
            &names(3),
            &[vec![81, 3, 0], vec![7, 40, 2], vec![0, 1, 1204]],
        )?,
        bars("Candidates", &candidates())?,
    ];
    let mut output = std::io::stdout().lock();
    write!(
        output,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Charts</title><style>:root{{color-scheme:light dark;font-family:system-ui}}main{{display:grid;\
         grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:24px}}{STYLE}</style><main>"
    )?;
    for chart in charts {
        writeln!(output, "<div>{chart}</div>")?;
    }
    Ok(write!(output, "</main></html>")?)
}

const THRESHOLD: CertifiedThreshold = CertifiedThreshold {
    threshold: 0.962,
    coverage: 0.78,
    confidence: 0.95,
    errors: 2,
    accepted: 628,
};

fn points(levels: &[(f64, f64, u32)]) -> Vec<ReliabilityPoint> {
    levels
        .iter()
        .map(|(promised, observed, count)| {
            let half = |share: f64| 1.96 * (share * (1.0 - share) / f64::from(*count)).sqrt();
            let around = |share: f64| [(share - half(share)).max(0.0), (share + half(share)).min(1.0)];
            ReliabilityPoint {
                mean_probability: *promised,
                observed: *observed,
                interval: around(*observed),
                consistency: around(*promised),
                count: u64::from(*count),
            }
        })
        .collect()
}

fn curve() -> Vec<RiskPoint> {
    (1..=18)
        .map(|step| {
            let coverage = f64::from(step) / 18.0;
            RiskPoint {
                coverage,
                risk: 0.002 + 0.03 * coverage.powi(6),
            }
        })
        .collect()
}

fn names(count: usize) -> Vec<String> {
    let ready = [
        "labelled-anchors",
        "layout-geometry",
        "gpt-a·p1",
        "@maria",
        "trained-model",
    ];
    (0..count)
        .map(|index| {
            ready
                .get(index)
                .map_or_else(|| format!("annotator {index}"), |name| (*name).to_owned())
        })
        .collect()
}

fn pairs(count: usize) -> Vec<Vec<PairCell>> {
    (0..count)
        .map(|first| {
            (0..count)
                .map(|second| PairCell {
                    value: ((first + second) % 7 != 6)
                        .then(|| [0.93, 0.81, -0.12, 0.44, 0.67][(first * 3 + second) % 5]),
                    items: ((first * 37 + second * 101) % 420) as u64,
                })
                .collect()
        })
        .collect()
}

fn candidates() -> Vec<Bar> {
    [
        ("base rate", 0.31),
        ("Platt", 0.182),
        ("beta", 0.179),
        ("isotonic", 0.213),
    ]
    .into_iter()
    .map(|(name, value)| Bar {
        name: name.to_owned(),
        value,
        text: format!("{value:.3}"),
        chosen: name == "Platt",
    })
    .collect()
}
