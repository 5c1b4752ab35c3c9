//! What is watched beside the load, and through whom: found fit or refused before anything starts.

use super::Resolver;
use crate::settings::fault::Fault;
use crate::settings::keys::{self, Key};
use crate::settings::source::Source;
use crate::settings::value::Value;
use model::plan::Plan;
use monitor::NodeExporter;
use wire::settings::{Settings, Sources};

/// The database where PgBouncer understands `SHOW`.
const CONSOLE: &str = "pgbouncer";

impl Resolver<'_> {
    /// Where a node_exporter is, if one is to be asked.
    pub(super) fn node_exporter(&mut self) -> Option<String> {
        let key = &keys::NODE_EXPORTER;
        self.note("node_exporter", self.layers.source(key));
        let url = self.layers.text(key)?;
        self.needs_monitor(key);
        if let Err(words) = NodeExporter::parse(&url) {
            self.faults.push(Fault::new(self.layers.source(key), words));
        }
        Some(url)
    }

    /// The server's CPUs, if somebody says how many they are.
    pub(super) fn server_cpus(&mut self) -> Option<u32> {
        let key = &keys::SERVER_CPUS;
        self.note("server_cpus", self.layers.source(key));
        self.layers.small_count(key)
    }

    /// How to reach the console of a PgBouncer, if one is named; the plan shows it without its
    /// password.
    pub(super) fn pooler_admin(&mut self, plan: &mut Plan) -> Option<Settings> {
        let key = &keys::POOLER_ADMIN;
        self.note("pooler_admin", self.layers.source(key));
        let given = self.layers.given(key)?;
        let (source, Value::Secret(url)) = (given.source.clone(), &given.value) else {
            return None;
        };
        let surroundings = self.surroundings;
        let sources = Sources::new(&surroundings.environment)
            .os_user(surroundings.os_user.clone())
            .connection(&source.to_string(), url.expose());
        let resolved = sources.resolve();
        self.needs_monitor(key);
        match resolved {
            Ok(mut resolved) => {
                resolved.settings.database = CONSOLE.to_owned();
                // It knows no parameters of the server.
                (resolved.settings.runtime_parameters, resolved.settings.options) =
                    (Vec::new(), None);
                plan.pooler_admin = Some(resolved.settings.to_string());
                Some(resolved.settings)
            }
            Err(all) => {
                // Their text carries its place already.
                let words = all.0.iter().map(|it| Fault::new(Source::Default, it.to_string()));
                self.faults.extend(words);
                None
            }
        }
    }

    /// Asking somebody for a monitor that is switched off is a contradiction.
    fn needs_monitor(&mut self, key: &Key) {
        if !self.layers.switch(&keys::MONITOR) {
            let monitor = keys::MONITOR.called();
            let words = format!("nobody would ask: {monitor} switches the monitor off");
            self.faults.push(Fault::new(self.layers.source(key), words));
        }
    }
}
