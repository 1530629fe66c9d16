//! `accord demo`: a project over sample invoices, taken the whole way and served.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use accord_annotate::readers::train;
use accord_datasets::intake::LineFormat;
use accord_documents::{Document, Limits, read_document};
use accord_domain::normalise::answers_from_json;
use accord_domain::{Answers, AutomaticKind, Field, Project, ProjectDefinition, Role};
use accord_samples::{SampleInvoice, generate, generate_text_classification, write_folder};
use accord_server::accounts::{Passwords, create_user};
use accord_store::flow;
use anyhow::{Context, bail};
use rayon::prelude::*;
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::import::import_files;
use super::project::named_template;
use super::work::until_idle;
use crate::arguments::DemoArguments;
use crate::configuration::Configuration;
use crate::documents_with_gold::{document_files, of_fields};
use crate::output::{bar, complain, number, percent, say, table};
use crate::wiring::{House, check_folder_is_new_or_ours};
use crate::workers::Workers;

/// The project over invoices.
const INVOICES: &str = "invoices";

/// The project in which people vote on short texts.
const MESSAGES: &str = "messages";

/// The account that is made.
const ACCOUNT: &str = "demo";

/// Written last: the folder holds a complete demonstration.
const COMPLETE: &str = "complete";

/// Holds the account's password.
const LOGIN: &str = "login.txt";

/// Everything else that a set-up makes in the folder.
const MADE: [&str; 7] = [
    "accord.db",
    "accord.db-wal",
    "accord.db-shm",
    "blobs",
    "invoices",
    "new_invoices",
    "answers_of_new_invoices",
];

/// The seed of the invoices that are imported.
const SEED: u64 = 1;

/// The seed and number of other invoices that the reader that learns is trained on.
const TRAINING: (u64, usize) = (2, 120);

/// One invoice in so many comes without gold, as new mail does.
const WITHOUT_GOLD: usize = 5;

/// Short texts to label.
const MESSAGE_COUNT: usize = 60;

pub(crate) async fn run(arguments: DemoArguments, mut configuration: Configuration) -> anyhow::Result<()> {
    let folder = arguments.folder.clone();
    check_folder_is_new_or_ours(&folder, LOGIN)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    // An address that is taken is better known before the work than after it.
    let listener = if arguments.no_serve {
        None
    } else {
        Some(listen(&arguments.listen).await?)
    };
    configuration.database.set_url(SecretString::from(format!(
        "sqlite:{}",
        folder.join("accord.db").display()
    )));
    configuration.blobs.folder = folder.join("blobs");
    configuration.server.listen = arguments.listen.clone();
    let is_complete = folder.join(COMPLETE).exists();
    if !is_complete {
        remove_unfinished(&folder)?;
    }
    let house = House::open(configuration).await?;
    if is_complete {
        complain(&format!("the demonstration in {} is set up already", folder.display()));
    } else {
        set_up(&house, &folder, arguments.count).await?;
        std::fs::write(folder.join(COMPLETE), "")?;
    }
    let project = house.project(INVOICES).await?;
    print_table(&house, &project).await?;
    let Some(listener) = listener else { return Ok(()) };
    let login = std::fs::read_to_string(folder.join(LOGIN)).context("the login of the demonstration is missing")?;
    say(&format!(
        "\nopen   http://{}\n{}\nend with Ctrl-C",
        listener.local_addr()?,
        login.trim_end()
    ));
    super::serve::serve_on(listener, house).await
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{address} cannot be listened at (is another program there?): name another with --listen")
    })
}

/// What an interrupted set-up left behind is begun anew. Nothing else in the folder is touched.
fn remove_unfinished(folder: &Path) -> anyhow::Result<()> {
    for name in MADE {
        let path = folder.join(name);
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", path.display()));
            }
            _ => {}
        }
    }
    write_for_owner_only(&folder.join(LOGIN), "")
}

/// Writes a file that only its owner may read, from the first byte on.
fn write_for_owner_only(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()));
    written.with_context(|| format!("{} cannot be written", file.display()))
}

async fn set_up(house: &House, folder: &Path, count: usize) -> anyhow::Result<()> {
    create_account(house, folder).await?;
    complain("writing sample invoices, and training a reader on others ...");
    let (with_gold, without_gold) = write_invoices(folder, count)?;
    let model = train_model(house).await?;
    let mut definition = named_template("invoice")?;
    definition.name = INVOICES.to_owned();
    definition.title = "Sample invoices".to_owned();
    for annotator in &mut definition.annotators {
        if let AutomaticKind::Reader { reader, model: used } = &mut annotator.kind
            && reader == "trained_model"
        {
            *used = Some(model.clone());
        }
    }
    let project = create_project(house, definition).await?;
    import_files(house, &house.importer(), &project, &with_gold).await?;
    import_files(house, &house.importer(), &project, &without_gold).await?;
    import_messages(house).await?;
    let workers = Workers::start(house)?;
    let result = until_idle(house, None).await;
    workers.finish().await;
    result
}

async fn create_account(house: &House, folder: &Path) -> anyhow::Result<()> {
    let password = hex::encode(&house.environment.random_bytes()[..8]);
    let passwords = Passwords::new(house.configuration.http.password_cost);
    let secret = SecretString::from(password.clone());
    let (store, environment) = (house.store.as_ref(), house.environment.as_ref());
    create_user(store, environment, &passwords, ACCOUNT, &secret, Role::Administrator).await?;
    write_for_owner_only(
        &folder.join(LOGIN),
        &format!("login  {ACCOUNT}\npassword  {password}\n"),
    )
}

/// Writes the invoices; some of them without their gold, as mail that is new. Returns both kinds.
fn write_invoices(folder: &Path, count: usize) -> anyhow::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (invoices, new_invoices) = (folder.join("invoices"), folder.join("new_invoices"));
    std::fs::create_dir_all(&invoices)?;
    std::fs::create_dir_all(&new_invoices)?;
    let progress = bar(u64::try_from(count)?, "write");
    write_folder(&invoices, SEED, count, |written| {
        progress.set_position(u64::try_from(written).unwrap_or(0))
    })?;
    progress.finish();
    for (position, file) in document_files(&invoices)?.into_iter().enumerate() {
        if position % WITHOUT_GOLD == WITHOUT_GOLD - 1
            && let Some(name) = file.file_name()
        {
            std::fs::rename(&file, new_invoices.join(name))?;
        }
    }
    // The gold of the moved ones stays in a folder of its own, for those who want to look.
    let answers = folder.join("answers_of_new_invoices");
    std::fs::create_dir_all(&answers)?;
    for file in document_files(&new_invoices)? {
        let name = format!("{}.gold.json", file.file_stem().unwrap_or_default().to_string_lossy());
        std::fs::rename(invoices.join(&name), answers.join(&name))?;
    }
    Ok((document_files(&invoices)?, document_files(&new_invoices)?))
}

/// Trains on invoices that are not among those imported; returns the model's content hash.
async fn train_model(house: &House) -> anyhow::Result<String> {
    let fields = named_template("invoice")?.fields;
    let limits = house.configuration.document_limits();
    let model = tokio::task::spawn_blocking(move || {
        let (seed, count) = TRAINING;
        let samples = generate(seed, count)?
            .into_par_iter()
            .filter_map(|sample| read_sample(&sample, &fields, &limits))
            .collect::<Vec<_>>();
        if samples.is_empty() {
            bail!("none of the samples to train on could be read");
        }
        Ok(train(&samples, &fields)?)
    })
    .await??;
    Ok(house.blobs.put(serde_json::to_vec(&model)?.into()).await?)
}

/// A scan without text teaches a reader of text nothing, so what cannot be read is left out.
fn read_sample(sample: &SampleInvoice, fields: &[Field], limits: &Limits) -> Option<(Document, Answers)> {
    let read = read_document(&sample.pdf, Some("sample.pdf"), limits).ok()?;
    let gold = serde_json::to_value(&sample.gold.gold).ok()?;
    let answers = answers_from_json(fields, &of_fields(fields, gold.as_object()?)).ok()?;
    Some((read.document, answers))
}

async fn create_project(house: &House, definition: ProjectDefinition) -> anyhow::Result<Project> {
    let mut transaction = house.store.write().await?;
    let project = flow::create_project(transaction.as_mut(), house.environment.as_ref(), definition).await?;
    transaction.commit().await?;
    Ok(project)
}

/// A small project in which people vote.
async fn import_messages(house: &House) -> anyhow::Result<()> {
    let mut definition = named_template("text-classification")?;
    definition.name = MESSAGES.to_owned();
    definition.title = "Messages to support".to_owned();
    definition.policy.overlap = 1;
    let project = create_project(house, definition).await?;
    let lines: Vec<String> = generate_text_classification(SEED, MESSAGE_COUNT)
        .iter()
        .map(|sample| serde_json::json!({"external_id": sample.external_id, "text": sample.text}).to_string())
        .collect();
    let lines = lines.join("\n");
    house
        .importer()
        .import_lines(&project, LineFormat::JsonLines, lines.as_bytes(), |_, _| {})
        .await?;
    Ok(())
}

async fn print_table(house: &House, project: &Project) -> anyhow::Result<()> {
    let mut transaction = house.store.read().await?;
    let summaries = transaction.summarise_fields(project.id).await?;
    let calibrators = transaction.current_calibrators(project.id).await?;
    let counts = transaction.count_items(project.id).await?;
    drop(transaction);
    let rows = project
        .definition
        .fields
        .iter()
        .map(|field| {
            let summary = summaries.iter().find(|summary| summary.field == field.name);
            let calibrator = calibrators.iter().find(|calibrator| calibrator.field == field.name);
            let report = calibrator.and_then(|calibrator| calibrator.report);
            let accepted = summary
                .filter(|summary| summary.count > 0)
                .map(|summary| summary.accepted_count as f64 / summary.count as f64);
            let band = report.map_or_else(
                || "–".to_owned(),
                |report| format!("{:.3}–{:.3}", report.null_band[0], report.null_band[1]),
            );
            vec![
                field.name.to_string(),
                report.map_or_else(|| "–".to_owned(), |report| report.count.to_string()),
                percent(report.map(|report| report.accuracy)),
                number(report.map(|report| report.mean_confidence)),
                percent(accepted),
                number(report.map(|report| report.calibration_error)),
                band,
            ]
        })
        .collect();
    let headings = [
        "field",
        "answered with gold",
        "accuracy on gold",
        "mean confidence",
        "accept rate",
        "ECE",
        "null band",
    ];
    say(&table(&headings, 1, rows));
    say(&format!(
        "{} invoices: {} accepted, {} need review, {} resolved by a person; confidence is out of fold",
        counts.pending + counts.accepted + counts.needs_review + counts.resolved,
        counts.accepted,
        counts.needs_review,
        counts.resolved
    ));
    Ok(())
}
