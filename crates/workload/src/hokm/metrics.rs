//! The game's own metrics, over the measured window.

use super::memory::Measured;
use super::player::HokmPlayer;
use model::metric::Metric;

/// Counts and rates of all players together. A mean or a rate of nothing is absent.
pub fn metrics(players: &[HokmPlayer], elapsed_s: f64) -> Vec<Metric> {
    let mut all = Measured::default();
    players.iter().for_each(|player| all.add(player.memory.measured));
    let mut metrics = vec![
        Metric::counter("games_started", "games created", all.games_started),
        Metric::counter("games_completed", "games that a side won", all.games_completed),
        Metric::counter("games_abandoned", "games a player left for good", all.games_abandoned),
    ];
    let ended = all.games_completed + all.games_abandoned;
    if ended > 0 {
        let rate = 100.0 * all.games_completed as f64 / ended as f64;
        let meaning = "completed of all ended games";
        metrics.push(Metric::gauge("games_completion_rate_percent", "percent", meaning, rate));
    }
    if all.timed_games > 0 {
        let mean_s = all.timed_games_s / all.timed_games as f64;
        let meaning = "from creation to the last hand, of completed games that began in the run";
        metrics.push(Metric::gauge("average_game_duration_s", "s", meaning, mean_s));
    }
    if elapsed_s > 0.0 {
        let rate = all.actions as f64 / elapsed_s;
        let meaning = "what players did, per second";
        metrics.push(Metric::gauge("player_actions_per_second", "per_s", meaning, rate));
    }
    metrics
}

impl Measured {
    fn add(&mut self, other: Measured) {
        self.games_started += other.games_started;
        self.games_completed += other.games_completed;
        self.games_abandoned += other.games_abandoned;
        self.timed_games += other.timed_games;
        self.timed_games_s += other.timed_games_s;
        self.actions += other.actions;
    }
}
