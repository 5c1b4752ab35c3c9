//! Where a command works that runs no plan: a server of the user's, and the schema of its tables.

use super::database;
use super::fault::{Fault, Faults};
use super::file;
use super::keys;
use super::layer::Layers;
use super::source::Source;
use super::typed::{self, Typed};
use crate::surroundings::Surroundings;
use wire::settings::Settings;

/// A server that the user named.
#[derive(Debug)]
pub struct Aim {
    /// How to connect.
    pub server: Settings,
    /// The schema of the tables; none for the search path.
    pub schema: Option<String>,
    /// What is odd and stops nothing.
    pub warnings: Vec<String>,
}

/// Settles where `--clean RUN` works. What was typed besides and does nothing there is a fault; a
/// file or the environment may well hold it for other runs.
///
/// # Errors
/// All faults at once.
pub fn aim(
    run: &str,
    typed: &[Typed],
    file: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Aim, Faults> {
    let asked = || Source::Flag("--clean".to_owned());
    let (flags, mut faults) = typed::flags(typed);
    let (environment, more) = typed::environment(&surroundings.environment);
    faults.extend(more);
    let (filed, more) = file.map(file::read).unwrap_or_default();
    faults.extend(more);
    if !model::plan::is_run_name(run) {
        let shown = super::document::cut(run);
        let words = format!("expected the name of a run, as rtn8d0cx12ab, found \"{shown}\"");
        faults.push(Fault::new(asked(), words));
    }
    for (key, _) in typed {
        let reaches = key.path.starts_with("database.") || std::ptr::eq(*key, &keys::SCHEMA);
        if !reaches {
            let words = "has no effect with --clean, which only removes what a run left".to_owned();
            faults.push(Fault::new(Source::Flag(key.called()), words));
        }
    }
    let layers = Layers(vec![flags, environment, filed.layer]);
    let mut warnings = typed::strangers(&surroundings.environment);
    let server = database::server(&layers, surroundings, &mut faults, &mut warnings);
    if server.settings.is_none() && faults.is_empty() {
        let words = "a throwaway server goes with all that is in it; name a server".to_owned();
        faults.push(Fault::new(asked(), words));
    }
    match (server.settings, faults.is_empty()) {
        (Some(server), true) => Ok(Aim { server, schema: layers.text(&keys::SCHEMA), warnings }),
        _ => Err(Faults(faults)),
    }
}
