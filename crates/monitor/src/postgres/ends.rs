//! What is looked at only at both ends: the database's size, and the server's settings.

use super::session::{Session, number, text};
use super::shown::masked;
use model::database_metrics::{DatabaseSize, SettingChange, SettingStats, Unread};
use std::collections::BTreeMap;

/// Settings that our own connection decides.
const OURS: [&str; 2] = ["application_name", "statement_timeout"];

pub(super) fn size(session: &mut Session) -> Result<f64, Unread> {
    let sql = "SELECT pg_database_size(current_database())::float8";
    let rows = session.query("the size of the database", sql, &[])?;
    rows.first()
        .and_then(|row| number(row, 0))
        .ok_or_else(|| Unread::missing("the server does not say the size of the database"))
}

pub(super) fn database_size(begin: f64, end: f64) -> DatabaseSize {
    DatabaseSize {
        begin_bytes: begin as u64,
        end_bytes: end as u64,
        growth_bytes: (end - begin) as i64,
    }
}

/// Every setting that we may see, by name.
pub(super) type Settings = BTreeMap<String, String>;

pub(super) fn settings(session: &mut Session) -> Result<Settings, Unread> {
    let sql = "SELECT name, setting FROM pg_catalog.pg_settings";
    let rows = session.query("settings", sql, &[])?;
    let pair = |row| Some((text(row, 0)?, text(row, 1).unwrap_or_default()));
    let mut settings: Settings = rows.iter().filter_map(pair).collect();
    OURS.iter().for_each(|name| drop(settings.remove(*name)));
    Ok(settings)
}

pub(super) fn changes(begin: &Settings, end: &Settings) -> SettingStats {
    let mut names: Vec<&String> = begin.keys().chain(end.keys()).collect();
    names.sort();
    names.dedup();
    let value = |of: &Settings, name: &str| of.get(name).map(|value| masked(name, value));
    let changed = names.iter().filter(|name| begin.get(**name) != end.get(**name));
    SettingStats {
        compared: names.len() as u64,
        changed: changed
            .map(|name| SettingChange {
                name: (*name).clone(),
                from: value(begin, name),
                to: value(end, name),
            })
            .collect(),
    }
}
