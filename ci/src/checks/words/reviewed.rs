//! The reviewed list: names that are in no listing of their section, and are right all the same.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Words;
use super::names::Name;
use crate::book::{Book, slashes};
use crate::finding::Finding;

/// The list, relative to the root of the book.
pub const REVIEWED: &str = "ci/words.txt";

/// The list of names that are not ours: one a line, with its path, and behind it the pages on which it may stand for
/// somebody else's, if there are others on which it is ours.
pub struct Reviewed<'a>(Vec<Entry<'a>>);

struct Entry<'a> {
    line: usize,
    name: &'a str,
    /// The pages it is for, and whether they need it; none if it is for all of them.
    pages: Vec<(PathBuf, Cell<bool>)>,
    is_needed: Cell<bool>,
}

impl<'a> Reviewed<'a> {
    /// Reads the text of the list. What stands behind a `#` is a comment.
    pub fn read(text: &'a str) -> Self {
        let entries = text.lines().enumerate().filter_map(|(index, line)| {
            let mut words = line.split('#').next()?.split_whitespace();
            Some(Entry {
                line: index + 1,
                name: words.next()?,
                pages: words
                    .map(|page| (Path::new("src").join(page), Cell::new(false)))
                    .collect(),
                is_needed: Cell::new(false),
            })
        });
        Self(entries.collect())
    }

    /// Whether the list has `name` for `page`. The entry is needed then.
    pub fn has(&self, name: &Name<'_>, page: &Path) -> bool {
        self.0.iter().filter(|entry| entry.is(name)).any(|entry| {
            let listed = entry.pages.iter().find(|(path, _)| path == page);
            if let Some((_, is_needed)) = listed {
                is_needed.set(true);
            }
            entry.is_needed.set(true);
            entry.pages.is_empty() || listed.is_some()
        })
    }

    /// Entries that are not needed, and entries that would hide a mistake in a name of ours.
    pub fn faults(&self, book: &Book, programs: &BTreeMap<String, Words<'_>>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut found = |entry: &Entry<'_>, message: String, help: &str| {
            findings.push(Finding::new(REVIEWED, entry.line, message, help));
        };
        for entry in &self.0 {
            let name = entry.name;
            for (page, is_needed) in &entry.pages {
                let shown = slashes(page.strip_prefix("src").unwrap_or(page));
                if !book.pages.iter().any(|known| known.path == *page) {
                    found(
                        entry,
                        format!("there is no page `{shown}`"),
                        "correct the name, or remove it",
                    );
                } else if !is_needed.get() {
                    found(
                        entry,
                        format!("`{name}` need not be listed for {shown}"),
                        "remove the name of the page",
                    );
                }
            }
            let last = entry.last();
            let defines = |words: &Words<'_>| words.names.get(last).is_some_and(|uses| uses.is_defined);
            let of_listing = name
                .split_once("::")
                .and_then(|(listing, _)| programs.get_key_value(listing));
            if let Some((listing, words)) = of_listing
                && !words.names.contains_key(last)
            {
                found(
                    entry,
                    format!("`{listing}` has no `{last}`"),
                    "remove the line, and mend the pages it names",
                );
            }
            if !entry.pages.is_empty() {
                continue;
            }
            if !entry.is_needed.get() {
                found(entry, format!("`{name}` need not be listed"), "remove the line");
            } else if let Some((listing, _)) = of_listing.or_else(|| programs.iter().find(|(_, words)| defines(words)))
            {
                found(
                    entry,
                    format!("`{name}` is listed for all pages, and `{listing}` has a `{last}` of its own"),
                    "put the pages behind it, relative to src/, on which it is not ours",
                );
            }
        }
        findings
    }
}

impl Entry<'_> {
    /// The name without its path.
    fn last(&self) -> &str {
        let name = self.name.rsplit("::").next().unwrap_or_default();
        name.strip_suffix('!').unwrap_or(name)
    }

    /// Whether `name` is the end of this one: `thread::sleep` is that of `std::thread::sleep`.
    fn is(&self, name: &Name<'_>) -> bool {
        let name = name.to_string();
        self.name
            .strip_suffix(&name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
    }
}
