//! Listings as figures: the HTML that takes the place of a block that is an include, and of the end of a step.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use pulldown_cmark_escape::{escape_html, escape_html_body_text};

use crate::book::{Block, Page, slashes};
use crate::html::download;
use crate::reader::walk::{self, End, Figure, Line, Walk};

/// The HTML for each block of a page that is one include, by the line of its fence.
pub fn figures(walk: &Walk, page: &Page) -> BTreeMap<usize, String> {
    let (mut listings, mut sessions) = (0, 0);
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut html = BTreeMap::new();
    for block in &page.blocks {
        let Some(figure) = walk.figures.get(&(page.path.clone(), block.line)) else {
            continue;
        };
        let (name, count) = match figure.is_session() {
            true => ("Session", &mut sessions),
            false => ("Listing", &mut listings),
        };
        *count += 1;
        let number = match &page.number {
            Some(page) => format!("{name} {page}-{count}"),
            None => format!("{name} {count}"),
        };
        let id = id(figure);
        let times = ids.entry(id.clone()).or_insert(0);
        *times += 1;
        let id = match times {
            1 => id,
            times => format!("{id}-{times}"),
        };
        html.insert(block.line, figure_html(figure, block, &number, &id));
    }
    html
}

impl Figure {
    /// Whether it shows what happens in a terminal.
    pub fn is_session(&self) -> bool {
        self.file.extension().is_some_and(|extension| extension == "console")
    }
}

/// The id of a figure: it stays when figures come and go around it.
pub fn id(figure: &Figure) -> String {
    let kind = if figure.is_session() { "session" } else { "listing" };
    let listing = figure.listing.as_deref().unwrap_or("file").replace('/', "-");
    let stem = figure.file.file_stem().unwrap_or_default().to_string_lossy();
    match stem == "main" || stem == figure.part || figure.is_session() {
        true => format!("{kind}-{listing}-{}", figure.part),
        false => format!("{kind}-{listing}-{stem}-{}", figure.part),
    }
}

/// The id of the place that shows a whole file of a listing.
fn file_id(listing: &str, file: &Path) -> String {
    let file: String = slashes(file).replace(['/', '.'], "-");
    format!("file-{}-{file}", listing.replace('/', "-"))
}

fn figure_html(figure: &Figure, block: &Block, number: &str, id: &str) -> String {
    let place = place(figure.listing.as_deref(), figure.project.as_deref());
    let mut html = format!("<figure class=\"listing\" id=\"{id}\"{place}>\n<figcaption>\n");
    let _ = write!(html, "<a class=\"number\" href=\"#{id}\">{number}</a>");
    if let (Some(listing), false) = (&figure.listing, figure.is_session()) {
        let file = slashes(&figure.file);
        let target = file_id(listing, &figure.file);
        let _ = write!(
            html,
            " <a class=\"file\" href=\"#{target}\"><code>{}</code></a>",
            escaped(&file)
        );
    }
    if let Some(edit) = &figure.edit {
        let _ = write!(html, " <span class=\"edit\">{}</span>", with_code(&edit.to_string()));
    }
    if let Some(caption) = &block.caption {
        if let Some(label) = &caption.label {
            let _ = write!(html, " <strong class=\"label\">{}</strong>", escaped(label));
        }
        let _ = write!(html, "\n<span class=\"caption\">{}</span>", with_code(&caption.text));
    }
    html += "\n</figcaption>\n";
    let _ = write!(html, "<pre><code class=\"language-{}\">", escaped(block.language()));
    for (index, line) in figure.lines.iter().enumerate() {
        let end = if index + 1 == figure.lines.len() { "" } else { "\n" };
        match figure.is_session() {
            true => html += &session_line(&line.text, end),
            false => html += &code_line(line, end),
        }
    }
    html + "</code></pre>\n</figure>\n"
}

/// What an element is about, for programs that read the page: the listing, and the reader's project.
fn place(listing: Option<&str>, project: Option<&str>) -> String {
    let mut attributes = String::new();
    for (name, value) in [("listing", listing), ("project", project)] {
        if let Some(value) = value {
            let _ = write!(attributes, " data-{name}=\"{}\"", attribute(value));
        }
    }
    attributes
}

/// A line of code. The end of the line is inside of the element, so that no line of the HTML is empty: to Markdown
/// that would be the end of it.
fn code_line(line: &Line, end: &str) -> String {
    let text = escaped(&line.text);
    let gone = match line.gone.as_slice() {
        [] => String::new(),
        gone => format!(" data-gone=\"{}\"", attribute(&gone.join("\n"))),
    };
    match (line.visible, line.new) {
        (true, true) => format!("<ins class=\"line\"{gone}>{text}{end}</ins>"),
        (true, false) => format!("<span class=\"line\"{gone}>{text}{end}</span>"),
        (false, true) => format!("<ins class=\"line boring\"{gone}>{text}{end}</ins>"),
        (false, false) => format!("<span class=\"line boring\"{gone}>{text}{end}</span>"),
    }
}

/// A line of a terminal: what is typed stands out from what is printed.
fn session_line(text: &str, end: &str) -> String {
    let prompt = text.find("$ ").filter(|dollar| {
        text[..*dollar]
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    });
    match prompt {
        Some(dollar) => {
            let (prompt, command) = text.split_at(dollar + 2);
            format!(
                "<span class=\"line\"><span class=\"prompt\">{}</span><kbd>{}</kbd>{end}</span>",
                escaped(prompt),
                escaped(command)
            )
        }
        None => format!("<span class=\"line\">{}{end}</span>", escaped(text)),
    }
}

/// The HTML for the place where a page is done with a listing: what has changed, the whole files, the project.
pub fn end_html(end: &End, lock: &str) -> Result<String> {
    let name = escaped(&end.listing);
    let is_step = crate::book::is_step(&end.listing);
    let place = place(Some(&end.listing), end.project.as_deref());
    let mut html = format!("<section class=\"end\" aria-label=\"{name}, complete\"{place}>\n");
    if let Some((before, old)) = &end.before {
        let diffs: Vec<(String, String)> = end
            .files
            .iter()
            .filter_map(|(file, lines)| {
                let nothing = Vec::new();
                let diff = diff(old.get(file).unwrap_or(&nothing), lines);
                (!diff.is_empty()).then(|| (slashes(file), diff))
            })
            .collect();
        let _ = writeln!(
            html,
            "<details class=\"changes\"><summary>All changes from <code>{}</code> to <code>{name}</code></summary>",
            escaped(before)
        );
        for (file, diff) in diffs {
            let _ = writeln!(
                html,
                "<p><code>{}</code></p>\n<pre><code class=\"language-diff\">{}</code></pre>",
                escaped(&file),
                block_text(diff.lines())
            );
        }
        html += "</details>\n";
    }
    for (file, lines) in &end.whole {
        let _ = writeln!(
            html,
            "<details class=\"whole\" id=\"{}\"><summary>The whole of <code>{}</code> in <code>{name}</code></summary>\n\
             <pre><code class=\"language-{}\">{}</code></pre>\n</details>",
            file_id(&end.listing, file),
            escaped(&slashes(file)),
            language(file),
            block_text(lines.iter().map(String::as_str))
        );
    }
    if is_step {
        let link = download::link(&end.listing, &end.files, lock)?;
        let _ = writeln!(
            html,
            "<p class=\"download\"><a download=\"{name}.zip\" href=\"{link}\">Download <code>{name}</code> as a project</a></p>"
        );
    }
    Ok(html + "</section>\n")
}

/// What changes from `old` to `new`, as a unified diff without its header; empty if nothing does.
fn diff(old: &[String], new: &[String]) -> String {
    similar::TextDiff::configure()
        .algorithm(similar::Algorithm::Patience)
        .diff_lines(&walk::text(old), &walk::text(new))
        .unified_diff()
        .context_radius(2)
        .to_string()
}

/// The language of a file, as highlighters call it.
fn language(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => "rust",
        Some("html") => "html",
        Some("toml") => "toml",
        _ => "text",
    }
}

/// Lines as HTML text with no empty line in it.
fn block_text<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut html = String::new();
    for line in lines {
        html += &escaped(line);
        html += if line.trim().is_empty() { "&#10;" } else { "\n" };
    }
    html
}

/// Text with `code` in backticks as HTML.
fn with_code(text: &str) -> String {
    text.split('`')
        .enumerate()
        .map(|(index, part)| match index % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        })
        .collect()
}

fn escaped(text: &str) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = escape_html_body_text(&mut html, text);
    html
}

fn attribute(text: &str) -> String {
    let mut html = String::new();
    let _ = escape_html(&mut html, text);
    html.replace('\n', "&#10;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::reader::walk::walk;

    const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    const PAGE: &str = "# Page\n\n\
        <!-- caption: Look at `run` -->\n\n```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:main}}\n```\n\n\
        ```rust\n{{#rustdoc_include ../listings/01-a/src/main.rs:run}}\n```\n\n## Next\n\n\
        <!-- caption (fails): Look -->\n\n```rust\n{{#rustdoc_include ../listings/02-b/src/main.rs:main}}\n```\n\n\
        ```console\n{{#include ../listings/02-b/out/run.console}}\n```\n";
    const FIRST: &str = "// ANCHOR: main\nfn main() {\n    old();\n\n    run::<'a', \"&\">();\n}\n// ANCHOR_END: main\n\n\
        // ANCHOR: run\nfn run() {}\n// ANCHOR_END: run\n";
    const SECOND: &str =
        "// ANCHOR: main\nfn main() {\n\n    run::<'a', \"&\">();\n    new();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";
    const SESSION: &str = "client$ cargo run\n\n<p>it costs 3$ now</p>\n";

    fn book() -> (tempfile::TempDir, crate::book::Book) {
        small_book(&[
            ("src/page.md", PAGE),
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
        figures(&walk, &book.pages[0]).into_values().collect()
    }

    #[test]
    fn a_figure_says_where_it_goes_and_what_to_look_at() {
        let html = &shown()[0];
        assert!(
            html.starts_with(
                "<figure class=\"listing\" id=\"listing-01-a-main\" data-listing=\"01-a\" data-project=\"web-server\">"
            ),
            "{html}"
        );
        for part in [
            "<a class=\"number\" href=\"#listing-01-a-main\">Listing 1-1</a>",
            "<a class=\"file\" href=\"#file-01-a-src-main-rs\"><code>src/main.rs</code></a>",
            "<span class=\"edit\">replaces <code>main</code></span>",
            "<span class=\"caption\">Look at <code>run</code></span>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(shown()[2].contains("<strong class=\"label\">fails</strong>"));
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
        assert!(
            html.contains("<span class=\"line boring\">fn run() {}</span>"),
            "{html}"
        );
        assert!(
            html.contains("run::&lt;'a', \"&amp;\"&gt;();"),
            "text is escaped\n{html}"
        );
        // What the first step consists of is not marked as new.
        assert!(!shown()[0].contains("<ins"), "{}", shown()[0]);
    }

    #[test]
    fn what_is_typed_stands_out_in_a_session() {
        let html = &shown()[3];
        assert!(html.contains("id=\"session-02-b-run\""), "{html}");
        assert!(
            html.contains("<span class=\"prompt\">client$ </span><kbd>cargo run</kbd>"),
            "{html}"
        );
        assert_eq!(html.matches("<kbd>").count(), 1, "{html}");
    }

    #[test]
    fn the_end_of_a_step_has_its_changes_its_files_and_its_project() {
        let (_folder, book) = book();
        let walk = walk(&book);
        let ends: Vec<(&str, usize)> = walk.ends.iter().map(|end| (end.listing.as_str(), end.line)).collect();
        assert_eq!(ends, [("01-a", 13), ("02-b", 24)]);
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
            (
                "listings/exercises/a/src/lib.rs",
                "//! Exercise: add.\n\nfn add() {\n    wrong();\n}\n",
            ),
            ("listings/answers/a/Cargo.toml", MANIFEST),
            (
                "listings/answers/a/src/lib.rs",
                "//! Answer: added.\n\n// ANCHOR: add\nfn add() {\n    right();\n}\n// ANCHOR_END: add\n",
            ),
        ]);
        let walk = walk(&book);
        assert_eq!(walk.findings, []);

        let html = &figures(&walk, &book.pages[0]).into_values().collect::<Vec<_>>()[0];
        assert!(html.contains("<ins class=\"line\">    right();\n</ins>"), "{html}");
        assert!(
            !html.contains("class=\"edit\""),
            "the reader has not followed us\n{html}"
        );

        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(walk.ends.len(), 1);
        assert_eq!(lines[walk.ends[0].line - 1], "</details>");
        assert_eq!(lines[walk.ends[0].line - 3], "So.");
        assert_eq!(lines[walk.ends[0].line - 5], "```");
        let html = end_html(&walk.ends[0], "version = 4\n").unwrap();
        assert!(
            html.contains("All changes from <code>exercises/a</code> to <code>answers/a</code>"),
            "{html}"
        );
    }
}
