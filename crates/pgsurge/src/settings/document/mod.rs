//! A settings file as a tree in which every value knows its line and column.
//!
//! JSON and TOML become the same tree, so that what reads it does not care. Numbers stay text:
//! their setting says what fits. The tree is data only; what the keys mean is not known here.

mod json;
mod toml;

use std::path::Path;

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where.
    pub place: Place,
    /// What.
    pub data: Data,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`.
    Null,
    /// `true` or `false`.
    Switch(bool),
    /// A number as it was written (in another base, in decimal).
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with their values, in order, doubles included.
    Table(Vec<Entry>),
    /// A type that no setting has, by its name.
    Other(&'static str),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

impl Entry {
    /// Whether it only explains: JSON has no comments, so a key of two slashes is one.
    pub fn is_comment(&self) -> bool {
        self.key == "//"
    }
}

/// Why a file is no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, if a place can be named.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl Data {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How a message shows what was found; `secret` values by their type alone.
    pub fn shown(&self, secret: bool) -> String {
        match self {
            Data::Null => "null".to_owned(),
            Data::Switch(on) if !secret => on.to_string(),
            Data::Number(text) if !secret => cut(text),
            Data::Text(text) if !secret => format!("\"{}\"", cut(text)),
            Data::Switch(_) => "true or false".to_owned(),
            Data::Number(_) => "a number".to_owned(),
            Data::Text(_) => "a text".to_owned(),
            Data::List(list) if !secret => {
                let items: Vec<String> = list.iter().take(4).map(|it| it.data.brief()).collect();
                let more = if list.len() > 4 { ", …" } else { "" };
                format!("[{}{more}]", items.join(", "))
            }
            Data::List(_) => "a list".to_owned(),
            Data::Table(_) => "a table".to_owned(),
            Data::Other(name) => format!("a {name}"),
        }
    }

    /// The same for an item of a list, which is never opened further.
    fn brief(&self) -> String {
        match self {
            Data::List(_) => "a list".to_owned(),
            other => other.shown(false),
        }
    }
}

/// At most 40 characters of a text, on one line.
pub fn cut(text: &str) -> String {
    const LONGEST: usize = 40;
    let clean: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let clean = clean.replace("\\'", "'");
    if text.chars().nth(LONGEST).is_some() { format!("{clean}…") } else { clean }
}

/// The tree of a file's text, in the format that its name's ending says.
pub fn parse(path: &Path, text: &str) -> Result<Node, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = path.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("json") => json::parse(text),
        Some("toml") => toml::parse(text),
        _ => Err(Malformed {
            place: None,
            message: "expected a name that ends in .json or .toml".to_owned(),
        }),
    }
}

/// Where the byte at `offset` of `text` is.
fn place_of(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: before.bytes().filter(|b| *b == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

#[cfg(test)]
mod tests;
