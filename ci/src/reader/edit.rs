//! What a reader does with a listing: where in their file it goes.
//!
//! An [`Edit`] is said in a few words above each listing. [`Edit::find`] chooses it when the book is built, and the same
//! [`Edit::apply`] serves whoever follows the words from the built page: what is shown is what was tried.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::book::pattern;

/// Where the lines of a listing go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Into a file of their own, which is not there yet.
    NewFile,
    /// In place of these items, which stand one after the other.
    Replace(Vec<String>),
    /// Below this item, with a blank line between.
    Below(String),
    /// Above all else in the file.
    Top,
    /// Into this module, below all that is in it.
    Into(String),
    /// Nowhere: these items are in the file already, just so.
    Keep,
}

/// A part of a file that has a name: a function, an implementation, the `use` lines, a table of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What a reader would call it: `serve`, `impl Wake for Task`, `mod tests`, `use`, `[dependencies]`.
    pub name: String,
    /// Its lines, counted from 0, with the attributes and comments above it.
    pub lines: Range<usize>,
    /// How far it is indented.
    indent: usize,
}

static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:pub(?:\([^)]*\))? )?(?:(?:async|unsafe|const|default) )*(?P<kind>fn|struct|enum|union|trait|type|static|const|mod|use|impl|macro_rules!)\b(?P<rest>.*)$",
    )
});

impl Edit {
    /// The edit that brings `block` into a file, or nothing if none of ours does.
    ///
    /// `file` is what the reader has so far, if anything; `goal` is what the file shall be in the end.
    pub fn find(file: Option<&[String]>, block: &[String], goal: &[String]) -> Option<Edit> {
        let Some(file) = file else {
            return (trimmed(block) == trimmed(goal)).then_some(Edit::NewFile);
        };
        let (there, here) = (items(file), items(block));
        let first = here.first()?;
        let known: Vec<&Item> = here
            .iter()
            .filter_map(|item| there.iter().find(|other| other.is(item)))
            .collect();
        if !known.is_empty() {
            let names = known.iter().map(|item| item.name.clone()).collect();
            let replaced = replaced(file, &known)?;
            return Some(match file[replaced] == *block {
                true => Edit::Keep,
                false => Edit::Replace(names),
            });
        }
        let goal = items(goal);
        let position = goal.iter().position(|item| item.is(first))?;
        let above = goal[..position]
            .iter()
            .rev()
            .take_while(|item| item.indent >= first.indent)
            .find(|item| item.indent == first.indent && there.iter().any(|other| other.is(item)));
        if first.indent == 0 {
            return Some(above.map_or(Edit::Top, |item| Edit::Below(item.name.clone())));
        }
        let module = goal[..position].iter().rev().find(|item| item.indent < first.indent)?;
        let module = there.iter().find(|other| other.is(module))?;
        let last = there
            .iter()
            .filter(|item| item.lines.start > module.lines.start && item.lines.end < module.lines.end)
            .max_by_key(|item| item.lines.end);
        match (above, last) {
            (Some(above), Some(last)) if !above.is(last) => Some(Edit::Below(above.name.clone())),
            _ => Some(Edit::Into(module.name.clone())),
        }
    }

    /// The file with `block` in it.
    ///
    /// Refuses an edit that the file does not allow, with the reason: a name that is not there, a file that is.
    pub fn apply(&self, file: Option<&[String]>, block: &[String]) -> Result<Vec<String>, String> {
        let Some(file) = file else {
            return match self {
                Edit::NewFile => Ok(block.to_vec()),
                _ => Err("there is no such file yet".to_owned()),
            };
        };
        let items = items(file);
        let find = |name: &String| {
            let mut found = items.iter().filter(|item| item.name == *name);
            match (found.next(), found.next()) {
                (Some(item), None) => Ok(item),
                (None, _) => Err(format!("there is no `{name}` in the file")),
                (Some(_), Some(_)) => Err(format!("there is more than one `{name}` in the file")),
            }
        };
        let with = |lines: Range<usize>, new: Vec<String>| {
            let mut text = file.to_vec();
            text.splice(lines, new);
            text
        };
        match self {
            Edit::NewFile => Err("the file is there already".to_owned()),
            Edit::Keep => Ok(file.to_vec()),
            Edit::Replace(names) => {
                let old = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
                let lines = replaced(file, &old).ok_or("these items do not stand one after the other")?;
                Ok(with(lines, block.to_vec()))
            }
            Edit::Below(name) => {
                let end = find(name)?.lines.end;
                Ok(with(end..end, [&[String::new()], block].concat()))
            }
            Edit::Top => Ok(with(0..0, [block, &[String::new()]].concat())),
            Edit::Into(name) => {
                let lines = find(name)?.lines.clone();
                if lines.len() < 2 {
                    return Err(format!("`{name}` is one line, with nothing to go into"));
                }
                // The last line of a module is its closing brace.
                let end = lines.end - 1;
                let gap: &[String] = match file[end - 1].ends_with('{') {
                    true => &[],
                    false => &[String::new()],
                };
                Ok(with(end..end, [gap, block].concat()))
            }
        }
    }

    /// The edit that is said in `words`, as [`Display`](fmt::Display) says it.
    pub fn from_words(words: &str) -> Option<Edit> {
        let mut parts = words.split('`');
        let verb = parts.next()?.trim();
        let names: Vec<String> = parts.step_by(2).map(str::to_owned).collect();
        let first = || names.first().cloned();
        match verb.strip_suffix(" the").unwrap_or(verb) {
            NEW_FILE => Some(Edit::NewFile),
            KEEP => Some(Edit::Keep),
            TOP => Some(Edit::Top),
            REPLACE => Some(Edit::Replace(names)),
            BELOW => first().map(Edit::Below),
            INTO => first().map(Edit::Into),
            _ => None,
        }
    }
}

const NEW_FILE: &str = "a new file";
const KEEP: &str = "stays as it is";
const TOP: &str = "goes to the top";
const REPLACE: &str = "replaces";
const BELOW: &str = "goes below";
const INTO: &str = "goes to the end of";

impl fmt::Display for Edit {
    /// Says the edit, with the names in backticks: "replaces `serve`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edit::NewFile => f.write_str(NEW_FILE),
            Edit::Keep => f.write_str(KEEP),
            Edit::Top => f.write_str(TOP),
            Edit::Below(name) => write!(f, "{BELOW} `{name}`"),
            Edit::Into(name) => write!(f, "{INTO} `{name}`"),
            Edit::Replace(names) => {
                write!(f, "{REPLACE} ")?;
                for (index, name) in names.iter().enumerate() {
                    let before = match index {
                        0 => "",
                        _ if index + 1 == names.len() => " and ",
                        _ => ", ",
                    };
                    match name.as_str() {
                        "use" => write!(f, "{before}the `use` lines")?,
                        name => write!(f, "{before}`{name}`")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Item {
    /// Whether `other` goes by the same name, in the same place: at the top, or in a module.
    fn is(&self, other: &Item) -> bool {
        self.name == other.name && self.indent == other.indent
    }
}

/// The lines that `items` take up together; nothing if something else stands between them.
fn replaced(file: &[String], items: &[&Item]) -> Option<Range<usize>> {
    let start = items.iter().map(|item| item.lines.start).min()?;
    let end = items.iter().map(|item| item.lines.end).max()?;
    let ours = |line| items.iter().any(|item| item.lines.contains(&line));
    (start..end)
        .all(|line| ours(line) || file[line].is_empty())
        .then_some(start..end)
}

/// The items of a Rust file, or of a manifest, in their order; those of a module with a body come after it.
///
/// Goes by how rustfmt lays out a file: an item ends where a line closes it that is indented as its first.
pub fn items(file: &[String]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // Where the attributes and comments above the next item begin.
    let mut above = None;
    let mut next = 0;
    while next < file.len() {
        let number = next;
        next += 1;
        let line = file[number].trim_start();
        let indent = file[number].len() - line.len();
        if line.starts_with('[') && line.ends_with(']') {
            let length = file[number + 1..]
                .iter()
                .take_while(|line| !line.starts_with('['))
                .count();
            let table = &file[number..=number + length];
            let end = number + table.iter().rposition(|line| !line.is_empty()).unwrap_or(0) + 1;
            items.push(item(line.to_owned(), number..end, indent));
            next = number + length + 1;
            continue;
        }
        if line.starts_with("//") || line.starts_with("#[") {
            above = above.or(Some(number));
            continue;
        }
        let Some(declaration) = DECLARATION.captures(line) else {
            above = None;
            continue;
        };
        let start = above.take().unwrap_or(number);
        let end = end_of(file, number, indent);
        let name = name_of(&declaration["kind"], &declaration["rest"]);
        let is_module = name.starts_with("mod ") && end > number + 1;
        match items.last_mut() {
            // Groups of `use` lines may have blank lines between them.
            Some(last) if name == "use" && last.name == "use" && last.indent == indent => last.lines.end = end,
            _ => items.push(item(name, start..end, indent)),
        }
        if !is_module {
            next = end;
        }
    }
    items
}

fn item(name: String, lines: Range<usize>, indent: usize) -> Item {
    Item { name, lines, indent }
}

/// The line after the last of the item that is declared on line `start`.
fn end_of(file: &[String], start: usize, indent: usize) -> usize {
    let first = file[start].trim_end();
    if first.ends_with(';') || first.ends_with('}') {
        return start + 1;
    }
    let closes = |line: &String| {
        let text = line.trim_start();
        line.len() - text.len() == indent && (text.starts_with('}') || text.ends_with(';'))
    };
    match file[start + 1..].iter().position(closes) {
        Some(length) => start + length + 2,
        None => file.len(),
    }
}

fn name_of(kind: &str, rest: &str) -> String {
    let rest = rest.trim_start();
    let word = || -> String { rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    match kind {
        "use" => "use".to_owned(),
        "mod" => format!("mod {}", word()),
        "impl" => format!("impl {}", rest.trim_end_matches('{').trim_end()),
        _ => word(),
    }
}

/// The lines without blank ones at the end.
fn trimmed(lines: &[String]) -> &[String] {
    let end = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(0, |last| last + 1);
    &lines[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const FILE: &str = "\
use std::fs;

use smol::io;

/// Starts.
#[inline]
fn main() {
    run();
}

async fn serve(
    listener: Listener,
) -> ! {
    loop {}
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

struct Unit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works() {
        main();
    }
}";

    #[test]
    fn items_have_names_and_lines() {
        let found: Vec<(String, Range<usize>)> = items(&lines(FILE))
            .into_iter()
            .map(|item| (item.name, item.lines))
            .collect();
        let expected = [
            ("use", 0..3),
            ("main", 4..9),
            ("serve", 10..15),
            ("impl Wake for Task", 16..19),
            ("Unit", 20..21),
            ("mod tests", 22..31),
            ("use", 24..25),
            ("it_works", 26..30),
        ];
        assert_eq!(found, expected.map(|(name, lines)| (name.to_owned(), lines)));
    }

    #[test]
    fn tables_of_a_manifest_are_items() {
        let manifest = lines("[package]\nname = \"a\"\n\n[dependencies]\nsmol = \"2\"\n\n");
        let found: Vec<(String, Range<usize>)> = items(&manifest)
            .into_iter()
            .map(|item| (item.name, item.lines))
            .collect();
        assert_eq!(
            found,
            [("[package]".to_owned(), 0..2), ("[dependencies]".to_owned(), 3..5)]
        );
    }

    /// Finds the edit, applies it, and gives its words with the file it makes.
    fn edited(file: &str, block: &str, goal: &str) -> (String, Vec<String>) {
        let (file, block) = (lines(file), lines(block));
        let edit = Edit::find(Some(&file), &block, &lines(goal)).unwrap();
        (edit.to_string(), edit.apply(Some(&file), &block).unwrap())
    }

    #[test]
    fn an_item_of_the_same_name_is_replaced() {
        let goal = "fn a() {\n    1;\n}\n\nfn b() {\n    2;\n}\n";
        let (words, file) = edited("fn a() {}\n\nfn b() {\n    2;\n}\n", "fn a() {\n    1;\n}\n", goal);
        assert_eq!(words, "replaces `a`");
        assert_eq!(file, lines(goal));
    }

    #[test]
    fn a_new_item_goes_below_the_one_before_it() {
        let goal = "fn a() {}\n\nfn new() {}\n\nfn b() {}\n";
        let (words, file) = edited("fn a() {}\n\nfn b() {}\n", "fn new() {}\n", goal);
        assert_eq!(words, "goes below `a`");
        assert_eq!(file, lines(goal));
    }

    #[test]
    fn what_nothing_precedes_goes_to_the_top() {
        let goal = "use std::fs;\n\nfn a() {}\n";
        let (words, file) = edited("fn a() {}\n", "use std::fs;\n", goal);
        assert_eq!(words, "goes to the top");
        assert_eq!(file, lines(goal));
    }

    #[test]
    fn a_test_goes_into_the_module() {
        let file = "fn a() {}\n\nmod tests {\n    use super::*;\n}\n";
        let goal = "fn a() {}\n\nmod tests {\n    use super::*;\n\n    fn test_a() {}\n}\n";
        let (words, file) = edited(file, "    fn test_a() {}\n", goal);
        assert_eq!(words, "goes to the end of `mod tests`");
        assert_eq!(file, lines(goal));
    }

    #[test]
    fn a_new_item_beside_a_known_one_comes_with_it() {
        let goal = "fn a() {\n    1;\n}\n\nfn new() {}\n";
        let (words, file) = edited("fn a() {}\n", goal, goal);
        assert_eq!(words, "replaces `a`");
        assert_eq!(file, lines(goal));
    }

    #[test]
    fn what_is_there_stays() {
        let (words, file) = edited("fn a() {}\n\nfn b() {}\n", "fn b() {}\n", "fn a() {}\n\nfn b() {}\n");
        assert_eq!(words, "stays as it is");
        assert_eq!(file, lines("fn a() {}\n\nfn b() {}\n"));
    }

    #[test]
    fn a_whole_file_is_new() {
        let page = lines("<p>Hi</p>");
        assert_eq!(Edit::find(None, &page, &page), Some(Edit::NewFile));
        assert_eq!(Edit::find(None, &page, &lines("<p>Hi</p>\n<p>there</p>")), None);
        assert_eq!(Edit::NewFile.apply(None, &page), Ok(page));
    }

    #[test]
    fn items_with_others_between_them_are_not_replaced_together() {
        let file = lines("fn a() {}\n\nfn b() {}\n\nfn c() {}\n");
        let edit = Edit::Replace(vec!["a".to_owned(), "c".to_owned()]);
        assert!(edit.apply(Some(&file), &lines("fn a() {}\n")).is_err());
    }

    #[test]
    fn an_edit_that_cannot_be_made_says_why() {
        let file = lines("fn a() {}\n");
        let error = Edit::Below("b".to_owned()).apply(Some(&file), &[]).unwrap_err();
        assert_eq!(error, "there is no `b` in the file");
        assert!(Edit::NewFile.apply(Some(&file), &[]).is_err());
        assert!(Edit::Top.apply(None, &[]).is_err());
        let into = Edit::Into("mod tests".to_owned());
        assert!(into.apply(Some(&lines("mod tests;\n")), &[]).is_err());
    }

    #[test]
    fn the_words_lead_back_to_the_edit() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for edit in [
            Edit::NewFile,
            Edit::Keep,
            Edit::Top,
            Edit::Replace(names(&["use", "b", "c"])),
            Edit::Below("a".to_owned()),
            Edit::Into("mod tests".to_owned()),
        ] {
            assert_eq!(Edit::from_words(&edit.to_string()), Some(edit));
        }
    }
}
