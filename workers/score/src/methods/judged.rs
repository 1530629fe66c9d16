//! What a project's judge said, as far as it counts: of the judge that the project names now, by the newest text of its
//! prompt.

use std::collections::HashMap;

use accord_domain::{Answer, Answers, FieldName, ItemId, Judgement, Project};

use super::cost::Spent;

/// Judgements by item, in order of time.
#[derive(Debug, Default)]
pub(super) struct Judged<'a> {
    by_item: HashMap<ItemId, Vec<&'a Judgement>>,
}

impl<'a> Judged<'a> {
    /// By the newest text of the judge's prompt.
    pub(super) fn new(project: &Project, judgements: &'a [Judgement]) -> Self {
        let own = of_judge(project, judgements);
        let prompt = own.last().and_then(|newest| newest.provenance.prompt_hash.as_deref());
        Self::gathered(&own, prompt)
    }

    /// By this text of the judge's prompt.
    pub(super) fn by_prompt(project: &Project, judgements: &'a [Judgement], prompt_hash: &str) -> Self {
        Self::gathered(&of_judge(project, judgements), Some(prompt_hash))
    }

    fn gathered(own: &[&'a Judgement], prompt: Option<&str>) -> Self {
        let mut by_item: HashMap<ItemId, Vec<&Judgement>> = HashMap::new();
        for judgement in own {
            if judgement.provenance.prompt_hash.as_deref() == prompt {
                by_item.entry(judgement.item_id).or_default().push(judgement);
            }
        }
        Self { by_item }
    }

    /// Whether the judge was asked in the call of this number about all of these values.
    pub(super) fn covers(&self, item: ItemId, sample: u32, values: &Answers) -> bool {
        let mut calls = self.by_item.get(&item).into_iter().flatten();
        calls.any(|call| {
            let is_about = |(field, value): (&FieldName, &Answer)| {
                let judged = call.values.get(field);
                judged.is_some_and(|judged| judged.class() == value.class())
            };
            call.asked.sample == sample && values.iter().all(is_about)
        })
    }

    /// One rating for each of the judge's calls about a value of this class, `None` for a call without a readable one. Of
    /// two calls of one sample number the newer counts.
    pub(super) fn ratings(&self, item: ItemId, field: &FieldName, class: Option<&str>) -> Vec<Option<f64>> {
        let about_value = |judgement: &&&Judgement| {
            let judged = judgement.values.get(field);
            class.is_some() && judged.is_some_and(|judged| judged.class() == class)
        };
        let calls = self.newest_by_sample(item, about_value);
        calls.into_iter().map(|call| call.ratings.get(field).copied()).collect()
    }

    /// What the judge's calls about an item took.
    pub(super) fn spent(&self, item: ItemId) -> Vec<Spent> {
        let calls = self.newest_by_sample(item, |_| true);
        calls.into_iter().map(|call| Spent::of(&call.provenance)).collect()
    }

    fn newest_by_sample(&self, item: ItemId, counts: impl Fn(&&&'a Judgement) -> bool) -> Vec<&'a Judgement> {
        let mut newest: Vec<&Judgement> = Vec::new();
        for judgement in self.by_item.get(&item).into_iter().flatten().filter(counts) {
            let sample = judgement.asked.sample;
            match newest.iter_mut().find(|known| known.asked.sample == sample) {
                Some(known) => *known = judgement,
                None => newest.push(judgement),
            }
        }
        newest
    }
}

/// What the judge that the project names now said, in order of time.
fn of_judge<'a>(project: &Project, judgements: &'a [Judgement]) -> Vec<&'a Judgement> {
    let Some(judge) = &project.definition.judge else {
        return Vec::new();
    };
    let is_of_judge = |judgement: &&Judgement| {
        let sample = judgement.asked.sample;
        sample < judge.calls && judgement.asked == judge.asked(sample)
    };
    let mut own: Vec<&Judgement> = judgements.iter().filter(is_of_judge).collect();
    own.sort_by_key(|judgement| (judgement.created_at, judgement.id));
    own
}
