//! Which player: some are far more popular than others.
//!
//! Zipf by rejection-inversion (W. Hörmann, G. Derflinger, "Rejection-inversion to generate
//! variates from monotone discrete distributions", 1996): no table, so a million players cost
//! nothing. Ranks are scattered over the numbers, so that popular players don't share a page.

use model::random::Generator;
use rand::RngExt;

/// How uneven players' popularity is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Skew {
    /// All alike.
    Uniform,
    /// The n-th most popular player is drawn n^exponent times less often than the first.
    Zipf(f64),
}

/// Draws players' numbers.
#[derive(Clone, Debug)]
pub struct Popularity {
    players: u32,
    zipf: Option<Zipf>,
}

impl Popularity {
    /// Over players 0 to `players` - 1, at least one.
    pub fn new(players: u32, skew: Skew) -> Popularity {
        let players = players.max(1);
        let zipf = match skew {
            Skew::Zipf(exponent) if exponent > 0.0 => Some(Zipf::new(players, exponent)),
            _ => None,
        };
        Popularity { players, zipf }
    }

    /// How many players there are.
    pub fn players(&self) -> u32 {
        self.players
    }

    /// Draws a player.
    pub fn draw(&self, random: &mut Generator) -> u32 {
        match &self.zipf {
            None => random.random_range(0..self.players),
            Some(zipf) => scatter(zipf.draw(random) - 1, self.players),
        }
    }

    /// Draws four different players; there must be four.
    pub fn draw_four(&self, random: &mut Generator) -> [u32; 4] {
        let mut drawn = [u32::MAX; 4];
        for seat in 0..4 {
            let mut player = self.draw(random);
            // A very steep distribution hardly draws anybody else: its neighbours will do.
            for _ in 0..32 {
                if !drawn[..seat].contains(&player) {
                    break;
                }
                player = self.draw(random);
            }
            while drawn[..seat].contains(&player) {
                player = (player + 1) % self.players;
            }
            drawn[seat] = player;
        }
        drawn
    }
}

/// A one-to-one map of the numbers below `players`: times a prime that is larger than all of
/// them, and so shares no factor with them.
fn scatter(rank: u32, players: u32) -> u32 {
    const PRIME: u64 = 4_294_967_291;
    (u64::from(rank) * PRIME % u64::from(players)) as u32
}

#[derive(Clone, Debug)]
struct Zipf {
    count: f64,
    exponent: f64,
    h_first: f64,
    h_last: f64,
    shortcut: f64,
}

impl Zipf {
    fn new(count: u32, exponent: f64) -> Zipf {
        let count = f64::from(count);
        let mut zipf = Zipf { count, exponent, h_first: 0.0, h_last: 0.0, shortcut: 0.0 };
        zipf.h_first = zipf.integral(1.5) - 1.0;
        zipf.h_last = zipf.integral(count + 0.5);
        zipf.shortcut = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    /// A rank from 1 on.
    fn draw(&self, random: &mut Generator) -> u32 {
        loop {
            let u = self.h_last + random.random::<f64>() * (self.h_first - self.h_last);
            let x = self.inverse(u);
            let rank = x.round().clamp(1.0, self.count);
            let near = rank - x <= self.shortcut;
            if near || u >= self.integral(rank + 0.5) - self.density(rank) {
                return rank as u32;
            }
        }
    }

    /// The unnormalised density, x^-exponent.
    fn density(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// Its integral; at exponent 1 the logarithm, which the formula below reaches as a limit.
    fn integral(&self, x: f64) -> f64 {
        let log = x.ln();
        expm1_ratio((1.0 - self.exponent) * log) * log
    }

    /// The integral's inverse.
    fn inverse(&self, y: f64) -> f64 {
        let t = (y * (1.0 - self.exponent)).max(-1.0);
        (ln1p_ratio(t) * y).exp()
    }
}

/// (e^x - 1) / x, also near 0.
fn expm1_ratio(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x / 2.0 }
}

/// ln(1 + x) / x, also near 0.
fn ln1p_ratio(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::random::generator;
    use proptest::prelude::*;

    fn counts(players: u32, skew: Skew, draws: u32) -> Vec<u32> {
        let (popularity, mut random) = (Popularity::new(players, skew), generator(5, "zipf", 0));
        let mut counts = vec![0; players as usize];
        (0..draws).for_each(|_| counts[popularity.draw(&mut random) as usize] += 1);
        counts
    }

    #[test]
    fn ranks_come_as_often_as_zipf_says() {
        for exponent in [0.5, 1.0, 1.5] {
            let counts = counts(100, Skew::Zipf(exponent), 400_000);
            let total: f64 = (1..=100).map(|rank| f64::from(rank).powf(-exponent)).sum();
            for rank in [1_u32, 2, 5, 20] {
                let seen = f64::from(counts[scatter(rank - 1, 100) as usize]) / 400_000.0;
                let expected = f64::from(rank).powf(-exponent) / total;
                assert!((seen / expected - 1.0).abs() < 0.06, "{exponent} {rank} {seen}");
            }
        }
    }

    #[test]
    fn uniform_players_are_all_alike() {
        let counts = counts(50, Skew::Uniform, 100_000);
        assert!(counts.iter().all(|count| (1_750..2_250).contains(count)), "{counts:?}");
    }

    #[test]
    fn scattering_loses_nobody() {
        for players in [1, 2, 7, 100, 10_000] {
            let mut all: Vec<u32> = (0..players).map(|rank| scatter(rank, players)).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..players));
        }
    }

    proptest! {
        #[test]
        fn four_different_players_sit_down(
            seed in any::<u64>(), players in 4u32..10_000, exponent in 0.0f64..20.0,
        ) {
            let popularity = Popularity::new(players, Skew::Zipf(exponent));
            let four = popularity.draw_four(&mut generator(seed, "four", 0));
            prop_assert!(four.iter().all(|player| *player < players));
            prop_assert!((0..4).all(|seat| !four[..seat].contains(&four[seat])));
        }
    }
}
