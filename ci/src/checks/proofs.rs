//! Proofs: every mark `<!-- proof: listing test_name -->` names a test that is there and is not ignored.
//!
//! That the test ran and passed is for the `listings` check, which runs it.

use std::ffi::OsStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::book::{Book, line_of, listing_of, pattern};
use crate::finding::Finding;
use crate::generated::score;

/// A test function: its attributes, then its name.
static TEST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^(?P<before>(?:#\[[^\n]*\]\s*)*?)\s*#\[test\]\s*(?P<more>(?:#\[[^\n]*\]\s*|//[^\n]*\s*)*)(?:async\s+)?fn\s+(?P<name>\w+)",
    )
});

/// Finds proof marks that name no test, or one that does not run.
pub fn check(book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &book.pages {
        for proof in &page.proofs {
            if let Some((message, help)) = problem(book, &proof.listing, &proof.test) {
                findings.push(Finding::new(&page.path, proof.line, message, help));
            }
        }
        for (offset, _) in page.text.match_indices("<!-- proof") {
            let line = line_of(&page.text, offset);
            if !page.proofs.iter().any(|proof| proof.line == line) {
                findings.push(Finding::new(
                    &page.path,
                    line,
                    "this proof mark cannot be read",
                    "write <!-- proof: LISTING TEST_NAME -->",
                ));
            }
        }
    }
    findings
}

/// What is wrong with a proof by `test` of `listing`, and what to do.
fn problem(book: &Book, listing: &str, test: &str) -> Option<(String, String)> {
    let mut names = Vec::new();
    for (_, source) in book
        .sources
        .iter()
        .filter(|(path, _)| path.extension() == Some(OsStr::new("rs")) && listing_of(path).as_deref() == Some(listing))
    {
        for captures in TEST.captures_iter(&source.text) {
            if &captures["name"] == test {
                let is_ignored = ["before", "more"]
                    .iter()
                    .any(|name| captures[*name].contains("#[ignore"));
                return is_ignored.then(|| {
                    (
                        format!("the test `{test}` of `{listing}` is ignored, so it proves nothing"),
                        "remove its #[ignore]".to_owned(),
                    )
                });
            }
            names.push(captures["name"].to_owned());
        }
    }
    // A line of a score is a test that a macro makes.
    for cell in score::cells(book, listing) {
        if cell.test() == test {
            return None;
        }
        names.push(cell.test());
    }
    let help = match names.is_empty() {
        true => format!("listings/{listing} has no tests"),
        false => format!("it has {}", names.join(", ")),
    };
    Some((format!("`{listing}` has no test `{test}`"), help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn a_line_of_a_score_is_a_proof() {
        let page = "<!-- proof: 01-a silent::stays -->\n<!-- proof: 01-a slow::stays -->\n";
        let score = "clients::score! {\n    serve: serve,\n    silent: stays,\n    slow: others_wait,\n}\n";
        let (_folder, book) = small_book(&[("src/page.md", page), ("listings/01-a/src/score.rs", score)]);
        let findings = check(&book);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "`01-a` has no test `slow::stays`");
        assert_eq!(findings[0].help, "it has silent::stays, slow::others_wait");
    }

    #[test]
    fn proofs_without_a_test_that_runs_are_found() {
        let page = "<!-- proof: 01-a works -->\n<!-- proof: 01-a sleeps -->\n<!-- proof: 01-a no_such -->\n<!-- proof 01-a works -->\n<!-- proof: 09-z works -->\n<!-- proof: 01-a rests -->\n";
        let tests = "#[test]\nfn works() {}\n\n#[test]\n#[ignore = \"slow\"]\nfn sleeps() {}\n\n#[ignore]\n#[test]\nfn rests() {}\n\nfn no_such() {}\n";
        let (_folder, book) = small_book(&[("src/page.md", page), ("listings/01-a/src/tests.rs", tests)]);
        let mut found: Vec<String> = check(&book)
            .iter()
            .map(|f| format!("{}: {}", f.line, f.message))
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                "2: the test `sleeps` of `01-a` is ignored, so it proves nothing",
                "3: `01-a` has no test `no_such`",
                "4: this proof mark cannot be read",
                "5: `09-z` has no test `works`",
                "6: the test `rests` of `01-a` is ignored, so it proves nothing",
            ]
        );
    }
}
