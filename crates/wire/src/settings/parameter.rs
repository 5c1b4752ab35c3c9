//! Every parameter that libpq knows, the environment variable that sets it, and what we do with it.
//!
//! One table decides: a parameter that we don't honour is either harmless, and then listed here as
//! such, or refused by name. Nothing that a user asked for is dropped in silence.

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It does what it does in libpq.
    Honoured,
    /// It may be given, and has no effect, for this reason.
    Ignored(&'static str),
    /// Only these values are what we do anyway; any other is refused.
    Only(&'static [&'static str]),
}

/// One of libpq's parameters.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// The environment variable; empty when there is none.
    pub(super) variable: &'static str,
    pub(super) usage: Use,
}

const fn honoured(name: &'static str, variable: &'static str) -> Parameter {
    Parameter { name, variable, usage: Use::Honoured }
}

const fn ignored(name: &'static str, variable: &'static str, why: &'static str) -> Parameter {
    Parameter { name, variable, usage: Use::Ignored(why) }
}

const fn only(
    name: &'static str,
    variable: &'static str,
    values: &'static [&'static str],
) -> Parameter {
    Parameter { name, variable, usage: Use::Only(values) }
}

const NO_GSS: &str = "there is no GSSAPI here";
const NO_KEEPALIVES: &str = "the system's own TCP settings apply";

/// All of them, as of PostgreSQL 18.
pub(super) const PARAMETERS: &[Parameter] = &[
    honoured("host", "PGHOST"),
    honoured("hostaddr", "PGHOSTADDR"),
    honoured("port", "PGPORT"),
    honoured("dbname", "PGDATABASE"),
    honoured("user", "PGUSER"),
    honoured("password", "PGPASSWORD"),
    honoured("passfile", "PGPASSFILE"),
    honoured("service", "PGSERVICE"),
    honoured("servicefile", "PGSERVICEFILE"),
    honoured("connect_timeout", "PGCONNECT_TIMEOUT"),
    honoured("application_name", "PGAPPNAME"),
    honoured("fallback_application_name", ""),
    honoured("options", "PGOPTIONS"),
    honoured("channel_binding", "PGCHANNELBINDING"),
    honoured("sslmode", "PGSSLMODE"),
    honoured("sslrootcert", "PGSSLROOTCERT"),
    honoured("sslcert", "PGSSLCERT"),
    honoured("sslkey", "PGSSLKEY"),
    only("sslcertmode", "PGSSLCERTMODE", &["disable", "allow"]),
    honoured("sslsni", "PGSSLSNI"),
    honoured("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    honoured("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    // Sent as they are in the startup message; libpq knows them as variables only.
    honoured("datestyle", "PGDATESTYLE"),
    honoured("timezone", "PGTZ"),
    honoured("geqo", "PGGEQO"),
    only("client_encoding", "PGCLIENTENCODING", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"]),
    only("sslnegotiation", "PGSSLNEGOTIATION", &["postgres"]),
    only("sslpassword", "", &[]),
    only("sslcrl", "PGSSLCRL", &[]),
    only("sslcrldir", "PGSSLCRLDIR", &[]),
    only("sslkeylogfile", "", &[]),
    only("requirepeer", "PGREQUIREPEER", &[]),
    only("require_auth", "PGREQUIREAUTH", &[]),
    only("gssencmode", "PGGSSENCMODE", &["disable", "prefer"]),
    only("target_session_attrs", "PGTARGETSESSIONATTRS", &["any"]),
    only("load_balance_hosts", "PGLOADBALANCEHOSTS", &["disable", "random"]),
    only("replication", "", &["false", "off", "no", "0"]),
    only("min_protocol_version", "PGMINPROTOCOLVERSION", &["3.0"]),
    only("max_protocol_version", "PGMAXPROTOCOLVERSION", &["3.0", "3.2", "latest"]),
    only("scram_client_key", "", &[]),
    only("scram_server_key", "", &[]),
    only("oauth_issuer", "", &[]),
    only("oauth_client_id", "", &[]),
    only("oauth_client_secret", "", &[]),
    only("oauth_scope", "", &[]),
    ignored("sslcompression", "PGSSLCOMPRESSION", "TLS is never compressed"),
    ignored("krbsrvname", "PGKRBSRVNAME", NO_GSS),
    ignored("gsslib", "PGGSSLIB", NO_GSS),
    ignored("gssdelegation", "PGGSSDELEGATION", NO_GSS),
    ignored("keepalives", "", NO_KEEPALIVES),
    ignored("keepalives_idle", "", NO_KEEPALIVES),
    ignored("keepalives_interval", "", NO_KEEPALIVES),
    ignored("keepalives_count", "", NO_KEEPALIVES),
    ignored("tcp_user_timeout", "", NO_KEEPALIVES),
];

/// The parameters that exist as variables only, so they can't stand in a connection string.
const VARIABLE_ONLY: [&str; 3] = ["datestyle", "timezone", "geqo"];

/// The parameter of that name.
pub(super) fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|it| it.name == name && !VARIABLE_ONLY.contains(&name))
}

/// The known name most like `name`, when one is close enough to have been meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    // Names are short; a longer word is not a slip of the finger, and comparing costs its square.
    if name.len() > 40 {
        return None;
    }
    let known = PARAMETERS.iter().map(|it| it.name).filter(|it| !VARIABLE_ONLY.contains(it));
    let (distance, best) = known.map(|it| (edits(name, it), it)).min()?;
    (distance <= best.len() / 3 + 1).then_some(best)
}

/// How many letters to insert, drop or replace to make one word of the other.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parameter_and_no_variable_is_listed_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for it in PARAMETERS {
            assert!(seen.insert(it.name), "{} twice", it.name);
            assert!(it.variable.is_empty() || seen.insert(it.variable), "{} twice", it.variable);
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_parameter() {
        for (typed, meant) in [
            ("sslmod", Some("sslmode")),
            ("hots", Some("host")),
            ("aplication_name", Some("application_name")),
            ("database", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
    }
}
