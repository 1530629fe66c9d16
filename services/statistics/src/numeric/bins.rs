//! Which bin of equal width a number falls into.

/// A product this close to a whole number is taken for it, so that 0.6 * 5 is 3.
const SNAP: f64 = 1e-9;

fn snapped(value: f64, bins: usize) -> f64 {
    let product = value * bins as f64;
    let nearest = product.round();
    if (product - nearest).abs() <= SNAP {
        nearest
    } else {
        product
    }
}

/// Bin of `(k/M, (k+1)/M]`, the first closed at 0.
pub(crate) fn right_closed(value: f64, bins: usize) -> usize {
    let position = snapped(value, bins).ceil() - 1.0;
    (position.max(0.0) as usize).min(bins - 1)
}

/// Bin of `[k/M, (k+1)/M)`, the last closed at 1.
pub(crate) fn left_closed(value: f64, bins: usize) -> usize {
    let position = snapped(value, bins).floor();
    (position.max(0.0) as usize).min(bins - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_where_they_should() {
        assert_eq!((0.1 + 0.2) * 10.0, 3.0000000000000004);
        assert_eq!(right_closed(0.1 + 0.2, 10), 2);
        assert_eq!(left_closed(0.1 + 0.2, 10), 3);
        assert_eq!((right_closed(0.0, 5), left_closed(0.0, 5)), (0, 0));
        assert_eq!((right_closed(1.0, 5), left_closed(1.0, 5)), (4, 4));
    }
}
