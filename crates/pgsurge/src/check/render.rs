//! The findings as people read them, and as JSON.

use super::line::{self, Line, Outcome};
use model::units::several;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How it looks on a terminal.
const COLOURS: [(&str, &str); 3] = [("ok", "32"), ("warning", "33"), ("problem", "31")];

/// For people: a line each, with the reason and what mends it below.
pub fn text(lines: &[Line], colour: bool) -> String {
    let widest = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let word = painted(line.outcome.word(), colour);
        // Writing to a String can't fail, here and below.
        let _ok = writeln!(text, "{word}  {:widest$}  {}", line.name, plain(&line.found));
        let more = [("why", &line.reason), ("mend", &line.mend)];
        for (what, words) in more.iter().filter_map(|(what, it)| Some((what, it.as_ref()?))) {
            let _ok = writeln!(text, "{:7}    {what:<4}  {}", "", plain(words));
        }
    }
    let _ok = writeln!(text, "\n{}", summary(lines));
    text
}

fn painted(word: &str, colour: bool) -> String {
    let code = COLOURS.iter().find(|(of, _)| *of == word).map_or("0", |(_, code)| code);
    match colour {
        true => format!("\x1b[{code}m{word:7}\x1b[0m"),
        false => format!("{word:7}"),
    }
}

/// A server's words can't move the cursor or end the line.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn summary(lines: &[Line]) -> String {
    let count = |of: fn(Outcome) -> bool| lines.iter().filter(|it| of(it.outcome)).count() as u64;
    let problems = count(|it| matches!(it, Outcome::Problem(_)));
    let warnings = count(|it| it == Outcome::Warning);
    let what = match line::exit_code(lines).number() {
        3 => "a run can't begin like this",
        6 => "a run's numbers would mean little",
        _ if warnings > 0 => "fit to test, with reservations",
        _ => "fit to test",
    };
    let (problems, warnings) = (several(problems, "problem"), several(warnings, "warning"));
    format!("{what}: {problems}, {warnings}, {} ok", count(|it| it == Outcome::Ok))
}

/// For programs.
pub fn json(lines: &[Line]) -> String {
    let worst = lines.iter().map(|line| line.outcome).max().unwrap_or(Outcome::Ok);
    let all: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "outcome": line.outcome.word(),
                "found": line.found,
                "reason": line.reason,
                "mend": line.mend,
            })
        })
        .collect();
    let document = json!({
        "kind": "check",
        "schema_version": 1,
        "outcome": worst.word(),
        "exit_code": line::exit_code(lines).number(),
        "checks": all,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        let fsync = Line::meaningless("fsync", "off", "commits cost nothing");
        vec![
            Line::ok("connection", "me@here:5432/game"),
            Line::warning("jit", "on", "it compiles"),
            fsync.mend("ALTER SYSTEM SET fsync = 'on'"),
        ]
    }

    #[test]
    fn a_line_has_its_reason_and_its_remedy_below_it() {
        let expected = "\
ok       connection  me@here:5432/game
warning  jit         on
           why   it compiles
problem  fsync       off
           why   commits cost nothing
           mend  ALTER SYSTEM SET fsync = 'on'

a run's numbers would mean little: 1 problem, 1 warning, 1 ok
";
        assert_eq!(text(&lines(), false), expected);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = text(&lines(), true);
        assert!(coloured.contains("\x1b[31mproblem\x1b[0m"), "{coloured}");
        let bare = COLOURS
            .iter()
            .fold(coloured, |text, (_, code)| text.replace(&format!("\x1b[{code}m"), ""));
        assert_eq!(bare.replace("\x1b[0m", ""), text(&lines(), false));
    }

    #[test]
    fn what_a_server_says_stays_on_its_line() {
        let shown = text(&[Line::ok("connection", "a\x1b[2J\nb")], false);
        assert!(shown.starts_with("ok       connection  a [2J b\n"), "{shown}");
    }

    #[test]
    fn a_program_reads_the_same() {
        let value: Value = serde_json::from_str(&json(&lines())).unwrap();
        assert_eq!((&value["outcome"], &value["exit_code"]), (&json!("problem"), &json!(6)));
        assert_eq!(value["checks"][2]["mend"], "ALTER SYSTEM SET fsync = 'on'");
        assert_eq!(value["checks"][0]["reason"], Value::Null);
    }
}
