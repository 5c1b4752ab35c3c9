//! The tour: three short load tests on one throwaway server, nothing in it made up.
//!
//! How fast is it at most, how long do users wait at half of that, and what does a stall of the
//! server look like to them. Each stop prints what it measured; the middle one is a whole report.

mod stops;

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::load::{Session, Target};
use crate::messages::Messages;
use crate::settings::{self, Resolved, keys};
use crate::surroundings::Surroundings;
use std::cell::Cell;
use std::io::Write as _;
use std::path::Path;
use time::macros::format_description;

/// Takes the tour; its results stay in a folder under `pgsurge-results`.
///
/// # Errors
/// A stop came to nothing.
pub fn run(surroundings: &Surroundings, messages: &Messages) -> Result<ExitCode, Error> {
    let session = Session::begin(surroundings, messages)?;
    let form = format_description!("[year][month][day]T[hour][minute][second]Z-demo");
    let folder = surroundings.now.format(form).unwrap_or_else(|_| "demo".to_owned());
    let folder = Path::new("pgsurge-results").join(folder);
    let ended = Cell::new(ExitCode::Passed);
    let tour = Tour { session, surroundings, messages, folder: &folder, ended };
    tour.say("pgsurge demo: three short load tests of the card game on a throwaway PostgreSQL\n")?;
    let first = tour.plan("1-capacity", &[("duration", "6s"), ("qps-target", "0")])?;
    let target = tour.session.reach(&first)?;
    let capacity_per_s = tour.capacity(&first, &target)?;
    tour.half(capacity_per_s, &target)?;
    tour.stall(capacity_per_s, &target)?;
    tour.say(&format!("\nThe results are in {}. Next: pgsurge load --help", folder.display()))?;
    Ok(tour.ended.get())
}

/// What the stops share.
struct Tour<'a> {
    session: Session<'a>,
    surroundings: &'a Surroundings,
    messages: &'a Messages,
    folder: &'a Path,
    /// How the first stop ended that did not pass.
    ended: Cell<ExitCode>,
}

impl Tour<'_> {
    fn say(&self, text: &str) -> Result<(), Error> {
        writeln!(std::io::stdout().lock(), "{text}").map_err(Error::Output)
    }

    /// A plan of the tour: what every stop has in common, and `flags`.
    fn plan(&self, name: &str, flags: &[(&str, &str)]) -> Result<Resolved, Error> {
        let output = self.folder.join(format!("{name}.json")).display().to_string();
        let common = [("connections", "20"), ("warm-up", "1s"), ("output", output.as_str())];
        let typed = common.iter().chain(flags).filter_map(|(flag, text)| {
            let key =
                keys::all().find(|key| key.flag.as_ref().is_some_and(|it| it.name == *flag))?;
            Some((key, (*text).to_owned()))
        });
        // The tour is the same everywhere: what the user's environment says about load tests, and
        // above all about servers, is not meant for it.
        let mut alone = self.surroundings.clone();
        alone.environment.retain(|name, _| !name.starts_with("PG") || name == "PGSURGE_PG_BIN");
        // Each stop is a run of its own: its rows must not meet those of the one before. Their
        // names begin with their number.
        let stop = name.bytes().next().map_or(0, u64::from);
        alone.random = alone.random.wrapping_add(stop);
        Ok(settings::resolve(&typed.collect::<Vec<_>>(), None, &alone)?)
    }

    fn load(
        &self,
        resolved: &Resolved,
        target: &Target,
        watch: &dyn Fn(&model::measured::Interval),
    ) -> Result<model::run_result::RunResult, Error> {
        let outcome = self.session.load(resolved, target, watch)?;
        if outcome.exit_code == ExitCode::Interrupted {
            return Err(crate::load::LoadError::Interrupted.into());
        }
        let code = counted(outcome.exit_code);
        self.ended.set(first_failure(self.ended.get(), code));
        if code != ExitCode::Passed {
            let (number, path) = (code.number(), resolved.plan.output.path.display());
            let why = outcome.result.verdict.reasons.join("; ");
            self.messages.warn(&format!("{path}: exit code {number}: {why}"));
        }
        match outcome.unwritten {
            Some(error) => Err(error.into()),
            None => Ok(outcome.result),
        }
    }
}

/// What the end of a stop is to the tour. Nobody set it limits: those that every load test has say
/// what users bear, and the tour takes a server to its limit, and stops it, on purpose.
fn counted(stop: ExitCode) -> ExitCode {
    if stop == ExitCode::ThresholdFailed { ExitCode::Passed } else { stop }
}

/// How the tour ends after another stop: as the first one did that did not pass.
fn first_failure(so_far: ExitCode, stop: ExitCode) -> ExitCode {
    if so_far == ExitCode::Passed { stop } else { so_far }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_ends_as_its_first_stop_that_did_not_pass_whatever_its_limits() {
        let tour = |stops: &[ExitCode]| {
            stops.iter().map(|it| counted(*it)).fold(ExitCode::Passed, first_failure)
        };
        assert_eq!(tour(&[ExitCode::Passed, ExitCode::ThresholdFailed]), ExitCode::Passed);
        let worse_later = [ExitCode::Passed, ExitCode::Invalid, ExitCode::DataInconsistent];
        assert_eq!(tour(&worse_later), ExitCode::Invalid);
        assert_eq!(tour(&[ExitCode::Inconclusive, ExitCode::Passed]), ExitCode::Inconclusive);
    }
}
