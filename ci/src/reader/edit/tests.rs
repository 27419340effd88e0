use super::*;
use crate::reader::files::{to_lines, to_text};

/// Finds the edit for the block that `goal` has between `[` and `]` lines, and gives its words with the file it makes.
fn edited(file: &str, goal: &str) -> Result<(String, String), String> {
    let (mut lines, mut visible, mut inside) = (Vec::new(), Vec::new(), false);
    for line in to_lines(goal) {
        match line.as_str() {
            "[" => inside = true,
            "]" => inside = false,
            _ => {
                lines.push(line);
                visible.push(inside);
            }
        }
    }
    let edit = Edit::new(&to_lines(file), &lines, &visible);
    edit.words().map(|words| (words, to_text(&edit.made)))
}

/// That a block leads from `file` to `goal`, by these words.
#[track_caller]
fn leads(file: &str, goal: &str, words: &str) {
    let marks = ["[", "]"];
    let plain: String = goal.lines().filter(|line| !marks.contains(line)).map(|line| format!("{line}\n")).collect();
    assert_eq!(edited(file, goal), Ok((words.to_owned(), plain)));
}

#[test]
fn whole_items_replace_others_or_go_where_they_belong() {
    leads("fn a() {}\n\nfn b() {\n    2;\n}\n", "[\nfn a() {\n    1;\n}\n]\n\nfn b() {\n    2;\n}\n", "replaces `a`");
    leads("fn a() {}\n\nfn b() {}\n", "fn a() {}\n\n[\nfn new() {}\n]\n\nfn b() {}\n", "goes below `a`");
    leads("fn a() {}\n", "[\nuse std::fs;\n]\n\nfn a() {}\n", "goes to the top");
    leads("fn a() {}\n", "[\nfn a() {\n    1;\n}\n\nfn new() {}\n]\n", "replaces `a`");
    leads("fn a() {}\n\nfn b() {}\n", "fn a() {}\n\n[\nfn b() {}\n]\n", "stays as it is");
    let tests = "\nmod tests {\n    use super::*;\n}\n";
    leads(&format!("use a;\n{tests}"), &format!("[\nuse b;\n]\n{tests}"), "replaces the `use` lines");
    let file = "fn a() {}\n\nmod tests {\n    use super::*;\n}\n";
    let goal = "fn a() {}\n\nmod tests {\n    use super::*;\n\n[\n    fn test_a() {}\n]\n}\n";
    leads(file, goal, "goes to the end of `mod tests`");
}

const OLD: &str = "fn a() {\n    one();\n    two();\n    three();\n\n    four();\n    five();\n}\n";

#[test]
fn a_part_of_an_item_changes_it_there() {
    let goal =
        OLD.replace("    two();\n", "[\n    two().await;\n    three();\n]\n").replacen("    three();\n\n", "\n", 1);
    leads(OLD, &goal, "changes in `a`");
    // What comes and what goes at once, in two places.
    let goal = "fn a() {\n    one();\n[\n    two().await;\n    three();\n]\n\n    four();\n[\n    six();\n    seven();\n}\n]\n";
    leads(OLD, goal, "changes in `a`");
    leads("[x]\na = 1\n", "[x]\n[\na = 1\nb = 2\n]\n", "changes in `[x]`");
}

#[test]
fn a_part_must_say_where_it_goes() {
    let goal = OLD.replace("    four();\n", "    four();\n[\n    new();\n]\n");
    assert!(edited(OLD, &goal).unwrap_err().contains("to find the place by"));
    let goal = format!("{OLD}\nfn b() {{\n[\n    1;\n]\n    2;\n}}\n");
    assert!(edited(OLD, &goal).unwrap_err().contains("a part of one that the reader has"));
}

/// The text of each line of the edit that makes all of `goal`, with what goes in front of it.
fn marks(file: &str, goal: &str) -> Vec<String> {
    let (old, new) = (to_lines(file), to_lines(goal));
    let edit = Edit::new(&old, &new, &vec![true; new.len()]);
    assert_eq!(edit.made, new);
    edit.lines.iter().map(|line| format!("{:?}{}{}", line.gone, if line.new { "+" } else { " " }, line.text)).collect()
}

#[test]
fn what_comes_and_what_goes_is_marked_item_by_item() {
    assert_eq!(marks("a\nb\nc\nd\n", "a\nB\nc\n"), ["[] a", "[\"b\"]+B", "[] c"]);
    let two = |first: &str| format!("#[test]\nfn {first}() {{\n    1;\n}}\n");
    let found = marks(&two("b"), &format!("{}\n{}", two("a"), two("b")));
    let expected =
        ["[]+#[test]", "[]+fn a() {", "[]+    1;", "[]+}", "[]+", "[] #[test]", "[] fn b() {", "[]     1;", "[] }"];
    assert_eq!(found, expected);
}

const MOD: &str = "fn a() {}\n\nmod tests {\n    use super::*;\n}\n";

#[test]
fn use_lines_come_in_stages() {
    let goal = "fn a() {}\n\nmod tests {\n[\n    use std::fs;\n]\n    use std::io;\n[\n\n    use b::b;\n\n    use super::*;\n]\n\n    fn c() {}\n}\n";
    let (words, made) = edited(MOD, goal).unwrap();
    assert_eq!(words, "replaces the `use` lines of `mod tests`");
    let uses = "    use std::fs;\n\n    use b::b;\n\n    use super::*;\n";
    assert_eq!(made, MOD.replace("    use super::*;\n", uses));
    let rest = goal.replace("[\n", "").replace("]\n", "").replace("    use std::fs", "[\n    use std::fs");
    let rest = rest.replace("super::*;\n", "super::*;\n]\n");
    let (words, made) = edited(&made, &rest).unwrap();
    assert_eq!(words, "replaces the `use` lines of `mod tests`");
    assert_eq!(made, MOD.replace("    use super::*;\n", &uses.replace("fs;\n", "fs;\n    use std::io;\n")));
}

#[test]
fn a_block_takes_away_only_of_what_it_shows() {
    // `b` is for a mark to remove, and the last line of `a` goes with it.
    let (words, made) = edited("fn a() {\n    1;\n}\n\nfn b() {}\n", "[\nfn a() {\n    2;\n}\n]\n").unwrap();
    assert_eq!((words.as_str(), made.as_str()), ("replaces `a`", "fn a() {\n    2;\n}\n\nfn b() {}\n"));
    leads("use a;\nuse b;\n\nfn a() {}\n", "[\nuse a;\n]\n\nfn a() {}\n", "replaces the `use` lines");
}

#[test]
fn an_item_goes_with_the_blank_line_beside_it() {
    let file = to_lines("fn a() {}\n\n/// B.\nfn b() {\n}\n\nfn c() {}\n");
    assert_eq!(remove(&file, "b").unwrap(), to_lines("fn a() {}\n\nfn c() {}\n"));
    assert_eq!(remove(&file, "c").unwrap(), to_lines("fn a() {}\n\n/// B.\nfn b() {\n}\n"));
    assert!(remove(&file, "x").is_err());
}

#[test]
fn a_gap_is_where_the_reader_has_something_that_is_not_shown() {
    let gaps = |old: &str, goal: &str, visible: &[bool]| -> Vec<bool> {
        let edit = Edit::new(&to_lines(old), &to_lines(goal), visible);
        edit.lines.iter().map(|line| line.gap).collect()
    };
    let (old, goal) = ("fn a() {\n    one();\n}\n", "fn a() {\n    later();\n    one();\n}\n");
    assert_eq!(gaps(old, goal, &[true, false, true, true]), [false; 4]);
    assert_eq!(gaps(goal, goal, &[true, false, true, true]), [true, false, false, false]);
}
