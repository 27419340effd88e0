//! The programs as a whole, on small books: what a person sees, and how each run ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const BOOK: &str = env!("CARGO_BIN_EXE_book");
const PAGES: &str = env!("CARGO_BIN_EXE_pages");

const GOOD: &str = "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n";

/// A book with this page and one listing.
fn small_book(page: &str) -> TempDir {
    book_of(page, "fn main() {}\n")
}

/// A book with this page and this program.
fn book_of(page: &str, main: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let book = "[book]\ntitle = \"Small\"\n[build]\ncreate-missing = false\n\
                [preprocessor.book]\ncommand = \"cargo book preprocess\"\nbefore = [\"links\"]\n";
    let workspace = "[workspace]\nmembers = [\"[0-9]*\"]\nresolver = \"3\"\n";
    let package = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    for (path, text) in [
        ("book.toml", book),
        ("src/SUMMARY.md", "# Summary\n\n- [Page](page.md)\n"),
        ("src/page.md", page),
        ("listings/Cargo.toml", workspace),
        ("listings/01-a/Cargo.toml", package),
        ("listings/01-a/src/main.rs", main),
        // skeptic wants to see one package of an edition that it knows.
        ("listings/02-b/Cargo.toml", &package.replace("a\"", "b\"").replace("2024", "2021")),
        ("listings/02-b/src/lib.rs", ""),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// How a program ends that runs in `root`, and all that it has printed.
fn run(program: &str, root: &Path, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(program).args(arguments).env("RUST_BACKTRACE", "1").current_dir(root).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

#[test]
fn a_good_book_builds() {
    let folder = small_book(&(GOOD.to_owned() + "\nSo it is.\n<!-- proof: 01-a so_it_is -->\n"));
    let (output, text) = run(PAGES, folder.path(), &["build"]);
    assert!(output.status.success(), "{text}");
    let html = fs::read_to_string(folder.path().join("book/page.html")).unwrap();
    assert!(html.contains("main") && !html.contains("so_it_is"), "{html}");
}

#[test]
fn a_broken_include_is_one_clear_line() {
    let folder = small_book(&GOOD.replace("main.rs", "main.rs:gone"));
    let (output, text) = run(PAGES, folder.path(), &["build"]);
    assert!(!output.status.success());
    let expected = "src/page.md:4: `listings/01-a/src/main.rs` has no anchor `gone`";
    assert_eq!(text.lines().filter(|line| line.contains(expected)).count(), 1, "{text}");
    assert!(!text.contains("panicked") && !text.contains("backtrace"), "{text}");
}

#[test]
fn the_published_book_takes_its_addresses_from_the_environment() {
    let folder = small_book(GOOD);
    let output = Command::new(PAGES)
        .arg("build")
        .env("MDBOOK_OUTPUT__HTML__GIT_REPOSITORY_URL", "https://example.org/a/b")
        .env("MDBOOK_OUTPUT__HTML__EDIT_URL_TEMPLATE", "https://example.org/a/b/edit/main/{path}")
        .env("MDBOOK_OUTPUT__HTML__SITE_URL", "/b/")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let read = |file: &str| fs::read_to_string(folder.path().join("book").join(file)).unwrap();
    assert!(read("page.html").contains("href=\"https://example.org/a/b\""));
    assert!(read("page.html").contains("href=\"https://example.org/a/b/edit/main/src/page.md\""));
    assert!(read("404.html").contains("href=\"/b/\""));
}

#[test]
fn what_is_not_a_command_is_refused_in_one_line() {
    let folder = small_book(GOOD);
    let (output, text) = run(BOOK, folder.path(), &["sevre"]);
    assert!(!output.status.success());
    assert_eq!(text, "error: there is no command `sevre`; `cargo book help` lists those there are\n");
    let (output, text) = run(BOOK, &folder.path().join("src"), &["check"]);
    assert!(!output.status.success());
    assert!(text.starts_with("error: there is no book.toml in "), "{text}");
}

#[cfg(feature = "checks")]
mod checks {
    use super::*;

    const CHECKS: &str = env!("CARGO_BIN_EXE_checks");

    #[test]
    fn a_finding_is_shown_with_its_place_and_counted() {
        let folder = small_book(&GOOD.replace("main.rs", "main.rs:gone"));
        // What follows from it is not found in other words.
        let (output, text) = run(CHECKS, folder.path(), &["test", "includes", "unused", "followed", "rendered"]);
        assert!(!output.status.success());
        let (_, findings) = text.split_once("\n\n").unwrap();
        let expected = "src/page.md:4: `listings/01-a/src/main.rs` has no anchor `gone`\n    its anchors: ";
        assert_eq!(findings, format!("{expected}\n\n0 passed, 4 failed\n"), "{text}");
    }

    /// What has passed is not looked at again, until something changes that one of the checks looks at.
    #[test]
    fn a_book_that_has_passed_is_checked_again_when_anything_of_it_changes() {
        let folder = small_book(GOOD);
        let check = || {
            let (output, text) = run(CHECKS, folder.path(), &["test", "words", "spelling", "form"]);
            let (_, findings) = text.split_once("\n\n").unwrap();
            (output.status.success(), findings.lines().find(|line| line.contains(": ")).map(str::to_owned))
        };
        for _ in 0..2 {
            assert_eq!(check(), (true, None));
        }
        for (path, more, place) in [
            ("ci/words.txt", "unneeded\n", "ci/words.txt:1: no page needs `unneeded` here"),
            ("README.md", "# Teh\n", "README.md:1: `Teh` is misspelt"),
            ("src/page.md", "\nTODO\n", "src/page.md:7: readers would see this note"),
            ("listings/01-a/src/main.rs", "// adress\n", "listings/01-a/src/main.rs:2: `adress` is misspelt"),
        ] {
            let file = folder.path().join(path);
            let text = fs::read_to_string(&file).unwrap_or_default();
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, format!("{text}{more}")).unwrap();
            assert_eq!(check(), (false, Some(place.to_owned())));
            fs::write(&file, text).unwrap();
            assert_eq!(check(), (true, None));
        }
    }

    #[test]
    fn what_is_not_a_check_or_a_command_is_refused_in_one_line() {
        let (output, text) = run(CHECKS, small_book(GOOD).path(), &["test", "include"]);
        assert!(!output.status.success());
        assert!(text.starts_with("error: there is no check `include`; there are includes, "), "{text}");
        let (output, text) = run(CHECKS, small_book(GOOD).path(), &["check", "includes"]);
        assert!(!output.status.success());
        assert!(text.starts_with("error: `check includes` means nothing here"), "{text}");
    }

    /// As `head` leaves, when it has seen enough.
    #[test]
    fn checks_end_quietly_when_nobody_reads_what_they_print() {
        let folder = small_book(GOOD);
        let mut checks = Command::new(CHECKS);
        checks.args(["test", "includes", "form"]).current_dir(folder.path());
        let mut checks = checks.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(checks.stdout.take());
        let output = checks.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
    }

    /// A background job of a script, and what `nohup` starts, ignore signals, and so would the servers that we start.
    #[cfg(unix)]
    #[test]
    fn checks_pass_where_interrupts_are_ignored() {
        let folder = small_book(GOOD);
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' INT HUP; exec \"$0\" test includes", CHECKS]).current_dir(folder.path());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// What the check `skeptic` says of a page that shows the function `add` of this program.
    fn compiled(main: &str) -> String {
        let folder = book_of(&GOOD.replace("main.rs", "main.rs:add"), main);
        run(CHECKS, folder.path(), &["test", "skeptic"]).1
    }

    /// Only the edition of 2024 has let chains.
    const MAIN: &str = "fn main() {\n    add(Some(1));\n}\n\n// ANCHOR: add\nfn add(a: Option<u8>) {\n    if let Some(a) = a && a > 0 {}\n}\n// ANCHOR_END: add\n";

    #[test]
    fn a_block_of_the_readers_edition_compiles() {
        let text = compiled(MAIN);
        assert!(text.contains("1 passed, 0 failed"), "{text}");
    }

    #[test]
    fn a_block_that_cargo_compiles_and_skeptic_cannot_is_found_at_its_line_of_the_page() {
        // Cargo tells a program its name, and skeptic does not.
        let text = compiled(&MAIN.replace("a > 0", "a > 0 && env!(\"CARGO_PKG_NAME\") == \"a\""));
        assert!(text.contains("src/page.md:3: this block does not compile: environment variable"), "{text}");
        assert!(text.contains("at its line 6"), "{text}");
        assert!(text.contains("0 passed, 1 failed"), "{text}");
    }
}
