//! Where a setting of the server comes from, and with that how it is undone: what `ALTER SYSTEM`
//! says counts for nothing where the command line, a database or a role says otherwise.
//!
//! That a setting should be undone at all is the matter of the rules that ask.

use crate::diagnosis::Facts;

/// How to give a setting its default again, by the source that the monitor has seen
/// (`pg_settings.source`); where none was seen, the most usual way, told as that.
pub(super) fn undo(facts: &Facts<'_>, name: &str) -> String {
    let values = facts.section(|it| &it.settings).map(|it| &it.values);
    let source = values.ok().and_then(|it| it.get(name)).map_or("", |it| it.source.as_str());
    match source {
        "configuration file" => format!(
            "ALTER SYSTEM RESET {name}, take it out of postgresql.conf if it stands there as well, \
             then SELECT pg_reload_conf()"
        ),
        "command line" => format!("start the server without {name} on its command line"),
        "environment variable" => format!("start the server without {name} in its environment"),
        "global" => format!("ALTER ROLE ALL RESET {name}"),
        "database" => format!("ALTER DATABASE of this run RESET {name}"),
        "user" => format!("ALTER ROLE of this run RESET {name}"),
        "database user" => format!("ALTER ROLE of this run IN DATABASE of this run RESET {name}"),
        "client" | "session" => {
            format!("take {name} out of the connection's own settings (options, PGOPTIONS)")
        }
        // A server that was built with it has it by default.
        "default" | "override" => {
            format!("{name} is built in: measure a server that was built without it")
        }
        _ => format!(
            "ALTER SYSTEM RESET {name}; SELECT pg_reload_conf(), unless the command line, the \
             database or the role sets it (pg_settings.source tells)"
        ),
    }
}
