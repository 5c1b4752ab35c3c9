//! What must hold for any text: no panic, and the way to a URL and back changes nothing.

use std::time::Duration;

use proptest::prelude::*;
use wire::settings::{ChannelBinding, Host, Settings, SslMode};

use super::{Environment, from_text, sources};

fn text() -> impl Strategy<Value = String> {
    "[^\0]{1,12}"
}

/// Pieces that a parser trips over more easily than over random characters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "postgres://",
        "postgresql://",
        "host",
        "=",
        "'",
        "\\",
        " ",
        "%",
        "%4",
        "%41",
        "%00",
        "@",
        ":",
        "/",
        "?",
        "&",
        "[",
        "]",
        "::1",
        ",",
        "sslmode=require",
        "port=1",
        "é",
        "service=x",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|it| it.concat())
}

prop_compose! {
    fn any_settings()(
        host in prop_oneof![
            "[a-z0-9.:-]{1,12}".prop_map(Host::Tcp),
            "/[a-z0-9 /?%]{0,12}".prop_map(|it| Host::Unix(it.into())),
        ],
        user in text(),
        database in text(),
        port in 1..=u16::MAX,
        mode in prop::sample::select(vec![SslMode::Disable, SslMode::Prefer, SslMode::Require]),
        binding in prop::sample::select(ChannelBinding::ALL.to_vec()),
        timeout in prop::option::of(1..=1000_u64),
        application_name in prop::option::of(text()),
        options in prop::option::of(text()),
    ) -> Settings {
        let mut settings = Settings::new(host, user, database);
        settings.port = port;
        settings.ssl_mode = mode;
        settings.channel_binding = binding;
        settings.connect_timeout = timeout.map(Duration::from_secs);
        settings.application_name = application_name;
        settings.options = options;
        settings
    }
}

proptest! {
    #[test]
    fn any_text_is_settings_or_faults(text in any::<String>()) {
        let _ = from_text(&text);
    }

    #[test]
    fn any_pieces_are_settings_or_faults(text in pieces()) {
        let _ = from_text(&text);
    }

    #[test]
    fn any_environment_is_settings_or_faults(values in prop::collection::vec(any::<String>(), 6)) {
        let names = ["PGHOST", "PGPORT", "PGSSLMODE", "PGSERVICE", "PGPASSFILE", "HOME"];
        let environment: Environment =
            names.iter().map(|it| (*it).to_owned()).zip(values).collect();
        let _ = sources(&environment).resolve();
    }

    #[test]
    fn settings_survive_the_way_through_a_url(settings in any_settings()) {
        let again = from_text(&settings.url()).map(|it| it.settings);
        prop_assert_eq!(again, Ok(settings.clone()), "{}", settings.url());
    }

    #[test]
    fn a_quoted_value_is_read_as_it_was(value in text()) {
        let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
        let settings = from_text(&format!("user='{quoted}'")).unwrap().settings;
        prop_assert_eq!(settings.user, value);
    }
}
