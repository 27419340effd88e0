//! A broken listing: the step's files with those items in them in which it differs.
//!
//! An item takes the place of the step's item of that name. One that is new goes below the item that stands above it in
//! the overlay, or to the end of its module. In an item, a line `// ...` is the body that the step's item has.

use super::edit::Edit;
use super::items::items;

const BODY: &str = "// ...";

/// `file` with the items of `overlay` in it. Refuses an item that is just as in `file`, and one that has no place.
pub fn apply(file: &[String], overlay: &[String]) -> Result<Vec<String>, String> {
    let (theirs, ours) = (items(file), items(overlay));
    let mut goal = Vec::new();
    let mut next = 0;
    for (index, item) in ours.iter().enumerate() {
        if item.lines.start < next {
            continue;
        }
        goal.extend_from_slice(&overlay[next..item.lines.start]);
        let old = theirs.iter().find(|old| old.is(item)).map(|old| &file[old.lines.clone()]);
        if item.is_container() && old.is_some() {
            let opens = item.lines.clone().find(|line| overlay[*line].ends_with('{')).unwrap_or(item.lines.start);
            next = opens + 1;
            goal.extend_from_slice(&overlay[item.lines.start..next]);
            // What comes to the end of the module is parted from what it has.
            goal.extend(ours.get(index + 1).filter(|first| !first.is_in(&theirs)).map(|_| String::new()));
            continue;
        }
        let lines = with_body(&overlay[item.lines.clone()], &item.name, old)?;
        if old == Some(&lines[..]) {
            return Err(format!("`{}` is just as in the listing it is a change of; leave it out", item.name));
        }
        goal.extend(lines);
        next = item.lines.end;
    }
    goal.extend_from_slice(&overlay[next..]);
    let made = Edit::new(file, &goal, &vec![true; goal.len()]).made;
    let result = items(&made);
    match ours.iter().find(|item| result.iter().filter(|other| other.is(item)).count() > 1) {
        Some(item) => Err(format!("`{}` does not stand in the order of the listing it is a change of", item.name)),
        None => Ok(made),
    }
}

/// The lines of the item `name`, with the body of `old` where `// ...` stands.
fn with_body(lines: &[String], name: &str, old: Option<&[String]>) -> Result<Vec<String>, String> {
    let Some(place) = lines.iter().position(|line| line.trim() == BODY) else {
        return Ok(lines.to_vec());
    };
    let old = old.unwrap_or_default();
    let opens = old.iter().position(|line| line.ends_with('{'));
    let body = opens.and_then(|opens| old.get(opens + 1..old.len() - 1));
    let body = body.ok_or_else(|| format!("`{BODY}` in `{name}` stands for a body that is not there"))?;
    Ok([&lines[..place], body, &lines[place + 1..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::files::to_lines;

    const STEP: &str = "use std::fs;\n\nfn a(\n    x: u8,\n) {\n    1;\n    2;\n}\n\nfn b() {}\n\nmod tests {\n    use super::*;\n\n    fn test_a() {}\n}\n";

    #[track_caller]
    fn made(overlay: &str) -> Result<String, String> {
        apply(&to_lines(STEP), &to_lines(overlay)).map(|lines| lines.join("\n") + "\n")
    }

    #[test]
    fn items_take_their_places() {
        assert_eq!(made("fn b() {\n    3;\n}\n").unwrap(), STEP.replace("fn b() {}", "fn b() {\n    3;\n}"));
        assert_eq!(
            made("use std::io;\n\nfn a() {\n    // ...\n    3;\n}\n\nfn new() {}\n").unwrap(),
            STEP.replace("fs;", "io;")
                .replace("fn a(\n    x: u8,\n) {", "fn a() {")
                .replace("    2;\n}\n", "    2;\n    3;\n}\n\nfn new() {}\n")
        );
        assert_eq!(
            made("mod tests {\n    fn test_b() {}\n}\n").unwrap(),
            STEP.replace("test_a() {}\n", "test_a() {}\n\n    fn test_b() {}\n")
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(made("fn b() {}\n").unwrap_err().contains("`b` is just as in"));
        assert!(made("fn new() {\n    // ...\n}\n").unwrap_err().contains("a body that is not there"));
    }
}
