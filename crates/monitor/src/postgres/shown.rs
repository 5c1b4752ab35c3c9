//! Texts of the server as a result may show them: short, and without what looks like a secret.

use model::run_result::redact;
use serde_json::{Value, json};

/// How long a statement's text may be.
const LONGEST: usize = 500;
const HIDDEN: &str = "(not shown: it names a password)";

/// A statement's text. The server takes constants out of most, but not out of `ALTER ROLE`.
pub(super) fn shown(text: &str) -> String {
    if text.to_ascii_lowercase().contains("password") {
        return HIDDEN.to_owned();
    }
    let text = masked("text", text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A value of what has this name, with what looks like a secret in it masked.
pub(super) fn masked(name: &str, text: &str) -> String {
    let mut value = json!({ name: text });
    redact(&mut value);
    match &value[name] {
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let texts = [
            shown("ALTER ROLE bench PASSWORD 'hunter2'"),
            shown("SELECT dblink('host=a password=hunter2')"),
            masked("primary_conninfo", "host=a user=b password=hunter2"),
            masked("my.password", "hunter2"),
        ];
        texts.iter().for_each(|text| assert!(!text.contains("hunter2"), "{text}"));
    }

    #[test]
    fn a_long_statement_is_cut_between_characters() {
        let text = shown(&"é".repeat(LONGEST + 1));
        assert_eq!((text.chars().count(), text.ends_with('…')), (LONGEST + 1, true));
        assert_eq!(shown("SELECT 1"), "SELECT 1");
    }
}
