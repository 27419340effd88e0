//! Finds names in backticks, and numbers of three digits and more, that are in no listing, no transcript and no
//! generated file: they are misspelt, or the code has moved on. Correct the page.
//!
//! What is right all the same goes into `ci/words.txt`, one word a line; a word there that no page needs is found, too.
//! Looked at is the code that readers have, without comments, and each file that a page includes. A method has to occur
//! as a method there, a function as one that is called, a macro as a macro.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use book::finding::Finding;
use book::manuscript::page::Span;
use book::manuscript::{Book, Kind, Page, listing, pattern};
use regex::Regex;

/// The words that are right though nothing shows them; what follows a `#` is a comment.
const EXCEPTIONS: &str = "ci/words.txt";

/// A name in Rust, and how it is used: `.await`, `serve(`, `vec!`. One letter stands for any name.
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\.?[A-Za-z_]\w+[(!]?"));

/// What is no name in Rust: a path, an option, a prompt, what has a hyphen in it, a file.
static VERBATIM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(/[\w./-]*|-[\w-]+|\w+\$|[\w./]*\w[/-]\w[\w./-]*|\w+\.(html|lock|md|rs|toml))$"));

/// A number of three digits and more, as words have it: `1,024`, but not that of a standard; or a step: `step 03`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"RFC \d+|(?P<step>[Ss]tep \d\d)\b|(?:^|[\s(:])(?P<number>\d{1,3}(,\d{3})+\b|\d{3,}\b|\d\d-[a-z-]+)")
});

pub fn check(book: &Book) -> Vec<Finding> {
    let exceptions = fs::read_to_string(book.root.join(EXCEPTIONS)).unwrap_or_default();
    let exceptions = exceptions.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).zip(1..);
    let mut unneeded: BTreeMap<&str, usize> = exceptions.filter(|(word, _)| !word.is_empty()).collect();
    let exceptions = unneeded.clone();
    let code = code(book);
    let mut findings = Vec::new();
    let mut known = BTreeMap::new();
    for (page, span) in book.pages.iter().flat_map(|page| page.spans.iter().map(move |span| (page, span))) {
        for word in words(span) {
            if *known.entry(word).or_insert_with(|| exists(book, &code, word)) {
                continue;
            }
            let word = word.trim_matches(['.', '(', '!']);
            unneeded.remove(word);
            if !exceptions.contains_key(word) {
                let message = format!("`{word}` is in no listing and no transcript");
                findings.push(Finding::new(&page.path, span.line, message, "correct it, or add it to ci/words.txt"));
            }
        }
    }
    for (word, line) in unneeded {
        findings.push(Finding::new(EXCEPTIONS, line, format!("no page needs `{word}` here"), "remove the line"));
    }
    findings
}

/// The code that readers have, without comments, and all that pages include; each line once.
fn code(book: &Book) -> String {
    let included: BTreeSet<PathBuf> = book.pages.iter().flat_map(Page::includes).map(|include| include.path).collect();
    let is_theirs = |path: &Path| {
        let listing = book.listing_of(path).filter(|listing| listing.kind != Kind::Support);
        let file = listing.and_then(|listing| path.strip_prefix(&listing.folder).ok());
        let is_code = path.extension().is_some_and(|end| end == "html" || end == "rs" || end == "toml");
        is_code && file.is_some_and(|file| !listing::is_our_tests(file))
    };
    let sources = book.sources.iter().filter(|(path, _)| included.contains(*path) || is_theirs(path));
    let lines = sources.flat_map(|(path, source)| {
        // `//` in an address begins no comment.
        let comments: &[&str] = if path.extension() == Some(OsStr::new("rs")) { &["// ", "///", "//!"] } else { &[] };
        let is_comment = |line: &str| comments.iter().filter_map(|begin| line.find(begin)).min();
        source.text.lines().map(move |line| &line[..is_comment(line).unwrap_or(line.len())])
    });
    lines.collect::<BTreeSet<&str>>().into_iter().flat_map(|line| [line, "\n"]).collect()
}

/// The names, if it is code, and the numbers in a piece of a page's words.
fn words(span: &Span) -> Vec<&str> {
    let numbers = NUMBER.captures_iter(&span.text).filter_map(|it| it.name("step").or(it.name("number")));
    let mut words: Vec<&str> = numbers.map(|number| number.as_str()).collect();
    for piece in span.text.split_whitespace().map(|piece| piece.trim_matches([',', ';'])).filter(|_| span.is_code) {
        match VERBATIM.is_match(piece) {
            true => words.push(piece),
            false => words.extend(NAME.find_iter(piece).map(|name| name.as_str())),
        }
    }
    words
}

/// Whether a word is in the code, or is a path in the repository or the end of one, or the name of a listing.
fn exists(book: &Book, code: &str, word: &str) -> bool {
    // Its number alone is somewhere among the measurements.
    if let Some(number) = word.strip_prefix("step ").or(word.strip_prefix("Step ")) {
        return book.listings.keys().any(|name| name.starts_with(&format!("{number}-")));
    }
    let forms = match word.strip_suffix('(') {
        Some(name) => [word.to_owned(), format!("{name}::<"), format!("{name}<")],
        None => [word.to_owned(), word.replace(',', "_"), word.replace(',', "")],
    };
    forms.iter().any(|form| has(code, form))
        || (!word.starts_with('/') && book.root.join(word).exists())
        || book.sources.keys().any(|path| path.ends_with(word))
        || book
            .listings
            .values()
            .any(|it| it.slug() == word || format!("{}-", it.name).starts_with(&format!("{word}-")))
}

/// Whether `word` is in `code` with nothing before or behind it that belongs to a word or, if it is one, to a path.
fn has(code: &str, word: &str) -> bool {
    let more = if word.contains(['/', '-']) { "_-/" } else { "_" };
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !more.contains(c));
    code.match_indices(word).any(|(at, _)| {
        (word.starts_with('.') || ends(code[..at].chars().next_back()))
            && (word.ends_with(['(', '!', '<']) || ends(code[at + word.len()..].chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    const CODE: &str = "//! Step 01: not_this 4096\n\nasync fn serve(listener: TcpListener) {\n    let mut buffer = [0; 1024]; // nor_this\n    stream.read(&mut buffer).await; // https://a.b/c\n    spawn::<u8>(\"GET /sleep HTTP\", vec![10_000]);\n}\n";

    /// What is found in a page with these words, less the place that each has.
    fn found(words: &str, exceptions: &str) -> Vec<String> {
        let (_folder, book) = small_book(&[
            (
                "src/page.md",
                &format!("# Page\n\n{words}\n\n```console\n{{{{#include ../listings/01-a/out/run.console}}}}\n```\n"),
            ),
            ("listings/01-a/src/main.rs", CODE),
            ("listings/01-a/src/tests.rs", "fn in_a_test() {}\n"),
            ("listings/01-a/Cargo.toml", "[dependencies]\nasync-io = \"2\"\n"),
            ("listings/01-a/out/run.console", "server$ cargo run\nclient$ curl -i --max-time 20 127.0.0.1:7878\n"),
            ("listings/01-a/out/unused.console", "$ cargo shown_nowhere\n"),
            ("listings/support/clients/src/lib.rs", "fn in_support() {}\n"),
            ("ci/words.txt", exceptions),
        ]);
        let found = headlines(&check(&book));
        found
            .iter()
            .map(|line| line.replace("src/page.md:3: ", "").replace(" is in no listing and no transcript", ""))
            .collect()
    }

    #[test]
    fn names_that_the_code_has_are_right() {
        let words = "`serve(..)`, `stream.read`, `.await`, `spawn`, `spawn(u8)`, `vec!`, `/sleep`, `GET /sleep`, `async-io`, \
            `src/main.rs`, `main.rs`, `Cargo.toml`, `listings/01-a`, `01-a`, `curl -i`, `server$`, `--max-time 2`, `T`, `&mut buffer`";
        assert_eq!(found(words, ""), [""; 0]);
    }

    #[test]
    fn names_that_it_does_not_have_are_found() {
        let names = "sreve not_this nor_this in_a_test in_support shown_nowhere /slep async-net src/mian.rs -v shell$ \
            listings/02-b";
        for name in names.split(' ') {
            assert_eq!(found(&format!("See `{name}`."), ""), [format!("`{name}`")]);
        }
        // A method is no function, a function no macro, and the other way round.
        for (used, name) in
            [("buffer(..)", "buffer"), ("stream.serve(..)", "serve"), ("serve!", "serve"), ("listener.serve", "serve")]
        {
            assert_eq!(found(&format!("See `{used}`."), "")[0], format!("`{name}`"));
        }
    }

    #[test]
    fn numbers_that_nothing_shows_are_found() {
        let words =
            "Up to 1024 bytes, 10,000 clients, port `7878`, 99 of them; RFC 9112, E0728, #1234, 0.1.186, x86_64.";
        assert_eq!(found(words, ""), [""; 0]);
        assert_eq!(found("Step 01, step 20.", ""), ["`step 20`"]);
        assert_eq!(found("2048 bytes, 4096 or `4,096`, 10,001.", ""), ["`2048`", "`4096`", "`4,096`", "`10,001`"]);
    }

    #[test]
    fn an_exception_is_right_as_long_as_it_is_needed() {
        assert_eq!(found("See `Mutex` of 1994.", "# std\nMutex\n1994 # a year\n"), [""; 0]);
        assert_eq!(found("See `serve`.", "\nMutex # std\n"), ["ci/words.txt:2: no page needs `Mutex` here"]);
    }
}
