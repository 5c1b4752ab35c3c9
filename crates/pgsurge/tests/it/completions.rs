//! What shells complete and manual pages say is what can be typed.

use crate::program::Program;
use clap_complete::Shell;
use pgsurge::cli::{command, completions, man};
use pgsurge::registry::Registry;
use std::collections::BTreeSet;

/// Every long flag of every command.
fn flags() -> BTreeSet<String> {
    let root = command(&Registry::built_in());
    let verbs = root.get_subcommands().chain([&root]);
    let arguments = verbs.flat_map(|verb| verb.get_arguments().filter_map(|it| it.get_long()));
    arguments.map(str::to_owned).collect()
}

#[test]
fn every_shells_script_names_every_flag_and_command() {
    let flags = flags();
    assert!(flags.len() > 30, "{flags:?}");
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
        let script = String::from_utf8(completions::script(shell, &Registry::built_in())).unwrap();
        let verbs = command(&Registry::built_in());
        let verbs = verbs.get_subcommands().map(|it| it.get_name().to_owned());
        let missing: Vec<String> =
            flags.iter().cloned().chain(verbs).filter(|it| !script.contains(it)).collect();
        assert_eq!(missing, [""; 0], "{shell}");
    }
}

#[test]
fn the_words_that_a_setting_takes_are_completed() {
    let script =
        String::from_utf8(completions::script(Shell::Bash, &Registry::built_in())).unwrap();
    for words in ["hokm select-only", "simple extended prepared", "uniform poisson", "json md csv"]
    {
        assert!(script.contains(words), "no {words} in {script}");
    }
}

#[test]
fn bash_takes_its_script_and_completes_with_it() {
    let mut program = Program::new(&["completions", "bash"]);
    let ended = program.run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let ask = "COMP_WORDS=(pgsurge load --protocol pre); COMP_CWORD=3; _pgsurge pgsurge pre \
               --protocol; echo \"${COMPREPLY[@]}\"";
    let script = format!("{}\n{ask}\n", ended.out);
    let bash = std::process::Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout).trim(), "prepared", "{bash:?}");
}

#[test]
fn each_command_has_a_page_that_names_its_flags() {
    let pages = man::pages(&Registry::built_in());
    for verb in
        command(&Registry::built_in()).get_subcommands().filter(|it| it.get_name() != "help")
    {
        let name = format!("pgsurge-{}", verb.get_name());
        let (_, page) = pages.iter().find(|(it, _)| *it == name).expect(&name);
        // A page writes a dash as `\-`, so that it can be searched for and copied.
        let page = String::from_utf8_lossy(page).replace("\\-", "-");
        let flags = verb.get_arguments().filter_map(|it| it.get_long());
        let missing: Vec<&str> = flags.filter(|it| !page.contains(&format!("--{it}"))).collect();
        assert_eq!(missing, [""; 0], "{name}: {page}");
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
}

#[test]
fn pages_are_printed_or_written_to_a_folder() {
    let ended = Program::new(&["man"]).run();
    assert!(ended.code == 0 && ended.out.contains(".TH pgsurge 1"), "{}", ended.out);
    let ended = Program::new(&["man", "load"]).run();
    assert!(ended.code == 0 && ended.out.contains(".TH pgsurge-load 1"), "{}", ended.out);
    let ended = Program::new(&["man", "laod"]).run();
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("expected one of "), "{}", ended.err);
    let mut program = Program::new(&["man", "--output-dir", "share/man1"]);
    assert_eq!(program.run().code, 0);
    for (name, page) in man::pages(&Registry::built_in()) {
        assert_eq!(std::fs::read(program.path(&format!("share/man1/{name}.1"))).unwrap(), page);
    }
}
