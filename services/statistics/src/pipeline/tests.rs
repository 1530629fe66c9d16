//! The choice as a whole on votes made for the purpose.

use proptest::prelude::*;
use rand::Rng;

use super::*;
use crate::Undefined;
use crate::numeric::random::generator;

/// How often each voter is right; the last two share a family and copy each other half of the time.
const SKILLS: [f64; 5] = [0.9, 0.8, 0.65, 0.55, 0.55];

/// Votes for `classes` declared classes, or for open values (`None`), with gold on all items but every tenth.
fn made(items: usize, classes: Option<usize>, seed: u64) -> LabelledBallots {
    let panel = Panel::new(vec![0, 1, 2, 3, 3], classes).unwrap();
    let mut random = generator(seed, 0);
    let (mut ballots, mut gold) = (Vec::new(), Vec::new());
    let values = classes.unwrap_or(6);
    for item in 0..items {
        let truth = random.random_range(0..values);
        let mut said: Vec<Option<usize>> = Vec::new();
        for skill in SKILLS {
            let draw: f64 = random.random();
            let wrong = (truth + 1 + random.random_range(0..values - 1)) % values;
            let copies = said.len() == 4 && random.random::<f64>() < 0.5;
            let vote = if copies {
                said[3]
            } else if random.random::<f64>() < 0.05 {
                None
            } else {
                Some(if draw < skill { truth } else { wrong })
            };
            said.push(vote);
        }
        let mut seen: Vec<usize> = Vec::new();
        let mut votes = Vec::new();
        for (voter, value) in said.iter().enumerate() {
            let Some(value) = value else { continue };
            let known = seen.iter().position(|other| other == value);
            let local = known.unwrap_or_else(|| {
                seen.push(*value);
                seen.len() - 1
            });
            votes.push((voter, local));
        }
        let declared: Vec<Option<usize>> = seen.iter().map(|value| classes.map(|_| *value)).collect();
        ballots.push(Ballot::new(&panel, &votes, &declared).unwrap());
        gold.push((item % 10 != 9).then(|| GoldLabel {
            right: seen.iter().map(|value| *value == truth).collect(),
            truth: classes.map(|_| truth),
        }));
    }
    LabelledBallots::new(panel, ballots, gold, (0..items).collect()).unwrap()
}

fn outer(items: usize) -> Vec<usize> {
    (0..items).map(|item| item * 7 % 5).collect()
}

fn choose(data: &LabelledBallots) -> PipelineChoice {
    let plan = PipelinePlan::standard(3);
    let choice = choose_pipeline(data, &outer(data.items()), 5, plan, "hash").unwrap();
    choice.value().unwrap()
}

fn production(choice: &PipelineChoice) -> &FittedPipeline {
    choice.production.as_ref().unwrap()
}

#[test]
fn everything_that_applies_is_tried_and_the_rule_is_kept() {
    for (classes, ways) in [(Some(3), 12), (None, 8)] {
        let choice = choose(&made(300, classes, 1));
        let mut tried: Vec<CountingMethod> = choice.candidates.iter().map(|score| score.method.counting).collect();
        tried.sort_unstable();
        tried.dedup();
        assert_eq!(tried.len(), ways, "{tried:?}");
        let best = choice.candidates.iter().find(|score| score.best).unwrap();
        let chosen = choice.candidates.iter().find(|score| score.chosen).unwrap();
        assert_eq!(best.log_loss.excess, 0.0);
        assert!(chosen.log_loss.is_as_good_as_best());
        assert!(!chosen.method.curve.is_constant());
        assert_eq!(chosen.method, production(&choice).method());
        assert!(chosen.accuracy > 0.7 && chosen.brier < 0.2);
        let fitted = production(&choice);
        assert_eq!((fitted.data_hash(), fitted.seed(), fitted.labels()), ("hash", 3, 270));
        assert_eq!(choice.labels, 270);
    }
}

#[test]
fn fitted_pipelines_survive_serialisation_and_later_forms_are_refused() {
    let data = made(300, Some(3), 1);
    let choice = choose(&data);
    let text = serde_json::to_string(production(&choice)).unwrap();
    let back: FittedPipeline = serde_json::from_str(&text).unwrap();
    for item in 0..data.items() {
        let applied = |pipeline: &FittedPipeline| pipeline.apply(data.panel(), data.ballot(item)).unwrap();
        let (before, after) = (applied(production(&choice)), applied(&back));
        assert_eq!(before, after);
        if let Some(outcome) = before {
            assert!((outcome.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert_eq!(outcome.influences.len(), data.ballot(item).votes().len());
            assert_eq!(outcome.confidence.is_some(), outcome.winner.is_some());
        }
    }
    let later = text.replace("\"format\":1", "\"format\":2");
    assert!(serde_json::from_str::<FittedPipeline>(&later).is_err());
    let other = Panel::new(vec![0; 5], Some(4)).unwrap();
    let ballot = Ballot::new(&other, &[(0, 0)], &[Some(3)]).unwrap();
    let refused = production(&choice).method().counting.counts_shares();
    assert!(refused || production(&choice).apply(&other, &ballot).is_err());
}

#[test]
fn the_label_of_an_item_reaches_nothing_that_judges_it() {
    let data = made(300, Some(3), 2);
    let before = choose(&data);
    let item = 41;
    let fold = outer(300)[item];
    let ballots = (0..300).map(|item| data.ballot(item).clone()).collect();
    let gold = (0..300).map(|other| {
        let mut label = data.gold(other).cloned();
        if let Some(label) = label.as_mut().filter(|_| other == item) {
            label.right.iter_mut().for_each(|right| *right = !*right);
            label.truth = label.truth.map(|truth| (truth + 1) % 3);
        }
        label
    });
    let changed = LabelledBallots::new(data.panel().clone(), ballots, gold.collect(), (0..300).collect()).unwrap();
    let after = choose(&changed);
    assert_eq!(before.folds[fold], after.folds[fold]);
    assert_eq!(before.out_of_fold[item], after.out_of_fold[item]);
    assert_ne!(before.production, after.production);
}

#[test]
fn too_little_gold_opens_no_choice_and_bad_folds_are_refused() {
    let plan = PipelinePlan::standard(1);
    let few = choose_pipeline(&made(40, None, 1), &outer(40), 5, plan, "").unwrap();
    assert_eq!(few.reason(), Some(Undefined::TooFewItems));
    let data = made(100, None, 1);
    assert!(choose_pipeline(&data, &outer(99), 5, plan, "").is_err());
    assert!(choose_pipeline(&data, &vec![5; 100], 5, plan, "").is_err());
    let single = PipelinePlan { inner_folds: 1, ..plan };
    assert!(choose_pipeline(&data, &outer(100), 5, single, "").is_err());
    let ballots = (0..100).map(|item| data.ballot(item).clone()).collect();
    let gold = (0..100).map(|item| data.gold(item).cloned()).collect();
    let one_document = LabelledBallots::new(data.panel().clone(), ballots, gold, vec![0; 100]).unwrap();
    assert!(choose_pipeline(&one_document, &outer(100), 5, plan, "").is_err());
}

#[test]
fn an_authoritative_voter_wins_where_it_votes() {
    let data = made(300, None, 4);
    let choice = choose(&data);
    let panel = data
        .panel()
        .clone()
        .with_authoritative(vec![false, false, false, false, true])
        .unwrap();
    let ballot = Ballot::new(&panel, &[(0, 0), (1, 0), (4, 1)], &[None, None]).unwrap();
    let outcome = production(&choice).apply(&panel, &ballot).unwrap().unwrap();
    assert_eq!(outcome.winner, Some(1));
    let usual = production(&choice).apply(data.panel(), &ballot).unwrap().unwrap();
    assert_eq!(usual.winner, Some(0));
    assert!(usual.confidence > outcome.confidence);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn order_of_votes_does_not_matter(turn in 0..5_usize, item in 0..100_usize) {
        let data = made(100, Some(3), 5);
        let ballot = data.ballot(item);
        let mut votes = ballot.votes().to_vec();
        prop_assume!(!votes.is_empty());
        let turn = turn % votes.len();
        votes.rotate_left(turn);
        let declared: Vec<Option<usize>> = (0..ballot.classes()).map(|class| ballot.declared(class)).collect();
        let turned = Ballot::new(data.panel(), &votes, &declared).unwrap();
        let labelled = data.judged_items();
        for counting in CountingMethod::ALL {
            let Some(model) = counting.fit(&data, &labelled).unwrap() else { continue };
            let (first, second) = (model.belief(data.panel(), ballot), model.belief(data.panel(), &turned));
            prop_assert_eq!(first.winner, second.winner);
            prop_assert!((first.score - second.score).abs() < 1e-9);
            let shares = first.shares.iter().zip(&second.shares);
            prop_assert!(shares.into_iter().all(|(left, right)| (left - right).abs() < 1e-9));
        }
    }
}
