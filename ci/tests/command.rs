//! The program as a whole, on small books with planted defects: what it prints, and how it exits.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const BOOK_TOML: &str = "[book]\ntitle = \"Small\"\n[build]\ncreate-missing = false\n[preprocessor.book]\ncommand = \"cargo book preprocess\"\nbefore = [\"links\"]\n";
const WORKSPACE: &str = "[workspace]\nmembers = [\"[0-9]*\"]\nresolver = \"3\"\n";
const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";

/// A book with one page and one listing.
fn small_book(page: &str, main: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("book.toml", BOOK_TOML),
        ("src/SUMMARY.md", "# Summary\n\n- [Page](page.md)\n"),
        ("src/page.md", page),
        ("listings/Cargo.toml", WORKSPACE),
        ("listings/01-a/Cargo.toml", MANIFEST),
        ("listings/01-a/src/main.rs", main),
        // skeptic takes the highest edition that it knows among the packages, and does not know 2024.
        (
            "listings/02-b/Cargo.toml",
            "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        ("listings/02-b/src/lib.rs", ""),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn book(root: &Path, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_book"))
        .args(arguments)
        .env("CARGO_MANIFEST_DIR", root.join("ci"))
        .current_dir(root)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

#[test]
fn a_good_book_builds() {
    let folder = small_book(
        "# Page\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n",
        "fn main() {}\n",
    );
    let (output, text) = book(folder.path(), &["build"]);
    assert!(output.status.success(), "{text}");
    assert!(folder.path().join("book/page.html").exists());
}

#[test]
fn mdbook_does_not_build_a_book_with_a_missing_anchor() {
    let folder = small_book(
        "# Page\n\n```rust\n{{#include ../listings/01-a/src/main.rs:gone}}\n```\n",
        "fn main() {}\n",
    );
    let (output, text) = book(folder.path(), &["build"]);
    assert!(!output.status.success());
    assert!(
        text.contains("src/page.md:4: `listings/01-a/src/main.rs` has no anchor `gone`"),
        "{text}"
    );
}

#[test]
fn proof_marks_do_not_reach_the_reader() {
    let folder = small_book("# Page\n\nSo it is.\n<!-- proof: 01-a so_it_is -->\n", "fn main() {}\n");
    assert!(book(folder.path(), &["build"]).0.status.success());
    assert!(
        !fs::read_to_string(folder.path().join("book/page.html"))
            .unwrap()
            .contains("so_it_is")
    );
}

#[test]
fn a_block_that_does_not_compile_is_found_at_its_line_of_the_page() {
    let page = "# Page\n\n```rust,no_run\n{{#rustdoc_include ../listings/01-a/src/main.rs:add}}\n```\n";
    // skeptic knows no edition after 2021, and there this is an error.
    let main = "fn main() {\n    add();\n}\n\n// ANCHOR: add\nfn add() {\n    if let Some(a) = Some(1) && a > 0 {}\n}\n// ANCHOR_END: add\n";
    let folder = small_book(page, main);
    let (output, text) = book(folder.path(), &["test", "skeptic"]);
    assert!(!output.status.success());
    assert!(
        text.contains("src/page.md:3: this block does not compile: error"),
        "{text}"
    );
    assert!(
        text.contains("at `if let Some(a) = Some(1) && a > 0 {}`, line 6"),
        "{text}"
    );
    assert!(text.contains("0 passed, 1 failed"), "{text}");
}

#[test]
fn a_block_that_compiles_is_no_finding() {
    let page = "# Page\n\n```rust,no_run\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n";
    let folder = small_book(page, "fn main() {}\n");
    let (output, text) = book(folder.path(), &["test", "skeptic"]);
    assert!(output.status.success(), "{text}");
}

#[test]
fn a_transcript_that_shows_something_else_is_found_at_its_line() {
    let folder = small_book("# Page\n", "fn main() {\n    println!(\"one\");\n}\n");
    let transcript = folder.path().join("listings/01-a/out/run.console");
    fs::create_dir_all(transcript.parent().unwrap()).unwrap();
    fs::write(&transcript, "$ cargo run\n").unwrap();
    assert!(
        Command::new("cargo")
            .arg("generate-lockfile")
            .arg("--offline")
            .current_dir(folder.path().join("listings"))
            .status()
            .unwrap()
            .success()
    );

    let (output, text) = book(folder.path(), &["bless"]);
    assert!(output.status.success(), "{text}");
    assert!(fs::read_to_string(&transcript).unwrap().ends_with("one\n"));
    let (output, text) = book(folder.path(), &["test", "transcripts"]);
    assert!(output.status.success(), "{text}");

    let told = fs::read_to_string(&transcript).unwrap().replace("\none\n", "\ntwo\n");
    fs::write(&transcript, told).unwrap();
    let (output, text) = book(folder.path(), &["test", "transcripts"]);
    assert!(!output.status.success());
    assert!(text.contains("listings/01-a/out/run.console:5:"), "{text}");
}

#[test]
fn a_built_page_that_cannot_be_followed_is_found_at_the_line_of_the_block() {
    let block = "\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n";
    let main = "// ANCHOR: main\nfn main() {\n    loop {}\n}\n// ANCHOR_END: main\n";
    let stuck = "src/page.md:3: the reader has no project `web-server` to put this in";
    let (output, text) = book(
        small_book(&format!("# Page\n{block}"), main).path(),
        &["test", "replay"],
    );
    assert!(!output.status.success());
    assert!(text.contains(stuck), "{text}");
    let told = format!("# Page\n\nMake it with `cargo new web-server`.\n{block}");
    let (_, text) = book(small_book(&told, main).path(), &["test", "replay"]);
    // The manifest of the second listing is of another edition, and no page shows it.
    assert!(
        !text.contains("src/page.md") && text.contains("listings/02-b/Cargo.toml:1: no built page"),
        "{text}"
    );
}

#[test]
fn a_generated_file_is_written_and_held_to() {
    let folder = small_book("# Page\n\n{{#include ../listings/score.md:whole}}\n", "fn main() {}\n");
    let score = "clients::score! {\n    serve: serve,\n    silent: others_wait,\n    slow: others_wait,\n    hang_up: gets_404,\n    reset: the_server_ends,\n    byte_by_byte: gets_404,\n    long_head: is_reset,\n}\n";
    fs::write(folder.path().join("listings/01-a/src/score.rs"), score).unwrap();
    let (output, text) = book(folder.path(), &["bless"]);
    assert!(!output.status.success(), "{text}");
    assert!(
        text.contains("listings/02-b/src/score.rs:1: this step does not declare its score"),
        "{text}"
    );

    let better = score.replace("others_wait", "nobody_is_answered");
    fs::write(folder.path().join("listings/02-b/src/score.rs"), better).unwrap();
    let (output, text) = book(folder.path(), &["bless"]);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 files generated, 1 changed"), "{text}");
    let (output, text) = book(folder.path(), &["test", "generated"]);
    assert!(output.status.success(), "{text}");

    let table = folder.path().join("listings/score.md");
    let typed = fs::read_to_string(&table).unwrap().replace("✗", "✓");
    fs::write(&table, typed).unwrap();
    let (output, text) = book(folder.path(), &["test", "generated"]);
    assert!(!output.status.success());
    assert!(
        text.contains("listings/score.md:6: this file is generated, and something else would be generated now"),
        "{text}"
    );
}

#[test]
fn the_name_of_no_check_is_refused() {
    let folder = small_book("# Page\n", "fn main() {}\n");
    let (output, text) = book(folder.path(), &["test", "skeptics"]);
    assert!(!output.status.success());
    assert!(
        text.starts_with("error: there is no check `skeptics`; there are includes, "),
        "{text}"
    );
}
