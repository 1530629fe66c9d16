//! Asking a project's judge about the values that win the vote on items with gold, as far as it has not rated them yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use accord_annotate::annotators::AttemptError;
use accord_annotate::factory::AnnotatorFactory;
use accord_annotate::judging::{JudgeInput, JudgeModel, JudgeOutput};
use accord_domain::{Answers, Item, Judgement, JudgementId, Project};
use accord_score::gold::ProjectGold;
use accord_score::methods::Unjudged;
use anyhow::Context;
use futures::StreamExt;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::output::{bar, complain};
use crate::wiring::House;

/// How long one try waits for the provider's turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a call waits in all while its provider is down or limited.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// The longest pause before a call is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// So many calls that fail for good before any succeeds end the asking.
const FAILURES_AT_FIRST: usize = 5;

/// What came of asking.
#[derive(Debug, Default, Serialize)]
pub(super) struct Asking {
    /// Calls that were answered, from a kept reply or anew.
    pub(super) answered: usize,
    /// Calls without an answer, by reason.
    pub(super) failed: BTreeMap<String, usize>,
    /// Why not all was asked.
    pub(super) stopped: Option<String>,
}

/// What all calls share.
struct Round<'a> {
    house: &'a House,
    judge: JudgeModel,
    project: Arc<Project>,
    progress: ProgressBar,
    answered: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    judgements: Vec<Judgement>,
    failed: BTreeMap<String, usize>,
    stopped: Option<String>,
}

/// Asks what is still to be asked and gives the gold back with what was said. What was answered is kept at once, so that
/// whoever ends this early and begins again pays for nothing twice.
pub(super) async fn ask_judge(house: &House, gold: ProjectGold) -> anyhow::Result<(ProjectGold, Asking)> {
    let not_asked = |reason: String| Asking {
        stopped: Some(reason),
        ..Asking::default()
    };
    let providers = house.providers();
    let factory = match providers.and_then(|providers| house.annotator_factory(providers)) {
        Ok(factory) => factory,
        Err(error) => return Ok((gold, not_asked(format!("{error:#}")))),
    };
    let (judge, prompt) = match judge_of(&factory, &gold.project) {
        Ok(Some(judge)) => judge,
        Ok(None) => return Ok((gold, Asking::default())),
        Err(reason) => return Ok((gold, not_asked(reason))),
    };
    let (questions, mut gold) = unjudged(gold, prompt).await?;
    let calls: usize = questions.iter().map(|question| question.samples.len()).sum();
    if calls == 0 {
        return Ok((gold, Asking::default()));
    }
    let round = Round {
        house,
        project: Arc::new(gold.project.clone()),
        progress: bar(u64::try_from(calls)?, "ask judge"),
        answered: AtomicUsize::new(0),
        state: Mutex::default(),
        judge,
    };
    let at_once = round.judge.concurrency();
    let asked = futures::stream::iter(questions).map(|question| round.ask_about(question));
    let results: Vec<anyhow::Result<()>> = asked.buffer_unordered(at_once).collect().await;
    round.progress.finish_and_clear();
    factory.finish_calls().await;
    results.into_iter().collect::<anyhow::Result<()>>()?;
    let answered = round.answered.load(Ordering::Relaxed);
    let state = round.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    gold.judgements.extend(state.judgements);
    let asking = Asking {
        answered,
        failed: state.failed,
        stopped: state.stopped,
    };
    Ok((gold, asking))
}

/// The judge and the hash of its prompt.
fn judge_of(factory: &AnnotatorFactory, project: &Project) -> Result<Option<(JudgeModel, String)>, String> {
    let Some(judge) = factory.judge(project).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let prompt = judge.prompt().map_err(|error| error.to_string())?;
    let hash = prompt.hash.clone();
    Ok(Some((judge, hash)))
}

/// What is still to be asked; it computes, and gives the gold back.
async fn unjudged(gold: ProjectGold, prompt: String) -> anyhow::Result<(Vec<Unjudged>, ProjectGold)> {
    let found = tokio::task::spawn_blocking(move || gold.unjudged(&prompt).map(|unjudged| (unjudged, gold)));
    Ok(found.await??)
}

impl Round<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks about one item, one call after another.
    async fn ask_about(&self, question: Unjudged) -> anyhow::Result<()> {
        if self.state().stopped.is_some() {
            return Ok(());
        }
        let item = self.item(&question).await?;
        let values = Arc::new(question.values);
        for sample in question.samples {
            if self.state().stopped.is_some() {
                return Ok(());
            }
            let input = JudgeInput {
                project: Arc::clone(&self.project),
                item: Arc::clone(&item),
                values: Arc::clone(&values),
                sample,
                repeated: false,
                patience: PATIENCE,
            };
            match self.ask(input).await {
                Ok(output) => self.keep(&item, &values, output).await?,
                Err(reason) => *self.state().failed.entry(reason).or_default() += 1,
            }
            self.progress.inc(1);
        }
        Ok(())
    }

    async fn item(&self, question: &Unjudged) -> anyhow::Result<Arc<Item>> {
        let item = self.house.store.read().await?.item(question.item_id).await?;
        let item = item.with_context(|| format!("item {} is gone", question.item_id))?;
        Ok(Arc::new(item))
    }

    /// Tries until there is an answer or a reason that will not pass.
    async fn ask(&self, mut input: JudgeInput) -> Result<JudgeOutput, String> {
        let (started, mut attempts) = (Instant::now(), 0_u32);
        loop {
            let error = match self.judge.judge(&input).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let pause = match &error {
                AttemptError::Permanent { reason } => {
                    self.stop_after_failures_at_first(reason);
                    return Err(reason.clone());
                }
                AttemptError::OverBudget { reason, .. } => {
                    self.state().stopped.get_or_insert_with(|| reason.clone());
                    return Err(reason.clone());
                }
                AttemptError::Held { wait, .. } => *wait,
                // Judges are asked one by one.
                AttemptError::Enrolled { .. } => LONGEST_PAUSE,
                AttemptError::Transient { retry_after, .. } => {
                    attempts += 1;
                    input.repeated = true;
                    if attempts >= self.project.definition.policy.maximum_attempts {
                        return Err(error.to_string());
                    }
                    retry_after.unwrap_or(Duration::from_secs(1 << attempts.min(5)))
                }
            };
            if started.elapsed() + pause > LONGEST_WAIT || self.state().stopped.is_some() {
                return Err(error.to_string());
            }
            tokio::time::sleep(pause.clamp(Duration::from_millis(20), LONGEST_PAUSE)).await;
        }
    }

    /// A wrong key or name fails every call alike: it is not asked thousands of times.
    fn stop_after_failures_at_first(&self, reason: &str) {
        let mut state = self.state();
        let failed: usize = state.failed.values().sum();
        if self.answered.load(Ordering::Relaxed) == 0 && failed + 1 >= FAILURES_AT_FIRST {
            let stopped = format!("the first {FAILURES_AT_FIRST} calls failed, the last one: {reason}");
            state.stopped.get_or_insert(stopped);
        }
    }

    /// Keeps what was said.
    async fn keep(&self, item: &Item, values: &Answers, output: JudgeOutput) -> anyhow::Result<()> {
        let environment = self.house.environment.as_ref();
        let judgement = Judgement {
            id: JudgementId::generate(environment),
            project_id: self.project.id,
            item_id: item.id,
            asked: output.asked,
            values: values.clone(),
            ratings: output.ratings,
            provenance: output.provenance,
            created_at: environment.now(),
        };
        let mut transaction = self.house.store.write().await?;
        // Another process may have been faster with the same call: then it is kept already, and says the same.
        transaction.insert_judgement(&judgement).await?;
        transaction.commit().await?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.state().judgements.push(judgement);
        Ok(())
    }
}

/// Says what went wrong, beside the result.
pub(super) fn complain_of(asking: &Asking) {
    for (reason, calls) in &asking.failed {
        let noun = if *calls == 1 { "call" } else { "calls" };
        complain(&format!("judge: {calls} {noun} without an answer: {reason}"));
    }
    if let Some(reason) = &asking.stopped {
        complain(&format!(
            "judge: not all was asked: {reason}. Run the command again to go on; what was answered is kept"
        ));
    }
}
