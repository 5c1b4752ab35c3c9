//! The tables and rows of a run: whose they are, where, and what becomes of them.

use serde::{Deserialize, Serialize};

/// What a run makes on a server, and what it leaves there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// The run's name: every key that it adds begins with it and a dash.
    pub run: String,
    /// The schema of the tables; none for the search path.
    pub schema: Option<String>,
    /// Whether tables and rows are made, and nothing more.
    pub init_only: bool,
    /// Whether the rows of an earlier run of this name are used, and stay.
    pub reuse_data: bool,
    /// Whether tables and rows that the run makes stay.
    pub keep_data: bool,
}

impl Data {
    /// Whether what is made stays: asked for, or what everything is about.
    pub fn stays(&self) -> bool {
        self.keep_data || self.init_only || self.reuse_data
    }
}

/// Which indexes the game's tables get where they have to be created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaVariant {
    /// Those that a careful team would have.
    #[default]
    Careful,
    /// Primary keys only, as the game began.
    Seed,
}

/// The first character of every name of a run: a key that begins with a digit looks like a number.
const FIRST: char = 'r';

/// A run's name: the second in which it began, seconds since 1970, and four digits against another
/// run of the same second.
pub fn run_name(second: u64, random: u64) -> String {
    format!("{FIRST}{}x{:04x}", base36(second), random & 0xffff)
}

/// Whether [`run_name`] may have made `text`: nothing else may name rows that are to be removed.
pub fn is_run_name(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let Some(rest) = text.strip_prefix(FIRST) else { return false };
    let Some((second, random)) = rest.rsplit_once('x') else { return false };
    SECOND_DIGITS.contains(&second.len())
        && second.bytes().all(digit)
        && random.len() == 4
        && random.bytes().all(hex)
}

/// Seconds have six digits from the year 1972 to 2038, seven until long after.
const SECOND_DIGITS: std::ops::RangeInclusive<usize> = 6..=7;

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_of_a_run_is_known_as_one(second in 61_000_000u64..70_000_000_000, random: u64) {
            let name = run_name(second, random);
            prop_assert!(is_run_name(&name), "{name}");
        }
    }

    #[test]
    fn nothing_else_is_a_name_of_a_run() {
        let names = ["", "r", "rx", "r%", "run", "rtn8d0cx12", "Rtn8d0cx12ab", "rtn8d0cx12AB"];
        let more =
            ["rtn8d0cx12ab-", "rtn8d0cx12abc", "r%n8d0cx12ab", "rt_8d0cx12ab", "tn8d0cx12ab"];
        for text in names.into_iter().chain(more) {
            assert!(!is_run_name(text), "{text}");
        }
        assert!(is_run_name("rtn8d0cx12ab"));
    }
}
