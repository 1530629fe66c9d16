//! What a chart takes, checked.

/// A chart that cannot be drawn, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidChart {
    /// There is nothing to draw.
    #[error("there are no {what} to draw")]
    Empty {
        /// Of what there is nothing.
        what: &'static str,
    },
    /// Parts that belong together differ in number.
    #[error("expected {expected} {what}, found {found}")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A number without a meaning.
    #[error("`{what}` at position {position} must be {expected}, it is {value}")]
    Number {
        /// Which number.
        what: &'static str,
        /// Where it stands, from 0.
        position: usize,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        value: f64,
    },
}

/// Refuses what is no share of a whole.
pub(crate) fn share(what: &'static str, position: usize, value: f64) -> Result<(), InvalidChart> {
    number(
        what,
        position,
        value,
        "a number from 0 to 1",
        (0.0..=1.0).contains(&value),
    )
}

/// Refuses an interval whose ends are no shares or stand the wrong way round.
pub(crate) fn interval(what: &'static str, position: usize, [lower, upper]: [f64; 2]) -> Result<(), InvalidChart> {
    share(what, position, lower)?;
    share(what, position, upper)?;
    number(
        what,
        position,
        lower,
        "an interval with its lower end first",
        lower <= upper,
    )
}

/// Refuses a number that does not satisfy its condition. NaN satisfies none.
pub(crate) fn number(
    what: &'static str,
    position: usize,
    value: f64,
    expected: &'static str,
    holds: bool,
) -> Result<(), InvalidChart> {
    if holds {
        Ok(())
    } else {
        Err(InvalidChart::Number {
            what,
            position,
            expected,
            value,
        })
    }
}

/// Refuses parts of another number.
pub(crate) const fn shape(what: &'static str, expected: usize, found: usize) -> Result<(), InvalidChart> {
    if expected == found {
        Ok(())
    } else {
        Err(InvalidChart::Shape { what, expected, found })
    }
}

/// Refuses nothing at all.
pub(crate) const fn some(what: &'static str, found: usize) -> Result<(), InvalidChart> {
    if found == 0 {
        Err(InvalidChart::Empty { what })
    } else {
        Ok(())
    }
}
