//! Followed: whoever does what the pages say, from `cargo new` on, has each step's listing in front of them.

use crate::book::Book;
use crate::finding::Finding;
use crate::reader::walk;

/// Finds blocks that a reader would not know what to do with, and lines of a step that no block shows.
pub fn check(book: &Book) -> Vec<Finding> {
    walk::walk(book).findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    const FIRST: &str = "//! Step 01.\n\n// ANCHOR: main\nfn main() {\n    run();\n}\n// ANCHOR_END: main\n\n// ANCHOR: run\nfn run() {}\n// ANCHOR_END: run\n";
    const SECOND: &str =
        "// ANCHOR: main\nfn main() {\n    run();\n    run();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";

    /// The first lines of what is found on a page that shows these parts of two steps.
    fn found(parts: &[&str], first: &str, second: &str) -> Vec<String> {
        let page: String = parts
            .iter()
            .map(|part| format!("```rust\n{{{{#rustdoc_include ../listings/{part}}}}}\n```\n\n"))
            .collect();
        let (_folder, book) = small_book(&[
            ("src/page.md", &page),
            ("listings/01-a/Cargo.toml", MANIFEST),
            ("listings/01-a/src/main.rs", first),
            ("listings/02-b/Cargo.toml", MANIFEST),
            ("listings/02-b/src/main.rs", second),
        ]);
        headlines(&check(&book))
    }

    const ALL: &[&str] = &["01-a/src/main.rs:main", "01-a/src/main.rs:run", "02-b/src/main.rs:main"];

    #[test]
    fn a_page_that_shows_every_change_can_be_followed() {
        assert_eq!(found(ALL, FIRST, SECOND), [""; 0]);
    }

    #[test]
    fn a_line_that_no_block_shows_is_found() {
        let second = SECOND.replace("fn run() {}", "fn run() {\n    stop();\n}");
        assert_eq!(
            found(ALL, FIRST, &second),
            ["listings/02-b/src/main.rs:8: whoever follows src/page.md does not end with this file"]
        );
    }

    #[test]
    fn a_line_that_should_have_gone_is_found() {
        let second = SECOND.replace("\nfn run() {}\n", "");
        assert_eq!(
            found(ALL, FIRST, &second),
            ["listings/02-b/src/main.rs:1: whoever follows src/page.md does not end with this file"]
        );
    }

    #[test]
    fn a_dependency_that_no_block_shows_is_found() {
        let (_folder, book) = small_book(&[
            (
                "src/page.md",
                "```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n",
            ),
            ("listings/01-a/Cargo.toml", &format!("{MANIFEST}smol = \"2\"\n")),
            (
                "listings/01-a/src/main.rs",
                "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n",
            ),
        ]);
        let findings = check(&book);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, std::path::Path::new("listings/01-a/Cargo.toml"));
        assert_eq!(findings[0].line, 7);
        assert!(findings[0].help.contains("+smol = \"2\""), "{}", findings[0]);
    }

    #[test]
    fn a_block_without_an_item_is_found() {
        let second = SECOND
            .replace("fn main() {\n    run();\n", "fn main() {\n    run();\n// ANCHOR: x\n")
            .replace("    run();\n}", "    run();\n// ANCHOR_END: x\n}");
        let found = found(&[ALL[0], ALL[1], "02-b/src/main.rs:x"], FIRST, &second);
        assert_eq!(
            found[1],
            "listings/02-b/src/main.rs:5: whoever follows src/page.md does not end with this file"
        );
        assert_eq!(
            found[0],
            "src/page.md:9: a reader would not know what to do with this block: no words of ours say where it goes"
        );
    }
}
