//! The votes of a project on one field, as numbers of items, annotators and classes.

use std::collections::{BTreeMap, HashMap};

use accord_domain::{AnnotationId, AnnotatorId, Consensus, Field, FieldName, FieldType, Outcome, Project};
use accord_statistics::InvalidInput;
use accord_statistics::agreement::RatingTable;
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest, Store};

use crate::problem::Problem;

/// The longest scale whose points are classes of their own from the beginning.
const LONGEST_SCALE: i64 = 100;

/// The votes on one field: whoever voted alike on an item by the field's own rule is in one class. Only blind votes are
/// in it.
#[derive(Debug)]
pub(super) struct FieldVotes {
    numbers: HashMap<String, usize>,
    /// The canonical values of the classes: first those that the field declares, in their order, then those seen.
    pub(super) classes: Vec<String>,
    /// How many of them the field declares; none for open fields.
    pub(super) declared: Option<usize>,
    /// Number of the item, number of the class, and who voted.
    votes: Vec<(usize, usize, AnnotationId)>,
    /// The class that won each item, if one did.
    winners: Vec<Option<usize>>,
}

impl FieldVotes {
    pub(super) fn new(field: &Field) -> Self {
        let declared = declared_classes(&field.field_type);
        let classes = declared.clone().unwrap_or_default();
        Self {
            numbers: classes.iter().cloned().zip(0..).collect(),
            declared: declared.map(|classes| classes.len()),
            classes,
            votes: Vec::new(),
            winners: Vec::new(),
        }
    }

    fn add(&mut self, consensus: Consensus) {
        let item = self.winners.len();
        let winner = match &consensus.outcome {
            Outcome::Winner { canonical, .. } => Some(canonical.clone()),
            Outcome::Tie { .. } | Outcome::Undefined { .. } => None,
        };
        for class in consensus.classes {
            let number = self.number(class.canonical);
            let votes = class.annotation_ids.into_iter().map(|id| (item, number, id));
            self.votes.extend(votes);
        }
        self.winners
            .push(winner.and_then(|winner| self.numbers.get(&winner).copied()));
    }

    fn number(&mut self, canonical: String) -> usize {
        let next = self.classes.len();
        *self.numbers.entry(canonical).or_insert_with_key(|canonical| {
            self.classes.push(canonical.clone());
            next
        })
    }

    /// How many votes there are.
    pub(super) const fn vote_count(&self) -> usize {
        self.votes.len()
    }

    /// Items with at least two votes.
    pub(super) fn compared_item_count(&self) -> usize {
        let mut counts = vec![0_usize; self.winners.len()];
        for (item, ..) in &self.votes {
            if let Some(count) = counts.get_mut(*item) {
                *count += 1;
            }
        }
        counts.into_iter().filter(|count| *count >= 2).count()
    }

    /// The votes as the statistics take them.
    pub(super) fn table(&self) -> Result<RatingTable, InvalidInput> {
        self.table_of(|_| true)
    }

    /// The votes whose annotation is wanted, on all items.
    pub(super) fn table_of(&self, wanted: impl Fn(&AnnotationId) -> bool) -> Result<RatingTable, InvalidInput> {
        let votes = self.votes.iter().filter(|(_, _, annotation)| wanted(annotation));
        RatingTable::from_votes(
            votes.map(|(item, class, _)| (*item, *class)),
            self.winners.len(),
            self.classes.len(),
        )
    }

    /// The votes `(item, class)` of each annotator, by item ascending.
    pub(super) fn by_annotator(
        &self,
        submitters: &HashMap<AnnotationId, AnnotatorId>,
    ) -> BTreeMap<AnnotatorId, Vec<(usize, usize)>> {
        let mut by_annotator: BTreeMap<AnnotatorId, Vec<(usize, usize)>> = BTreeMap::new();
        for (item, class, annotation) in &self.votes {
            if let Some(annotator) = submitters.get(annotation) {
                by_annotator.entry(*annotator).or_default().push((*item, *class));
            }
        }
        for votes in by_annotator.values_mut() {
            votes.sort_unstable();
            // An annotator that answered two tasks of one item, after a new prompt say, counts once.
            votes.dedup_by_key(|(item, _)| *item);
        }
        by_annotator
    }

    /// The class that won an item.
    pub(super) fn winner(&self, item: usize) -> Option<usize> {
        self.winners.get(item).copied().flatten()
    }
}

/// The values that a field can take, in their order; none where it may take any.
pub(super) fn declared_classes(field_type: &FieldType) -> Option<Vec<String>> {
    match field_type {
        FieldType::Choice { options } => Some(options.clone()),
        FieldType::Boolean => Some(vec!["true".to_owned(), "false".to_owned()]),
        FieldType::Rating { minimum, maximum } if maximum - minimum < LONGEST_SCALE => {
            Some((*minimum..=*maximum).map(|point| point.to_string()).collect())
        }
        _ => None,
    }
}

/// Reads the votes behind the present consensus of a project on the fields that are wanted, page by page.
pub(super) async fn load(
    store: &dyn Store,
    project: &Project,
    wanted: impl Fn(&FieldName) -> bool,
) -> Result<Vec<(FieldName, FieldVotes)>, Problem> {
    let fields = project.definition.fields.iter().filter(|field| wanted(&field.name));
    let mut fields: Vec<(FieldName, FieldVotes)> = fields
        .map(|field| (field.name.clone(), FieldVotes::new(field)))
        .collect();
    let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
    loop {
        let page = store.read().await?.list_consensus(project.id, request).await?;
        for consensus in page.rows {
            if let Some((_, votes)) = fields.iter_mut().find(|(name, _)| *name == consensus.field) {
                votes.add(consensus);
            }
        }
        match page.next {
            Some(last) => request = request.after(last),
            None => return Ok(fields),
        }
    }
}

/// Who submitted each annotation of a project.
pub(super) async fn submitters(
    store: &dyn Store,
    project: &Project,
) -> Result<HashMap<AnnotationId, AnnotatorId>, Problem> {
    let mut known = HashMap::new();
    let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
    loop {
        let page = store.read().await?.list_submitters(project.id, request).await?;
        known.extend(page.rows);
        match page.next {
            Some(last) => request = request.after(last),
            None => return Ok(known),
        }
    }
}
