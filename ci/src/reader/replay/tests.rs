//! A small book whose HTML can be followed, and what is found when something is wrong with that HTML.

use super::*;
use crate::book::tests::small_book;
use crate::finding::tests::headlines;
use crate::html::preprocess;
use crate::reader::walk;

const PAGE: &str = "# Page

<p>Make it with <code>cargo new web-server</code>.</p>

```html
{{#include ../listings/01-a/hello.html}}
```

```rust
{{#rustdoc_include ../listings/01-a/src/main.rs:main}}
```

```rust
{{#rustdoc_include ../listings/01-a/src/main.rs:run}}
```

```rust
{{#rustdoc_include ../listings/01-a/src/main.rs:stop}}
```

```console
{{#include ../listings/01-a/out/run.console}}
```

## The second step

```toml
{{#include ../listings/02-b/Cargo.toml:dependencies}}
```

```rust
{{#rustdoc_include ../listings/02-b/src/main.rs:main}}
```

```console
{{#include ../listings/02-b/out/check.console}}
```

## What it is made of

<p>Make another with <code>cargo new tool</code>, and copy <code>hello.html</code> into it.</p>

```rust
{{#rustdoc_include ../listings/underneath/tool/src/main.rs:main}}
```
";

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
const FIRST: &str = "//! Step 01.\n\n// ANCHOR: main\nfn main() {\n    run();\n}\n// ANCHOR_END: main\n\n\
    // ANCHOR: run\nfn run() {\n    // Again.\n    stop();\n}\n// ANCHOR_END: run\n\n\
    // ANCHOR: stop\nfn stop() {}\n// ANCHOR_END: stop\n";
const SECOND: &str = "// ANCHOR: main\nfn main() {\n    run();\n    run();\n}\n// ANCHOR_END: main\n\n\
    fn run() {\n    // Again.\n    stop();\n}\n\nfn stop() {}\n";
const TOOL: &str = "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n";

fn book() -> (tempfile::TempDir, Book) {
    let second = MANIFEST.replace(
        "[dependencies]\n",
        "# ANCHOR: dependencies\n[dependencies]\nx = \"2\"\n# ANCHOR_END: dependencies\n",
    );
    let tool = format!("{MANIFEST}\n[package.metadata.book]\nfrom = \"new\"\ntyped = true\n");
    small_book(&[
        ("src/page.md", PAGE),
        ("listings/Cargo.lock", "version = 4\n"),
        ("listings/01-a/Cargo.toml", MANIFEST),
        ("listings/01-a/src/main.rs", FIRST),
        ("listings/01-a/hello.html", "<p>Hello</p>\n"),
        ("listings/01-a/out/run.console", "$ cargo run\nhello\n"),
        ("listings/02-b/Cargo.toml", &second),
        ("listings/02-b/src/main.rs", SECOND),
        ("listings/02-b/hello.html", "<p>Hello</p>\n"),
        ("listings/02-b/out/check.console", "$ cargo check\n"),
        ("listings/underneath/tool/Cargo.toml", &tool),
        ("listings/underneath/tool/src/main.rs", TOOL),
        ("listings/underneath/tool/hello.html", "<p>Hello</p>\n"),
    ])
}

/// The HTML of the page of that book: what mdBook makes of the rest is of no interest here.
fn html(book: &Book) -> String {
    let walk = walk::walk(book);
    assert_eq!(walk.findings, []);
    let text = preprocess::rewrite(&book.pages[0], &walk, "version = 4\n", "html").unwrap();
    format!("<main>{text}</main>")
}

/// The first line of each finding for the HTML that `change` makes.
fn found(change: impl Fn(&str) -> String) -> Vec<String> {
    let (_folder, book) = book();
    let before = html(&book);
    let after = change(&before);
    assert_ne!(before, after, "nothing was planted");
    headlines(&replay(&book, &[(&book.pages[0], reading::read(&after))]).findings)
}

/// The part of the HTML that is the figure with this id.
fn figure<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.find(&format!("<figure class=\"listing\" id=\"{id}\"")).unwrap();
    let end = start + html[start..].find("</figure>").unwrap() + "</figure>".len();
    &html[start..end]
}

#[test]
fn pages_that_can_be_followed_give_the_listings() {
    let (_folder, book) = book();
    let replay = replay(&book, &[(&book.pages[0], reading::read(&html(&book)))]);
    assert_eq!(replay.findings, []);
    let done: Vec<(&str, &str)> = replay
        .done
        .iter()
        .map(|done| (&*done.listing, &*done.project))
        .collect();
    assert_eq!(
        done,
        [
            ("01-a", "web-server"),
            ("02-b", "web-server"),
            ("underneath/tool", "tool")
        ]
    );
    let commands: Vec<&str> = replay.done[1]
        .commands
        .iter()
        .map(|(_, _, typed)| &*typed.command)
        .collect();
    assert_eq!(commands, ["cargo check"]);
    assert!(replay.done[2].files[Path::new("Cargo.toml")].contains(&"name = \"tool\"".to_owned()));
    assert!(replay.done[0].archive.contains_key("01-a/hello.html"));
}

#[test]
fn figures_in_the_wrong_order_are_found() {
    let found = found(|html| {
        let (run, stop) = (figure(html, "listing-01-a-run"), figure(html, "listing-01-a-stop"));
        html.replace(run, "HERE").replace(stop, run).replace("HERE", stop)
    });
    assert_eq!(
        found,
        ["src/page.md:13: a reader cannot do this (\"src/main.rs goes below `run`\"): there is no `run` in the file"]
    );
}

#[test]
fn a_line_that_is_not_shown_is_found() {
    for planted in ["", "<span class=\"line boring\">    // Again.\n</span>"] {
        let found = found(|html| {
            let run = figure(html, "listing-01-a-run");
            html.replace(
                run,
                &run.replace("<span class=\"line\">    // Again.\n</span>", planted),
            )
        });
        // Whoever types the first command has not got it, so that the end is no news.
        assert_eq!(
            found,
            ["src/page.md:21: whoever types `cargo run` here has not got the listing yet: 01-a"]
        );
    }
}

#[test]
fn a_block_with_all_its_lines_hidden_is_found() {
    let found = found(|html| {
        let stop = figure(html, "listing-01-a-stop");
        html.replace(stop, &stop.replace("class=\"line\"", "class=\"line boring\""))
    });
    assert_eq!(
        found,
        ["src/page.md:17: a reader cannot do this (\"src/main.rs goes below `run`\"): it has no lines"]
    );
}

#[test]
fn a_mark_that_would_be_copied_is_found() {
    let found = found(|html| {
        let main = figure(html, "listing-02-b-main");
        html.replace(main, &main.replacen("<ins class=\"line\">", "<ins class=\"line\">+", 1))
    });
    assert_eq!(
        found,
        ["src/page.md:35: whoever types `cargo check` here has not got the listing yet: 02-b"]
    );
}

#[test]
fn words_that_do_not_fit_are_found() {
    for (words, problem) in [
        (
            "replaces <code>mein</code>",
            "replaces `mein`\"): there is no `mein` in the file",
        ),
        (
            "repeals <code>main</code>",
            "repeals `main`\"): these words mean nothing",
        ),
        (
            "replaces <code>main</code> soon",
            "replaces `main` soon\"): these words mean nothing",
        ),
        ("goes below <code>main</code>", ""),
        (
            "stays as it is",
            "stays as it is\"): the reader has something else there",
        ),
        ("a new file", "a new file\"): the file is there already"),
    ] {
        let found = found(|html| {
            let main = figure(html, "listing-02-b-main");
            html.replace(main, &main.replace("replaces <code>main</code>", words))
        });
        let expected = match problem {
            "" => "src/page.md:35: whoever types `cargo check` here has not got the listing yet: 02-b".to_owned(),
            problem => format!("src/page.md:31: a reader cannot do this (\"src/main.rs {problem}"),
        };
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_file_of_another_name_is_found() {
    let found = found(|html| html.replacen("<code>hello.html</code></a>", "<code>hallo.html</code></a>", 1));
    assert_eq!(
        found,
        ["src/page.md:21: whoever types `cargo run` here has not got the listing yet: 01-a"]
    );
}

#[test]
fn a_dependency_that_is_not_shown_is_found() {
    let found = found(|html| html.replace(figure(html, "listing-02-b-Cargo-dependencies"), ""));
    // There is a figure less, so that the lines are those of the blocks before.
    assert!(found[0].ends_with("whoever types `cargo check` here has not got the listing yet: 02-b"));
    assert!(found[1].starts_with("src/page.md:1: the built page has 8 figures, and the page 1 more"));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_command_before_the_listing_is_whole_is_found() {
    let found = found(|html| {
        let session = figure(html, "session-01-a-run");
        let stop = figure(html, "listing-01-a-stop");
        html.replace(session, "").replace(stop, &format!("{session}{stop}"))
    });
    assert_eq!(
        found,
        ["src/page.md:17: whoever types `cargo run` here has not got the listing yet: 01-a"]
    );
}

#[test]
fn a_project_that_nobody_makes_is_found() {
    let found = found(|html| html.replace("<code>cargo new tool</code>", "cargo"));
    assert_eq!(
        found,
        [
            "src/page.md:41: there are no two projects, to copy from one into the other",
            "src/page.md:43: the reader has no project `tool` to put this in",
        ]
    );
}

#[test]
fn a_file_that_is_not_copied_or_not_there_is_found() {
    let tool = "src/page.md:43: whoever has followed the pages so far does not have the listing: underneath/tool";
    let not_told = found(|html| html.replace("and copy <code>hello.html</code> into it", "and go on"));
    assert_eq!(not_told, [tool]);
    let not_there = found(|html| html.replace("copy <code>hello.html</code>", "copy <code>hallo.html</code>"));
    assert_eq!(
        not_there[0].split_once(": ").unwrap().1,
        "there is no `hallo.html` to copy: the reader does not have it"
    );
    assert_eq!(not_there[1..], [tool]);
}

#[test]
fn a_command_that_changes_the_project_unseen_is_found() {
    for command in ["cargo add smol", "cargo new --lib tool", "rm hello.html"] {
        let found = found(|html| html.replace("## The second step", &format!("<p>Type <code>{command}</code>.</p>")));
        assert_eq!(
            found,
            [format!(
                "src/page.md:21: nobody knows what `{command}` does to the reader's project"
            )]
        );
    }
}

#[test]
fn the_end_of_a_listing_shows_what_it_says() {
    for (from, to, message) in [
        (
            "<pre><code class=\"language-rust\">fn main() {\n    run();\n}",
            "<pre><code class=\"language-rust\">fn main() {\n}",
            "what is shown as the whole of `src/main.rs` is not that of 01-a",
        ),
        (
            "+    run();\n",
            "+    stop();\n",
            "all changes from 01-a to 02-b do not make 02-b of it",
        ),
        (
            " fn main() {\n",
            " fn mine() {\n",
            "the changes of `src/main.rs` from 01-a to 02-b do not apply",
        ),
        (
            "id=\"file-01-a-hello-html\"",
            "",
            "the page has no place `file-01-a-hello-html`, where the name of the file leads to",
        ),
        ("class=\"download\"", "", "01-a cannot be downloaded as a project"),
        (
            "download=\"01-a.zip\"",
            "download=\"a.zip\"",
            "01-a is downloaded as a.zip",
        ),
        ("base64,UE", "base64,EU", "01-a.zip cannot be opened"),
    ] {
        let found = found(|html| html.replacen(from, to, 1));
        assert!(
            found[0].split_once(": ").unwrap().1.starts_with(message),
            "{message}: {found:?}"
        );
    }
}

#[test]
fn an_archive_of_something_else_is_found() {
    let (_folder, book) = book();
    let files = project::reader_files(&book, "01-a").unwrap();
    let wanted = download::link("01-a", &files, "version = 4\n").unwrap();
    let mut other = files.clone();
    other.remove(Path::new("hello.html"));
    other.insert("src/tests.rs".into(), vec!["fn test() {}".to_owned()]);
    let other = download::link("01-a", &other, "version = 4\n").unwrap();
    assert_eq!(
        found(|html| html.replace(&wanted, &other)),
        [
            "src/page.md:21: `01-a/hello.html` in 01-a.zip is not what the reader has of 01-a",
            "src/page.md:21: `01-a/src/tests.rs` in 01-a.zip is not what the reader has of 01-a",
        ]
    );
}

#[test]
fn a_listing_that_no_page_shows_is_found() {
    let found = found(|html| html.split_once("<section").unwrap().0.to_owned());
    assert_eq!(
        found[found.len() - 3..],
        ["01-a", "02-b", "underneath/tool"]
            .map(|name| format!("listings/{name}/Cargo.toml:1: no built page comes to the end of this listing"))
    );
}

#[test]
fn a_diff_is_applied() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let patched = |file: &str, diff: &str| patched(&lines(file), &lines(diff));
    assert_eq!(
        patched("a\nb\nc\n", "@@ -2 +2,2 @@\n-b\n+B\n+x\n"),
        Some(lines("a\nB\nx\nc\n"))
    );
    assert_eq!(patched("a\nb\n", "@@ -1,0 +2 @@\n+x\n"), Some(lines("a\nx\nb\n")));
    assert_eq!(patched("", "@@ -0,0 +1 @@\n+x\n"), Some(lines("x\n")));
    assert_eq!(patched("a\n", "@@ -1 +1 @@\n-b\n+c\n"), None);
    assert_eq!(patched("a\n", "@@ -0 +1 @@\n-a\n"), None);
    assert_eq!(patched("a\n", "@@ -4 +1 @@\n-a\n"), None);
}
