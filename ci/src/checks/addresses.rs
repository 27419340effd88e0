//! Addresses: whatever address the book has ever had leads somewhere still.
//!
//! [`LIST`] has every page, and every heading of a page, that the book ever had. What is there no longer has to be led
//! on by a redirect of mdBook, in `[output.html.redirect]` of `book.toml`: one for a page, which takes the fragment along
//! to the new page, or one for a single heading.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml_edit::{Document, TableLike};

use crate::book::{Book, Page, line_of, normalize, slashes};
use crate::finding::Finding;

/// The list, relative to the root of the book: one address a line, sorted.
const LIST: &str = "ci/addresses.txt";

const CONFIG: &str = "book.toml";

/// Finds addresses that lead nowhere any more, redirects that lead nowhere or are never followed, and addresses that
/// are not in the list yet.
///
/// Refuses a book that mdBook cannot build.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let redirects = redirects(book)?;
    // mdBook does not build a book with these, so they have to be found before.
    let findings = unbuildable(book, &redirects);
    if !findings.is_empty() {
        return Ok(findings);
    }
    let built = book.built()?;
    let addresses = addresses(book)?;
    // Where a redirect starts, mdBook has put a page, too.
    let is_redirect = |target: &str| redirects.iter().any(|redirect| redirect.from() == target);
    let leads =
        |target: &str| addresses.contains(target) || (!is_redirect(target) && built.folder().join(target).exists());

    let mut findings: Vec<Finding> = redirects
        .iter()
        .filter_map(|redirect| {
            let (message, help) = redirect.fault(&addresses, leads)?;
            Some(Finding::new(CONFIG, redirect.line, message, help))
        })
        .collect();
    let text = listed(book);
    let mut before = "";
    for (index, address) in text.lines().enumerate() {
        let mut found = |message: String, help: String| findings.push(Finding::new(LIST, index + 1, message, help));
        if address <= before {
            found(
                format!("`{address}` stands behind `{before}`"),
                "the list is sorted, and has nothing twice: run `cargo book bless`".to_owned(),
            );
        }
        if !addresses.contains(address) {
            match led_on(address, &redirects) {
                // Where a redirect for just this leads has been looked at above.
                Some(Lead::Exactly) => {}
                Some(Lead::WithPage(target)) if target.contains("://") || leads(&target) => {}
                Some(Lead::WithPage(target)) => found(
                    format!("the page of `{address}` is led on to `{target}`, which is not there"),
                    lead_on(address, &addresses),
                ),
                None => found(
                    format!("`{address}` leads nowhere any more"),
                    lead_on(address, &addresses),
                ),
            }
        }
        before = address;
    }
    let known: BTreeSet<&str> = text.lines().collect();
    for address in addresses.iter().filter(|address| !known.contains(address.as_str())) {
        let line = known.range(..address.as_str()).count() + 1;
        findings.push(Finding::new(
            LIST,
            line.min(known.len().max(1)),
            format!("`{address}` is new"),
            "add this line, or run `cargo book bless`: from now on it has to lead somewhere",
        ));
    }
    Ok(findings)
}

/// Puts the addresses that are new into the list, and gives them. None is ever taken out.
///
/// Refuses a book that mdBook cannot build.
pub fn bless(book: &Book) -> Result<Vec<String>> {
    let text = listed(book);
    let mut all: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let new: Vec<String> = addresses(book)?.difference(&all).cloned().collect();
    all.extend(new.iter().cloned());
    let list: String = all.iter().map(|address| format!("{address}\n")).collect();
    if list != text {
        let path = book.root.join(LIST);
        fs::create_dir_all(book.root.join("ci"))?;
        fs::write(&path, list).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(new)
}

/// The text of the list. Without a file nothing is in it.
fn listed(book: &Book) -> String {
    fs::read_to_string(book.root.join(LIST)).unwrap_or_default()
}

/// Every address that the book has today.
fn addresses(book: &Book) -> Result<BTreeSet<String>> {
    let built = book.built()?;
    let mut addresses = BTreeSet::new();
    for page in &book.pages {
        let address = page.address();
        addresses.extend(headings(built.html(page)).map(|id| format!("{address}#{id}")));
        addresses.insert(address);
    }
    Ok(addresses)
}

/// The ids of the headings in a page that mdBook has built. (What looks like a tag in its text is escaped there.)
fn headings(html: &str) -> impl Iterator<Item = &str> {
    let main = html.split_once("<main>").map_or(html, |(_, main)| main);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    main.split("<h").skip(1).filter_map(|rest| {
        let (tag, _) = rest.split_once('>')?;
        let is_heading = tag.starts_with(|c: char| c.is_ascii_digit());
        let (_, id) = tag.split_once(" id=\"")?;
        is_heading.then(|| id.split('"').next()).flatten()
    })
}

/// An entry of `[output.html.redirect]`.
struct Redirect {
    line: usize,
    /// The old address as it is written: `/old.html#heading`.
    key: String,
    /// Where it leads, as it is written: relative to the old page, or to another site.
    target: String,
}

impl Redirect {
    /// The old address, without the slash.
    fn from(&self) -> &str {
        self.key.strip_prefix('/').unwrap_or(&self.key)
    }

    /// The new address, from the root of the book; what leads to another site is as it is.
    fn to(&self) -> String {
        if self.target.contains("://") {
            return self.target.clone();
        }
        let page = self.from().split('#').next().unwrap_or_default();
        let (path, fragment) = match self.target.split_once('#') {
            Some((path, fragment)) => (path, format!("#{fragment}")),
            None => (self.target.as_str(), String::new()),
        };
        let path = match path {
            "" => Path::new(page).to_owned(),
            path => normalize(&Path::new(page).parent().unwrap_or(Path::new("")).join(path)),
        };
        slashes(&path) + &fragment
    }

    /// What is wrong with it, in a book that has `addresses` and `leads` to some more, and what to do.
    fn fault(&self, addresses: &BTreeSet<String>, leads: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let Self { key, target, .. } = self;
        let to = self.to();
        if addresses.contains(self.from()) {
            let message = format!("`{key}` is an address of the book, and is redirected");
            return Some((message, "remove the redirect".to_owned()));
        }
        if target.starts_with('/') {
            let message = format!("`{target}` is looked for at the root of the site, where the book need not lie");
            return Some((message, "write it relative to the old page".to_owned()));
        }
        if !to.contains("://") && !leads(&to) {
            return Some((
                format!("`{key}` is redirected to `{to}`, which is not there"),
                nearest(&to, addresses),
            ));
        }
        None
    }
}

/// The redirects of `book.toml`.
fn redirects(book: &Book) -> Result<Vec<Redirect>> {
    let path = book.root.join(CONFIG);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let document = Document::parse(text.as_str()).with_context(|| format!("cannot read {}", path.display()))?;
    let table = ["output", "html", "redirect"]
        .iter()
        .try_fold(document.as_item(), |item, key| item.get(key))
        .and_then(|item| item.as_table_like());
    Ok(table.map_or_else(Vec::new, |table: &dyn TableLike| {
        table
            .iter()
            .map(|(key, target)| Redirect {
                line: table
                    .key(key)
                    .and_then(|key| key.span())
                    .map_or(1, |span| line_of(&text, span.start)),
                key: key.to_owned(),
                target: target.as_str().unwrap_or_default().to_owned(),
            })
            .collect()
    }))
}

/// Redirects that mdBook refuses, or passes over without a word.
fn unbuildable(book: &Book, redirects: &[Redirect]) -> Vec<Finding> {
    let pages: BTreeSet<String> = book.pages.iter().map(Page::address).collect();
    let mut findings = Vec::new();
    for redirect in redirects {
        let key = &redirect.key;
        let page = redirect.from().split('#').next().unwrap_or_default();
        let is_led_on = |other: &Redirect| other.from() == page;
        let (message, help) = if !key.starts_with('/') {
            (
                format!("`{key}` does not begin with a slash"),
                format!("write `/{key}`"),
            )
        } else if pages.contains(redirect.from()) {
            (
                format!("`{key}` is an address of the book, and is redirected"),
                "remove the redirect".to_owned(),
            )
        } else if !pages.contains(page) && !redirects.iter().any(is_led_on) {
            (
                format!("`{key}` is redirected, and its page is not"),
                format!("add one for `/{page}`"),
            )
        } else {
            continue;
        };
        findings.push(Finding::new(CONFIG, redirect.line, message, help));
    }
    findings
}

/// How an address of the past leads on.
enum Lead {
    /// By a redirect for just this address.
    Exactly,
    /// By a redirect for its page, to this address.
    WithPage(String),
}

fn led_on(address: &str, redirects: &[Redirect]) -> Option<Lead> {
    if redirects.iter().any(|redirect| redirect.from() == address) {
        return Some(Lead::Exactly);
    }
    let (page, fragment) = address.split_once('#')?;
    let of_page = redirects.iter().find(|redirect| redirect.from() == page)?;
    let to = of_page.to();
    let new = to.split('#').next().unwrap_or_default();
    Some(Lead::WithPage(format!("{new}#{fragment}")))
}

/// What to do about an address that leads nowhere.
fn lead_on(address: &str, addresses: &BTreeSet<String>) -> String {
    let mut help = format!("in {CONFIG}, under [output.html.redirect], lead on from \"/{address}\"");
    if let Some((_, id)) = address.split_once('#') {
        help += &format!(", or give the heading its old name with {{#{id}}}");
    }
    help + "\n" + &nearest(address, addresses)
}

/// The address that comes nearest to one that is not there.
fn nearest(address: &str, addresses: &BTreeSet<String>) -> String {
    let is_heading = |address: &str| address.contains('#');
    let known: Vec<&str> = addresses
        .iter()
        .map(String::as_str)
        .filter(|known| is_heading(known) == is_heading(address))
        .collect();
    match similar::get_close_matches(address, &known, 1, 0.5).first() {
        Some(near) => format!("the nearest to it is `{near}`"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;
    use crate::finding::tests::headlines;

    const PAGE: &str = "# Page\n\n## One\n\n## Two\n\n## Two\n\n```text\n<h3 id=\"three\">\n```\n";
    const ALL: &str = "page.html\npage.html#one\npage.html#page\npage.html#two\npage.html#two-1\n";

    fn found(list: &str, redirects: &str) -> Vec<String> {
        let toml = format!("[book]\ntitle = \"Small\"\n\n[output.html.redirect]\n{redirects}");
        let (_folder, book) = small_book(&[("src/page.md", PAGE), ("book.toml", &toml), ("ci/addresses.txt", list)]);
        headlines(&check(&book).unwrap())
    }

    #[test]
    fn a_list_of_what_is_there_is_no_finding() {
        assert_eq!(found(ALL, ""), [""; 0]);
    }

    #[test]
    fn an_address_that_is_gone_is_found_until_it_is_led_on() {
        let list = format!("gone.html\ngone.html#page\n{ALL}page.html#zero\n");
        assert_eq!(
            found(&list, ""),
            [
                "ci/addresses.txt:1: `gone.html` leads nowhere any more",
                "ci/addresses.txt:2: `gone.html#page` leads nowhere any more",
                "ci/addresses.txt:8: `page.html#zero` leads nowhere any more",
            ]
        );
        let page = "\"/gone.html\" = \"page.html\"\n";
        let heading = "\"/page.html#zero\" = \"#one\"\n";
        assert_eq!(found(&list, &format!("{page}{heading}")), [""; 0]);
        assert_eq!(
            found(&list, &format!("\"/gone.html\" = \"https://example.org/\"\n{heading}")),
            [""; 0]
        );
    }

    #[test]
    fn a_page_that_is_led_on_takes_its_headings_along_or_they_are_found() {
        let list = format!("gone.html\ngone.html#nine\n{ALL}");
        let page = "\"/gone.html\" = \"page.html\"\n";
        assert_eq!(
            found(&list, page),
            ["ci/addresses.txt:2: the page of `gone.html#nine` is led on to `page.html#nine`, which is not there"]
        );
        let heading = "\"/gone.html#nine\" = \"page.html#one\"\n";
        assert_eq!(found(&list, &format!("{page}{heading}")), [""; 0]);
    }

    #[test]
    fn a_redirect_that_leads_nowhere_or_is_never_followed_is_found() {
        for (redirects, message) in [
            (
                "\"/gone.html\" = \"away.html\"",
                "`/gone.html` is redirected to `away.html`, which is not there",
            ),
            (
                "\"/gone.html\" = \"gone.html\"",
                "`/gone.html` is redirected to `gone.html`, which is not there",
            ),
            (
                "\"/a/gone.html\" = \"page.html\"",
                "`/a/gone.html` is redirected to `a/page.html`, which is not there",
            ),
            (
                "\"/page.html#zero\" = \"#nine\"",
                "`/page.html#zero` is redirected to `page.html#nine`, which is not there",
            ),
            (
                "\"/page.html#one\" = \"#two\"",
                "`/page.html#one` is an address of the book, and is redirected",
            ),
            (
                "\"/page.html\" = \"other.html\"",
                "`/page.html` is an address of the book, and is redirected",
            ),
            (
                "\"gone.html\" = \"page.html\"",
                "`gone.html` does not begin with a slash",
            ),
            (
                "\"/gone.html#x\" = \"page.html\"",
                "`/gone.html#x` is redirected, and its page is not",
            ),
            (
                "\"/gone.html\" = \"/page.html\"",
                "`/page.html` is looked for at the root of the site, where the book need not lie",
            ),
        ] {
            assert_eq!(found(ALL, redirects), [format!("book.toml:5: {message}")]);
        }
        assert_eq!(found(ALL, "\"/a/gone.html\" = \"../page.html#one\""), [""; 0]);
    }

    #[test]
    fn a_new_address_is_found_until_it_is_blessed_and_none_is_lost() {
        let list = "gone.html\npage.html#page\npage.html\n";
        let found = found(list, "");
        assert_eq!(
            found,
            [
                "ci/addresses.txt:1: `gone.html` leads nowhere any more",
                "ci/addresses.txt:3: `page.html` stands behind `page.html#page`",
                "ci/addresses.txt:3: `page.html#one` is new",
                "ci/addresses.txt:3: `page.html#two` is new",
                "ci/addresses.txt:3: `page.html#two-1` is new",
            ]
        );
        let (folder, book) = small_book(&[("src/page.md", PAGE), ("ci/addresses.txt", list)]);
        assert_eq!(
            bless(&book).unwrap(),
            ["page.html#one", "page.html#two", "page.html#two-1"]
        );
        let list = fs::read_to_string(folder.path().join(LIST)).unwrap();
        assert_eq!(list, format!("gone.html\n{ALL}"));
        assert_eq!(bless(&book).unwrap(), [""; 0]);
    }
}
