//! The server: version, who we are there, what we may do, room for connections. Pure judgement of
//! what `read` found.

mod read;

pub use read::{Server, Statements, only_reading, read};

use super::line::Line;
use workload::identifier::quote;

/// The oldest version that is supported.
const OLDEST: i64 = 120_000;

/// Judges all of it but settings, tables and room.
pub fn judge(server: &Server) -> Vec<Line> {
    let mut lines = vec![version(server), writable(server)];
    lines.extend([monitoring(server), statements(server), same_host(server)]);
    lines
}

fn version(server: &Server) -> Line {
    match server.version_number < OLDEST {
        false => Line::ok("version", format!("PostgreSQL {}", server.version)),
        true => Line::no_run(
            "version",
            format!("PostgreSQL {}", server.version),
            "versions before 12 are not supported, by PostgreSQL itself either",
        )
        .mend("use a server of version 12 or newer"),
    }
}

fn writable(server: &Server) -> Line {
    if server.is_standby {
        return Line::no_run("writes", "refused", "the server is a standby of another one")
            .mend("name the primary");
    }
    if server.is_read_only {
        let what = "default_transaction_read_only is on";
        return Line::no_run("writes", "refused", what).mend(format!(
            "ALTER ROLE {} SET default_transaction_read_only = off",
            quote(&server.settings.user)
        ));
    }
    Line::ok("writes", "accepted")
}

/// Without it the statistics of others' sessions are hidden.
fn monitoring(server: &Server) -> Line {
    if server.is_superuser || server.is_monitor {
        let how = if server.is_superuser { "a superuser" } else { "a member of pg_monitor" };
        return Line::ok("monitoring", how);
    }
    let why = "what other roles do, and where the server's files are, is hidden from this role";
    Line::warning("monitoring", "not a member of pg_monitor", why)
        .mend(format!("GRANT pg_monitor TO {}", quote(&server.settings.user)))
}

fn statements(server: &Server) -> Line {
    const NAME: &str = "pg_stat_statements";
    let why = "execution times on the server are not measured without it";
    match &server.statements {
        Statements::Readable(version) => Line::ok(NAME, format!("version {version}, readable")),
        Statements::NotAvailable => Line::warning(NAME, "not installed on the server", why)
            .mend("install PostgreSQL's contrib package on the server (postgresql-contrib)"),
        Statements::NotLoaded { preloaded } => {
            let libraries = match preloaded.as_deref() {
                Some("") => Some(NAME.to_owned()),
                Some(others) => Some(format!("{others}, {NAME}")),
                // Hidden from this role: naming it alone would throw others out.
                None => None,
            };
            let mend = match libraries {
                Some(all) => format!(
                    "ALTER SYSTEM SET shared_preload_libraries = {}, restart the server, then \
                     CREATE EXTENSION {NAME}",
                    workload::identifier::literal(&all)
                ),
                None => format!(
                    "add it to shared_preload_libraries, restart the server, then CREATE EXTENSION \
                     {NAME}"
                ),
            };
            Line::warning(NAME, "not loaded", why).mend(mend)
        }
        Statements::NotCreated => Line::warning(NAME, "loaded, not created in this database", why)
            .mend(format!("CREATE EXTENSION {NAME}")),
        Statements::NotReadable(cause) => {
            Line::warning(NAME, format!("not readable: {cause}"), why)
                .mend(format!("GRANT pg_read_all_stats TO {}", quote(&server.settings.user)))
        }
    }
}

fn same_host(server: &Server) -> Line {
    match server.on_this_host {
        Some(true) => Line::warning(
            "server_host",
            "this machine",
            "server and pgsurge take processors, memory and caches from each other, and no network \
             is in between",
        )
        .mend("start pgsurge on another machine, near the server"),
        Some(false) => Line::ok("server_host", "another machine"),
        None => Line::ok("server_host", "not known: a pooler is in between"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{Consequence, Outcome};
    use super::*;

    fn good() -> Server {
        Server {
            version: "15.8".into(),
            version_number: 150_008,
            is_monitor: true,
            statements: Statements::Readable("1.10".into()),
            on_this_host: Some(false),
            ..Server::default()
        }
    }

    fn judged(server: Server, name: &str) -> Line {
        let server = Server {
            settings: super::super::settings::Settings {
                user: "bench me".into(),
                ..server.settings
            },
            ..server
        };
        judge(&server).into_iter().find(|it| it.name == name).unwrap()
    }

    #[test]
    fn a_good_server_has_nothing_against_it() {
        let lines = judge(&good());
        assert!(lines.iter().all(|it| it.outcome == Outcome::Ok), "{lines:?}");
    }

    #[test]
    fn what_can_not_be_written_to_lets_no_run_begin() {
        let no_run = Outcome::Problem(Consequence::NoRun);
        for (server, name) in [
            (Server { version_number: 110_022, ..good() }, "version"),
            (Server { is_standby: true, ..good() }, "writes"),
            (Server { is_read_only: true, ..good() }, "writes"),
        ] {
            assert_eq!(judged(server, name).outcome, no_run, "{name}");
        }
    }

    #[test]
    fn a_role_that_sees_little_is_told_what_to_be_granted() {
        let line = judged(Server { is_monitor: false, ..good() }, "monitoring");
        assert_eq!(line.mend.unwrap(), "GRANT pg_monitor TO \"bench me\"");
        let superuser = Server { is_monitor: false, is_superuser: true, ..good() };
        assert_eq!(judged(superuser, "monitoring").outcome, Outcome::Ok);
    }

    #[test]
    fn each_step_to_pg_stat_statements_has_its_command() {
        let mend = |statements| {
            let line = judged(Server { statements, ..good() }, "pg_stat_statements");
            assert_eq!(line.outcome, Outcome::Warning);
            line.mend.unwrap()
        };
        let not_loaded = |it: Option<&str>| Statements::NotLoaded { preloaded: it.map(Into::into) };
        assert!(mend(Statements::NotAvailable).contains("postgresql-contrib"));
        assert!(mend(not_loaded(Some(""))).contains("= 'pg_stat_statements', restart"));
        assert!(
            mend(not_loaded(Some("auto_explain"))).contains("'auto_explain, pg_stat_statements'")
        );
        assert!(mend(not_loaded(None)).starts_with("add it to shared_preload_libraries"));
        assert_eq!(mend(Statements::NotCreated), "CREATE EXTENSION pg_stat_statements");
        assert!(mend(Statements::NotReadable("no".into())).starts_with("GRANT"));
    }

    #[test]
    fn a_server_on_this_machine_is_told() {
        let near = Server { on_this_host: Some(true), ..good() };
        assert_eq!(judged(near, "server_host").outcome, Outcome::Warning);
        let unknown = Server { on_this_host: None, ..good() };
        assert_eq!(judged(unknown, "server_host").outcome, Outcome::Ok);
    }
}
