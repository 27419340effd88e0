//! Finds proof marks, `<!-- proof: LISTING TEST_NAME -->`, that name no test. (`listings` runs it.)

use book::finding::Finding;
use book::manuscript::{Book, Kind};

use crate::generators::score;

/// Finds proof marks that name no test.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (page, proof) in book.pages.iter().flat_map(|page| page.proofs.iter().map(move |proof| (page, proof))) {
        // The mark may name the module, too.
        let name = proof.name.rsplit("::").next().unwrap_or_default();
        let listing = book.listings.get(&proof.listing);
        // An answer runs the tests of its exercise.
        let exercise = listing.filter(|listing| listing.kind == Kind::Answer);
        let exercise = exercise.and_then(|answer| book.listings.get(&format!("exercises/{}", answer.slug())));
        let mut sources = listing.into_iter().chain(exercise).flat_map(|listing| book.files_of(listing));
        let is_there = sources.any(|(_, source)| source.text.contains(&format!("fn {name}()")));
        // Each line of a score is a test that a macro makes.
        let cells = score::cells(book, &proof.listing);
        if !is_there && !cells.iter().any(|cell| cell.test() == proof.name) {
            let message = format!("`{}` has no test `{}`", proof.listing, proof.name);
            findings.push(Finding::new(&page.path, proof.line, message, "correct it, or write the test"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    #[test]
    fn a_line_of_a_score_is_a_test() {
        let page = "<!-- proof: 01-a silent::stays -->\n<!-- proof: 01-a slow::stays -->\n";
        let score = "clients::score! {\n    serve: serve,\n    silent: stays,\n    slow: others_wait,\n}\n";
        let (_folder, book) = small_book(&[("src/page.md", page), ("listings/01-a/src/score.rs", score)]);
        let findings = check(&book);
        assert_eq!(headlines(&findings), ["src/page.md:2: `01-a` has no test `slow::stays`"]);
    }

    #[test]
    fn tests_that_are_not_there_are_found() {
        let page: String = ["01-a works", "01-a m::rests", "01-a is_not_there", "09-z works", "answers/b works"]
            .map(|proof| format!("<!-- proof: {proof} -->\n"))
            .concat();
        let tests = "#[test]\nfn works() {}\n\nmod m {\n    #[test]\n    fn rests() {}\n}\n";
        let (_folder, book) = small_book(&[
            ("src/page.md", &page),
            ("listings/01-a/src/tests.rs", tests),
            ("listings/answers/b/src/lib.rs", "fn b() {}\n"),
            ("listings/exercises/b/src/tests.rs", tests),
        ]);
        let found = headlines(&check(&book));
        assert_eq!(
            found,
            ["src/page.md:3: `01-a` has no test `is_not_there`", "src/page.md:4: `09-z` has no test `works`"]
        );
    }
}
