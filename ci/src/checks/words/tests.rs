//! Planted defects.

use super::*;
use crate::book::tests::small_book;
use crate::finding::tests::headlines;

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let (_folder, book) = small_book(files);
    headlines(&check(&book))
}

/// What is found of `prose`, about a listing with `code`.
fn found_in(prose: &str, code: &str) -> Vec<String> {
    let page = format!("# Page\n\n{prose}\n\n```rust\n{{{{#rustdoc_include ../listings/01-a/src/main.rs}}}}\n```\n");
    found(&[
        ("src/page.md", &page),
        ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("listings/01-a/src/main.rs", code),
        ("listings/01-a/src/tests.rs", "fn only_in_tests() {}\n"),
        ("listings/01-a/hello.html", "<p>Hello\n"),
    ])
}

fn missing(name: &str) -> Vec<String> {
    vec![format!("src/page.md:3: `{name}` is in no listing of this section")]
}

const TWO_SECTIONS: &str = "# Page\n\nFirst `serve`.\n\n## One\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs}}\n```\n\n`serve` is there.\n\n## Two\n\n`serve` is gone.\n\n```rust\n{{#rustdoc_include ../listings/02-b/src/main.rs}}\n```\n\n## More\n\n`serve` is gone, `run` is there.\n";

#[test]
fn a_renamed_function_is_found_though_another_listing_has_the_old_name() {
    let files = |second| {
        [
            ("src/page.md", TWO_SECTIONS),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "fn serve() {}\n"),
            ("listings/02-b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("listings/02-b/src/main.rs", second),
        ]
    };
    assert_eq!(found(&files("fn serve() {}\n\nfn run() {}\n")), [""; 0]);
    assert_eq!(
        found(&files("fn serves() {}\n\nfn run() {}\n")),
        [
            "src/page.md:15: `serve` is in no listing of this section",
            "src/page.md:23: `serve` is in no listing of this section",
        ]
    );
    let (_folder, book) = small_book(&files("fn serves() {}\n\nfn run() {}\n"));
    assert_eq!(
        check(&book)[0].help,
        "the section is about 02-b\ndid you mean `serves`?\nif it is not from there, and right, add it to ci/words.txt"
    );
}

#[test]
fn a_step_that_is_not_there_is_found_by_its_number() {
    let page = "# Page\n\nThis is step 01.\n\n<figcaption>Step 08: more.</figcaption>\n";
    let files = [
        ("src/page.md", page),
        ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
    ];
    assert_eq!(found(&files), ["src/page.md:5: there is no step 08"]);
}

#[test]
fn a_name_in_a_comment_or_in_our_tests_is_not_in_the_code() {
    let code = "// The server.\nfn main() {\n    let quote = '\"'; // serve\n    println!(\"http://{addr}\\r\");\n}\n";
    assert_eq!(found_in("`main`, `quote`, `addr` and `println!`", code), [""; 0]);
    for name in ["server", "serve", "only_in_tests", "r"] {
        assert_eq!(found_in(&format!("`{name}`"), code), missing(name));
    }
}

#[test]
fn a_name_has_the_use_that_it_has_in_the_code() {
    let code = "fn main() {\n    let read = smol::Timer::after(\n        second,\n    );\n    ready!(read);\n    stream.write(read);\n    0..end;\n}\n";
    let right = "`Timer::after(..).await`, `smol::Timer`, `&mut read`, `main()`, `stream.write(..)`, `ready!`, `Async<T>` and `end`";
    assert_eq!(found_in(right, &format!("use smol::Async;\n{code}")), [""; 0]);
    for (span, name) in [
        ("stream.read(..)", "read"),
        ("read(..)", "read"),
        ("ready(..)", "ready"),
        ("main!", "main!"),
        (".end", "end"),
        ("smol::Timer::before", "smol::Timer::before"),
    ] {
        assert_eq!(found_in(&format!("`{span}`"), code), missing(name), "{span}");
    }
}

#[test]
fn files_requests_and_steps_that_are_not_there_are_found() {
    let code =
        "fn main() {\n    // No / and no smol-1.\n    let request = b\"GET http://a /sleep HTTP/1.1\\r\\n\";\n}\n";
    assert_eq!(
        found_in(
            "`/sleep`, `hello.html`, `src/main.rs`, 01-a, `cargo run`, [x](ch21-09-z.html)",
            code
        ),
        [""; 0]
    );
    for name in ["/slee", "/", "smol-1"] {
        assert_eq!(found_in(&format!("`{name}`"), code), missing(name));
    }
    assert_eq!(
        found_in("`bye.html`", code),
        ["src/page.md:3: `bye.html` is a file of no listing of this section"]
    );
    assert_eq!(found_in("As in 01-b, `cd listings/01-c`.", code).len(), 2);
    assert_eq!(
        found_in("As in 01-b.", code),
        ["src/page.md:3: there is no listing `01-b`"]
    );
}

#[test]
fn a_page_may_show_our_clients() {
    let page =
        "# Page\n\nAsk `ask`, not `asks`.\n\n```rust\n{{#include ../listings/support/clients/src/lib.rs}}\n```\n";
    assert_eq!(
        found(&[
            ("src/page.md", page),
            ("listings/support/clients/Cargo.toml", "[package]\nname = \"clients\"\n"),
            ("listings/support/clients/src/lib.rs", "pub fn ask() {}\n"),
        ]),
        missing("asks")
    );
}

#[test]
fn prompts_and_options_are_those_of_transcripts() {
    let page = |words: &str| {
        format!("# Page\n\n{words}\n\n```console\n{{{{#include ../listings/01-a/out/run.console}}}}\n```\n")
    };
    let found = |words: &str| {
        found(&[
            ("src/page.md", &page(words)),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "fn main() {}\n"),
            (
                "listings/01-a/out/run.console",
                "server$ curl --max-time 2 http://127.0.0.1:7878/sleep\n",
            ),
            ("listings/01-a/out/other.console", "client$ curl -i\n"),
        ])
    };
    assert_eq!(
        found("`server$`, `client$`, `$`, `^C`, `--max-time 2`, `/sleep`"),
        [""; 0]
    );
    assert_eq!(
        found("`servant$`"),
        ["src/page.md:3: `servant$` is the prompt of no transcript"]
    );
    assert_eq!(
        found("`-i`"),
        ["src/page.md:3: `-i` is in no transcript of this section"]
    );
}

#[test]
fn the_reviewed_list_has_what_is_needed_and_no_more() {
    let with = |list: &str| {
        found(&[
            ("src/page.md", TWO_SECTIONS),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", "fn serve() {}\n"),
            ("listings/02-b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("listings/02-b/src/main.rs", "fn run() {}\n"),
            ("ci/words.txt", list),
        ])
    };
    assert_eq!(with("# Ours.\n\n01-a::serve page.md # said again\n"), [""; 0]);
    assert_eq!(
        with("std::serve\n"),
        ["ci/words.txt:1: `std::serve` is listed for all pages, and `01-a` has a `serve` of its own"]
    );
    assert_eq!(
        with("std::serve page.md\nstd::sleep\nstd::serve gone.md\n02-b::serve page.md\n"),
        [
            "ci/words.txt:2: `std::sleep` need not be listed",
            "ci/words.txt:3: there is no page `gone.md`",
            "ci/words.txt:4: `02-b::serve` need not be listed for page.md",
            "ci/words.txt:4: `02-b` has no `serve`",
        ]
    );
}
