//! The drawing itself.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, every, parameter, same_length};
use crate::numeric::random::generator;

/// One drawn item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// Position of the item.
    pub item: usize,
    /// Probability with which it could have been drawn: store it with the label.
    pub inclusion: f64,
}

/// A draw with all that is needed to use its labels and to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// Identifier of the design.
    pub design: String,
    /// Seed.
    pub seed: u64,
    /// The drawn items, by position.
    pub items: Vec<Drawn>,
}

/// Draws `sizes[h]` items without replacement from every stratum `h`; `strata[i]` is the stratum of item `i`.
/// Strata are drawn independently. The result depends on the order of the items and the seed alone.
///
/// # Errors
/// A stratum that is not below the number of sizes, or a size above its stratum's number of items.
pub fn draw_stratified(strata: &[usize], sizes: &[u64], design: &str, seed: u64) -> Result<Draw, InvalidInput> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
    for (item, stratum) in strata.iter().enumerate() {
        members
            .get_mut(*stratum)
            .ok_or(InvalidInput::Index {
                what: "strata",
                index: item,
                found: *stratum,
                bound: sizes.len(),
            })?
            .push(item);
    }
    let mut items = Vec::new();
    for (stratum, (mut members, size)) in members.into_iter().zip(sizes).enumerate() {
        let (drawn, all) = (*size as usize, members.len());
        parameter(
            "size of a draw",
            drawn as f64,
            "at most the items of its stratum",
            drawn <= all,
        )?;
        let mut random = generator(seed, stratum as u64);
        // The first places of a Fisher-Yates shuffle.
        for place in 0..drawn {
            members.swap(place, random.random_range(place..all));
        }
        let inclusion = drawn as f64 / all.max(1) as f64;
        items.extend(members.into_iter().take(drawn).map(|item| Drawn { item, inclusion }));
    }
    Ok(sorted(items, design, seed))
}

/// Draws every item independently with its own probability, so that the number drawn is random too.
///
/// # Errors
/// A propensity outside (0, 1].
pub fn draw_poisson(propensities: &[f64], design: &str, seed: u64) -> Result<Draw, InvalidInput> {
    every("propensities", propensities, "above 0 and at most 1", |pi| {
        pi > 0.0 && pi <= 1.0
    })?;
    let mut random = generator(seed, 0);
    let items = propensities
        .iter()
        .enumerate()
        .filter_map(|(item, inclusion)| {
            let drawn = random.random::<f64>() < *inclusion;
            drawn.then_some(Drawn {
                item,
                inclusion: *inclusion,
            })
        })
        .collect();
    Ok(sorted(items, design, seed))
}

fn sorted(mut items: Vec<Drawn>, design: &str, seed: u64) -> Draw {
    items.sort_by_key(|drawn| drawn.item);
    Draw {
        design: design.to_owned(),
        seed,
        items,
    }
}

impl Draw {
    /// What was measured on the drawn items, picked from all items' values.
    ///
    /// # Errors
    /// A value for another number of items than the positions reach.
    pub fn pick<T: Clone>(&self, values: &[T]) -> Result<Vec<T>, InvalidInput> {
        let picked: Vec<T> = self
            .items
            .iter()
            .filter_map(|drawn| values.get(drawn.item).cloned())
            .collect();
        same_length("values of the drawn items", self.items.len(), picked.len())?;
        Ok(picked)
    }

    /// Inclusion probabilities of the drawn items.
    pub fn inclusions(&self) -> Vec<f64> {
        self.items.iter().map(|drawn| drawn.inclusion).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_drawn_as_often_as_promised() {
        let strata: Vec<usize> = (0..30).map(|item| usize::from(item >= 10)).collect();
        let propensities: Vec<f64> = (0..30).map(|item| 0.1 + 0.03 * f64::from(item)).collect();
        let mut counts = [[0_u32; 30]; 2];
        for seed in 0..2000 {
            let stratified = draw_stratified(&strata, &[4, 5], "test", seed).unwrap();
            assert_eq!(stratified.items.len(), 9);
            for drawn in &stratified.items {
                counts[0][drawn.item] += 1;
                assert_eq!(drawn.inclusion, if drawn.item < 10 { 0.4 } else { 0.25 });
            }
            for drawn in draw_poisson(&propensities, "test", seed).unwrap().items {
                counts[1][drawn.item] += 1;
            }
        }
        for item in 0..30 {
            let share = f64::from(counts[0][item]) / 2000.0;
            // Four standard errors.
            assert!(
                (share - if item < 10 { 0.4 } else { 0.25 }).abs() < 0.045,
                "{item}: {share}"
            );
            let share = f64::from(counts[1][item]) / 2000.0;
            assert!((share - propensities[item]).abs() < 0.045, "{item}: {share}");
        }
    }

    #[test]
    fn the_seed_decides_and_input_is_checked() {
        let draw = |seed| draw_stratified(&[0; 50], &[10], "d1", seed).unwrap();
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3).items, draw(4).items);
        assert!(draw(3).items.windows(2).all(|pair| pair[0].item < pair[1].item));
        assert!(draw_stratified(&[0, 1], &[1], "d", 1).is_err());
        assert!(draw_stratified(&[0, 0], &[3], "d", 1).is_err());
        assert!(draw_poisson(&[0.0], "d", 1).is_err());
        let drawn = draw_poisson(&[1.0, 1.0], "d", 1).unwrap();
        assert_eq!(drawn.pick(&["a", "b"]).unwrap(), vec!["a", "b"]);
        assert!(drawn.pick(&["a"]).is_err());
        assert_eq!(drawn.inclusions(), vec![1.0, 1.0]);
    }
}
