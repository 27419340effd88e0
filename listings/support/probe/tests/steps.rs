//! Every step of the book is probed by a test of its own, with cases that have names of their own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use probe::{LAST_STEP, cases};

#[test]
fn every_step_has_the_test_that_probes_it() {
    let listings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut steps = 0;
    for entry in fs::read_dir(listings).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let score = fs::read_to_string(folder.join("src/score.rs")).unwrap_or_default();
            assert!(score.contains("probe::probe!("), "{name}/src/score.rs has no `probe::probe!(...)`");
            steps += 1;
        }
    }
    assert!(steps >= 11);
}

#[test]
fn every_case_has_a_name_of_its_own_and_some_step() {
    let cases = cases();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();

    assert_eq!(names.len(), cases.len());
    assert!(cases.iter().all(|case| (1..=LAST_STEP).any(|step| case.is_for(step))));
}
