//! `--method auto`: a way of counting learned from gold, or without gold a rule.

use accord_statistics::calibration::Folds;
use accord_statistics::pipeline::{
    Ballot, GoldLabel, LabelledBallots, MethodScore, Panel, PipelineChoice, PipelineOutcome, PipelinePlan,
    choose_pipeline,
};
use accord_statistics::truth_inference::{
    AutomaticFit, FEWEST_VOTES_A_CLASS, InferenceWarning, MajorityReason, TopClasses, fit_automatically,
};
use accord_statistics::votes::{VoteRow, VoteTable};
use serde::Serialize;

use super::decide::{Decided, Skill};

/// Folds for the labels of items with gold.
const FOLDS: usize = 5;
/// More annotators than this are a crowd: what can be learned of each from gold is little, and takes long.
const MOST_ANNOTATORS: usize = 128;
/// Items without gold that are looked at while learning.
const UNLABELLED: usize = 2_000;
/// Labels up to this number are a list, of which each can be learned; more are open text.
const MOST_LABELS: usize = 64;

/// What `--method auto` took, and why.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Choice {
    /// What was taken.
    pub(super) taken: String,
    pub(super) because: String,
    /// Whether gold decided. Then items with gold are labelled by what was learned without them.
    pub(super) by_gold: bool,
    /// All that was weighed, the least log loss first; empty where gold did not decide.
    pub(super) candidates: Vec<Candidate>,
}

/// A way of counting votes and a curve, judged on gold that had no part in fitting it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Candidate {
    pub(super) method: String,
    pub(super) log_loss: f64,
    /// What it is above the least, and the standard error of that.
    pub(super) above_best: f64,
    pub(super) standard_error: Option<f64>,
    pub(super) brier: f64,
    pub(super) accuracy: f64,
    pub(super) taken: bool,
}

impl From<&MethodScore> for Candidate {
    fn from(score: &MethodScore) -> Self {
        Self {
            method: score.method.phrase(),
            log_loss: score.log_loss.loss,
            above_best: score.log_loss.excess,
            standard_error: score.log_loss.excess_error.value(),
            brier: score.brier,
            accuracy: score.accuracy,
            taken: score.chosen,
        }
    }
}

/// Decides by gold where there is enough of it, else by the rule.
pub(super) fn decide(votes: &VoteTable, known: Option<&[Option<usize>]>, seed: u64) -> anyhow::Result<Decided> {
    let Some(known) = known else {
        return by_rule(votes, "there is no gold (--gold FILE lets it learn)");
    };
    if votes.voters() > MOST_ANNOTATORS {
        let why = format!("gold only judges a crowd of more than {MOST_ANNOTATORS} annotators");
        return by_rule(votes, &why);
    }
    let plan = PipelinePlan::standard(seed);
    let learning = Learning::new(votes, known)?;
    let judged = learning.data.judged_items();
    let errors = judged
        .iter()
        .filter(|item| !learning.data.even_vote_is_right(**item))
        .count();
    if judged.len() < plan.fewest_labels || errors < plan.fewest_errors {
        let why = format!(
            "{} items have gold, of which an even vote gets {errors} wrong: learning from it takes {} and {}",
            judged.len(),
            plan.fewest_labels,
            plan.fewest_errors
        );
        return by_rule(votes, &why);
    }
    match learning.by_gold(votes, plan)? {
        Some(decided) => Ok(decided),
        None => by_rule(votes, "gold told no method from the base rate"),
    }
}

/// What the votes alone allow.
fn by_rule(votes: &VoteTable, why: &str) -> anyhow::Result<Decided> {
    let (decided, taken, reason) = match fit_automatically(votes)? {
        AutomaticFit::Majority(reason) => (Decided::majority(votes)?, "majority", in_words(&reason)),
        AutomaticFit::OneCoin(fit) => {
            let reason = format!(
                "too few items, or fewer than {FEWEST_VOTES_A_CLASS} votes for each annotator and label, to learn who \
                 confuses what"
            );
            (Decided::of_one_coin(fit), "one-coin", reason)
        }
        AutomaticFit::Confusions(fit) => {
            let reason = "enough votes to learn who confuses what".to_owned();
            (Decided::of_confusions(fit), "dawid-skene", reason)
        }
    };
    Ok(decided.with_choice(Choice {
        taken: taken.to_owned(),
        because: format!("{why}; {reason}"),
        by_gold: false,
        candidates: Vec::new(),
    }))
}

fn in_words(reason: &MajorityReason) -> String {
    match reason {
        MajorityReason::OneClass => "there is a single label".to_owned(),
        MajorityReason::FewVoters { voters } => {
            format!("{voters} annotators are too few to tell their skills from the truth")
        }
        MajorityReason::ErrorsInCommon(InferenceWarning::SharedErrors { correlation, .. }) => format!(
            "annotators err together (correlation {correlation:.2}), and what learns from their votes follows the larger camp"
        ),
        MajorityReason::ErrorsInCommon(_) => {
            "some annotators err together, or the others do, and what learns from their votes follows the larger camp"
                .to_owned()
        }
    }
}

/// The items to learn from.
struct Learning {
    data: LabelledBallots,
    /// Row of the table by item.
    rows: Vec<usize>,
    declared: bool,
}

impl Learning {
    /// All items with gold, and some of the others.
    fn new(votes: &VoteTable, known: &[Option<usize>]) -> anyhow::Result<Self> {
        let declared = votes.classes() <= MOST_LABELS;
        let panel = Panel::new(
            (0..votes.voters()).collect(),
            declared.then_some(votes.classes().max(2)),
        )?;
        let has_gold = |row: &usize| known.get(*row).copied().flatten().is_some();
        let without = (0..votes.items()).filter(|row| !has_gold(row)).count();
        let step = without.div_ceil(UNLABELLED).max(1);
        let others = (0..votes.items()).filter(|row| !has_gold(row)).step_by(step);
        let rows: Vec<usize> = (0..votes.items()).filter(has_gold).chain(others).collect();
        let (mut ballots, mut gold) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in &rows {
            let (ballot, classes) = ballot_of(&panel, votes.row(*row), declared)?;
            ballots.push(ballot);
            gold.push(known.get(*row).copied().flatten().map(|truth| GoldLabel {
                right: classes.iter().map(|class| *class == truth).collect(),
                truth: declared.then_some(truth),
            }));
        }
        let documents = (0..rows.len()).collect();
        Ok(Self {
            data: LabelledBallots::new(panel, ballots, gold, documents)?,
            rows,
            declared,
        })
    }

    /// Labels all items by the choice that gold makes; items with gold by the choice without their fold.
    fn by_gold(&self, votes: &VoteTable, plan: PipelinePlan) -> anyhow::Result<Option<Decided>> {
        let correct: Vec<bool> = (0..self.data.items())
            .map(|item| self.data.even_vote_is_right(item))
            .collect();
        let documents: Vec<usize> = (0..self.data.items()).collect();
        let folds = Folds::by_document(&documents, &correct, FOLDS, plan.seed)?;
        let choice = choose_pipeline(&self.data, folds.assignment(), FOLDS, plan, "")?.into_result();
        let Ok(choice) = choice else {
            return Ok(None);
        };
        let is_whole = self
            .data
            .judged_items()
            .iter()
            .all(|item| choice.out_of_fold[*item].is_some());
        let Some(production) = choice.production.as_ref().filter(|_| is_whole) else {
            return Ok(None);
        };
        let mut learned = vec![None; votes.items()];
        for (item, row) in self.rows.iter().enumerate() {
            learned[*row] = choice.out_of_fold[item].as_ref();
        }
        let mut truths = TopClasses {
            classes: Vec::with_capacity(votes.items()),
            probabilities: Vec::with_capacity(votes.items()),
            margins: Vec::with_capacity(votes.items()),
            tied: Vec::new(),
        };
        for (row, learned) in learned.into_iter().enumerate() {
            let (ballot, classes) = ballot_of(self.data.panel(), votes.row(row), self.declared)?;
            match learned {
                Some(outcome) => add(&mut truths, row, outcome, &classes),
                None => {
                    let applied = production.apply(self.data.panel(), &ballot)?;
                    applied
                        .iter()
                        .for_each(|outcome| add(&mut truths, row, outcome, &classes));
                }
            }
        }
        let described = described(&choice, production.method().phrase());
        Ok(Some(Decided::of_truths(truths, Skill::None).with_choice(described)))
    }
}

fn described(choice: &PipelineChoice, taken: String) -> Choice {
    let mut candidates: Vec<Candidate> = choice.candidates.iter().map(Candidate::from).collect();
    candidates.sort_by(|left, right| left.log_loss.total_cmp(&right.log_loss));
    Choice {
        taken,
        because: format!(
            "the simplest within one standard error of the least cross-validated log loss on {} items with gold",
            choice.labels
        ),
        by_gold: true,
        candidates,
    }
}

/// The votes on an item, and the classes that its own numbers stand for.
fn ballot_of(panel: &Panel, row: VoteRow<'_>, declared: bool) -> anyhow::Result<(Ballot, Vec<usize>)> {
    let mut classes: Vec<usize> = Vec::new();
    let mut cast = Vec::with_capacity(row.len());
    for (voter, class) in row.pairs() {
        let place = classes
            .iter()
            .position(|known| *known == class)
            .unwrap_or(classes.len());
        if place == classes.len() {
            classes.push(class);
        }
        cast.push((voter, place));
    }
    let declared: Vec<Option<usize>> = classes.iter().map(|class| declared.then_some(*class)).collect();
    Ok((Ballot::new(panel, &cast, &declared)?, classes))
}

/// Adds what an item got. A tie has no probability of its own: it keeps the share that its labels have each.
fn add(truths: &mut TopClasses, row: usize, outcome: &PipelineOutcome, classes: &[usize]) {
    const SAME: f64 = 1e-12;
    let most = outcome.shares.iter().copied().fold(0.0, f64::max);
    let narrow = |class: usize| u16::try_from(class).unwrap_or(u16::MAX);
    let mut leaders: Vec<u16> = match outcome.winner {
        Some(winner) => vec![narrow(classes[winner])],
        None => {
            let shares = outcome.shares.iter().zip(classes);
            let leading = shares.filter(|(share, _)| most - **share <= SAME);
            leading.map(|(_, class)| narrow(*class)).collect()
        }
    };
    leaders.sort_unstable();
    let own = outcome.winner.map_or(most, |winner| outcome.shares[winner]);
    let others = outcome.shares.iter().enumerate();
    let second = others
        .filter(|(place, _)| Some(*place) != outcome.winner)
        .map(|(_, share)| *share)
        .fold(0.0, f64::max);
    truths.classes.push(leaders.first().copied().unwrap_or_default());
    truths.probabilities.push(outcome.confidence.unwrap_or(most));
    truths
        .margins
        .push(if outcome.winner.is_some() { own - second } else { 0.0 });
    if leaders.len() > 1 {
        let item = u32::try_from(row).unwrap_or(u32::MAX);
        truths.tied.extend(leaders.into_iter().map(|class| (item, class)));
    }
}
