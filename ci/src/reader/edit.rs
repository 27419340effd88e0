//! What a reader does with a block: where in their file it goes, and what goes out.
//!
//! An [`Edit`] compares the reader's file with the listing's, item by item, and makes those changes that the block shows:
//! whole items replace those of their names, or go below the item above them; an anchor in an item changes lines of it.

use std::ops::Range;

use similar::{Algorithm, capture_diff_slices};

use super::items::{Item, Owner, items, owners};
use crate::manuscript::page;

/// A line of a file, as a block shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// Whether it stands in the block, and not only in the file around it.
    pub visible: bool,
    pub new: bool,
    /// Lines that go: the reader has them in front of this one.
    pub gone: Vec<String>,
    /// Whether the block leaves out some lines behind it, and goes on.
    pub gap: bool,
}

/// What a block makes of a reader's file.
pub struct Edit {
    pub lines: Vec<Line>,
    /// The lines of the file that the reader has then.
    pub made: Vec<String>,
    /// For each line made, whether the block shows it.
    shown: Vec<bool>,
    items: Vec<Item>,
    old: Vec<String>,
}

impl Edit {
    /// The edit that brings what is `visible` of `goal` into the file `old`.
    pub fn new(old: &[String], goal: &[String], visible: &[bool]) -> Self {
        let (old_items, goal_items) = (items(old), items(goal));
        let (theirs, ours) = (owners(old, &old_items), owners(goal, &goal_items));
        let same = same_of(old, &theirs, goal, &ours);
        let line =
            |(text, visible): (&String, &bool)| Line { text: text.clone(), visible: *visible, ..Line::default() };
        // One more, for what goes at the end.
        let mut lines: Vec<Line> = goal.iter().zip(visible).map(line).chain([Line::default()]).collect();
        let mut kept = vec![Vec::new(); lines.len()];
        let (mut gone, mut come) = (0, 0);
        for (number, same) in same.iter().copied().chain([Some(old.len())]).enumerate() {
            let Some(same) = same else {
                lines[number].new = true;
                continue;
            };
            // What stays is behind what comes, but in its order; what comes to the begin of a module goes to its end.
            let opens = come > 0 && goal[come - 1].ends_with('{');
            let stays = |gone: usize| (come..number).find(|line| opens || theirs[gone..].contains(&ours[*line]));
            for gone in gone..same {
                let taken = taken_at(&lines, &ours, come..number, &theirs[gone]);
                let place = taken.or_else(|| stays(gone)).unwrap_or(number);
                if taken.is_none() {
                    kept[place].push(old[gone].clone());
                }
                if taken.is_some() || !lines[place].visible {
                    lines[place].gone.push(old[gone].clone());
                }
            }
            (gone, come) = (same + 1, number + 1);
        }
        lines.pop();
        let is_there = |line: &Line| !line.new || line.visible;
        let (mut made, mut shown) = (Vec::<String>::new(), Vec::new());
        for (number, kept) in kept.into_iter().enumerate() {
            made.extend(kept);
            shown.resize(made.len(), false);
            let Some(line) = lines.get(number) else { break };
            // A blank line between items comes with what is below it.
            let is_between = || !ours[number].2 && line.text.is_empty() && lines.get(number + 1).is_some_and(is_there);
            if is_there(line)
                || is_between() && made.last().is_some_and(|last| !last.is_empty() && !last.ends_with('{'))
            {
                made.push(line.text.clone());
                shown.push(line.visible);
            }
        }
        for number in 0..lines.iter().rposition(|line| line.visible).unwrap_or(0) {
            let mut hidden = lines[number + 1..].iter().take_while(|line| !line.visible);
            // What the reader has not got yet is nothing that is left out.
            lines[number].gap = lines[number].visible && hidden.any(|line| !line.new || old.is_empty());
        }
        Self { lines, made, shown, items: goal_items, old: old.to_vec() }
    }

    /// The words that say it, with names in backticks: "replaces `serve`". An error says why none can.
    pub fn words(&self) -> Result<String, String> {
        if self.made == self.old {
            return Ok("stays as it is".to_owned());
        }
        let (old, made) = (items(&self.old), items(&self.made));
        // Blank lines say nothing.
        let has = |item: &Item, is_shown: bool| {
            item.lines.clone().any(|line| self.shown[line] == is_shown && !self.made[line].is_empty())
        };
        let shown = made.iter().filter(|item| has(item, true) && !(item.is_container() && item.is_in(&old)));
        let (known, new): (Vec<&Item>, Vec<&Item>) = shown.partition(|item| item.is_in(&old));
        if new.iter().any(|item| has(item, false)) || new.is_empty() && known.is_empty() {
            return Err("it is neither whole items nor a part of one that the reader has".to_owned());
        }
        let parts: Vec<&&Item> = known.iter().filter(|item| has(item, false)).collect();
        let stays = |line: &Line| !line.new && !line.text.is_empty() || !line.gone.concat().is_empty();
        for part in &parts {
            let mut pieces = self.of(part).split(|line| !line.visible).filter(|piece| !piece.is_empty());
            if !pieces.all(|piece| piece.iter().any(stays)) {
                return Err(format!("nothing in it is in the reader's `{}` already, to find the place by", part.name));
            }
        }
        let verb = if parts.is_empty() { "replaces" } else { "changes in" };
        Ok(if known.is_empty() { place(&made, &new) } else { format!("{verb} {}", listed(&made, &known)) })
    }

    fn of(&self, item: &Item) -> &[Line] {
        let lines = self.items.iter().find(|other| other.is(item)).map(|other| other.lines.clone());
        &self.lines[lines.unwrap_or_default()]
    }

    /// What is wrong with a block that shows a long item whole, though most of it is as it was: slips would look meant.
    pub fn reprinted(&self) -> Option<String> {
        items(&self.old).iter().find_map(|item| {
            let lines = self.of(item);
            let changed = lines.iter().filter(|line| line.new || !line.gone.is_empty()).count();
            let is_whole = lines.len() > 12 && lines.iter().all(|line| line.visible);
            (is_whole && changed > 0 && changed * 2 < lines.len()).then(|| {
                let (name, length) = (&item.name, lines.len());
                format!("`{name}` is shown whole again, though only {changed} of its {length} lines change")
            })
        })
    }
}

/// For each line of `new`, the line of `old` that it is, if it is one. A brace of one item is not that of another.
pub fn same(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    // Most often, only the begin and the end of a file are cut off.
    if let Some(begin) = old.windows(new.len().max(1)).position(|lines| lines == new) {
        return (begin..).map(Some).take(new.len()).collect();
    }
    same_of(old, &owners(old, &items(old)), new, &owners(new, &items(new)))
}

/// The same, of files whose items are known.
fn same_of(old: &[String], theirs: &[Owner], new: &[String], ours: &[Owner]) -> Vec<Option<usize>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.iter().zip(theirs).collect(), new.iter().zip(ours).collect());
    let begin = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let mut pairs: Vec<Option<usize>> = (0..begin).map(Some).collect();
    pairs.resize(new.len(), None);
    let (old, new) = (&old[begin..], &new[begin..]);
    for operation in capture_diff_slices(Algorithm::Patience, old, new) {
        for (old, new) in operation.old_range().zip(operation.new_range()).filter(|(a, b)| old[*a] == new[*b]) {
            pairs[begin + new] = Some(begin + old);
        }
    }
    pairs
}

/// The line in front of which the block takes away a line of this item: the first shown that comes, or stays, behind it.
fn taken_at(lines: &[Line], ours: &[Owner<'_>], come: Range<usize>, item: &Owner<'_>) -> Option<usize> {
    let is_shown = |number: &usize| lines[*number].visible && ours[*number] == *item;
    let mut places = come.start..come.end.max(come.start + 1);
    if let Some(place) = places.find(is_shown) {
        return Some(place);
    }
    let is_last = !ours[come.clone()].contains(item) && ours.get(come.end) != Some(item);
    (is_last && come.start > 0 && is_shown(&(come.start - 1))).then_some(come.start)
}

fn place(made: &[Item], new: &[&Item]) -> String {
    let (first, last) = (new[0].lines.start, new[new.len() - 1].lines.start);
    let before = || made.iter().rev().filter(|item| item.lines.start < first);
    let module = before().find(|item| item.indent < new[0].indent && item.is_container());
    let inside = module.map_or(0..usize::MAX, |module| module.lines.start + 1..module.lines.end);
    let above = before().find(|item| item.indent == new[0].indent && inside.contains(&item.lines.start));
    let is_below = |item: &Item| item.lines.start > last && inside.contains(&item.lines.start);
    match (module, above) {
        (Some(module), _) if !made.iter().any(is_below) => format!("goes to the end of `{}`", module.name),
        (_, Some(above)) => format!("goes below {}", listed(made, &[above])),
        (_, None) => "goes to the top".to_owned(),
    }
}

/// The names of items as a sentence has them.
fn listed(made: &[Item], items: &[&Item]) -> String {
    let name = |item: &&Item| match item.name.as_str() {
        "use" => {
            let module = made.iter().find(|module| module.is_container() && module.lines.contains(&item.lines.start));
            format!("the `use` lines{}", module.map_or(String::new(), |module| format!(" of `{}`", module.name)))
        }
        name => format!("`{name}`"),
    };
    page::listed(&items.iter().map(name).collect::<Vec<_>>())
}

/// The file without the item `name`, and without the blank line that would be one too many.
pub fn remove(file: &[String], name: &str) -> Result<Vec<String>, String> {
    let items = items(file);
    let outermost = items.iter().filter(|item| item.name == name).min_by_key(|item| item.indent);
    let Some(Item { lines: Range { mut start, mut end }, .. }) = outermost.cloned() else {
        return Err(format!("there is no `{name}` in the file"));
    };
    match file.get(end) {
        Some(next) if next.is_empty() => end += 1,
        _ if start > 0 && file[start - 1].is_empty() => start -= 1,
        _ => {}
    }
    Ok([&file[..start], &file[end..]].concat())
}

#[cfg(test)]
mod tests;
