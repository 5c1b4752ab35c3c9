//! The workload's seam to the program.

use super::actions::Action;
use super::clean_up;
use super::metrics;
use super::player::HokmPlayer;
use super::profile::HokmProfile;
use super::set_up;
use super::statements::{self, Tables};
use super::verify;
use super::world::World;
use crate::error::Error;
use crate::postgres::Statement;
use crate::workload::{CleanUp, Server, SetUp, Workload};
use model::metric::Metric;
use model::verification::Verification;
use std::sync::Arc;

/// The game server's traffic.
#[derive(Debug)]
pub struct Hokm {
    world: Arc<World>,
    /// Whether tables or rows of ours may be there.
    is_claimed: bool,
    /// Whether set-up came to its end: half a set-up is nothing to keep.
    is_ready: bool,
}

impl Hokm {
    /// The workload of a run with these settings.
    ///
    /// # Errors
    /// When the settings make no sense: all their faults.
    pub fn new(profile: HokmProfile) -> Result<Hokm, Error> {
        profile.check()?;
        Ok(Hokm { world: Arc::new(World::new(profile)), is_claimed: false, is_ready: false })
    }

    /// The settings.
    pub fn profile(&self) -> &HokmProfile {
        &self.world.profile
    }

    fn tables(&self) -> Tables {
        Tables::new(self.world.profile.schema.as_deref())
    }
}

impl Workload for Hokm {
    type Player = HokmPlayer;

    fn row_prefix(&self) -> Option<String> {
        Some(self.world.prefix().to_owned())
    }

    fn actions(&self) -> Vec<String> {
        Action::ALL.iter().map(|action| action.name().to_owned()).collect()
    }

    fn statements(&self) -> Vec<Statement> {
        statements::all(self.world.profile.schema.as_deref())
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let done = set_up::set_up(&self.world, server, &mut self.is_claimed);
        self.is_ready = done.is_ok();
        done
    }

    fn players(&mut self, clients: u32) -> Vec<HokmPlayer> {
        let player = |client| HokmPlayer::new(self.world.clone(), client, clients);
        (0..clients).map(player).collect()
    }

    fn verify(
        &mut self,
        server: &Server<'_>,
        players: &mut [HokmPlayer],
    ) -> Result<Verification, Error> {
        verify::verify(&self.world, server, &self.tables(), players)
    }

    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        let run = self.world.prefix();
        if !self.is_claimed {
            return Ok(CleanUp::default());
        }
        let profile = &self.world.profile;
        // Rows that were there before this run are never its to remove.
        if profile.reuse_data || profile.keep_data && self.is_ready {
            let text = format!("the rows of run {run} were kept; --clean {run} removes them");
            let notes = vec![text];
            return Ok(CleanUp { notes, ..CleanUp::default() });
        }
        let schema = self.world.profile.schema.clone();
        let done = clean_up::clean_run(&server.with_schema(schema), run)?;
        self.is_claimed = false;
        Ok(done)
    }

    fn metrics(&self, players: &[HokmPlayer], elapsed_s: f64) -> Vec<Metric> {
        metrics::metrics(players, elapsed_s)
    }
}
