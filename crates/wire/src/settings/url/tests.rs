//! Connection URLs against libpq's own reading of them.

use super::*;

fn read(text: &str) -> Result<String, Malformed> {
    let pairs = parse(without_scheme(text).expect("one of our schemes"))?;
    Ok(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
}

/// The examples of libpq's own test suite (`uri-regress`), and a few more.
#[test]
fn urls_are_read_as_libpq_reads_them() {
    for (url, pairs) in [
        ("postgresql://", ""),
        ("postgres://", ""),
        ("postgresql:///", ""),
        ("postgresql:///db", "dbname=db"),
        ("postgresql://host", "host=host"),
        ("postgresql://host/", "host=host"),
        ("postgresql://host:12345/db", "host=host port=12345 dbname=db"),
        ("postgresql://:12345/", "port=12345"),
        ("postgresql://user@host", "user=user host=host"),
        ("postgresql://user@", "user=user"),
        ("postgresql://user:pw@", "user=user password=pw"),
        ("postgresql://user:@host", "user=user host=host"),
        ("postgresql://:pw@host", "password=pw host=host"),
        ("postgresql://user:a:b@host", "user=user password=a:b host=host"),
        (
            "postgresql://host/db?u%73er=someotheruser&port=1",
            "host=host dbname=db user=someotheruser port=1",
        ),
        ("postgresql://host?user=u", "host=host user=u"),
        ("postgresql://[::1]", "host=::1"),
        ("postgresql://[::1]:1/db", "host=::1 port=1 dbname=db"),
        ("postgresql://[2001:db8::1234]/?a=b&", "host=2001:db8::1234 a=b"),
        ("postgresql://%2Fvar%2Frun/db", "host=/var/run dbname=db"),
        ("postgresql://?host=/path/to/socket/dir", "host=/path/to/socket/dir"),
        ("postgresql://a,b:2/db", "host=a,b port=,2 dbname=db"),
        ("postgresql://%E6%B5%8B@h", "user=测 host=h"),
        ("postgresql://h/d?ssl=true", "host=h dbname=d sslmode=require"),
        ("postgresql://h/d%2Fe", "host=h dbname=d/e"),
    ] {
        assert_eq!(read(url).as_deref(), Ok(pairs), "{url}");
    }
}

#[test]
fn malformed_urls_say_what_is_wrong() {
    for (url, message) in [
        ("postgres://host?zzz", "no \"=\""),
        ("postgres://host?a=b&&c=d", "no \"=\""),
        ("postgres://host?value=b=c", "\"value\" has a further"),
        ("postgres://host/db%", "hexadecimal"),
        ("postgres://host/db%q1", "hexadecimal"),
        ("postgres://host/db%00", "%00"),
        ("postgres://host/db%FF", "UTF-8"),
        ("postgres://[::1", "brackets"),
        ("postgres://[]/", "brackets"),
        ("postgres://[::1]z", "ends in something else"),
    ] {
        let error = read(url).expect_err(url);
        assert!(error.message.contains(message), "{url}: {error:?}");
    }
}

#[test]
fn a_password_with_a_bare_slash_is_explained_and_not_shown() {
    let error = read("postgres://user:pa/ss@host/db").unwrap_err();
    assert!(!error.message.contains("pa/") && !error.message.contains("\"pa\""), "{error:?}");
    assert!(error.expected.unwrap().contains("percent-encoded"));
}
