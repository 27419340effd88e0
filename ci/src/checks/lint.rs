//! Markdown hygiene and internal links, with their fragments: the rules of mdbook-lint.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mdbook_lint_core::{Config, Document, LintEngine, PluginRegistry};
use mdbook_lint_rulesets::{MdBookRuleProvider, StandardRuleProvider};

use crate::book::Book;
use crate::finding::Finding;
use crate::passed::{Fingerprint, Passed};

/// Where the rules are switched on and off, relative to the root of the book.
const CONFIG: &str = "ci/mdbook-lint.toml";

/// The rules that look at more than the page: at the files that it links to and includes. The others need not look again
/// at a page that has not changed.
const ACROSS: &[&str] = &["MDBOOK002", "MDBOOK006", "MDBOOK007"];

/// Finds what mdbook-lint finds in the pages and in `SUMMARY.md`.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let text = fs::read_to_string(book.root.join(CONFIG)).unwrap_or_default();
    let linter = Linter::new(&text)?;

    let summary = Path::new("src/SUMMARY.md");
    let mut findings = linter.all(&book.root, summary, &fs::read_to_string(book.root.join(summary))?)?;
    let mut passed = Passed::open(&book.root, "lint", Fingerprint::of_this_program()?.and(&text));
    for page in &book.pages {
        findings.extend(linter.across(&book.root, &page.path, &page.text)?);
        let Some(key) = passed.look(&(&page.path, &page.text)) else {
            continue;
        };
        let found = linter.alone(&book.root, &page.path, &page.text)?;
        if found.is_empty() {
            passed.add(key);
        }
        findings.extend(found);
    }
    passed.save()?;
    Ok(findings)
}

/// The rules of mdbook-lint that are switched on.
struct Linter {
    engine: LintEngine,
    config: Config,
}

impl Linter {
    /// The rules as `config` switches them, the text of [`CONFIG`].
    fn new(config: &str) -> Result<Self> {
        let config: Config = toml::from_str(config).with_context(|| format!("cannot read {CONFIG}"))?;
        let mut registry = PluginRegistry::new();
        registry.register_provider(Box::new(StandardRuleProvider))?;
        registry.register_provider(Box::new(MdBookRuleProvider))?;
        let engine = registry.create_engine_with_config(Some(&config))?;
        Ok(Self { engine, config })
    }

    /// What all rules find in a file.
    fn all(&self, root: &Path, path: &Path, text: &str) -> Result<Vec<Finding>> {
        self.lint(&self.config, root, path, text)
    }

    /// What the rules find that look at the page alone.
    fn alone(&self, root: &Path, path: &Path, text: &str) -> Result<Vec<Finding>> {
        let mut config = self.config.clone();
        config.disabled_rules.extend(ACROSS.iter().map(|id| (*id).to_owned()));
        self.lint(&config, root, path, text)
    }

    /// What the rules find that look at other files, too.
    fn across(&self, root: &Path, path: &Path, text: &str) -> Result<Vec<Finding>> {
        let mut config = self.config.clone();
        config.enabled_rules = ACROSS.iter().map(|id| (*id).to_owned()).collect();
        self.lint(&config, root, path, text)
    }

    fn lint(&self, config: &Config, root: &Path, path: &Path, text: &str) -> Result<Vec<Finding>> {
        let document = Document::new(text.to_owned(), root.join(path))?;
        let violations = self.engine.lint_document_with_config(&document, config)?;
        Ok(violations
            .into_iter()
            .map(|v| {
                let help = match v.fix {
                    Some(fix) => fix.description,
                    None => format!("this is rule {} ({}) of mdbook-lint", v.rule_id, v.rule_name),
                };
                Finding::new(path, v.line, v.message, help)
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    fn found(page: &str) -> Vec<(usize, String)> {
        let (_folder, book) = small_book(&[("src/page.md", page)]);
        check(&book)
            .unwrap()
            .into_iter()
            .filter(|f| f.path == Path::new("src/page.md"))
            .map(|f| (f.line, f.message))
            .collect()
    }

    #[test]
    fn a_clean_page_is_clean() {
        assert_eq!(found("# Page\n\nSee [there](#page).\n"), []);
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        let found = found("# Page\n\nSee [there](nowhere.md).\n");
        assert!(
            found
                .iter()
                .any(|(line, message)| *line == 3 && message.contains("nowhere.md")),
            "{found:?}"
        );
    }

    #[test]
    fn a_fragment_that_is_not_there_is_found() {
        let found = found("# Page\n\nSee [there](#nowhere).\n");
        assert!(
            found
                .iter()
                .any(|(line, message)| *line == 3 && message.contains("nowhere")),
            "{found:?}"
        );
    }

    #[test]
    fn a_heading_that_skips_a_level_is_found() {
        let found = found("# Page\n\n### Deep\n");
        assert!(found.iter().any(|(line, _)| *line == 3), "{found:?}");
    }

    #[test]
    fn a_page_that_has_passed_is_looked_at_again_when_it_changes() {
        let (folder, book) = small_book(&[("src/page.md", "# Page\n\nSee [there](#page).\n")]);
        for _ in 0..2 {
            assert_eq!(check(&book).unwrap(), []);
        }
        for text in [
            "# Page\n\n### Deep\n",
            "# Page\n\n### Deep\n",
            "# Page\n\nSee [there](#nowhere).\n",
        ] {
            fs::write(folder.path().join("src/page.md"), text).unwrap();
            assert_ne!(check(&Book::load(folder.path()).unwrap()).unwrap(), []);
        }
    }

    #[test]
    fn a_page_that_has_passed_is_looked_at_again_when_what_it_links_to_changes() {
        let (folder, book) = small_book(&[
            (
                "src/SUMMARY.md",
                "# Summary\n\n- [Page](page.md)\n- [Other](other.md)\n",
            ),
            ("src/page.md", "# Page\n\nSee [there](other.md#more).\n"),
            ("src/other.md", "# Other\n\n## More\n"),
        ]);
        assert_eq!(check(&book).unwrap(), []);
        fs::write(folder.path().join("src/other.md"), "# Other\n\n## Less\n").unwrap();
        let found = check(&Book::load(folder.path()).unwrap()).unwrap();
        assert!(
            found.iter().any(|f| f.path == Path::new("src/page.md") && f.line == 3),
            "{found:?}"
        );
    }

    #[test]
    fn the_rules_for_a_page_alone_do_not_look_at_other_files() {
        let text = "# Page\n\nSee [a](gone.md), [b](gone.md#more), ![c](gone.png) and [d][d].\n\n```rust\n{{#include ../gone.rs:gone}}\n```\n\n```rust\n{{#rustdoc_include gone.rs:1:9}}\n```\n\n{{#playground gone.rs}}\n\n[d]: ../gone.md\n";
        let folder = tempfile::tempdir().unwrap();
        let linter = Linter::new("").unwrap();
        let path = Path::new("src/page.md");
        assert_eq!(linter.alone(folder.path(), path, text).unwrap(), []);
        let across = linter.across(folder.path(), path, text).unwrap();
        assert!(across.len() >= 4, "{across:?}");
        assert_eq!(linter.all(folder.path(), path, text).unwrap().len(), across.len());
    }
}
