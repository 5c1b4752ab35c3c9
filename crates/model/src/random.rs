//! The only maker of random generators: one seed, a purpose by name, and an index.
//!
//! Two generators never share a stream by accident, and adding a purpose never shifts another's
//! numbers, so the same seed gives every player the same wishes from one version to the next.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator in use everywhere: fast, small, and stable across versions of its crate.
pub type Generator = Xoshiro256PlusPlus;

/// The generator for `purpose` number `index` under the run's `seed`.
pub fn generator(seed: u64, purpose: &str, index: u64) -> Generator {
    Generator::seed_from_u64(mix(seed ^ mix(name_hash(purpose) ^ mix(index))))
}

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): stable, unlike std's hasher.
fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finaliser of SplitMix64: neighbouring seeds and indexes end far apart.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn the_same_seed_purpose_and_index_give_the_same_numbers() {
        assert_eq!(generator(7, "wish", 3).next_u64(), generator(7, "wish", 3).next_u64());
    }

    #[test]
    fn another_seed_purpose_or_index_gives_other_numbers() {
        let first = generator(7, "wish", 3).next_u64();
        for mut other in [generator(8, "wish", 3), generator(7, "card", 3), generator(7, "wish", 4)]
        {
            assert_ne!(first, other.next_u64());
        }
    }
}
