//! Which renderings there are, and the files that they go to.

use std::path::{Path, PathBuf};

/// One thing that can be made of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// The report that a run prints.
    Text,
    /// The result itself.
    Json,
    /// The summary for people.
    Markdown,
    /// The summary in one line.
    Csv,
    /// The series in long form.
    SeriesCsv,
}

impl Rendering {
    /// Every one, with the ending of its file. An ending that holds another comes first.
    const ENDINGS: [(Rendering, &str); 5] = [
        (Rendering::SeriesCsv, "series.csv"),
        (Rendering::Csv, "csv"),
        (Rendering::Json, "json"),
        (Rendering::Markdown, "md"),
        (Rendering::Text, "txt"),
    ];

    fn ending(self) -> &'static str {
        let found = Rendering::ENDINGS.iter().find(|(rendering, _)| *rendering == self);
        found.map_or("", |(_, ending)| ending)
    }

    /// The rendering that a file of this name holds.
    pub fn of_name(path: &Path) -> Option<Rendering> {
        split(path).map(|(_, rendering)| rendering)
    }
}

/// The file of each rendering. One alone goes to `output` as it is called; several share its stem,
/// as the files of a run do.
pub fn name_files(renderings: &[Rendering], output: &Path) -> Vec<(Rendering, PathBuf)> {
    if let [rendering] = renderings {
        return vec![(*rendering, output.to_owned())];
    }
    let stem = split(output).map_or_else(|| output.to_owned(), |(stem, _)| stem);
    let file = |rendering: &Rendering| {
        let mut name = stem.clone().into_os_string();
        name.push(".");
        name.push(rendering.ending());
        (*rendering, PathBuf::from(name))
    };
    renderings.iter().map(file).collect()
}

/// A name without an ending of ours, and what that ending stands for. Any other dot is part of the
/// name: `v1.2` is a stem.
fn split(path: &Path) -> Option<(PathBuf, Rendering)> {
    let name = path.file_name()?.to_str()?;
    Rendering::ENDINGS.iter().find_map(|(rendering, ending)| {
        let stem = name.strip_suffix(ending)?.strip_suffix('.')?;
        (!stem.is_empty()).then(|| (path.with_file_name(stem), *rendering))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(renderings: &[Rendering], output: &str) -> Vec<String> {
        let files = name_files(renderings, Path::new(output));
        files.into_iter().map(|(_, path)| path.display().to_string()).collect()
    }

    #[test]
    fn several_renderings_share_a_stem_and_one_alone_is_called_as_it_was_asked() {
        use Rendering::{Csv, Json, Markdown, SeriesCsv};
        assert_eq!(names(&[Markdown], "a/report.markdown"), ["a/report.markdown"]);
        assert_eq!(names(&[Json, Markdown], "a/v1.2"), ["a/v1.2.json", "a/v1.2.md"]);
        assert_eq!(names(&[Csv, SeriesCsv], "a.csv"), ["a.csv", "a.series.csv"]);
        assert_eq!(names(&[Markdown, Csv], "b.series.csv"), ["b.md", "b.csv"]);
    }

    #[test]
    fn a_name_tells_what_is_to_be_in_the_file() {
        let of = |name: &str| Rendering::of_name(Path::new(name));
        assert_eq!(of("x.series.csv"), Some(Rendering::SeriesCsv));
        assert_eq!(of("x.md"), Some(Rendering::Markdown));
        assert_eq!((of("x"), of(".md"), of("x.html")), (None, None, None));
    }
}
