//! The server's room for connections.

use super::error::LoadError;
use wire::blocking::Client;

/// How many there are, for our role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// `max_connections`.
    pub max: u64,
    /// Kept for superusers and the like.
    pub reserved: u64,
    /// Taken by others at the moment.
    pub used: u64,
}

const SLOTS: &str = "SELECT current_setting('max_connections')::int8,
    current_setting('superuser_reserved_connections')::int8
        + coalesce(current_setting('reserved_connections', true), '0')::int8,
    (SELECT count(*) FROM pg_catalog.pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()),
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";

impl Slots {
    /// What reading them is, for a message.
    pub const READING: &str = "counting the server's connections";

    /// Asks the server; none where it tells nothing that can be read.
    ///
    /// # Errors
    /// It does not answer.
    pub fn read(client: &mut Client) -> Result<Option<Slots>, wire::Error> {
        let row = client.query_one(SLOTS, &[])?;
        let number = |column| row.value::<i64>(column).map(|value| value.max(0) as u64);
        let read = (number(0), number(1), number(2), row.value::<bool>(3));
        let (Ok(max), Ok(reserved), Ok(used), Ok(is_superuser)) = read else { return Ok(None) };
        let reserved = if is_superuser { 0 } else { reserved };
        Ok(Some(Slots { max, reserved, used }))
    }

    /// As many as our role could ever have.
    pub fn most(&self) -> u64 {
        self.max.saturating_sub(self.reserved)
    }

    /// As many as are left.
    pub fn free(&self) -> u64 {
        self.most().saturating_sub(self.used)
    }

    /// A plan that can never fit is refused before any load, with the numbers. Connections of
    /// others come and go.
    ///
    /// # Errors
    /// It can't.
    pub fn hold(&self, connections: u32) -> Result<(), LoadError> {
        // One more for set-up and verification, which go on beside the load.
        let needed = u64::from(connections) + 1;
        let Slots { max, reserved, used } = *self;
        match needed > self.most() {
            true => Err(LoadError::TooFewSlots { needed, free: self.free(), max, reserved, used }),
            false => Ok(()),
        }
    }
}
