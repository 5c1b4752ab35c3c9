//! `pgsurge report`: what a run wrote is made again from its JSON, byte for byte, and what is no
//! result is refused with the reason.

use crate::database::Database;
use crate::program::{Ended, Program};
use crate::running::Load;
use std::path::Path;

/// `pgsurge report` with these arguments, for a file of this text.
fn report(text: impl AsRef<[u8]>, arguments: &str) -> Ended {
    Program::new(&["report"]).file("it.json", text).args("it.json").args(arguments).run()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_format_of_a_run_is_made_again_byte_for_byte() {
    let database = Database::new("reports_equal");
    let ended = Load::hokm(&database.url())
        .args("--connections 4 --rate 150 --warm-up 500ms --duration 2s --format json,md,csv")
        .run();
    ended.result();
    let json = read(&ended.path("result.json"));
    let printed = report(&json, "");
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_eq!(printed.out, ended.out);
    let formats = [("json", "json"), ("md", "md"), ("csv", "csv"), ("series", "series.csv")];
    for (format, ending) in formats {
        let written = read(&ended.path(&format!("result.{ending}")));
        assert!(report(&json, &format!("--format {format}")).out == written, "{format} differs");
    }
    let mut program = Program::new(&["report"]).file("it.json", &json);
    program = program.args("it.json --format json,text,md,csv --output again");
    assert_eq!(program.run().code, 0);
    for (_, ending) in formats {
        let written = read(&ended.path(&format!("result.{ending}")));
        assert!(read(&program.path(&format!("again.{ending}"))) == written, "{ending} differs");
    }
    assert_eq!(read(&program.path("again.txt")), ended.out);
}

const MINIMAL: &str = r#"{"schema_version":1,"kind":"load"}"#;

#[test]
fn what_is_no_result_is_refused_with_the_reason_and_what_to_do() {
    let cases = [
        ("", "the file is empty", "hint: "),
        ("hello", "it is no JSON (", "hint: name the JSON of a run"),
        ("[1, 2]", "it is no result of pgsurge", "hint: name the JSON of a run"),
        (r#"{"metrics": {}, "root_group": {}}"#, "no JSON object with a schema_version", "hint: "),
        (r#"{"schema_version": 2}"#, "its schema_version is 2", "hint: use the version of pgsurge"),
        (&MINIMAL[..20], "the file is cut short", "hint: pgsurge writes a result whole"),
        (r#"{"schema_version":1,"kind":"song"}"#, "of the kind \"song\"", "hint: "),
        (r#"{"schema_version":1,"load_metrics":7}"#, "it is no result of pgsurge (", "hint: "),
    ];
    for (text, why, hint) in cases {
        let ended = report(text, "");
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{text}: {}", ended.err);
        assert!(ended.err.starts_with("error: cannot "), "{text}: {}", ended.err);
        assert!(ended.err.contains("it.json: "), "{text}: {}", ended.err);
        assert!(ended.err.contains(why) && ended.err.contains(hint), "{text}: {}", ended.err);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let cases =
        [("nowhere.json", ": no such file or directory\n"), (".", "it is no ordinary file")];
    for (name, why) in cases {
        let ended = Program::new(&["report", name]).run();
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", ended.err);
        assert!(ended.err.contains(&format!("cannot read {name}: ")), "{}", ended.err);
        assert!(ended.err.contains(why) && ended.err.contains("\nhint: "), "{}", ended.err);
    }
}

#[test]
fn nothing_that_exists_is_replaced_unless_that_is_asked_for() {
    let again = |arguments: &str| {
        let mut program = Program::new(&["report", "it.json", "--output", "a.md"]);
        program = program.file("it.json", MINIMAL).file("a.md", "yours").args(arguments);
        let ended = program.run();
        (ended.code, ended.err, read(&program.path("a.md")))
    };
    let (code, err, text) = again("");
    assert_eq!((code, text.as_str()), (2, "yours"));
    assert!(err.contains("a.md exists; --force replaces it"), "{err}");
    let (code, err, text) = again("--force");
    assert!(code == 0 && text.starts_with("# Load test: "), "{err}{text}");
}

#[test]
fn the_file_that_is_read_is_never_written() {
    let mut program = Program::new(&["report", "it.json", "--format", "md", "--force"]);
    program = program.file("it.json", MINIMAL).args("--output ./it.json");
    let ended = program.run();
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("is the file that is read"), "{}", ended.err);
    assert_eq!(read(&program.path("it.json")), MINIMAL);
}

#[test]
fn several_formats_need_a_file_and_a_file_tells_its_format() {
    for (arguments, why) in [
        ("--format json,md", "several need --output"),
        ("--output a.html", "expected a name that ends in"),
        ("--format xml", "[possible values: text, json, md, csv, series]"),
        ("--output nowhere/a.md", "cannot write nowhere/a.md: "),
    ] {
        let ended = report(MINIMAL, arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments}: {}", ended.err);
        assert!(ended.err.contains(why), "{arguments}: {}", ended.err);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("it.json"), MINIMAL).unwrap();
    let script = format!(
        "{} report it.json --format md | true; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_pgsurge")
    );
    let ran =
        std::process::Command::new("bash").args(["-c", &script]).current_dir(&folder).output();
    let ran = ran.unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "0", "{ran:?}");
}
