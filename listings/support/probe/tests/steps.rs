//! Every step of the book is probed by a test of its own.

use std::fs;
use std::path::Path;

#[test]
fn every_step_has_the_test_that_probes_it() {
    let listings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut steps = 0;
    for entry in fs::read_dir(listings).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let score = fs::read_to_string(folder.join("src/score.rs")).unwrap_or_default();
            assert!(
                score.contains("probe::probe!("),
                "{name}/src/score.rs has no `probe::probe!(...)`"
            );
            steps += 1;
        }
    }
    assert!(steps >= 11);
}
