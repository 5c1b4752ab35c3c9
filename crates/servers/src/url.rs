//! Parts of a URL.

/// A part of a URL, with everything that could mean something else encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_something_else_is_encoded() {
        assert_eq!(percent_encoded("a-1@/:é"), "a-1%40%2F%3A%C3%A9");
    }
}
