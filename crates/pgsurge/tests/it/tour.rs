//! The tour that a newcomer takes first, whole.

use std::process::Command;

#[test]
fn the_demo_is_real_ends_well_and_leaves_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_pgsurge"))
        .arg("demo")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    for part in ["1. How much", "2. How long", "hokm, 20 connections", "3. What does a stall"] {
        assert!(said.contains(part), "no \"{part}\" in:\n{said}");
    }
    let results = std::fs::read_dir(folder.path().join("pgsurge-results")).unwrap();
    let tour = results.flatten().next().unwrap().path();
    for name in ["1-capacity.json", "2-half.json", "3-stall.json"] {
        let text = std::fs::read(tour.join(name)).unwrap();
        let result = report::json::read(&text).unwrap();
        assert!(result.load_metrics.all_actions.succeeded > 100, "{name}");
        assert!(result.load_metrics.verification.is_some_and(|found| found.passed), "{name}");
    }
}
