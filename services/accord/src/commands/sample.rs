//! `accord sample`: which rows to label next.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use accord_datasets::table_file::{ColumnRequest, NameColumn, Table, read_table};
use accord_statistics::sampling::{
    Draw, SamplingStratum, draw_poisson, draw_stratified, error_deviation, kish_effective_size, neyman_allocation,
    poisson_propensities,
};
use anyhow::{Context, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::csv_rows::{CsvRows, name_at};
use super::vote_files::{read_with_bar, tell_skipped};
use crate::arguments::{SampleArguments, SampleDesign};
use crate::output::{complain, count, number, say, table};
use crate::report::{Fact, Report, ReportTable, Section};

/// Lower ends of the strata of confidence.
const CONFIDENCE_FROM: [f64; 6] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99];

/// The rows to draw from.
struct Population {
    scores: Vec<f64>,
    priorities: Option<Vec<f64>>,
    ids: Option<NameColumn>,
    fields: Option<NameColumn>,
    documents: Option<NameColumn>,
}

/// One stratum and what was drawn from it.
#[derive(Debug, Serialize)]
struct StratumDrawn {
    stratum: String,
    rows: usize,
    mean_score: f64,
    drawn: usize,
    /// Mean probability with which a row of it could be drawn.
    mean_propensity: f64,
}

/// All that is said about a draw.
#[derive(Debug, Serialize)]
struct Summary {
    file: String,
    design: String,
    seed: u64,
    budget: u64,
    rows: usize,
    drawn: usize,
    /// Rows of equal probability that the draw is worth.
    effective: f64,
    strata: Vec<StratumDrawn>,
}

pub(crate) fn run(arguments: &SampleArguments) -> anyhow::Result<ExitCode> {
    let population = read(arguments)?;
    let (strata, names) = strata_of(&population);
    let design = design_name(arguments, &population);
    let (draw, propensities) = draw(arguments, &population, &strata, names.len(), &design)?;
    let summary = summarise(arguments, &population, &strata, names, &draw, &propensities)?;
    let label = |row: usize| {
        summary
            .strata
            .get(strata[row])
            .map_or("", |stratum| stratum.stratum.as_str())
    };
    match &arguments.output {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
            write(&population, &draw, label, BufWriter::new(file))?;
        }
        None => write(&population, &draw, label, BufWriter::new(std::io::stdout().lock()))?,
    }
    if let Some(file) = &arguments.result.report {
        report(&summary).write(file)?;
    }
    let text = if arguments.result.json {
        serde_json::to_string_pretty(&summary)?
    } else {
        format!("{}\n{}", table(&HEADINGS, 1, rows(&summary)), headline(&summary))
    };
    // The rows themselves have standard output when no file was named.
    if arguments.output.is_some() {
        say(&text)
    } else {
        complain(&text)
    }
    Ok(ExitCode::SUCCESS)
}

fn read(arguments: &SampleArguments) -> anyhow::Result<Population> {
    let is_share = |value: f64| (0.0..=1.0).contains(&value);
    let requests = [
        ColumnRequest::numbers("probability", "a probability from 0 to 1", is_share).optional(),
        ColumnRequest::numbers("score", "a finite number", |_| true).optional(),
        ColumnRequest::numbers("priority", "a number from 0 up", |value| value >= 0.0).optional(),
        ColumnRequest::names("id").optional(),
        ColumnRequest::names("field").optional(),
        ColumnRequest::names("document").optional(),
    ];
    let options = arguments.input.options();
    let file = &arguments.scores;
    let mut table: Table = read_with_bar(file, |progress| read_table(file, &requests, options, progress))?;
    tell_skipped(file, &table.skipped);
    let scores = match table.take_numbers("probability") {
        Some(probabilities) => probabilities,
        None => table.take_numbers("score").with_context(|| {
            let file = file.display();
            format!("{file}: no column `probability` or `score`")
        })?,
    };
    if scores.is_empty() {
        bail!("{}: no rows", file.display());
    }
    if let Some(row) = scores.iter().position(|score| !is_share(*score)) {
        bail!(
            "{}: row {} has the score {}, expected a probability from 0 to 1; `accord calibrate apply` makes one",
            file.display(),
            row + 1,
            scores[row]
        );
    }
    Ok(Population {
        scores,
        priorities: table.take_numbers("priority"),
        ids: table.take_names("id"),
        fields: table.take_names("field"),
        documents: table.take_names("document"),
    })
}

/// Stratum of every row by field and confidence, and what the strata are called; only those that have rows.
fn strata_of(population: &Population) -> (Vec<usize>, Vec<String>) {
    let bands = CONFIDENCE_FROM.len();
    let band = |score: f64| CONFIDENCE_FROM.partition_point(|from| *from <= score).saturating_sub(1);
    let field = |row: usize| {
        population
            .fields
            .as_ref()
            .and_then(|fields| fields.ids.get(row))
            .copied()
    };
    let scores = population.scores.iter().enumerate();
    let raw: Vec<usize> = scores
        .map(|(row, score)| field(row).unwrap_or(0) as usize * bands + band(*score))
        .collect();
    let mut used = raw.clone();
    used.sort_unstable();
    used.dedup();
    let name = |stratum: &usize| {
        let (field, band) = (stratum / bands, stratum % bands);
        let to = CONFIDENCE_FROM.get(band + 1).copied().unwrap_or(1.0);
        let confidence = format!("{}–{to}", CONFIDENCE_FROM[band]);
        match &population.fields {
            Some(fields) => format!("{} {confidence}", fields.names.text(field as u32)),
            None => confidence,
        }
    };
    let names = used.iter().map(name).collect();
    let strata = raw
        .iter()
        .map(|stratum| used.binary_search(stratum).unwrap_or(0))
        .collect();
    (strata, names)
}

/// Identifies what was drawn from what, and how; the seed stands beside it.
fn design_name(arguments: &SampleArguments, population: &Population) -> String {
    let word = match arguments.design {
        SampleDesign::Neyman => "neyman",
        SampleDesign::Uncertainty => "uncertainty",
        SampleDesign::Poisson => "poisson",
    };
    let mut digest = Sha256::new();
    digest.update(format!(
        "{word} {} {} {}",
        arguments.budget, arguments.minimum, arguments.floor
    ));
    for (row, score) in population.scores.iter().enumerate() {
        digest.update(score.to_le_bytes());
        if let Some(priority) = population.priorities.as_ref().and_then(|values| values.get(row)) {
            digest.update(priority.to_le_bytes());
        }
        for names in [&population.ids, &population.fields].into_iter().flatten() {
            digest.update(name_at(names, row));
            digest.update([0]);
        }
    }
    let hash = hex::encode(digest.finalize());
    format!("{word}-{}", hash.get(..12).unwrap_or_default())
}

/// The draw and every row's probability.
fn draw(
    arguments: &SampleArguments,
    population: &Population,
    strata: &[usize],
    count: usize,
    design: &str,
) -> anyhow::Result<(Draw, Vec<f64>)> {
    let priorities = match arguments.design {
        SampleDesign::Neyman => {
            let mut planned = vec![(0_u64, 0.0); count];
            for (stratum, score) in strata.iter().zip(&population.scores) {
                planned[*stratum].0 += 1;
                planned[*stratum].1 += 1.0 - score;
            }
            let of = |(size, errors): (u64, f64)| -> anyhow::Result<SamplingStratum> {
                let deviation = error_deviation((errors / size as f64).clamp(0.0, 1.0))?;
                Ok(SamplingStratum { size, deviation })
            };
            let planned = planned.into_iter().map(of).collect::<anyhow::Result<Vec<_>>>()?;
            let allocation = neyman_allocation(&planned, arguments.budget, arguments.minimum)?;
            let draw = draw_stratified(strata, &allocation.sizes, design, arguments.seed)?;
            let propensities = strata.iter().map(|stratum| allocation.propensities[*stratum]);
            return Ok((draw, propensities.collect()));
        }
        SampleDesign::Uncertainty => population.scores.iter().map(|score| score * (1.0 - score)).collect(),
        SampleDesign::Poisson => match &population.priorities {
            Some(priorities) => priorities.clone(),
            None => bail!("the design `poisson` needs a column `priority`; `uncertainty` makes its own"),
        },
    };
    let planned = poisson_propensities(&priorities, arguments.budget as f64, arguments.floor)?;
    let draw = draw_poisson(&planned.propensities, design, arguments.seed)?;
    Ok((draw, planned.propensities))
}

fn summarise(
    arguments: &SampleArguments,
    population: &Population,
    strata: &[usize],
    names: Vec<String>,
    draw: &Draw,
    propensities: &[f64],
) -> anyhow::Result<Summary> {
    let mut summed: Vec<StratumDrawn> = names
        .into_iter()
        .map(|stratum| StratumDrawn {
            stratum,
            rows: 0,
            mean_score: 0.0,
            drawn: 0,
            mean_propensity: 0.0,
        })
        .collect();
    for (row, stratum) in strata.iter().enumerate() {
        let own = &mut summed[*stratum];
        own.rows += 1;
        own.mean_score += population.scores[row];
        own.mean_propensity += propensities[row];
    }
    for drawn in &draw.items {
        summed[strata[drawn.item]].drawn += 1;
    }
    for own in &mut summed {
        own.mean_score /= own.rows as f64;
        own.mean_propensity /= own.rows as f64;
    }
    Ok(Summary {
        file: arguments.scores.display().to_string(),
        design: draw.design.clone(),
        seed: draw.seed,
        budget: arguments.budget,
        rows: population.scores.len(),
        drawn: draw.items.len(),
        effective: kish_effective_size(&draw.inclusions())?,
        strata: summed,
    })
}

fn write<'a>(
    population: &Population,
    draw: &Draw,
    stratum: impl Fn(usize) -> &'a str,
    output: impl Write,
) -> anyhow::Result<()> {
    let mut rows = CsvRows::new(output);
    let mut headings = vec!["row"];
    let columns = [
        ("id", &population.ids),
        ("document", &population.documents),
        ("field", &population.fields),
    ];
    headings.extend(
        columns
            .iter()
            .filter(|(_, names)| names.is_some())
            .map(|(heading, _)| *heading),
    );
    headings.extend(["score", "propensity", "stratum", "design", "seed"]);
    rows.row(&headings)?;
    for drawn in &draw.items {
        let mut cells = vec![(drawn.item + 1).to_string()];
        cells.extend(
            columns
                .iter()
                .filter_map(|(_, names)| names.as_ref())
                .map(|names| name_at(names, drawn.item)),
        );
        cells.extend([
            population.scores[drawn.item].to_string(),
            drawn.inclusion.to_string(),
            stratum(drawn.item).to_owned(),
            draw.design.clone(),
            draw.seed.to_string(),
        ]);
        rows.row(&cells)?;
    }
    rows.finish()
}

const HEADINGS: [&str; 5] = ["stratum", "rows", "mean score", "drawn", "mean propensity"];

fn rows(summary: &Summary) -> Vec<Vec<String>> {
    let rows = summary.strata.iter().map(|stratum| {
        vec![
            stratum.stratum.clone(),
            count(stratum.rows),
            number(Some(stratum.mean_score)),
            count(stratum.drawn),
            format!("{:.4}", stratum.mean_propensity),
        ]
    });
    rows.collect()
}

fn headline(summary: &Summary) -> String {
    format!(
        "{} of {} rows drawn, worth {:.0} of equal probability; design {}, seed {}",
        count(summary.drawn),
        count(summary.rows),
        summary.effective,
        summary.design,
        summary.seed
    )
}

fn report(summary: &Summary) -> Report {
    Report {
        title: format!("Sample of {}", summary.file),
        source: headline(summary),
        command: "accord sample".to_owned(),
        facts: vec![
            Fact::new("rows", count(summary.rows)),
            Fact::new("drawn", count(summary.drawn)),
            Fact::new("design", summary.design.clone()),
            Fact::new("seed", summary.seed.to_string()),
        ],
        sections: vec![Section {
            paragraphs: vec![
                "Keep the column `propensity` with the labels: without it they cannot fit calibrators, measure or certify."
                    .to_owned(),
            ],
            tables: vec![ReportTable::new("", &HEADINGS, 1, rows(summary))],
            ..Section::new("Strata")
        }],
    }
}
