use super::*;
use crate::reader::walk::walk;
use crate::testing::small_book;

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
const PAGE: &str = "\
    <!-- caption: Look at `run` -->\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n\n\
    ```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:run}}\n```\n\n## Next\n\n\
    <!-- caption (fails): Look -->\n\n```rust\n{{#rustdoc_include ../listings/02-b/src/main.rs:main}}\n```\n\n\
    ```console\n{{#include ../listings/02-b/out/run.console}}\n```\n";
const FIRST: &str = "// ANCHOR: main\nfn main() {\n    old();\n\n    run::<'a', \"&\">();\n}\n// ANCHOR_END: main\n\n\
    // ANCHOR: run\nfn run() {}\n// ANCHOR_END: run\n";
const SECOND: &str =
    "// ANCHOR: main\nfn main() {\n\n    run::<'a', \"&\">();\n    new();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";
const SESSION: &str = "client$ cargo run\n\n<p>it costs 3$ now</p>\n";

fn book() -> (tempfile::TempDir, crate::manuscript::Book) {
    small_book(&[
        ("src/page.md", &format!("# Page\n\n`cargo new web-server`\n\n{PAGE}")),
        ("listings/01-a/Cargo.toml", MANIFEST),
        ("listings/01-a/src/main.rs", FIRST),
        ("listings/02-b/Cargo.toml", MANIFEST),
        ("listings/02-b/src/main.rs", SECOND),
        ("listings/02-b/out/run.console", SESSION),
    ])
}

/// The figures of the page, in order.
fn shown() -> Vec<String> {
    let (_folder, book) = book();
    let walk = walk(&book);
    assert_eq!(walk.findings, []);
    figures(&walk, &book.pages[0]).into_iter().map(|(_, html)| html).collect()
}

#[test]
fn no_line_is_empty_where_markdown_would_end_the_html() {
    for html in shown() {
        assert!(html.trim_end().lines().all(|line| !line.trim().is_empty()), "{html}");
    }
    let (_folder, book) = book();
    for end in &walk(&book).ends {
        let html = end_html(end, "version = 4\n").unwrap();
        assert!(html.trim_end().lines().all(|line| !line.trim().is_empty()), "{html}");
    }
}

#[test]
fn new_gone_and_hidden_lines_are_told_apart() {
    let html = &shown()[2];
    assert!(html.contains("<ins class=\"line\">    new();\n</ins>"), "{html}");
    assert!(html.contains("data-gone=\"    old();\">"), "{html}");
    assert!(html.contains("<span class=\"line boring\">fn run() {}</span>"), "{html}");
    assert!(html.contains("run::&lt;'a', \"&amp;\"&gt;();"), "text is escaped\n{html}");
    // What the first step consists of is not marked as new.
    assert!(!shown()[0].contains("<ins"), "{}", shown()[0]);
}

#[test]
fn the_end_of_a_step_has_its_changes_its_files_and_its_project() {
    let (_folder, book) = book();
    let walk = walk(&book);
    let ends: Vec<(&str, usize)> = walk.ends.iter().map(|end| (end.listing.as_str(), end.line)).collect();
    assert_eq!(ends, [("01-a", 15), ("02-b", 26)]);
    let html = end_html(&walk.ends[1], "version = 4\n").unwrap();
    for part in [
        "All changes from <code>01-a</code> to <code>02-b</code>",
        "\n-    old();\n",
        "\n+    new();\n",
        "<details class=\"whole\" id=\"file-02-b-src-main-rs\">",
        "<a download=\"02-b.zip\" href=\"data:application/zip;base64,",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("ANCHOR"));
}

#[test]
fn an_answer_is_a_change_of_its_exercise_and_ends_where_its_fold_does() {
    let page = "# Page\n\n<details>\n<summary>Why?</summary>\n\nSo.\n\n</details>\n\n\
        <details>\n<summary>An answer</summary>\n\n\
        ```rust\n{{#rustdoc_include ../listings/answers/a/src/lib.rs:add}}\n```\n\nSo.\n\n</details>\n\n\
        <details>\n<summary>Why?</summary>\n\n</details>\n";
    let (_folder, book) = small_book(&[
        ("src/page.md", page),
        ("listings/exercises/a/Cargo.toml", MANIFEST),
        ("listings/exercises/a/src/lib.rs", "//! Exercise: add.\n\nfn add() {\n    wrong();\n}\n"),
        ("listings/answers/a/Cargo.toml", MANIFEST),
        (
            "listings/answers/a/src/lib.rs",
            "//! Answer: added.\n\n// ANCHOR: add\nfn add() {\n    right();\n}\n// ANCHOR_END: add\n",
        ),
    ]);
    let walk = walk(&book);
    assert_eq!(walk.findings, []);

    let html = &figures(&walk, &book.pages[0])[0].1;
    assert!(html.contains("<ins class=\"line\">    right();\n</ins>"), "{html}");
    assert!(!html.contains("class=\"edit\""), "the reader has not followed us\n{html}");

    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(walk.ends.len(), 1);
    assert_eq!(lines[walk.ends[0].line - 1], "</details>");
    assert_eq!(lines[walk.ends[0].line - 3], "So.");
    assert_eq!(lines[walk.ends[0].line - 5], "```");
    let html = end_html(&walk.ends[0], "version = 4\n").unwrap();
    assert!(html.contains("All changes from <code>exercises/a</code> to <code>answers/a</code>"), "{html}");
}
