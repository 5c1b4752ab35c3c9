//! Keeps secrets out of what is saved: the last line of defence, not the first.

use serde_json::Value;

/// What stands where a secret stood.
const MASK: &str = "***";

/// Masks every value whose key names a secret, and the passwords inside URLs and connection
/// strings, however deep they are.
pub fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                if names_secret(key) && !(field.is_null() || field.is_boolean()) {
                    *field = Value::from(MASK);
                } else {
                    redact(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => {
            if let Some(masked) = mask_url(text).or_else(|| mask_words(text)) {
                *text = masked;
            }
        }
        _ => {}
    }
}

/// A path to a file with a secret is not a secret.
fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let secret = ["password", "passwd", "secret", "passphrase"];
    secret.iter().any(|word| key.contains(word)) && !key.ends_with("_file")
}

/// `postgres://user:word@host` becomes `postgres://user:***@host`. The last `@` before the path
/// ends the password, which may hold one itself.
fn mask_url(text: &str) -> Option<String> {
    let start = text.find("://")? + 3;
    let rest = &text[start..];
    // A raw `/` or `?` may stand in a badly quoted password: the last `@` of all is the safe end.
    let at = rest.rfind('@')?;
    let colon = rest[..at].find(':')?;
    let masked = format!("{}{}:{MASK}{}", &text[..start], &rest[..colon], &rest[at..]);
    Some(mask_words(&masked).unwrap_or(masked))
}

/// `host=db password=word` and `?password=word` lose the word.
fn mask_words(text: &str) -> Option<String> {
    let start = text.to_ascii_lowercase().find("password=")? + "password=".len();
    let rest = &text[start..];
    let end = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.find('\'').map_or(rest.len(), |end| end + 2),
        None => rest.find([' ', '&']).unwrap_or(rest.len()),
    };
    Some(format!("{}{MASK}{}", &text[..start], &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_secret_survives_however_it_was_written() {
        let mut plan = json!({
            "database": {"password": "hunter2", "user": "bench", "password_file": "/etc/pw"},
            "url": "postgres://bench:hunter2@db:5432/game",
            "odd_url": "postgres://bench:p@hunter2/x@db/game",
            "query": "postgres://db/game?user=a&password=hunter2&sslmode=require",
            "words": ["host=db password='hunter2 x' user=bench", "host=db password=hunter2"],
            "redis": {"password": 42},
        });
        redact(&mut plan);
        let text = plan.to_string();
        assert!(!text.contains("hunter2") && !text.contains("42"), "{text}");
        assert_eq!(plan["url"], "postgres://bench:***@db:5432/game");
        assert_eq!(plan["database"]["password_file"], "/etc/pw");
        assert_eq!(plan["words"][0], "host=db password=*** user=bench");
    }

    #[test]
    fn what_is_no_secret_stays() {
        let plan = json!({"url": "postgres://db/game", "a": [1, null, "x@y:z"], "password": null});
        let mut redacted = plan.clone();
        redact(&mut redacted);
        assert_eq!(redacted, plan);
    }
}
