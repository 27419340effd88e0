//! Finds untidy Markdown, and links and fragments within the book that lead nowhere, by the rules of mdbook-lint, in the
//! pages and the documents beside them. The help names the rule; one that does not fit this book is switched off in
//! `ci/mdbook-lint.toml`, with the reason.

use std::fs;
use std::path::Path;

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::Book;
use mdbook_lint_core::{Config, Document, LintEngine, PluginRegistry, RuleProvider};
use mdbook_lint_rulesets::{MdBookRuleProvider, StandardRuleProvider};

use crate::cache::Cache;

pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let config = fs::read_to_string(book.root.join("ci/mdbook-lint.toml")).unwrap_or_default();
    let cache = Cache::open(&book.root, "lint", &config)?;
    let config: Config = toml::from_str(&config)?;
    let mdbook = engine(&config, vec![Box::new(MdBookRuleProvider)])?;
    let all = engine(&config, vec![Box::new(StandardRuleProvider), Box::new(MdBookRuleProvider)])?;
    let documents = ["src/SUMMARY.md", "CONTRIBUTING.md", "README.md"].map(Path::new).into_iter();
    let documents = documents.filter_map(|path| Some((path, fs::read_to_string(book.root.join(path)).ok()?)));
    let pages = book.pages.iter().map(|page| (&*page.path, page.text.clone()));
    let mut findings = Vec::new();
    for page in pages.chain(documents) {
        // The standard rules take long, and look at the page alone; those of mdBook also at what it links to.
        let engine = if cache.get(&page).is_some() { &mdbook } else { &all };
        let document = Document::new(page.1.clone(), book.root.join(page.0))?;
        let found = engine.lint_document_with_config(&document, &config)?;
        if found.is_empty() {
            cache.add(&page, "")?;
        }
        findings.extend(found.into_iter().map(|violation| {
            let help = format!("this is rule {} ({}) of mdbook-lint", violation.rule_id, violation.rule_name);
            Finding::new(page.0, violation.line, violation.message, help)
        }));
    }
    Ok(findings)
}

fn engine(config: &Config, providers: Vec<Box<dyn RuleProvider>>) -> Result<LintEngine> {
    let mut registry = PluginRegistry::new();
    providers.into_iter().try_for_each(|provider| registry.register_provider(provider))?;
    Ok(registry.create_engine_with_config(Some(config))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::small_book;

    /// The findings of a page, as one text.
    fn found(page: &str) -> String {
        let other = "# Other\n\n## More\n";
        let summary = "# Summary\n\n- [Page](page.md)\n- [Other](other.md)\n";
        let (_folder, book) =
            small_book(&[("src/SUMMARY.md", summary), ("src/page.md", page), ("src/other.md", other)]);
        let findings = check(&book).unwrap();
        findings.iter().map(|finding| format!("{finding}\n")).collect()
    }

    #[test]
    fn links_and_fragments_to_nowhere_are_found() {
        assert_eq!(found("# Page\n\nSee [there](#page), [the other](other.md#more).\n"), "");
        for target in ["nowhere.md", "#nowhere", "other.md#nowhere", "img/nowhere.png"] {
            let found = found(&format!("# Page\n\nSee [there]({target}).\n"));
            assert!(found.contains("src/page.md:3: ") && found.contains("nowhere"), "{target}: {found}");
        }
    }

    #[test]
    fn a_document_beside_the_pages_is_looked_at() {
        let readme = "# Book\n\nSee [the page](src/page.md), [the rest](MORE.md).\n";
        let (_folder, book) = small_book(&[("src/page.md", "# Page\n"), ("README.md", readme)]);
        let findings = check(&book).unwrap();
        assert!(findings.len() == 1 && findings[0].to_string().starts_with("README.md:3: "), "{findings:?}");
    }

    #[test]
    fn a_book_that_has_passed_is_looked_at_again_when_what_it_links_to_changes() {
        let (folder, book) = small_book(&[
            ("src/SUMMARY.md", "# Summary\n\n- [Page](page.md)\n- [Other](other.md)\n"),
            ("src/page.md", "# Page\n\nSee [there](other.md#more).\n"),
            ("src/other.md", "# Other\n\n## More\n"),
        ]);
        for _ in 0..2 {
            assert_eq!(check(&book).unwrap(), []);
        }
        fs::write(folder.path().join("src/other.md"), "# Other\n\n## Less\n").unwrap();
        assert_eq!(check(&Book::load(folder.path()).unwrap()).unwrap().len(), 1);
    }

    #[test]
    fn untidy_markdown_is_found() {
        for (line, page) in
            [(3, "# Page\n\n### Deep\n"), (5, "# Page\n\n## A\n\n## A\n"), (3, "# Page\n\n![](page.png)\n")]
        {
            let found = found(page);
            assert!(found.contains(&format!("src/page.md:{line}: ")), "{page}: {found}");
        }
    }
}
