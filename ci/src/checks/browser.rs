//! Finds what somebody meets who reads the built book in a browser: what axe-core finds by WCAG 2 A and AA and by best
//! practice, pages wider than their window, marks that are not beside their lines, buttons that copy something else than
//! their block; once light on a wide screen, once dark on a phone. `ci/browser/look.mjs` does that. Mend `theme/book.css`
//! or the page.
//!
//! This needs Node.js with npm, and Chromium or Chrome: where `CHROME` says, or on PATH.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use book::finding::Finding;
use book::manuscript::Page;
use book::manuscript::page::address;

use crate::cache::Cache;
use crate::check::{Context, Skipped};
use crate::run::cargo;

/// What the script says: a page, words on it, and what is wrong near them.
type Answer = (String, String, String);

/// Looks at pages whose HTML has changed; it names each style and each script together with a hash of it.
pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let (book, built) = (&context.book, context.built()?);
    let browser = browser().ok_or_else(|| Skipped("no Chromium: install it, or set CHROME to its path".to_owned()))?;
    let ci = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| book.root.join("ci"), PathBuf::from);
    let folder = ci.join("browser");
    let script = ["look.mjs", "package-lock.json"].map(|file| fs::read(folder.join(file)).unwrap_or_default());
    let cache = Cache::open(&book.root, "browser", &script)?;
    let pages: Vec<&Page> = book.pages.iter().filter(|page| cache.get(&built.html[&page.path]).is_none()).collect();
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let answers = ask(&folder, &ci.join("target/browser"), &browser, built.folder.path(), &pages)?;
    let mut findings = Vec::new();
    for page in pages {
        let mut found = answers.iter().filter(|(name, ..)| *name == address(&page.path)).peekable();
        if found.peek().is_none() {
            cache.add(&built.html[&page.path], "")?;
        }
        findings.extend(found.map(|(_, near, message)| {
            let is_near = |line: &str| !near.is_empty() && line.replace(['`', '*'], "").contains(near);
            let line = page.text.lines().position(is_near).map_or(1, |index| index + 1);
            Finding::new(&page.path, line, message, "what is wrong on every page is mended in theme/book.css")
        }));
    }
    Ok(findings)
}

/// The browser that `CHROME` names (none if it names nothing), or else the first on PATH.
fn browser() -> Option<PathBuf> {
    let named = env::var_os("CHROME").map(|named| vec![PathBuf::from(named)]);
    let names = ["chromium", "google-chrome", "chromium-browser", "chrome.exe"];
    let folders = env::var_os("PATH").unwrap_or_default();
    let on_path = || env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).collect();
    named.unwrap_or_else(on_path).into_iter().find(|path| path.is_file())
}

/// What the script in `folder` says of these pages of the book in `built`. It runs in `place`, beside what npm installs.
fn ask(folder: &Path, place: &Path, browser: &Path, built: &Path, pages: &[&Page]) -> Result<Vec<Answer>> {
    fs::create_dir_all(place)?;
    for file in ["look.mjs", "package.json", "package-lock.json"] {
        fs::copy(folder.join(file), place.join(file)).with_context(|| format!("copying {file}"))?;
    }
    // npm writes the second when it is done.
    let wanted = folder.join("package-lock.json").metadata()?.modified()?;
    let installed = place.join("node_modules/.package-lock.json").metadata().and_then(|it| it.modified());
    if !installed.is_ok_and(|installed| wanted < installed) {
        eprintln!("installing, from npm, what drives the browser");
        let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(place);
        cargo::stdout(&mut npm).map_err(|error| Skipped(format!("{error:#}")))?;
    }
    let pages = pages.iter().map(|page| address(&page.path));
    let mut node = Command::new("node");
    let answers = cargo::stdout(node.arg("look.mjs").args([browser, built]).args(pages).current_dir(place))?;
    serde_json::from_str(&answers).context("cannot read what ci/browser/look.mjs says")
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::small_book;

    const FIRST: &str = "// ANCHOR: main\nfn main() {\n    old();\n    run();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";
    const SECOND: &str =
        "// ANCHOR: main\nfn main() {\n    run();\n\n    new();\n}\n// ANCHOR_END: main\n\nfn run() {}\n";

    /// What is found in a small book with the styles of this one and more; nothing if there is no browser.
    fn found(more: &str) -> Option<String> {
        let page = ["01-a", "02-b"].map(|step| {
            format!("## Step {step}\n\n<!-- caption: Look at {step} -->\n\n```rust\n{{{{#rustdoc_include ../listings/{step}/src/main.rs:main}}}}\n```\n")
        });
        let (_folder, book) = small_book(&[
            (
                "book.toml",
                "[book]\ntitle = \"Small\"\n[preprocessor.book]\ncommand = \"cargo book preprocess\"\n[output.html]\nadditional-css = [\"book.css\"]\n",
            ),
            ("book.css", &(include_str!("../../../theme/book.css").to_owned() + more)),
            ("src/page.md", &format!("# Page\n\nSome *words*.\n\n{}", page.join("\n"))),
            ("listings/01-a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("listings/01-a/src/main.rs", FIRST),
            ("listings/02-b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("listings/02-b/src/main.rs", SECOND),
        ]);
        match check(&Context::new(book)) {
            Err(error) if error.is::<Skipped>() => {
                println!("not tested: {error}");
                None
            }
            findings => Some(findings.unwrap().iter().map(|finding| format!("{finding}\n")).collect()),
        }
    }

    #[test]
    fn what_is_in_the_way_of_reading_is_found() {
        let Some(clean) = found("") else { return };
        assert_eq!(clean, "");
        let defects = "
            main em { color: #ddd; }
            main h2 { width: 500px; }
            figure.listing ins::before { border: none !important; }
            figure.listing .gone { display: block; }
        ";
        let found = found(defects).unwrap_or_default();
        for expected in [
            "src/page.md:3: Elements must meet minimum color contrast ratio thresholds",
            "src/page.md:5: the page is wider than the window, in the theme ",
            "src/page.md:15: a line is new and has no bar beside it, or has one and is not new",
            "src/page.md:15: the button copies something else than the lines of this block",
        ] {
            assert!(found.contains(expected), "{expected}\n{found}");
        }
    }
}
