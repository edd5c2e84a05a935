//! Numbers that look random and are the same for every run of a seed.

/// A xorshift generator (Marsaglia, 2003).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator for this seed.
    pub fn new(seed: u64) -> Self {
        // The state must not be zero, and small seeds must not start alike.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03 | 1)
    }

    /// The next number.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number of this range, both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low) + 1;
        low + i64::try_from(self.bits() % width).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.bits() % u64::try_from(of.len().max(1)).unwrap_or(1);
        of.get(usize::try_from(index).unwrap_or(0))
    }

    /// Exactly `per_hundred` of a hundred are true, in an order of its own.
    pub fn share(&mut self, count: usize, per_hundred: usize) -> Vec<bool> {
        let chosen = (count * per_hundred + 50) / 100;
        let mut flags: Vec<bool> = (0..count).map(|index| index < chosen).collect();
        for index in (1..count).rev() {
            let other = self.bits() % (u64::try_from(index).unwrap_or(0) + 1);
            flags.swap(index, usize::try_from(other).unwrap_or(0));
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_means_the_same() {
        let draw = |seed| {
            let mut rng = Rng::new(seed);
            (0..20).map(|_| rng.between(0, 999)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn a_share_is_exact() {
        let flags = Rng::new(1).share(40, 60);
        assert_eq!(flags.iter().filter(|flag| **flag).count(), 24);
    }
}
