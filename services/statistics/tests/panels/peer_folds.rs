//! The split of items that `KFold(5, shuffle=True, random_state=0)` makes, so that both sides judge the same items.

/// Mersenne Twister [Matsumoto & Nishimura, 1998, ACM Trans. Model. Comput. Simul.].
struct Twister {
    state: Vec<u32>,
    next: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut state = vec![seed];
        for index in 1..624_u32 {
            let last = state[index as usize - 1];
            state.push(1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(index));
        }
        Self { state, next: 624 }
    }

    fn refill(&mut self) {
        for index in 0..624 {
            let upper = self.state[index] & 0x8000_0000;
            let joined = upper | (self.state[(index + 1) % 624] & 0x7fff_ffff);
            let turned = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + 397) % 624] ^ (joined >> 1) ^ turned;
        }
        self.next = 0;
    }

    fn draw(&mut self) -> u32 {
        if self.next >= 624 {
            self.refill();
        }
        let mut value = self.state[self.next];
        self.next += 1;
        value ^= value >> 11;
        value ^= (value << 7) & 0x9d2c_5680;
        value ^= (value << 15) & 0xefc6_0000;
        value ^ (value >> 18)
    }

    /// A number from 0 to `largest`, by masking and drawing again.
    fn up_to(&mut self, largest: usize) -> usize {
        let mask = largest.next_power_of_two().max(largest + 1).next_power_of_two() - 1;
        loop {
            let value = self.draw() as usize & mask;
            if value <= largest {
                return value;
            }
        }
    }
}

/// The fold of every item.
pub(crate) fn shuffled_folds(items: usize, folds: usize, seed: u32) -> Vec<usize> {
    let mut random = Twister::new(seed);
    let mut order: Vec<usize> = (0..items).collect();
    for last in (1..items).rev() {
        order.swap(last, random.up_to(last));
    }
    let mut assignment = vec![0; items];
    let mut position = 0;
    for fold in 0..folds {
        let size = items / folds + usize::from(fold < items % folds);
        for item in &order[position..position + size] {
            assignment[*item] = fold;
        }
        position += size;
    }
    assignment
}

#[test]
fn the_first_numbers_are_those_of_the_twister() {
    // The reference implementation's 10000th number for its default seed, 5489.
    let mut random = Twister::new(5489);
    assert_eq!((0..10_000).map(|_| random.draw()).last(), Some(4_123_659_995));
}
