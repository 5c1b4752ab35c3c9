//! What all players of a run share: settings, keys, volumes, and two small shared things that
//! are touched only when hands end and when rows are to be expired.

use super::doubt::GivenUpCount;
use super::popularity::Popularity;
use super::profile::HokmProfile;
use super::rules::Rules;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many rows exist before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Players; every player of the run is one of them.
    pub players: u32,
    /// Ended games.
    pub games: u32,
    /// Events of those games, as many for each.
    pub events_per_game: u32,
}

impl Volume {
    /// The volume for a multiplier: 1.0 is 10,000 players, 2,500 games, 100,000 events.
    pub fn new(multiplier: f64) -> Volume {
        let scaled = |count: f64| (count * multiplier).round() as u32;
        // Four players must be able to sit down, and a few more so that not all are hot.
        Volume { players: scaled(10_000.0).max(100), games: scaled(2_500.0), events_per_game: 40 }
    }

    /// Events before the run.
    pub fn events(&self) -> u64 {
        u64::from(self.games) * u64::from(self.events_per_game)
    }

    /// The older half of the games: only their events are ever expired, so that a long run still
    /// has the volume that was asked for within a factor of two.
    pub fn expirable_games(&self) -> u32 {
        self.games / 2
    }
}

/// What player rows must have gained: hands, games, wins, by the player's number. Touched only
/// when hands end, and no larger than the number of players who ever played.
#[derive(Debug, Default)]
pub struct Gains(Mutex<HashMap<u32, [u32; 3]>>);

impl Gains {
    /// Adds a hand, and what its game's end brings.
    pub fn add(&self, player: u32, games: u32, wins: u32) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gain = all.entry(player).or_default();
        *gain = [gain[0] + 1, gain[1] + games, gain[2] + wins];
    }

    /// What everybody has gained.
    pub fn snapshot(&self) -> HashMap<u32, [u32; 3]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// When rows are expired next, and which preloaded games' events were.
#[derive(Debug, Default)]
pub struct Expiry {
    next_due_ms: AtomicU64,
    history_cursor: AtomicU32,
}

/// Well inside the promised 2 s, since a client must first be free.
const EXPIRE_EVERY_MS: u64 = 1_200;

impl Expiry {
    /// Whether the caller is the one who expires rows now.
    pub fn claim(&self, elapsed: Duration) -> bool {
        let now_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let due_ms = self.next_due_ms.load(Ordering::Relaxed);
        now_ms >= due_ms && {
            let next_ms = now_ms.saturating_add(EXPIRE_EVERY_MS);
            let (done, failed) = (Ordering::Relaxed, Ordering::Relaxed);
            self.next_due_ms.compare_exchange(due_ms, next_ms, done, failed).is_ok()
        }
    }

    /// The next preloaded game whose events nobody has expired yet, below `end`.
    pub fn next_history_game(&self, end: u32) -> Option<u32> {
        let take = |cursor| (cursor < end).then_some(cursor + 1);
        self.history_cursor.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()
    }

    /// How many preloaded games were given out by [`Expiry::next_history_game`].
    pub fn history_games_taken(&self) -> u32 {
        self.history_cursor.load(Ordering::Relaxed)
    }
}

/// One run's shared facts.
#[derive(Debug)]
pub struct World {
    /// The settings.
    pub profile: HokmProfile,
    /// The rules of every table.
    pub rules: Rules,
    /// Who is drawn how often.
    pub popularity: Popularity,
    /// What exists before the run.
    pub volume: Volume,
    /// What players have gained for certain: acknowledged by the server.
    pub gains: Gains,
    /// What they may have gained: the connection went before the server answered, and reading
    /// back can't tell.
    pub unknown_gains: Gains,
    /// How many games nobody goes on with.
    pub given_up: GivenUpCount,
    /// When to expire.
    pub expiry: Expiry,
}

impl World {
    /// The world of a run with these settings.
    pub fn new(profile: HokmProfile) -> World {
        let volume = Volume::new(profile.data_volume_multiplier);
        World {
            rules: profile.rules(),
            popularity: Popularity::new(volume.players, profile.player_skew),
            gains: Gains::default(),
            unknown_gains: Gains::default(),
            given_up: GivenUpCount::default(),
            expiry: Expiry::default(),
            volume,
            profile,
        }
    }

    /// What every key begins with.
    pub fn prefix(&self) -> &str {
        &self.profile.run_prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_expires_and_again_within_two_seconds() {
        let expiry = Expiry::default();
        let at = Duration::from_millis;
        assert!(expiry.claim(at(5)) && !expiry.claim(at(5)) && !expiry.claim(at(1_000)));
        assert!(expiry.claim(at(1_900)));
    }

    #[test]
    fn every_preloaded_game_is_expired_once() {
        let expiry = Expiry::default();
        let taken: Vec<u32> = std::iter::from_fn(|| expiry.next_history_game(3)).collect();
        assert_eq!((taken, expiry.history_games_taken()), (vec![0, 1, 2], 3));
    }
}
