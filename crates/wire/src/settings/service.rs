//! Service files: named sections of parameters (`pg_service.conf`), the user's own first.
//!
//! libpq's rules: the first section of that name counts, a line is `name=value` without blanks
//! around the sign, and a section names no further service.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A section that was found.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) file: PathBuf,
    pub(super) pairs: Vec<(String, String)>,
}

/// A file that some program wrote by mistake should not fill the memory.
const LARGEST_BYTES: u64 = 1 << 20;

/// Looks `name` up in `files`, in order; a file that is not there is passed over.
pub(super) fn find(name: &str, files: &[PathBuf]) -> Result<Option<Service>, String> {
    for file in files {
        let Some(text) = read(file)? else { continue };
        if let Some(pairs) = section(name, &text, file)? {
            return Ok(Some(Service { file: file.clone(), pairs }));
        }
    }
    Ok(None)
}

fn read(file: &Path) -> Result<Option<String>, String> {
    let mut text = String::new();
    let opened = File::open(file);
    match opened.and_then(|it| it.take(LARGEST_BYTES).read_to_string(&mut text)) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("could not read service file {}: {error}", file.display())),
    }
}

type Section = Option<Vec<(String, String)>>;

fn section(name: &str, text: &str, file: &Path) -> Result<Section, String> {
    let mut inside = false;
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if inside {
                break;
            }
            inside = header.split_once(']').is_some_and(|(title, _)| title == name);
            continue;
        }
        if !inside {
            continue;
        }
        let fault = |what| format!("{what} in service file {}, line {}", file.display(), index + 1);
        match line.split_once('=') {
            None if line.starts_with("ldap") => return Err(fault("LDAP look-ups don't work here")),
            None => return Err(fault("no \"=\"")),
            Some((key, _)) if key.starts_with("ldap://") => {
                return Err(fault("LDAP look-ups don't work here"));
            }
            Some(("service" | "servicefile", _)) => return Err(fault("a service names another")),
            Some((key, _)) if key.ends_with([' ', '\t']) => {
                return Err(fault("blanks before the \"=\""));
            }
            Some((key, value)) => pairs.push((key.to_owned(), value.to_owned())),
        }
    }
    Ok(inside.then_some(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# mine\n[other]\nhost=x\n\n[game]\nhost=db\n # note\nport=6000 \n[game]\nuser=z";

    fn lookup(name: &str, text: &str) -> Result<Section, String> {
        section(name, text, Path::new("file"))
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_first_section_of_the_name_counts() {
        let expected = vec![pair("host", "db"), pair("port", "6000")];
        assert_eq!(lookup("game", TEXT), Ok(Some(expected)));
        assert_eq!(lookup("gam", TEXT), Ok(None));
    }

    #[test]
    fn the_last_section_may_be_empty() {
        assert_eq!(lookup("a", "[a]"), Ok(Some(vec![])));
    }

    #[test]
    fn faults_name_file_and_line() {
        for (line, message) in [
            ("host", "no \"=\""),
            ("service=b", "names another"),
            ("host = a", "blanks"),
            ("ldap://x/y?z=1", "LDAP"),
        ] {
            let error = lookup("a", &format!("[a]\n{line}")).unwrap_err();
            assert!(error.contains(message) && error.ends_with("file, line 2"), "{error}");
        }
    }

    #[test]
    fn another_section_may_hold_anything() {
        assert_eq!(lookup("a", "[b]\nnonsense\n[a]\n"), Ok(Some(vec![])));
    }
}
