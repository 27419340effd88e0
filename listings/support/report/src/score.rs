//! The score: a table of what each step does to clients that do not behave.

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
    /// The line of its `score.rs` that does.
    pub line: usize,
    pub client: String,
    pub verdict: String,
    /// Whether the step before declares something else.
    pub is_changed: bool,
}

impl Cell {
    /// The test that proves it, in the module `score`.
    pub fn test(&self) -> String {
        format!("{}::{}", self.client, if self.client == TIMELINE { "ends" } else { &self.verdict })
    }

    /// What the table says of it.
    pub fn words(&self) -> Option<&str> {
        VERDICTS.iter().find(|(verdict, _)| *verdict == self.verdict).map(|(_, words)| *words)
    }
}

/// What a listing declares.
pub struct Row {
    pub slug: String,
    pub is_step: bool,
    pub cells: Vec<Cell>,
}

/// A table of these rows, in an anchor, with a column for each client that one of them declares. Bold is what a step has
/// changed. The anchor `NN-slug` is of that step alone, and `upto-NN-slug` of those up to it.
pub fn table<'a>(anchor: &str, rows: impl Iterator<Item = &'a Row> + Clone) -> String {
    let step = anchor.trim_start_matches("upto-");
    let is_met = |client: &str| LATE.iter().all(|(late, from)| *late != client || (*from.."a").contains(&step));
    let mut clients: Vec<&str> = Vec::new();
    for Cell { client, .. } in rows.clone().flat_map(|row| &row.cells) {
        if !clients.contains(&client.as_str()) && is_met(client) {
            clients.push(client);
        }
    }
    let (head, rule) = (clients.join(" | ").replace('_', " "), " --- |".repeat(clients.len()));
    let mut text = format!("\n<!-- ANCHOR: {anchor} -->\n| step | {head} |\n| --- |{rule}\n");
    for Row { slug, is_step, cells } in rows {
        let cell = |client: &&str| {
            let cell = cells.iter().find(|cell| cell.client == *client);
            let words = cell.and_then(Cell::words).unwrap_or_default();
            if cell.is_some_and(|cell| cell.is_changed) { format!(" **{words}** |") } else { format!(" {words} |") }
        };
        let label = match slug.as_str() {
            "thread-per-client" => "a thread each",
            slug if *is_step => slug.split('-').next().unwrap_or_default(),
            slug => slug,
        };
        text += &format!("| {label} |{}\n", clients.iter().map(cell).collect::<String>());
    }
    text + &format!("<!-- ANCHOR_END: {anchor} -->\n")
}
