//! The score: a table of what each step does to clients that do not behave.
//!
//! A listing declares its row in `src/score.rs`, by the macro `score!` of `listings/support/clients`, which makes a test
//! of each cell: the table is true if the tests pass.

use std::path::{Path, PathBuf};

use book::finding::Finding;
use book::manuscript::{Book, Kind, Listing};

use super::{Generated, is_included};

pub const PATH: &str = "listings/score.md";

/// What stands in the place of a client where a timeline is declared.
pub const TIMELINE: &str = "timeline";

/// The verdicts, and what the table says: ✗ where others suffer, ○ where only this client does, ✓ where all is well.
const VERDICTS: [(&str, &str); 20] = [
    ("nobody_is_answered", "✗ <small>none</small>"),
    ("others_wait", "✗ <small>wait</small>"),
    ("some_get_nothing", "✗ <small>some</small>"),
    ("the_server_ends", "✗ <small>end</small>"),
    ("is_cut_off", "✗ <small>cut off</small>"),
    ("stays", "○ <small>stays</small>"),
    ("gets_404", "○ <small>404</small>"),
    ("is_reset", "○ <small>reset</small>"),
    ("gets_one_answer", "○ <small>one</small>"),
    ("gets_a_page", "○ <small>page</small>"),
    ("gets_the_page", "✓ <small>page</small>"),
    ("gets_nothing", "✓ <small>nothing</small>"),
    ("harms_nobody", "✓ <small>safe</small>"),
    ("delays_nobody", "✓ <small>alone</small>"),
    ("is_sent_off", "✓ <small>sent off</small>"),
    ("is_sent_off_in_the_end", "✓ <small>sent off</small>"),
    ("gets_408", "✓ <small>408</small>"),
    ("all_are_served", "✓ <small>all</small>"),
    ("gets_both", "✓ <small>both</small>"),
    ("gets_400", "✓ <small>400</small>"),
];

/// The clients that readers meet late, and the step by which they do.
const LATE: [(&str, &str); 6] = [
    ("drip", "08"),
    ("crowd", "08"),
    ("greedy", "08"),
    ("two_at_once", "12"),
    ("forbidden", "12"),
    ("interrupted", "12"),
];

/// What a listing declares of one client, or of its timeline.
pub struct Cell {
    pub line: usize,
    pub client: String,
    pub verdict: String,
    /// Whether the step before declares something else.
    is_changed: bool,
}

impl Cell {
    /// The test that proves it, in the module `score`.
    pub fn test(&self) -> String {
        format!("{}::{}", self.client, if self.client == TIMELINE { "ends" } else { &self.verdict })
    }

    fn words(&self) -> Option<&str> {
        VERDICTS.iter().find(|(verdict, _)| *verdict == self.verdict).map(|(_, words)| *words)
    }
}

pub fn path(folder: &Path) -> PathBuf {
    folder.join("src/score.rs")
}

pub fn cells(book: &Book, listing: &str) -> Vec<Cell> {
    let source = book.sources.get(&path(&Path::new("listings").join(listing)));
    let lines = source.map_or("", |source| &source.text).lines().zip(1..);
    // What stands before it, such as the limits of a server, declares nothing.
    let cells = lines.skip_while(|(text, _)| !text.ends_with("score! {")).filter_map(|(text, line)| {
        let (client, verdict) = text.trim().strip_suffix(',')?.split_once(": ")?;
        (client != "serve").then(|| Cell {
            line,
            client: client.to_owned(),
            verdict: verdict.to_owned(),
            is_changed: false,
        })
    });
    cells.collect()
}

/// The table, if a page includes it, and what is wrong with the declarations.
///
/// It is in the file many times, each time in an anchor: `NN-slug`, with the row of that step alone (or the slug of a
/// listing that is no step); `upto-NN-slug`, with the rows up to that step, and below them those that are of no step.
pub fn tables(book: &Book) -> (Vec<Generated>, Vec<Finding>) {
    if !is_included(book, Path::new(PATH)) {
        return Default::default();
    }
    let (mut rows, mut findings) = (Vec::<(&Listing, Vec<Cell>)>::new(), Vec::new());
    for listing in book.listings.values().filter(|listing| listing.kind != Kind::Support) {
        let (mut cells, is_step) = (cells(book, &listing.name), listing.kind == Kind::Step);
        cells.retain(|cell| cell.client != TIMELINE);
        if is_step && cells.is_empty() {
            let help = "write `clients::score! { ... }` with a line for each client, as the step before does";
            findings.push(Finding::new(path(&listing.folder), 1, "this step does not declare its score", help));
        }
        for cell in &mut cells {
            if cell.words().is_none() {
                let message = format!("the table has no words for `{}`", cell.verdict);
                let help = "correct it, or add it to `VERDICTS` in ci/src/checks/generators/score.rs";
                findings.push(Finding::new(path(&listing.folder), cell.line, message, help));
            }
            let before = rows.last().filter(|_| is_step).map_or(&[][..], |(_, cells)| cells);
            cell.is_changed = before.iter().any(|old| old.client == cell.client && old.verdict != cell.verdict);
        }
        if is_step || !cells.is_empty() {
            rows.push((listing, cells));
        }
    }
    // The names of steps begin with digits, so they come first.
    let steps = rows.iter().take_while(|(listing, _)| listing.kind == Kind::Step).count();
    let mut text = "<!-- Generated by `cargo book bless` from the score.rs of each step. -->\n".to_owned();
    for (index, (listing, _)) in rows.iter().enumerate() {
        if index < steps {
            text += &part(&format!("upto-{}", listing.slug()), rows[..=index].iter().chain(&rows[steps..]));
        }
        text += &part(listing.slug(), rows[index..=index].iter());
    }
    (vec![Generated { path: PATH.into(), text }], findings)
}

/// A table of these rows, with a column for each client that one of them declares. Bold is what a step has changed.
fn part<'a>(anchor: &str, rows: impl Iterator<Item = &'a (&'a Listing, Vec<Cell>)> + Clone) -> String {
    let step = anchor.trim_start_matches("upto-");
    let is_met = |client: &str| LATE.iter().all(|(late, from)| *late != client || (*from.."a").contains(&step));
    let mut clients: Vec<&str> = Vec::new();
    for Cell { client, .. } in rows.clone().flat_map(|(_, cells)| cells) {
        if !clients.contains(&client.as_str()) && is_met(client) {
            clients.push(client);
        }
    }
    let (head, rule) = (clients.join(" | ").replace('_', " "), " --- |".repeat(clients.len()));
    let mut text = format!("\n<!-- ANCHOR: {anchor} -->\n| step | {head} |\n| --- |{rule}\n");
    for (listing, cells) in rows {
        let cell = |client: &&str| {
            let cell = cells.iter().find(|cell| cell.client == *client);
            let words = cell.and_then(Cell::words).unwrap_or_default();
            if cell.is_some_and(|cell| cell.is_changed) { format!(" **{words}** |") } else { format!(" {words} |") }
        };
        let label = match listing.slug() {
            "thread-per-client" => "a thread each",
            slug if listing.kind == Kind::Step => slug.split('-').next().unwrap_or_default(),
            slug => slug,
        };
        text += &format!("| {label} |{}\n", clients.iter().map(cell).collect::<String>());
    }
    text + &format!("<!-- ANCHOR_END: {anchor} -->\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    const PAGE: &str = "# Page\n\n{{#include ../listings/score.md:01-a}}\n";

    fn score(lines: &str) -> String {
        format!(
            "const LIMITS: Limits = Limits {{\n    head: SECOND,\n}};\nclients::score! {{\n    serve: |listener| serve(listener),\n{lines}}}\n"
        )
    }

    #[test]
    fn a_listing_has_its_row_by_declaring_its_score() {
        let first = score("    silent: others_wait,\n    hang_up: gets_404,\n");
        let second = score("    silent: stays,\n    hang_up: gets_404,\n    reset: harms_nobody,\n");
        let (_folder, book) = small_book(&[
            ("src/page.md", PAGE),
            ("listings/01-a/src/score.rs", &first),
            ("listings/02-b/src/score.rs", &second),
            ("listings/underneath/thread-per-client/src/score.rs", &first),
            ("listings/underneath/d/Cargo.toml", "[package]\n"),
        ]);
        let (tables, findings) = tables(&book);
        assert_eq!(findings, []);
        let narrow = "| step | silent | hang up |\n| --- | --- | --- |\n";
        let wide = "| step | silent | hang up | reset |\n| --- | --- | --- | --- |\n";
        let cells = "✗ <small>wait</small> | ○ <small>404</small> |";
        for (name, rows) in [
            ("01-a", format!("{narrow}| 01 | {cells}\n")),
            (
                "02-b",
                format!("{wide}| 02 | **○ <small>stays</small>** | ○ <small>404</small> | ✓ <small>safe</small> |\n"),
            ),
            ("upto-01-a", format!("{narrow}| 01 | {cells}\n| a thread each | {cells}\n")),
            (
                "upto-02-b",
                format!(
                    "{wide}| 01 | {cells}  |\n| 02 | **○ <small>stays</small>** | ○ <small>404</small> | ✓ <small>safe</small> |\n| a thread each | {cells}  |\n"
                ),
            ),
            ("thread-per-client", format!("{narrow}| a thread each | {cells}\n")),
        ] {
            let part = format!("<!-- ANCHOR: {name} -->\n{rows}<!-- ANCHOR_END: {name} -->\n");
            assert!(tables[0].text.contains(&part), "{name}\n{}", tables[0].text);
        }
    }

    #[test]
    fn a_step_without_a_score_and_a_verdict_without_words_are_found() {
        let silent = ("listings/01-a/Cargo.toml", "[package]\n");
        let unknown = ("listings/02-b/src/score.rs", &*score("    silent: sulks,\n"));
        let (_folder, book) = small_book(&[("src/page.md", PAGE), silent, unknown]);
        assert_eq!(
            headlines(&tables(&book).1),
            [
                "listings/01-a/src/score.rs:1: this step does not declare its score",
                "listings/02-b/src/score.rs:6: the table has no words for `sulks`"
            ]
        );
    }
}
