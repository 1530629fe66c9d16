//! Ballots in the numbers that the statistics work on: annotators, families and classes by index.

use std::collections::HashMap;

use accord_domain::{ABSENT_CLASS, AnnotatorId, Answer, FieldType, FittedPipeline};
use accord_statistics::InvalidInput;
use accord_statistics::pipeline::{Ballot as NumberedBallot, GoldLabel, LabelledBallots, Panel};

use crate::ballot::Ballot;
use crate::fit::FieldGold;
use crate::tally::declared_classes;
use crate::weights::LabelledBallot;

/// The annotators and declared classes of a field, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering {
    /// The annotators.
    pub annotators: Vec<AnnotatorId>,
    /// The declared classes with absence at the end; empty for open fields.
    pub classes: Vec<String>,
}

impl Numbering {
    /// The annotators that voted on some of the ballots, and the classes that the field declares.
    #[must_use]
    pub fn of(field_type: &FieldType, labelled: &[LabelledBallot<'_>]) -> Self {
        let mut annotators: Vec<AnnotatorId> = labelled
            .iter()
            .flat_map(|item| item.ballot.votes.iter().zip(&item.ballot.class_of_vote))
            .filter(|(_, class)| class.is_some())
            .map(|(vote, _)| vote.annotator_id)
            .collect();
        annotators.sort_unstable();
        annotators.dedup();
        Self {
            annotators,
            classes: class_names(field_type),
        }
    }

    /// That of a fitted pipeline.
    #[must_use]
    pub fn of_pipeline(fitted: &FittedPipeline) -> Self {
        Self {
            annotators: fitted.annotators.clone(),
            classes: fitted.classes.clone(),
        }
    }

    fn declared(&self, answer: Option<&Answer>) -> Option<usize> {
        let class = answer.and_then(Answer::class)?;
        self.classes.iter().position(|known| known == class)
    }

    fn declared_count(&self) -> Option<usize> {
        (!self.classes.is_empty()).then_some(self.classes.len())
    }

    /// One ballot with its panel. Annotators without a number, and second votes of one annotator, get numbers of their
    /// own beyond the others: of them nothing is known.
    ///
    /// # Errors
    /// None that a well-formed ballot causes.
    pub fn ballot(&self, ballot: &Ballot<'_>) -> Result<(Panel, NumberedBallot), InvalidInput> {
        let mut families: Vec<Option<&str>> = vec![None; self.annotators.len()];
        let mut from_data = vec![false; self.annotators.len()];
        let mut votes = Vec::new();
        for (vote, class) in ballot.votes.iter().zip(&ballot.class_of_vote) {
            let Some(class) = class else { continue };
            let known = self.annotators.binary_search(&vote.annotator_id).ok();
            let voter = known.filter(|voter| families[*voter].is_none()).unwrap_or_else(|| {
                families.push(None);
                from_data.push(false);
                families.len() - 1
            });
            families[voter] = Some(vote.family);
            from_data[voter] = vote.from_data;
            votes.push((voter, *class));
        }
        let panel = Panel::new(family_numbers(&families), self.declared_count())?.with_authoritative(from_data)?;
        let declared: Vec<Option<usize>> = (0..ballot.classes.len())
            .map(|class| self.declared(ballot.answer_of_class(class)))
            .collect();
        let numbered = NumberedBallot::new(&panel, &votes, &declared)?;
        Ok((panel, numbered))
    }

    /// All ballots of a field, first those with gold, then those without. Of several votes of one annotator on an item
    /// the first counts; annotators without a number are left out.
    ///
    /// # Errors
    /// None that well-formed ballots cause.
    pub fn ballots(&self, field: &FieldGold<'_>, correct: &[Vec<bool>]) -> Result<LabelledBallots, InvalidInput> {
        let panel = self.panel(&field.labelled)?;
        let count = field.labelled.len() + field.unlabelled.len();
        let mut ballots = Vec::with_capacity(count);
        let mut gold = Vec::with_capacity(count);
        for (item, correct) in field.labelled.iter().zip(correct) {
            let (ballot, kept) = self.first_votes(&panel, &item.ballot)?;
            ballots.push(ballot);
            gold.push(Some(GoldLabel {
                right: kept.iter().map(|class| correct[*class]).collect(),
                truth: self.declared(Some(item.gold)),
            }));
        }
        for item in &field.unlabelled {
            ballots.push(self.first_votes(&panel, &item.ballot)?.0);
            gold.push(None);
        }
        let labelled = field.labelled.iter().map(|item| item.document);
        let all: Vec<u64> = labelled
            .chain(field.unlabelled.iter().map(|item| item.document))
            .collect();
        let mut documents = all.clone();
        documents.sort_unstable();
        documents.dedup();
        let number = |document: &u64| documents.partition_point(|other| other < document);
        LabelledBallots::new(panel, ballots, gold, all.iter().map(number).collect())
    }

    fn panel(&self, labelled: &[LabelledBallot<'_>]) -> Result<Panel, InvalidInput> {
        let mut families: Vec<Option<&str>> = vec![None; self.annotators.len()];
        let mut from_data = vec![false; self.annotators.len()];
        for vote in labelled.iter().flat_map(|item| &item.ballot.votes) {
            if let Ok(voter) = self.annotators.binary_search(&vote.annotator_id) {
                families[voter] = Some(vote.family);
                from_data[voter] = vote.from_data;
            }
        }
        Panel::new(family_numbers(&families), self.declared_count())?.with_authoritative(from_data)
    }

    /// The ballot and, for each of its classes, the class it was.
    fn first_votes(&self, panel: &Panel, ballot: &Ballot<'_>) -> Result<(NumberedBallot, Vec<usize>), InvalidInput> {
        let mut has_voted = vec![false; self.annotators.len()];
        let (mut votes, mut kept) = (Vec::new(), Vec::new());
        for (vote, class) in ballot.votes.iter().zip(&ballot.class_of_vote) {
            let (Some(class), Ok(voter)) = (class, self.annotators.binary_search(&vote.annotator_id)) else {
                continue;
            };
            if std::mem::replace(&mut has_voted[voter], true) {
                continue;
            }
            let known = kept.iter().position(|other| other == class);
            let local = known.unwrap_or_else(|| {
                kept.push(*class);
                kept.len() - 1
            });
            votes.push((voter, local));
        }
        let declared: Vec<Option<usize>> = kept
            .iter()
            .map(|class| self.declared(ballot.answer_of_class(*class)))
            .collect();
        Ok((NumberedBallot::new(panel, &votes, &declared)?, kept))
    }
}

/// Numbers families in order of appearance; who has none is one of its own.
fn family_numbers(families: &[Option<&str>]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut next = 0;
    families
        .iter()
        .map(|family| {
            let fresh = next;
            let number = family.map_or(fresh, |name| *numbers.entry(name).or_insert(fresh));
            next += usize::from(number == fresh);
            number
        })
        .collect()
}

/// The classes that a field declares with absence at the end; empty for open fields.
pub(crate) fn class_names(field_type: &FieldType) -> Vec<String> {
    let mut names = match field_type {
        FieldType::Choice { options } => options.clone(),
        FieldType::Boolean => vec!["false".to_owned(), "true".to_owned()],
        FieldType::Rating { minimum, maximum }
            if declared_classes(field_type).is_some_and(|count| count <= LONGEST_SCALE) =>
        {
            (*minimum..=*maximum).map(|step| step.to_string()).collect()
        }
        _ => return Vec::new(),
    };
    names.push(ABSENT_CLASS.to_owned());
    names
}

/// Ratings with more steps are counted as open values.
const LONGEST_SCALE: usize = 100;
