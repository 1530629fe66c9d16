//! `accord calibrate apply`.

use std::io::{BufWriter, Write};

use accord_datasets::score_file::ScoreFile;
use anyhow::{Context, bail};

use super::model::{FieldModel, ModelFile};
use crate::arguments::ApplyArguments;
use crate::commands::csv_rows::{CsvRows, name_at};
use crate::commands::score_rows::scores_of;
use crate::output::complain;

pub(super) fn run(arguments: &ApplyArguments) -> anyhow::Result<()> {
    let model = ModelFile::read(&arguments.model)?;
    let file = scores_of(&arguments.scores, &arguments.input)?;
    let models = models_of(&model, &file)?;
    let output: Box<dyn Write> = match &arguments.output {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
            Box::new(file)
        }
        None => Box::new(std::io::stdout().lock()),
    };
    write(&file, &models, BufWriter::new(output))?;
    let untrustworthy = model.fields.iter().filter(|field| !field.fitted.is_trustworthy());
    for field in untrustworthy {
        complain(&format!(
            "{}: {}",
            super::print::name(field),
            field.warnings().join("; ")
        ));
    }
    Ok(())
}

/// The model of each field of the file, by the field's number.
fn models_of<'a>(model: &'a ModelFile, file: &ScoreFile) -> anyhow::Result<Vec<&'a FieldModel>> {
    let names: Vec<Option<String>> = match &file.fields {
        Some(fields) => (0..fields.names.len())
            .map(|id| Some(fields.names.text(id as u32).into_owned()))
            .collect(),
        None => vec![None],
    };
    let found = names.iter().map(|name| {
        let name = name.as_deref();
        model.of_field(name).with_context(|| match name {
            Some(name) => format!("the model knows no field `{name}`"),
            None => "the model has fields and the scores have none: add a column `field`".to_owned(),
        })
    });
    found.collect()
}

fn write(file: &ScoreFile, models: &[&FieldModel], output: impl Write) -> anyhow::Result<()> {
    let mut rows = CsvRows::new(output);
    let mut headings: Vec<&str> = Vec::new();
    headings.extend(file.ids.as_ref().map(|_| "id"));
    headings.extend(file.documents.as_ref().map(|_| "document"));
    headings.extend(file.fields.as_ref().map(|_| "field"));
    headings.extend(["score", "probability"]);
    rows.row(&headings)?;
    for (row, score) in file.scores.iter().enumerate() {
        let field = file
            .fields
            .as_ref()
            .and_then(|fields| fields.ids.get(row))
            .copied()
            .unwrap_or(0);
        let Some(model) = models.get(field as usize) else {
            bail!("row {row} has no field");
        };
        let votes = file.votes.as_ref().and_then(|votes| votes.get(row)).copied();
        let predicted = model.fitted.calibrator.predict(*score, votes);
        let probability = predicted.with_context(|| format!("row {} of the scores", row + 1))?;
        let names = [&file.ids, &file.documents, &file.fields].into_iter().flatten();
        let mut cells: Vec<String> = names.map(|names| name_at(names, row)).collect();
        cells.extend([score.to_string(), probability.to_string()]);
        rows.row(&cells)?;
    }
    rows.finish()
}
