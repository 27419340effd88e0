use super::*;
use book::testing::{headlines, small_book};

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
const FIRST: &str = "//! Step 01.\n\n// ANCHOR: main\nfn main() {\n    old();\n}\n// ANCHOR_END: main\n\nfn gone() {}\n\n// ANCHOR: last\n#[cfg(test)]\nmod mine {}\n// ANCHOR_END: last\n\n#[cfg(test)]\nmod tests;\n";
const SECOND: &str = "//! Step 02.\n\n// ANCHOR: main\nfn main() {\n    new::<u8>(\"&\");\n}\n// ANCHOR_END: main\n\n#[cfg(test)]\nmod mine {}\n\n#[cfg(test)]\nmod tests;\n";
const PAGE: &str = "# Page\n\n`cargo new web-server`\n\n\
    ```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n\n\
    ```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n\n## Next\n\n\
    <!-- remove: 02-b src/main.rs gone -->\n\n\
    <!-- caption (fails): Look at `main` -->\n\n\
    ```rust\n{{#rustdoc_include ../listings/02-b/src/main.rs:main}}\n```\n\n\
    ```console\n{{#include ../listings/02-b/out/run.console}}\n```\n\n\
    The start is `listings/exercises/x`.\n\n\
    <figure>\n{{#include img/a.svg}}\n<figcaption>A picture.</figcaption>\n</figure>\n";

/// The book, with what its page has in place of `PAGE`.
fn book(page: &str) -> (tempfile::TempDir, Context) {
    let (folder, book) = small_book(&[
        (
            "book.toml",
            "[book]\ntitle = \"Small\"\n[build]\ncreate-missing = false\n[preprocessor.book]\nbefore = [\"links\"]\n",
        ),
        ("src/page.md", page),
        (
            "src/img/a.svg",
            "<svg role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">A</title>\n<desc id=\"d\">A.</desc>\n</svg>\n",
        ),
        ("listings/Cargo.lock", "version = 4\n"),
        ("listings/01-a/Cargo.toml", MANIFEST),
        ("listings/01-a/src/main.rs", FIRST),
        ("listings/02-b/Cargo.toml", MANIFEST),
        ("listings/02-b/src/main.rs", SECOND),
        ("listings/02-b/out/run.console", "$ cargo run\n"),
        ("listings/exercises/x/Cargo.toml", MANIFEST),
    ]);
    (folder, Context::new(book))
}

/// What is found on the page when `from` in its HTML is `to`.
#[track_caller]
fn found(from: &str, to: &str) -> Vec<String> {
    let (_folder, context) = book(PAGE);
    let page = &context.book.pages[0];
    let html = &context.built().unwrap().html[&page.path];
    assert!(html.contains(from), "{from}\n{html}");
    headlines(&compare(&context, page, &html.replacen(from, to, 1)).unwrap())
}

#[test]
fn a_built_page_is_the_model() {
    assert_eq!(found("", ""), [""; 0]);
}

#[test]
fn other_lines_and_other_marks_are_found() {
    for (from, to, line) in [
        ("    old();\n", "    odd();\n", 5),
        ("<span class=\"line boring\">fn gone() {}\n</span>", "", 5),
        ("class=\"line boring\">fn gone", "class=\"line\">fn gone", 5),
        ("<ins class=\"line\">    new", "<span class=\"line\">    new", 19),
        ("data-gone=\"    old();\"", "data-gone=\"    odd();\"", 19),
        ("<del class=\"gone\"", "old<del class=\"gone\"", 19),
        ("<kbd>cargo run</kbd>", "<kbd>cargo test</kbd>", 23),
    ] {
        let found = found(from, to);
        let expected = format!("src/page.md:{line}: the lines of this block are not those of the listing");
        assert!(found.contains(&expected), "{from}\n{found:?}");
    }
}

#[test]
fn other_words_are_found() {
    for (from, to) in [
        ("replaces <code>main</code>", "replaces <code>run</code>"),
        ("<strong class=\"label\">fails</strong>", ""),
        ("Look at <code>main</code>", "Look"),
        ("<code>src/main.rs</code></a>", "<code>src/lib.rs</code></a>"),
        ("remove <code>gone</code>", "remove <code>main</code>"),
    ] {
        assert_eq!(found(from, to).len(), 1, "{from}");
    }
}

#[test]
fn what_markdown_leaves_over_links_to_nowhere_and_ids_that_are_there_twice_are_found() {
    for to in [
        "{{ start }}",
        "start[^1]",
        "[!NOTTE] start",
        "a | start",
        "<a href=\"\">start</a>",
        "<a href=\"nowhere.html\">start</a>",
        "<a href=\"page.html#nowhere\">start</a>",
        "<b id=\"a\">st</b><b id=\"a\">art</b>",
    ] {
        assert_eq!(found("The start", &format!("The {to}")).len(), 1, "{to}");
    }
    for to in ["<a href=\"page.html\">start</a>", "<a href=\"#next\">start</a>", "<code>[^ | {{ </code>"] {
        assert_eq!(found("The start", &format!("The {to}")), [""; 0]);
    }
    // Both captions of the file lead there.
    assert_eq!(found("id=\"file-01-a-src-main-rs\"", "").len(), 2);
}

#[test]
fn other_boxes_and_downloads_are_found() {
    for (from, to) in [
        ("download=\"01-a.zip\"", "download=\"1-a.zip\""),
        (
            "download=\"x.zip\" href=\"data:application/zip;base64,UEs",
            "download=\"x.zip\" href=\"data:application/zip;base64,UEt",
        ),
        ("fn main() {\n    new::&lt;u8&gt;(\"&amp;\");", "fn main() {"),
        ("02-b, complete", "02-c, complete"),
        ("<figcaption>A picture", "<p>A picture"),
        ("<figcaption>A picture.", "<figcaption>"),
        ("<title id=\"t\">A</title>", ""),
        ("<desc id=\"d\">A.", "<desc id=\"d\">"),
    ] {
        assert_eq!(found(from, to).len(), 1, "{from}");
    }
}

#[test]
fn a_directive_that_is_left_and_a_block_that_is_lost_are_found() {
    let (_folder, context) = book(&format!(
        "{PAGE}\n\\{{{{#include x}}}}\n\n- x\n\n  ```rust\n  {{{{#include ../listings/01-a/src/main.rs:last}}}}\n  ```\n"
    ));
    let found = headlines(&check(&context).unwrap());
    assert!(found.iter().any(|found| found.ends_with("`{{#` is left as it is in the built page")), "{found:?}");
    assert!(found.len() > 1, "{found:?}");
}
