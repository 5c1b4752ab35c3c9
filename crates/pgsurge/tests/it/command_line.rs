//! The command line around the settings: help, version, slips, messages.

use crate::program::Program;

#[test]
fn help_and_version_are_asked_for_and_no_fault() {
    for (arguments, expected) in [
        (["--help"].as_slice(), "Examples:\n  pgsurge demo"),
        (&["load", "--help"], "pgsurge load --database-url postgres://"),
        (&["demo", "--help"], "Usage: pgsurge demo"),
        (&["--version"], concat!("pgsurge ", env!("CARGO_PKG_VERSION"))),
    ] {
        let ended = Program::new(arguments).run();
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments:?}");
        assert!(ended.out.contains(expected), "{arguments:?}: {}", ended.out);
    }
}

#[test]
fn slips_of_usage_end_with_2_and_name_what_was_meant() {
    for (arguments, expected) in [
        ([].as_slice(), "Usage: pgsurge"),
        (&["laod"], "load"),
        (&["load", "--conections", "5"], "--connections"),
        (&["load", "--connections"], "a value is required"),
        (&["load", "--connections", "5", "--connections", "6"], "cannot be used multiple times"),
        (&["load", "-q", "-v"], "cannot be used with"),
        (&["load", "--print-plan=xml"], "[possible values: table, json]"),
    ] {
        let ended = Program::new(arguments).run();
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn quiet_keeps_warnings_back_and_a_log_file_keeps_them_all() {
    let warned = || Program::load().env("PGSURGE_GRASE", "1s").args("--print-plan");
    assert!(warned().run().err.starts_with("warning: PGSURGE_GRASE is no setting"));
    assert_eq!(warned().args("-q").run().err, "");
    assert_eq!(warned().env("PGSURGE_QUIET", "1").run().err, "");
    let mut program = warned().args("-q --log-file all.log");
    assert_eq!(program.run().code, 0);
    let log = std::fs::read_to_string(program.path("all.log")).unwrap();
    assert!(log.contains("Z warning: PGSURGE_GRASE is no setting"), "{log}");
}

#[test]
fn errors_are_told_even_when_quiet() {
    let ended = Program::load().args("-q --connections 0").run();
    assert_eq!(ended.code, 2);
    assert!(ended.err.starts_with("error: "), "{}", ended.err);
}

#[test]
fn a_log_file_that_cannot_be_written_is_told_with_all_other_faults() {
    let bad_log = |more: &str| Program::load().args("--log-file /dev/null/a").args(more).run();
    let ended = bad_log("--print-plan");
    assert_eq!(ended.code, 2);
    let alone = "error: cannot use these settings: --log-file: cannot write /dev/null/a: not a dir";
    assert!(ended.err.starts_with(alone), "{}", ended.err);
    let ended = bad_log("--connections 0 --grace 10");
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("3 faults\n  --log-file: cannot write"), "{}", ended.err);
    assert!(ended.err.contains("\n  --connections: expected"), "{}", ended.err);
    assert!(ended.err.contains("\n  --grace: expected"), "{}", ended.err);
}

#[test]
fn the_environment_of_the_messages_is_checked_with_everything_else() {
    let set = || {
        let load = Program::load().env("PGSURGE_QUIET", "mute");
        load.env("PGSURGE_LOG_FILE", "/dev/null/a")
    };
    let ended = set().args("--connections 0").run();
    assert_eq!(ended.code, 2);
    let quiet = "3 faults\n  PGSURGE_QUIET: expected true or false, found \"mute\"";
    assert!(ended.err.contains(quiet), "{}", ended.err);
    assert!(ended.err.contains("\n  PGSURGE_LOG_FILE: cannot write"), "{}", ended.err);
    let demo = Program::new(&["demo", "--log-file", "/dev/null/a"]).run();
    assert_eq!((demo.code, demo.out.as_str()), (2, ""), "{}", demo.err);
    assert!(demo.err.contains("--log-file: cannot write"), "{}", demo.err);
}
