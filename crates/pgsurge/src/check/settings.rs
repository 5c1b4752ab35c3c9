//! Settings of the server that make a result meaningless, or that its reader should know of. Pure
//! judgement of their values and of where those came from.

use super::line::Line;
use std::collections::BTreeMap;

/// A setting as `pg_settings` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its value in its own unit.
    pub value: String,
    /// Who set it (`default`, `configuration file`, `database`, `user`, `client` …).
    pub source: String,
    /// When it can change (`postmaster` only at a start).
    pub context: String,
}

/// What is known of the server's settings, and of those who use it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By name.
    pub all: BTreeMap<String, Setting>,
    /// The role that we are.
    pub user: String,
    /// The database that we are in.
    pub database: String,
    /// Memory of the server's machine, bytes; none where that is not this one.
    pub memory_bytes: Option<u64>,
}

/// A value that is not wanted, and why.
struct Unwanted {
    name: &'static str,
    value: &'static str,
    wanted: &'static str,
    /// True where it makes a result meaningless.
    grave: bool,
    reason: &'static str,
}

const fn grave(
    name: &'static str,
    value: &'static str,
    wanted: &'static str,
    reason: &'static str,
) -> Unwanted {
    Unwanted { name, value, wanted, grave: true, reason }
}

const fn odd(
    name: &'static str,
    value: &'static str,
    wanted: &'static str,
    reason: &'static str,
) -> Unwanted {
    Unwanted { name, value, wanted, grave: false, reason }
}

/// The reasons are those of PostgreSQL's own documentation of each setting.
const UNWANTED: [Unwanted; 9] = [
    grave(
        "fsync",
        "off",
        "on",
        "nothing is waited for to reach the disk: writes look free, and a crash loses the database",
    ),
    grave(
        "full_page_writes",
        "off",
        "on",
        "much less is written after a checkpoint than a safe server has to",
    ),
    odd(
        "synchronous_commit",
        "off",
        "on",
        "a commit is acknowledged before it is stored: commits look faster, a crash loses the last",
    ),
    grave(
        "log_statement",
        "all",
        "none",
        "every statement writes a line of the log: that is what would be measured",
    ),
    grave(
        "log_min_duration_statement",
        "0",
        "-1",
        "every statement writes a line of the log: that is what would be measured",
    ),
    odd("log_duration", "on", "off", "every statement writes a line of the log"),
    odd(
        "autovacuum",
        "off",
        "on",
        "updated tables grow without limit: the longer the run, the slower the server",
    ),
    grave(
        "debug_assertions",
        "on",
        "off",
        "the server was built to check itself all the time: it is many times slower than others",
    ),
    odd(
        "track_counts",
        "off",
        "on",
        "autovacuum does not know what to do, and no statistics tell what the load did",
    ),
];

/// `shared_buffers` when nobody sets it: 128 MiB in pages of 8 KiB.
const DEFAULT_BUFFERS: u64 = 16_384;
const PAGE_BYTES: u64 = 8192;
/// From here on a quarter of the memory, the usual size, is several times the default.
const LARGE_BYTES: u64 = 4 << 30;
/// `jit_above_cost` when nobody sets it: queries that take tens of milliseconds and more.
const DEFAULT_JIT_COST: f64 = 100_000.0;

/// A line for each setting that matters, as far as it is known.
pub fn judge(settings: &Settings) -> Vec<Line> {
    let mut lines: Vec<Line> = UNWANTED.iter().filter_map(|it| settings.unwanted(it)).collect();
    lines.extend(settings.shared_buffers());
    lines.extend(settings.jit());
    lines
}

impl Settings {
    fn unwanted(&self, unwanted: &Unwanted) -> Option<Line> {
        let Unwanted { name, value, wanted, grave, reason } = *unwanted;
        let setting = self.all.get(name)?;
        if setting.value != value {
            return Some(Line::ok(name, setting.value.clone()));
        }
        let line = match grave {
            true => Line::meaningless(name, value, reason),
            false => Line::warning(name, value, reason),
        };
        Some(line.mend(match name {
            "debug_assertions" => {
                "use packages of PostgreSQL, or configure without --enable-cassert".to_owned()
            }
            _ => self.change(name, wanted),
        }))
    }

    fn shared_buffers(&self) -> Option<Line> {
        const NAME: &str = "shared_buffers";
        let pages: u64 = self.all.get(NAME)?.value.parse().ok()?;
        let found = model::units::bytes((pages * PAGE_BYTES) as f64);
        let small = pages <= DEFAULT_BUFFERS;
        match self.memory_bytes {
            Some(memory) if small && memory >= LARGE_BYTES => {
                let has = model::units::bytes(memory as f64);
                let why = format!("it is the default for any machine, and this one has {has}");
                let mend = self.change(NAME, &format!("{}MB", memory / 4 / (1 << 20)));
                Some(Line::warning(NAME, found, why).mend(mend))
            }
            None if small => {
                let why = "it is the default for any machine; a quarter of its memory is usual";
                Some(Line::warning(NAME, found, why).mend(self.change(NAME, "…")))
            }
            _ => Some(Line::ok(NAME, found)),
        }
    }

    /// JIT with its default cost touches only long queries.
    fn jit(&self) -> Option<Line> {
        let (jit, cost) = (&self.all.get("jit")?.value, self.all.get("jit_above_cost")?);
        let cost: f64 = cost.value.parse().ok()?;
        if jit != "on" || !(0.0..DEFAULT_JIT_COST).contains(&cost) {
            return Some(Line::ok("jit", jit.clone()));
        }
        let found = format!("on above a cost of {cost}");
        let why = "short queries are compiled each time, which takes longer than to run them";
        let mend = self.change("jit_above_cost", &DEFAULT_JIT_COST.to_string());
        Some(Line::warning("jit", found, why).mend(mend))
    }

    /// The command that sets `name`, at the place that decides it.
    fn change(&self, name: &str, value: &str) -> String {
        let setting = self.all.get(name).cloned().unwrap_or_default();
        let (user, database) =
            (workload::identifier::quote(&self.user), workload::identifier::quote(&self.database));
        match setting.source.as_str() {
            "user" => format!("ALTER ROLE {user} RESET {name}"),
            "database" => format!("ALTER DATABASE {database} RESET {name}"),
            "database user" => format!("ALTER ROLE {user} IN DATABASE {database} RESET {name}"),
            "client" => format!("leave {name} out of PGOPTIONS and of the URL's options"),
            "command line" => format!("start the server without {name} on its command line"),
            _ if setting.context == "postmaster" => {
                format!("ALTER SYSTEM SET {name} = '{value}', then restart the server")
            }
            _ => format!("ALTER SYSTEM SET {name} = '{value}'; SELECT pg_reload_conf()"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{Consequence, Outcome};
    use super::*;

    fn with(settings: &[(&str, &str)]) -> Settings {
        let setting = |value: &str| Setting {
            value: value.into(),
            source: "configuration file".into(),
            context: "sighup".into(),
        };
        let all = settings.iter().map(|(name, value)| ((*name).into(), setting(value)));
        Settings {
            all: all.collect(),
            user: "bench".into(),
            database: "game".into(),
            memory_bytes: None,
        }
    }

    fn one(settings: &Settings) -> Line {
        let mut lines = judge(settings);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    #[test]
    fn what_makes_a_result_meaningless_is_a_problem_with_its_remedy() {
        for (name, value) in [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("log_statement", "all"),
            ("log_min_duration_statement", "0"),
            ("debug_assertions", "on"),
        ] {
            let line = one(&with(&[(name, value)]));
            assert_eq!(line.outcome, Outcome::Problem(Consequence::Meaningless), "{name}");
            assert!(line.mend.is_some() && line.reason.is_some(), "{line:?}");
        }
        let mend = one(&with(&[("fsync", "off")])).mend.unwrap();
        assert_eq!(mend, "ALTER SYSTEM SET fsync = 'on'; SELECT pg_reload_conf()");
    }

    #[test]
    fn what_a_reader_should_know_is_a_warning() {
        for (name, value) in
            [("synchronous_commit", "off"), ("autovacuum", "off"), ("log_duration", "on")]
        {
            assert_eq!(one(&with(&[(name, value)])).outcome, Outcome::Warning, "{name}");
        }
    }

    #[test]
    fn usual_values_are_fine() {
        let usual =
            [("fsync", "on"), ("synchronous_commit", "remote_write"), ("log_statement", "ddl")];
        let lines = judge(&with(&usual));
        assert!(lines.len() == 3 && lines.iter().all(|it| it.outcome == Outcome::Ok), "{lines:?}");
    }

    #[test]
    fn a_setting_is_mended_where_it_was_made() {
        let mend = |source: &str| {
            let mut settings = with(&[("log_statement", "all")]);
            settings.all.get_mut("log_statement").unwrap().source = source.into();
            one(&settings).mend.unwrap()
        };
        assert_eq!(mend("user"), "ALTER ROLE \"bench\" RESET log_statement");
        assert_eq!(mend("database"), "ALTER DATABASE \"game\" RESET log_statement");
        assert!(mend("client").contains("PGOPTIONS"));
        assert!(mend("command line").starts_with("start the server without"));
    }

    #[test]
    fn what_only_a_start_can_change_says_so() {
        let mut settings = with(&[("shared_buffers", "16384")]);
        settings.all.get_mut("shared_buffers").unwrap().context = "postmaster".into();
        settings.memory_bytes = Some(64 << 30);
        let mend = one(&settings).mend.unwrap();
        assert_eq!(mend, "ALTER SYSTEM SET shared_buffers = '16384MB', then restart the server");
    }

    #[test]
    fn default_buffers_are_odd_on_a_large_machine_only() {
        let of = |memory_bytes, pages: &str| {
            one(&Settings { memory_bytes, ..with(&[("shared_buffers", pages)]) }).outcome
        };
        assert_eq!(of(Some(64 << 30), "16384"), Outcome::Warning);
        assert_eq!(of(None, "16384"), Outcome::Warning);
        assert_eq!(of(Some(1 << 30), "16384"), Outcome::Ok);
        assert_eq!(of(Some(64 << 30), "131072"), Outcome::Ok);
    }

    #[test]
    fn jit_matters_when_it_reaches_short_queries() {
        let of = |jit, cost| one(&with(&[("jit", jit), ("jit_above_cost", cost)])).outcome;
        assert_eq!(of("on", "100000"), Outcome::Ok);
        assert_eq!(of("on", "10"), Outcome::Warning);
        assert_eq!(of("off", "10"), Outcome::Ok);
        assert_eq!(of("on", "-1"), Outcome::Ok);
    }
}
