//! `scripts/install-deps`, on machines made of a folder: programs that write down how they were
//! called, and package managers that put files there.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/install-deps");
/// What the script uses of every system.
const TOOLS: [&str; 9] =
    ["basename", "cat", "dirname", "env", "grep", "mkdir", "readlink", "sort", "tr"];

struct Machine(TempDir);

impl Machine {
    /// A machine with one package manager and cargo; `uid` 0 is root.
    fn with(manager: &str, uid: u32) -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        std::fs::create_dir(machine.bin()).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for tool in TOOLS {
            let folders = std::env::split_paths(&path);
            let real = folders.map(|f| f.join(tool)).find(|p| p.is_file()).unwrap();
            symlink(real, machine.bin().join(tool)).unwrap();
        }
        machine.program("cargo", "");
        machine.program("id", &format!("echo {uid}"));
        machine.program(manager, "case \"$*\" in *install*|*add*|*-S*) install_all;; esac");
        machine
    }

    fn bin(&self) -> PathBuf {
        self.0.path().join("bin")
    }

    /// Adds a program that notes its call and does something.
    fn program(&self, name: &str, does: &str) {
        let root = self.0.path().display();
        let text = format!(
            "#!/bin/sh\n\
             pg={root}/usr/lib/postgresql/15/bin share={root}/usr/share/postgresql/15/extension\n\
             put() {{ echo '#!/bin/sh' >\"$1\"; /bin/chmod +x \"$1\"; }}\n\
             install_all() {{\n\
               mkdir -p $pg $share; : >$share/pg_stat_statements.control\n\
               for p in postgres initdb pgbench; do put $pg/$p; done\n\
               for p in redis-server pgbouncer cc make; do put {root}/bin/$p; done\n\
             }}\n\
             echo \"{name} $*\" >>{root}/calls\n{does}\n"
        );
        let path = self.bin().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("/bin/sh");
        command.arg(SCRIPT).args(arguments).env_clear();
        command.env("PATH", self.bin()).env("INSTALL_DEPS_ROOT", self.0.path());
        command.output().unwrap()
    }

    /// The calls that install or update something, in order.
    fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.0.path().join("calls")).unwrap_or_default();
        let asks =
            |call: &&str| ["id", "apk search", "dnf -q"].iter().any(|ask| call.starts_with(ask));
        calls.lines().filter(|call| !asks(call)).map(str::to_owned).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn installs_nothing_and_says_so_in_one_line_when_all_is_there() {
    let machine = Machine::with("apt-get", 0);
    assert!(machine.run(&[]).status.success());
    let calls = machine.calls();
    let again = machine.run(&[]);
    assert!(again.status.success() && text(&again.stdout).ends_with("nothing to install\n"));
    assert_eq!((text(&again.stdout).lines().count(), machine.calls()), (1, calls));
}

#[test]
fn installs_with_the_manager_that_is_there() {
    for (manager, call) in [
        (
            "apt-get",
            "apt-get install -y --no-install-recommends gcc libc6-dev make pgbouncer \
                     postgresql postgresql-contrib redis-server",
        ),
        ("dnf", "dnf install -y gcc make pgbouncer postgresql-contrib postgresql-server valkey"),
        (
            "apk",
            "apk add --no-cache build-base make pgbouncer postgresql \
             postgresql-client postgresql-contrib redis",
        ),
        ("pacman", "pacman -S --needed --noconfirm gcc make pgbouncer postgresql valkey"),
        ("brew", "brew install pgbouncer postgresql@17 redis"),
    ] {
        let machine = Machine::with(manager, 0);
        let output = machine.run(&[]);
        assert!(output.status.success(), "{manager}: {}", text(&output.stderr));
        let words = |call: &str| call.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(machine.calls().iter().map(|c| words(c)).collect::<Vec<_>>(), [words(call)]);
    }
}

#[test]
fn node_and_npm_are_installed_only_for_who_asks() {
    let machine = Machine::with("apt-get", 0);
    machine.program("apt-get", "install_all; for p in node npm; do put $(dirname $0)/$p; done");
    let output = machine.run(&["--with-npm"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let calls = machine.calls();
    assert!(calls.len() == 1 && calls[0].contains(" nodejs npm "), "{calls:?}");
    assert!(machine.run(&["--with-npm"]).status.success() && machine.calls() == calls);
}

#[test]
fn hypopg_is_installed_for_the_server_that_is_there_and_missed_by_nobody() {
    let machine = Machine::with("apt-get", 0);
    let share = "share=$(dirname $0)/../usr/share/postgresql/15/extension";
    let does =
        format!("install_all; {share}; case \"$*\" in *hypopg*) : >$share/hypopg.control;; esac");
    machine.program("apt-get", &does);
    let output = machine.run(&["--with-hypopg"]);
    assert!(text(&output.stdout).starts_with("installed: hypopg\n"), "{}", text(&output.stdout));
    let calls = machine.calls();
    assert!(calls.len() == 2 && calls[1].ends_with(" postgresql-15-hypopg"), "{calls:?}");
    assert!(machine.run(&["--with-hypopg"]).status.success() && machine.calls() == calls);
    let other = Machine::with("pacman", 0).run(&["--with-hypopg"]);
    assert!(other.status.success() && text(&other.stdout).starts_with("without hypopg\n"));
}

#[test]
fn updates_a_stale_list_of_packages_and_tries_again() {
    let machine = Machine::with("apt-get", 0);
    let updated = machine.0.path().join("updated");
    let updated = updated.display();
    let does = format!(
        "if [ $1 = update ]; then : >{updated}; exit; fi; [ -e {updated} ] || exit 100; install_all"
    );
    machine.program("apt-get", &does);
    assert!(machine.run(&[]).status.success());
    let verbs: Vec<String> =
        machine.calls().iter().map(|call| call.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(verbs, ["install", "update", "install"]);
}

#[test]
fn uses_sudo_when_it_is_not_root() {
    let machine = Machine::with("dnf", 1000);
    machine.program("sudo", "[ \"$1\" = -n ] || \"$@\"");
    let output = machine.run(&[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(machine.calls().iter().any(|call| call.starts_with("sudo dnf install -y ")));
}

#[test]
fn prints_the_command_when_it_may_not_run_it() {
    let machine = Machine::with("apk", 1000);
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("apk add --no-cache "), "{}", text(&output.stdout));
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn fails_when_the_manager_fails() {
    let machine = Machine::with("pacman", 0);
    machine.program("pacman", "exit 3");
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr)
            .contains("could not install: postgres contrib redis pgbouncer compiler")
    );
}

#[test]
fn fails_when_something_is_still_missing_afterwards() {
    let machine = Machine::with("pacman", 0);
    machine.program("pacman", "");
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("still missing: postgres"), "{}", text(&output.stderr));
}

#[test]
fn only_looks_when_asked_to() {
    let machine = Machine::with("apt-get", 0);
    let output = machine.run(&["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("missing: postgres contrib redis pgbouncer compiler make")
    );
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn says_where_rust_comes_from() {
    let machine = Machine::with("apt-get", 0);
    std::fs::remove_file(machine.bin().join("cargo")).unwrap();
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("https://rustup.rs"), "{}", text(&output.stderr));
}

#[test]
fn finds_what_the_tests_of_this_crate_use() {
    let output = Command::new("/bin/sh").args([SCRIPT, "--check"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(Path::new(SCRIPT).metadata().unwrap().permissions().mode() & 0o111 == 0o111);
}
