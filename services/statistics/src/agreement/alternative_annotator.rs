//! May a model take a person's place? The alternative annotator test.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::student;
use crate::numeric::sum::{mean, sample_variance};

/// Fewest people with whom the test means something.
pub const FEWEST_PEOPLE: usize = 3;
/// Fewest items a person must share with the model and another person.
pub const FEWEST_SHARED_ITEMS: usize = 30;
/// Share of people the model must win against.
const WINNING_SHARE: f64 = 0.5;

/// How much a model's lower cost counts, and how strict the test is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawSettings")]
pub struct AlternativeSettings {
    epsilon: f64,
    false_discovery_rate: f64,
}

#[derive(Deserialize)]
struct RawSettings {
    epsilon: f64,
    false_discovery_rate: f64,
}

impl TryFrom<RawSettings> for AlternativeSettings {
    type Error = InvalidInput;

    fn try_from(raw: RawSettings) -> Result<Self, InvalidInput> {
        Self::new(raw.epsilon, raw.false_discovery_rate)
    }
}

impl AlternativeSettings {
    /// `epsilon` is how far the model's advantage probability may stay below a person's: its authors suggest 0.2
    /// for experts, 0.15 for skilled people, 0.1 for crowds. `false_discovery_rate` is usually 0.05.
    ///
    /// # Errors
    /// An epsilon outside `[0, 1]`, a rate outside (0, 1).
    pub fn new(epsilon: f64, false_discovery_rate: f64) -> Result<Self, InvalidInput> {
        let accepted = (0.0..=1.0).contains(&epsilon);
        parameter("epsilon", epsilon, "a number from 0 to 1", accepted)?;
        open_unit("false discovery rate", false_discovery_rate)?;
        Ok(Self {
            epsilon,
            false_discovery_rate,
        })
    }
}

/// The model against one person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PersonComparison {
    /// Items on which the model, this person and another one voted.
    pub items: usize,
    /// Share of items on which the model agrees with the others at least as well as the person; undefined
    /// (`too_few_items`) without items.
    pub model_advantage: Estimate,
    /// Share of items on which the person agrees with the others at least as well as the model.
    pub person_advantage: Estimate,
    /// One-sided p-value against "the model's advantage is lower by epsilon or more"; undefined
    /// (`too_few_items`) below [`FEWEST_SHARED_ITEMS`].
    pub p: Estimate,
    /// Whether the model wins against this person after the correction for many people.
    pub model_wins: bool,
}

/// The outcome of the test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlternativeTest {
    /// The model against every person.
    pub people: Vec<PersonComparison>,
    /// Share of comparable people the model wins against; undefined (`too_few_items`) below [`FEWEST_PEOPLE`].
    pub winning_rate: Estimate,
    /// Mean advantage of the model over comparable people, for choosing among models.
    pub advantage: Estimate,
    /// Whether the model may take a person's place: it wins against at least half of them.
    pub passes: bool,
}

/// The alternative annotator test [Calderon, Reichart & Dror, 2025, ACL].
///
/// `people[i][j]` is the class that person `j` gave item `i`, `model[i]` the model's. Person after person is left
/// out: on each item the model and that person are scored by their share of agreement with the other people, and
/// a paired t test asks whether the model's chance of doing at least as well is lower by less than epsilon.
/// P-values are judged together by the procedure of Benjamini & Yekutieli [2001, Ann. Stat.], valid under any
/// dependence. A tie on an item counts for both sides.
///
/// # Errors
/// Rows of unequal length, or another number of the model's votes than rows.
pub fn alternative_annotator_test(
    people: &[Vec<Option<usize>>],
    model: &[Option<usize>],
    settings: AlternativeSettings,
) -> Result<AlternativeTest, InvalidInput> {
    same_length("model", people.len(), model.len())?;
    let count = people.first().map_or(0, Vec::len);
    for row in people {
        same_length("votes of an item", count, row.len())?;
    }
    let mut compared: Vec<PersonComparison> = (0..count)
        .map(|person| compare(people, model, person, settings.epsilon))
        .collect();
    let p_values: Vec<Estimate> = compared.iter().map(|comparison| comparison.p).collect();
    let wins = benjamini_yekutieli(&p_values, settings.false_discovery_rate);
    for (comparison, wins) in compared.iter_mut().zip(wins) {
        comparison.model_wins = wins;
    }
    let comparable = || compared.iter().filter(|comparison| comparison.p.is_defined());
    let tested = comparable().count();
    let won = comparable().filter(|comparison| comparison.model_wins).count();
    let advantages: Vec<f64> = comparable()
        .filter_map(|comparison| comparison.model_advantage.value())
        .collect();
    let enough = tested >= FEWEST_PEOPLE;
    let if_enough = |value: Option<f64>| match value {
        Some(value) if enough => Estimate::Value(value),
        _ => Estimate::Undefined(Undefined::TooFewItems),
    };
    let rate = won as f64 / tested.max(1) as f64;
    Ok(AlternativeTest {
        winning_rate: if_enough(Some(rate)),
        advantage: if_enough(mean(&advantages)),
        passes: enough && rate >= WINNING_SHARE,
        people: compared,
    })
}

fn compare(people: &[Vec<Option<usize>>], model: &[Option<usize>], person: usize, epsilon: f64) -> PersonComparison {
    let (mut for_model, mut for_person) = (Vec::new(), Vec::new());
    for (row, model) in people.iter().zip(model) {
        let (Some(model), Some(Some(own))) = (model, row.get(person)) else {
            continue;
        };
        let others = || row.iter().enumerate().filter(|(other, _)| *other != person);
        let agreeing = |class: usize| others().filter(|(_, vote)| **vote == Some(class)).count();
        if !others().any(|(_, vote)| vote.is_some()) {
            continue;
        }
        // Both are scored against the same others, so counts compare as shares do.
        let (model, own) = (agreeing(*model), agreeing(*own));
        for_model.push(f64::from(u8::from(model >= own)));
        for_person.push(f64::from(u8::from(own >= model)));
    }
    let behind: Vec<f64> = for_person
        .iter()
        .zip(&for_model)
        .map(|(person, model)| person - model)
        .collect();
    let share = |values: &[f64]| Estimate::from(mean(values).ok_or(Undefined::TooFewItems));
    PersonComparison {
        items: behind.len(),
        model_advantage: share(&for_model),
        person_advantage: share(&for_person),
        p: p_value(&behind, epsilon),
        model_wins: false,
    }
}

/// P-value against "the mean of `behind` is epsilon or more".
fn p_value(behind: &[f64], epsilon: f64) -> Estimate {
    let (Some(mean), Some(variance)) = (mean(behind), sample_variance(behind)) else {
        return Estimate::Undefined(Undefined::TooFewItems);
    };
    if behind.len() < FEWEST_SHARED_ITEMS {
        return Estimate::Undefined(Undefined::TooFewItems);
    }
    let items = behind.len() as f64;
    Estimate::Value(if variance > 0.0 {
        student::cumulative((mean - epsilon) / (variance / items).sqrt(), items - 1.0)
    } else if mean < epsilon {
        0.0
    } else {
        1.0
    })
}

/// Which hypotheses are rejected at a false discovery rate; undefined p-values never are and do not count.
fn benjamini_yekutieli(p_values: &[Estimate], rate: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = p_values.iter().filter_map(|p| p.value()).collect();
    sorted.sort_by(f64::total_cmp);
    let tests = sorted.len() as f64;
    let harmonic: f64 = (1..=sorted.len()).map(|rank| 1.0 / rank as f64).sum();
    let passes = |(index, p): (usize, &f64)| *p <= rate * (index + 1) as f64 / (tests * harmonic);
    let largest = sorted.iter().enumerate().rfind(|entry| passes(*entry)).map(|(_, p)| *p);
    p_values
        .iter()
        .map(|p| matches!((p.value(), largest), (Some(p), Some(largest)) if p <= largest))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::numeric::random::generator;

    /// Votes of people and a model that are right with given probabilities, four classes.
    fn drawn(people: f64, model: f64, items: usize) -> (Vec<Vec<Option<usize>>>, Vec<Option<usize>>) {
        let mut random = generator(21, 0);
        let mut vote = |truth: usize, accuracy: f64| {
            let slip = if random.random::<f64>() < accuracy {
                0
            } else {
                random.random_range(1..4)
            };
            Some((truth + slip) % 4)
        };
        (0..items)
            .map(|item| {
                let row = (0..4).map(|_| vote(item % 4, people)).collect();
                (row, vote(item % 4, model))
            })
            .unzip()
    }

    #[test]
    fn good_models_pass_and_bad_ones_do_not() {
        let settings = AlternativeSettings::new(0.1, 0.05).unwrap();
        let (people, model) = drawn(0.75, 0.95, 120);
        let good = alternative_annotator_test(&people, &model, settings).unwrap();
        assert!(good.passes, "{good:?}");
        assert_eq!(good.winning_rate, Estimate::Value(1.0));
        let (people, model) = drawn(0.9, 0.6, 120);
        let bad = alternative_annotator_test(&people, &model, settings).unwrap();
        assert!(!bad.passes && bad.people.iter().all(|person| !person.model_wins));
        assert!(bad.advantage.value().unwrap() < good.advantage.value().unwrap());
    }

    #[test]
    fn a_hand_counted_person() {
        // Person 0 against persons 1 and 2; item 1 has no other person, item 2 no vote of the model.
        let people = vec![
            vec![Some(0), Some(1), Some(1)],
            vec![Some(0), None, None],
            vec![Some(0), Some(0), Some(0)],
            vec![Some(1), Some(1), None],
        ];
        let model = vec![Some(1), Some(0), None, Some(1)];
        let settings = AlternativeSettings::new(0.2, 0.05).unwrap();
        let result = alternative_annotator_test(&people, &model, settings).unwrap();
        let first = result.people[0];
        assert_eq!(first.items, 2);
        assert_eq!(first.model_advantage, Estimate::Value(1.0));
        assert_eq!(first.person_advantage, Estimate::Value(0.5));
        assert_eq!(first.p.reason(), Some(Undefined::TooFewItems));
        assert!(!result.passes && !result.winning_rate.is_defined());
        assert!(alternative_annotator_test(&people, &model[..2], settings).is_err());
    }

    #[test]
    fn the_correction_counts_all_tests() {
        let p = |values: &[f64]| -> Vec<Estimate> { values.iter().map(|p| Estimate::Value(*p)).collect() };
        // Three tests: c = 11/6, thresholds 0.00909, 0.01818, 0.02727.
        assert_eq!(benjamini_yekutieli(&p(&[0.02, 0.009, 0.018]), 0.05), vec![true; 3]);
        assert_eq!(benjamini_yekutieli(&p(&[0.02, 0.02, 0.03]), 0.05), vec![false; 3]);
        let mut some = p(&[0.04]);
        some.push(Estimate::Undefined(Undefined::TooFewItems));
        assert_eq!(benjamini_yekutieli(&some, 0.05), vec![true, false]);
    }
}
