//! Sessions: as many as were opened, less those that expiry reported. The check also carries what
//! was compared whenever expired rows were reported, and the preloaded games' events.

use super::{Verifier, expect_count, number};
use crate::error::Error;

impl Verifier<'_> {
    pub(super) fn sessions(&mut self) -> Result<(), Error> {
        let table = &self.tables.sessions;
        let of_run = self.of_run(table, "session_id")?;
        let sql = format!("SELECT count(*) FROM {table} WHERE {of_run}");
        let stored = number(&self.query_one(&sql, &[])?, 0)?;
        let seen = &self.remembered;
        let loaded =
            u64::from(self.world.volume.games) + 4 * u64::from(self.world.profile.tables());
        let certain = (loaded + seen.sessions_opened).saturating_sub(seen.sessions_expired);
        let least = certain.saturating_sub(seen.sessions_expired_unknown);
        let most = certain + seen.sessions_opened_unknown;
        let mut tally = seen.expiry.clone();
        expect_count(&mut tally, "sessions", stored, (least, most));
        self.add("expiry_took_only_what_it_reported", tally);
        Ok(())
    }
}
