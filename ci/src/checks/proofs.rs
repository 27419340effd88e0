//! Finds proof marks, `<!-- proof: LISTING TEST_NAME -->`, that name no test. (`listings` runs it.)

use std::path::Path;
use std::sync::LazyLock;

use book::finding::Finding;
use book::manuscript::{Book, Listing, normalize, pattern};
use regex::Regex;

use crate::generators::score::{self, Cell};

/// A test.
static TEST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"#\[test\]\s*(?:(?:#\[|//)[^\n]*\s*)*(?:async\s+)?fn\s+(?P<name>\w+)"));

/// What a file uses of another listing: an answer runs the tests of its exercise.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"#\[path = "(?P<path>[^"]+)"\]"#));

/// Finds proof marks that name no test.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (page, proof) in book.pages.iter().flat_map(|page| page.proofs.iter().map(move |proof| (page, proof))) {
        let tests = book.listings.get(&proof.listing).map_or_else(Vec::new, |listing| tests(book, listing));
        // The mark may name the module, too.
        if !tests.iter().any(|known| *known == proof.name || proof.name.ends_with(&format!("::{known}"))) {
            let message = format!("`{}` has no test `{}`", proof.listing, proof.name);
            let help = format!("its tests are: {}", tests.join(", "));
            findings.push(Finding::new(&page.path, proof.line, message, help));
        }
    }
    findings
}

/// The names of the tests of a listing, and of the files that it names by `#[path]`.
fn tests(book: &Book, listing: &Listing) -> Vec<String> {
    // Each line of a score is a test that a macro makes.
    let mut tests: Vec<String> = score::cells(book, &listing.name).iter().map(Cell::test).collect();
    for (path, source) in book.files_of(listing).filter(|(path, _)| path.extension().is_some_and(|end| end == "rs")) {
        let folder = listing.folder.join(path.parent().unwrap_or(Path::new("")));
        let elsewhere = ELSEWHERE.captures_iter(&source.text).map(|named| normalize(&folder.join(&named["path"])));
        for source in elsewhere.filter_map(|path| book.sources.get(&path)).chain([source]) {
            tests.extend(TEST.captures_iter(&source.text).map(|test| test["name"].to_owned()));
        }
    }
    tests
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
        assert_eq!(findings[0].help, "its tests are: silent::stays, slow::others_wait");
    }

    #[test]
    fn tests_that_are_not_there_are_found() {
        let page: String = ["01-a works", "01-a rests", "01-a is_no_test", "09-z works", "answers/b works"]
            .map(|proof| format!("<!-- proof: {proof} -->\n"))
            .concat();
        let tests = "#[test]\nfn works() {}\n\nfn is_no_test() {}\n\n    #[test]\n    // Too\n    #[should_panic]\n    fn rests() {}\n";
        let (_folder, book) = small_book(&[
            ("src/page.md", &page),
            ("listings/01-a/src/tests.rs", tests),
            ("listings/answers/b/src/lib.rs", "#[cfg(test)]\n#[path = \"../../../01-a/src/tests.rs\"]\nmod tests;\n"),
        ]);
        let found = headlines(&check(&book));
        assert_eq!(
            found,
            ["src/page.md:3: `01-a` has no test `is_no_test`", "src/page.md:4: `09-z` has no test `works`"]
        );
    }
}
