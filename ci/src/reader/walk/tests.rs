use super::*;
use crate::manuscript::slashes;
use crate::reader::files::to_text;
use crate::testing::{headlines, small_book};

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
const FIRST: &str = "//! Step 01.\n\n// ANCHOR: main\nfn main() {\n    run();\n}\n// ANCHOR_END: main\n\n// ANCHOR: run\nfn run() {}\n// ANCHOR_END: run\n";
const SECOND: &str = "// ANCHOR: main\nfn main() {\n    run();\n    run();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";
const NEW: &str = "# Page\n\n`cargo new web-server`\n\n";

/// A block that shows a part of a listing.
fn block(part: &str) -> String {
    format!("```rust\n{{{{#rustdoc_include ../listings/{part}}}}}\n```\n\n")
}

/// Walks through a page with this text, and listings with these files.
fn walked(page: &str, files: &[(&str, &str)]) -> Walk {
    let files: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("listings/{path}"), *text)).collect();
    let page = [("src/page.md", page)];
    let files = files.iter().map(|(path, text)| (path.as_str(), *text)).chain(page);
    walk(&small_book(&files.collect::<Vec<_>>()).1)
}

/// What is found on a page that shows these parts of two steps.
fn found(parts: &[&str], second: &str) -> Vec<String> {
    let page = format!("{NEW}{}", parts.iter().map(|part| block(part)).collect::<String>());
    let files = [
        ("01-a/Cargo.toml", MANIFEST),
        ("01-a/src/main.rs", FIRST),
        ("02-b/Cargo.toml", MANIFEST),
        ("02-b/src/main.rs", second),
    ];
    headlines(&walked(&page, &files).findings)
}

const ALL: &[&str] = &["01-a/src/main.rs:main", "01-a/src/main.rs:run", "02-b/src/main.rs:main"];

#[test]
fn a_page_that_shows_every_change_can_be_followed_and_no_other() {
    assert_eq!(found(ALL, SECOND), [""; 0]);
    for (from, to, line) in [
        ("fn run() {}", "fn run() {\n    stop();\n}", 8),
        ("\nfn run() {}\n", "", 1),
        ("    run();\n    run();", "    run();\n    stop();\n// ANCHOR_END: main\n    run();\n// ANCHOR: main", 6),
    ] {
        let expected =
            format!("listings/02-b/src/main.rs:{line}: following src/page.md does not lead to this `src/main.rs`");
        let found = found(ALL, &SECOND.replace(from, to));
        assert_eq!(found.first(), Some(&expected), "{found:?}");
    }
}

#[test]
fn a_project_is_made_before_something_goes_into_it() {
    let files = [("01-a/Cargo.toml", MANIFEST), ("01-a/src/main.rs", FIRST)];
    let page = ALL[..2].iter().map(|part| block(part)).collect::<String>();
    let found = headlines(&walked(&page, &files).findings);
    assert_eq!(found, ["src/page.md:1: the reader has no project `web-server` to put this in"]);
}

#[test]
fn a_session_runs_on_what_the_reader_has_there() {
    let session = |name: &str| format!("```console\n{{{{#include ../listings/01-a/out/{name}.console}}}}\n```\n\n");
    let [first, second] = [block(ALL[0]), block(ALL[1])];
    let page = format!("# Page\n\n{}{first}{}{second}{}", session("new"), session("first"), session("second"));
    let page = format!("{page}{}{}", block("02-b/src/main.rs:main"), session("third"));
    let walk = walked(
        &page,
        &[
            ("01-a/Cargo.toml", MANIFEST),
            ("01-a/src/main.rs", FIRST),
            ("01-a/out/new.console", "$ cargo new web-server\n"),
            ("01-a/out/first.console", "$ cargo run\n"),
            ("01-a/out/second.console", "$ cargo run\n"),
            ("01-a/out/third.console", "$ cargo run\n"),
            ("02-b/Cargo.toml", MANIFEST),
            ("02-b/src/main.rs", SECOND),
        ],
    );
    assert_eq!(headlines(&walk.findings), [""; 0]);
    let main = |name: &str| {
        let files = &walk.sessions[&Path::new("listings/01-a/out").join(name).with_extension("console")];
        to_text(&files[Path::new("src/main.rs")])
    };
    assert!(main("new").contains("Hello, world!"));
    assert_eq!(main("first"), "fn main() {\n    run();\n}\n");
    // What the reader has gone on from is as it was.
    assert_eq!([main("second"), main("third")], ["fn main() {\n    run();\n}\n\nfn run() {}\n"; 2]);
}

#[test]
fn metadata_that_cannot_be_read_is_one_finding() {
    for said in ["[package.metadata.book]\ntipped = true\n", "[package.metadata.bok]\ntyped = true\n"] {
        let manifest = format!("{MANIFEST}\n{said}");
        let page = format!("{NEW}{}", block("02-b/src/main.rs"));
        let walk = walked(&page, &[("02-b/Cargo.toml", &manifest), ("02-b/src/main.rs", FIRST)]);
        let found = headlines(&walk.findings);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("listings/02-b/Cargo.toml:1: the reader's project can't be derived"), "{found:?}");
    }
}

#[test]
fn files_are_copied_from_the_server_if_they_are_there() {
    let manifest = MANIFEST.replace(
        "[dependencies]\n",
        "[package.metadata.book]\nfrom = \"new\"\ntyped = true\ncopies = [\"hello.html\"]\n\n[dependencies]\n",
    );
    let page = |first: &str| {
        let [step, program] = ["01-a/src/main.rs", "underneath/x/src/main.rs"].map(block);
        format!("{NEW}{first}{step}`cargo new x`, copy `hello.html`\n\n{program}")
    };
    let files = [
        ("01-a/Cargo.toml", MANIFEST),
        ("01-a/src/main.rs", "fn main() {}\n"),
        ("01-a/hello.html", "<p>Hello\n"),
        ("underneath/x/Cargo.toml", &manifest),
        ("underneath/x/src/main.rs", "fn main() {\n    x();\n}\n"),
        ("underneath/x/hello.html", "<p>Hello\n"),
    ];
    let hello = "```html\n{{#include ../listings/01-a/hello.html}}\n```\n\n";
    assert_eq!(walked(&page(hello), &files).findings, []);
    let found = headlines(&walked(&page(""), &files).findings);
    let expected = "listings/underneath/x/Cargo.toml:1: the reader has no `hello.html` in `web-server` to copy";
    assert!(found.contains(&expected.to_owned()), "{found:?}");
    let found = headlines(&walked(&page(hello).replace(", copy `hello.html`", ""), &files).findings);
    assert_eq!(found, ["src/page.md:15: the page does not tell the reader to copy `hello.html`"]);
}

/// A file with anchors: `[name` and `]name` begin and end one.
fn anchored(text: &str) -> String {
    let line = |line: &str| match (line.strip_prefix('['), line.strip_prefix(']')) {
        (Some(name), _) => format!("// ANCHOR: {name}\n"),
        (_, Some(name)) => format!("// ANCHOR_END: {name}\n"),
        _ => format!("{}\n", line.replace("MANY", "    1;\n    2;\n    3;\n    4;\n    5;\n    6;\n    7;")),
    };
    text.lines().map(line).collect()
}

const SEVEN: &str = "[use\nuse std::io;\n]use\n\n[main\nfn main() {\n    handle();\n}\n]main\n
[handle\nfn handle() {\n    read();\n    parse();\n\nMANY\n    write();\n}\n]handle\n
[page_for\nfn page_for() {}\n]page_for\n
[tests\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn test_main() {}\n}\n]tests\n
#[cfg(test)]\nmod book_tests;\n";
const OVERLAY: &str = "//! With a test that fails.\n
#[cfg(test)]\nmod tests {\n[in_pieces\n    #[test]\n    fn test_in_pieces() {}\n]in_pieces\n}\n";
const EIGHT: &str = "[http\nmod http;\n]http\n\n[use\nuse std::io::Read;\n]use\n\nfn main() {\n    handle();\n}\n
fn handle() {\n[handle\n    read_whole();\n    parse();\n]handle\n\nMANY\n[handle\n    write_all();\n}\n]handle\n
#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn test_main() {}\n
    #[test]\n    fn test_in_pieces() {}\n}\n\n#[cfg(test)]\nmod book_tests;\n";

/// Walks through a page with these files.
fn walk_with(page: &str, files: &[(&str, String)]) -> Walk {
    walked(page, &files.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>())
}

/// The page of steps 07 and 08, and their files.
fn eighth() -> (String, Vec<(&'static str, String)>) {
    let seven: String = ["use", "main", "handle", "page_for", "tests"]
        .iter()
        .map(|part| block(&format!("07-tested/src/main.rs:{part}")))
        .collect();
    let eight = format!(
        "{}<!-- remove: 08-whole src/main.rs page_for -->\n\n{}{}{}{}",
        block("08-whole/src/http.rs"),
        block("broken/in-pieces/src/main.rs:in_pieces"),
        block("08-whole/src/main.rs:use"),
        block("08-whole/src/main.rs:http"),
        block("08-whole/src/main.rs:handle"),
    );
    // The test is typed before anything of step 08.
    let (http, rest) = eight.split_at(eight.find("<!--").unwrap());
    let (removal, rest) = rest.split_at(rest.find("```").unwrap());
    let (test, rest) = rest.split_at(rest.find("```rust\n{{#rustdoc_include ../listings/08").unwrap());
    let files = [
        ("07-tested/Cargo.toml", MANIFEST),
        ("07-tested/src/main.rs", SEVEN),
        ("07-tested/src/book_tests.rs", "fn ours() {}"),
        ("broken/in-pieces/overlay.toml", "from = \"07-tested\"\ntyped = true"),
        ("broken/in-pieces/src/main.rs", OVERLAY),
        ("08-whole/Cargo.toml", MANIFEST),
        ("08-whole/src/main.rs", EIGHT),
        ("08-whole/src/http.rs", "fn head() {}"),
        ("08-whole/src/book_tests.rs", "fn ours() {}"),
        ("08-whole/tests/program.rs", "fn ours() {}"),
    ];
    let text = |path: &str, text: &str| if path.ends_with("toml") { text.to_owned() } else { anchored(text) };
    let files = files.map(|(path, file)| (path, text(path, file))).to_vec();
    (format!("{NEW}{seven}{test}{http}{removal}{rest}"), files)
}

#[test]
fn a_step_starts_from_the_test_that_its_reader_has_typed_in() {
    let (page, files) = eighth();
    let walk = walk_with(&page, &files);
    assert_eq!(headlines(&walk.findings), [""; 0]);
    let edits: Vec<String> = walk.figures.values().filter_map(|figure| figure.edit.clone()).collect();
    let expected = [
        "goes to the end of `mod tests`",
        "a new file",
        "replaces the `use` lines",
        "goes to the top",
        "changes in `handle`",
    ];
    assert_eq!(edits[5..], expected);
    let end = walk.ends.iter().find(|end| end.listing == "08-whole").unwrap();
    assert_eq!(end.before.as_ref().map(|(name, _)| name.as_str()), Some("broken/in-pieces"));
    assert!(!end.files.contains_key(Path::new("src/book_tests.rs")));
    assert!(!end.files.contains_key(Path::new("tests/program.rs")));

    let handle = walk.figures.values().last().unwrap();
    let marks: Vec<(&str, bool, &[String], bool)> = handle
        .lines
        .iter()
        .filter(|line| line.visible)
        .map(|line| (line.text.trim(), line.new, &line.gone[..], line.gap))
        .collect();
    let (read, write) = (["    read();".to_owned()], ["    write();".to_owned()]);
    assert_eq!(
        marks,
        [
            ("read_whole();", true, &read[..], false),
            ("parse();", false, &[][..], true),
            ("write_all();", true, &write[..], false),
            ("}", false, &[][..], false),
        ]
    );
}

#[test]
fn what_goes_is_said_and_what_is_not_there_does_not_go() {
    let (page, files) = eighth();
    let found =
        headlines(&walk_with(&page.replace("<!-- remove: 08-whole src/main.rs page_for -->", ""), &files).findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("does not lead to this `src/main.rs`"), "{found:?}");
    let found = headlines(&walk_with(&page.replace("main.rs page_for", "main.rs page_four"), &files).findings);
    assert!(found[0].ends_with("this can't be removed: there is no `page_four` in the file"), "{found:?}");
    let page = format!("{page}<!-- remove: 08-whole src/http.rs -->\n");
    let found = headlines(&walk_with(&page, &files).findings);
    assert_eq!(found, ["listings/08-whole/src/http.rs:1: following src/page.md does not lead to this `src/http.rs`"]);
}

#[test]
fn a_long_item_that_hardly_changes_is_not_shown_whole() {
    let (page, mut files) = eighth();
    let parts = EIGHT.replace("[handle\n", "").replacen("]handle\n", "", 1);
    files[6].1 = anchored(&parts.replace("fn handle() {", "[handle\nfn handle() {"));
    let found = headlines(&walk_with(&page, &files).findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("`handle` is shown whole again, though only 2 of its 13 lines change"), "{found:?}");
}

#[test]
fn a_typed_listing_is_a_change_of_what_the_reader_has() {
    let (page, mut files) = eighth();
    files[3].1 = "from = \"06-concurrent\"\ntyped = true\n".to_owned();
    let found = headlines(&walk_with(&page, &files).findings);
    assert!(found.iter().any(|found| found.starts_with("listings/broken/in-pieces/overlay.toml:1: ")), "{found:?}");
}

#[test]
fn an_exercise_starts_where_its_page_names_it() {
    let manifest =
        MANIFEST.replace("[dependencies]\n", "[dev-dependencies]\nclients = { path = \"../../support/clients\" }\n");
    let page =
        "# Page\n\nLook at `cd listings/exercises/x`.\n\nThe start is `listings/exercises/x`. It\nis so.\n\nMore.\n";
    let walk = walked(
        page,
        &[
            ("exercises/x/Cargo.toml", &manifest),
            ("exercises/x/src/lib.rs", "fn x() {}\n"),
            ("exercises/x/src/tests.rs", "fn test() {}\n"),
            ("support/clients/Cargo.toml", MANIFEST),
        ],
    );
    assert_eq!(headlines(&walk.findings), [""; 0]);
    let [start] = &walk.ends[..] else { panic!("one start") };
    assert_eq!(start.line, 7);
    let files: Vec<String> = start.files.keys().map(|file| slashes(file)).collect();
    assert_eq!(files, ["Cargo.toml", "clients/Cargo.toml", "src/lib.rs", "src/tests.rs"]);
    assert!(to_text(&start.files[Path::new("Cargo.toml")]).contains("clients = { path = \"clients\" }"));
}

#[test]
fn a_listing_ends_on_the_page_that_shows_its_files() {
    let session = "```console\n{{#include ../listings/01-a/out/new.console}}\n```\n\n";
    let page = format!("# Page\n\n{session}## Next\n\n{}## Last\n", block("01-a/src/main.rs"));
    let walk = walked(
        &page,
        &[
            ("01-a/Cargo.toml", MANIFEST),
            ("01-a/src/main.rs", "fn main() {}\n"),
            ("01-a/out/new.console", "$ cargo new web-server\n"),
        ],
    );
    assert_eq!(headlines(&walk.findings), [""; 0]);
    assert_eq!(walk.ends.len(), 1);
    assert_eq!(walk.ends[0].line, 13);
}
