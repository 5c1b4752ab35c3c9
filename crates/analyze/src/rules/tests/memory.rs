//! What fits into memory.

use super::*;
use model::database_metrics::{Section, StatementLoad, TempFiles, Unread};
use model::finding::Severity;
use model::run_result::RunResult;

fn spilled(files: u64, share_percent: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).temp_files.data = Some(TempFiles { files, bytes: files << 20 });
        let statement = StatementLoad {
            text: Some("SELECT * FROM t ORDER BY x".to_owned()),
            temp_blocks_written: Some(128),
            share_percent,
            ..StatementLoad::default()
        };
        db(result).query_performance.data.as_mut().unwrap().statements = vec![statement];
    }
}

#[test]
fn a_sort_that_spills_is_told_with_its_statement_and_work_mem() {
    let found = fires("temp_spill", spilled(11, 90.0));
    assert!(rests_on(&found, 11.0) && rests_on(&found, f64::from(11 << 20)));
    assert!(found.advice.contains("now 4MB") && found.advice.contains("ORDER BY x"));
    assert_eq!((found.severity, found.impact), (Severity::High, 0.9));
    assert_eq!(fires("temp_spill", spilled(11, 19.0)).severity, Severity::Medium);
    quiet("temp_spill", spilled(10, 90.0));
    let reset = |result: &mut RunResult| {
        db(result).temp_files = Section::unread(Unread::missing("the counters were reset"));
    };
    assert_eq!(unknown("temp_spill", reset), "the counters were reset");
}
