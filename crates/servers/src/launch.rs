//! Starting a server's programs and waiting for what they are started for.
//!
//! A server is ready when it answers. It may lose the race for its port to someone else; its log
//! tells, and it is started again on another one.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::deadline::wait_for;
use crate::error::Error;
use crate::home::Home;
use crate::instance::Instance;
use crate::port;

/// Losing the race for a port this often in a row means that something else is wrong.
const PORT_ATTEMPTS: u32 = 10;

/// What is needed to start the programs of one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Launch<'a> {
    pub(crate) product: &'static str,
    pub(crate) instance: &'a Instance,
    pub(crate) home: &'a Home,
    pub(crate) limit: Duration,
}

impl Launch<'_> {
    /// Runs a program to its end.
    pub(crate) fn run(self, command: Command) -> Result<(), Error> {
        let position = self.home.log_length();
        let program = PathBuf::from(command.get_program());
        self.instance.launch_maker(command)?;
        let exited = wait_for(self.limit, || self.instance.exited().transpose());
        match exited.transpose()? {
            Some(status) if status.success() => Ok(()),
            Some(status) => {
                let (status, output) = (status.to_string(), self.home.log_tail(position));
                Err(Error::Program { program, status, output })
            }
            None => Err(self.timed_out("create its data", position)),
        }
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(
        self,
        command: Command,
        mut is_ready: impl FnMut() -> bool,
    ) -> Result<(), Error> {
        let position = self.home.log_length();
        self.instance.launch_server(command)?;
        let outcome = wait_for(self.limit, || match self.instance.exited() {
            Err(stopped) => Some(Err(stopped)),
            Ok(Some(status)) => {
                let (status, log) = (status.to_string(), self.home.log_tail(position));
                Some(Err(Error::Ended { product: self.product, status, log }))
            }
            Ok(None) => is_ready().then_some(Ok(())),
        });
        outcome.unwrap_or_else(|| Err(self.timed_out("start to answer", position)))
    }

    fn timed_out(self, what: &'static str, position: u64) -> Error {
        let log = self.home.log_tail(position);
        self.instance.kill();
        Error::TimedOut { product: self.product, what, within: self.limit, log }
    }
}

/// Starts a server on a free port, and on another one where that has been taken meanwhile.
pub(crate) fn on_free_port(
    is_port_taken: impl Fn(&str) -> bool,
    mut start_on: impl FnMut(u16) -> Result<(), Error>,
) -> Result<u16, Error> {
    let mut attempts = 0;
    loop {
        let port = port::free_port()
            .ok_or_else(|| Error::io("find a free port")(std::io::ErrorKind::AddrInUse.into()))?;
        attempts += 1;
        match start_on(port) {
            Ok(()) => return Ok(port),
            Err(Error::Ended { log, .. }) if attempts < PORT_ATTEMPTS && is_port_taken(&log) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(log: &str) -> Error {
        Error::Ended { product: "PostgreSQL", status: "1".to_owned(), log: log.to_owned() }
    }

    #[test]
    fn a_lost_race_for_the_port_is_run_again_on_another_one() {
        let mut tried = Vec::new();
        let port = on_free_port(
            |log| log == "taken",
            |port| {
                tried.push(port);
                if tried.len() < 3 { Err(ended("taken")) } else { Ok(()) }
            },
        );
        assert_eq!(port.unwrap(), tried[2]);
        assert!(tried[0] != tried[1] && tried[1] != tried[2], "{tried:?}");
    }

    #[test]
    fn another_failure_is_not_tried_again() {
        let mut tries = 0;
        let failed = on_free_port(
            |log| log == "taken",
            |_| {
                tries += 1;
                Err(ended("broken"))
            },
        );
        assert!(failed.is_err() && tries == 1);
    }

    #[test]
    fn losing_every_race_ends() {
        let mut tries = 0;
        let failed = on_free_port(
            |_| true,
            |_| {
                tries += 1;
                Err(ended("taken"))
            },
        );
        assert!(failed.is_err() && tries == PORT_ATTEMPTS);
    }
}
