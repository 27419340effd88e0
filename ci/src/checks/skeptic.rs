//! skeptic: every Rust block of the expanded book compiles, against the versions in the listings' lock file.
//!
//! skeptic reads Markdown from the disk, knows nothing of includes, and reports a failure in hundreds of lines with a
//! place in a file nobody has. So we let mdBook expand the pages, hand skeptic's compiler the blocks one by one, and
//! keep the first error of each, with the line of the page. skeptic prints and panics: it runs in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;
use mdbook_driver::builtin_renderers::MarkdownRenderer;
use regex::Regex;

use crate::book::{self, Block, Book, pattern};
use crate::finding::Finding;
use crate::programs::cargo;

static ERROR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^(?P<message>error(?:\[E\d+\])?: .+)\n\s*--> .*?:(?P<line>\d+):\d+"));

/// Finds Rust blocks that do not compile, and blocks said not to compile (`compile_fail`) that do.
///
/// Blocks marked `ignore` are left out. The listings must have been built: skeptic links against what cargo built.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let snippets = snippets(book)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    for (index, snippet) in snippets.iter().enumerate() {
        fs::write(folder.path().join(format!("{index}.rs")), &snippet.code)?;
    }
    let listings = book.root.join("listings");
    cargo::stdout(cargo::cargo(&listings).args(["build", "--workspace", "--quiet"]))?;
    compile_apart(&listings, folder.path())?;

    let mut findings = Vec::new();
    for (index, snippet) in snippets.iter().enumerate() {
        let compiles = folder.path().join(format!("{index}.ok")).exists();
        if compiles == snippet.must_compile {
            continue;
        }
        let (message, help) = if compiles {
            (
                "this block compiles, and says that it does not".to_owned(),
                "remove `compile_fail`".to_owned(),
            )
        } else {
            let alone = folder.path().join("alone");
            fs::create_dir_all(&alone)?;
            fs::write(alone.join("0.rs"), &snippet.code)?;
            explain(&snippet.code, &compile_apart(&listings, &alone)?)
        };
        findings.extend(
            snippet
                .places
                .iter()
                .map(|(page, line)| Finding::new(page, *line, &message, &help)),
        );
    }
    Ok(findings)
}

/// A program that skeptic compiles, and the blocks that show parts of it.
struct Snippet {
    code: String,
    must_compile: bool,
    /// Page and line of each block.
    places: Vec<(PathBuf, usize)>,
}

/// The programs of the expanded book; blocks that show parts of one file are one program.
fn snippets(book: &Book) -> Result<Vec<Snippet>> {
    let mdbook = MDBook::load_with_config(&book.root, book::config(&book.root)?)?;
    let (expanded, _) = mdbook
        .preprocess_book(&MarkdownRenderer::new())
        .context("mdBook cannot expand the book")?;
    let mut snippets: BTreeMap<(String, bool), Snippet> = BTreeMap::new();
    for chapter in expanded.chapters() {
        let Some(path) = &chapter.source_path else { continue };
        let Some(page) = book.pages.iter().find(|page| page.path.ends_with(path)) else {
            continue;
        };
        let shown = book::blocks(&chapter.content);
        if shown.len() != page.blocks.len() {
            bail!("{}: an include brings code fences along", page.path.display());
        }
        for (block, expanded) in page.blocks.iter().zip(&shown).filter(|(block, _)| is_compiled(block)) {
            let code = with_main(unhide(&expanded.text));
            let must_compile = !block.has_tag("compile_fail");
            snippets
                .entry((code.clone(), must_compile))
                .or_insert_with(|| Snippet {
                    code,
                    must_compile,
                    places: Vec::new(),
                })
                .places
                .push((page.path.clone(), block.line));
        }
    }
    Ok(snippets.into_values().collect())
}

fn is_compiled(block: &Block) -> bool {
    block.language() == "rust" && !block.has_tag("ignore")
}

/// A block as rustdoc and skeptic compile it: hidden lines are lines.
fn unhide(text: &str) -> String {
    text.lines()
        .map(|line| {
            let trimmed = line.trim_start();
            if trimmed == "#" {
                ""
            } else {
                trimmed.strip_prefix("# ").unwrap_or(line)
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

/// A program with a `main`: skeptic compiles no libraries.
fn with_main(code: String) -> String {
    match code.contains("fn main") {
        true => code,
        false => code + "\nfn main() {}\n",
    }
}

/// The first error in what skeptic printed, and where it is in the program.
fn explain(code: &str, printed: &str) -> (String, String) {
    let Some(captures) = ERROR.captures(printed) else {
        let tail: Vec<&str> = printed.lines().take(5).collect();
        return ("this block does not compile".to_owned(), tail.join("\n"));
    };
    let line: usize = captures["line"].parse().unwrap_or(1);
    let code = code.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
    (
        format!("this block does not compile: {}", &captures["message"]),
        format!("at `{code}`, line {line} of the block with its hidden lines"),
    )
}

/// Compiles every program in `folder` in a process of its own, and gives what was printed.
fn compile_apart(listings: &Path, folder: &Path) -> Result<String> {
    let program = std::env::current_exe().context("cannot find the path of this program")?;
    let output = cargo::output(
        Command::new(program)
            .arg("compile")
            .arg(listings)
            .arg(folder)
            .env_remove("RUST_BACKTRACE"),
    )?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// The other process: compiles each `N.rs` in `folder` with skeptic, and writes `N.ok` beside those that compile.
pub fn compile(listings: &Path, folder: &Path) -> Result<()> {
    let version = cargo::stdout(Command::new("rustc").arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say its host")?;
    // skeptic looks for the libraries beside this folder, where a build script would have it.
    let out = listings.join("target/debug/build/skeptic/out");
    let (listings, out) = (listings.to_string_lossy(), out.to_string_lossy());

    std::thread::scope(|scope| -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let code = fs::read_to_string(&path)?;
            let (listings, out) = (&listings, &out);
            scope.spawn(move || {
                // skeptic has a queue of its own, as wide as the machine.
                if panic::catch_unwind(|| skeptic::rt::compile_test(listings, out, host, &code)).is_ok() {
                    let _ = fs::write(path.with_extension("ok"), "");
                }
            });
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_compiled_as_a_program() {
        assert_eq!(with_main("fn a() {}\n".to_owned()), "fn a() {}\n\nfn main() {}\n");
        assert_eq!(with_main("fn main() { a() }\n".to_owned()), "fn main() { a() }\n");
    }

    #[test]
    fn hidden_lines_are_compiled() {
        assert_eq!(
            unhide("# use a;\n#\nfn main() {\n    #[allow(unused)]\n    # let x = 1;\n}"),
            "use a;\n\nfn main() {\n    #[allow(unused)]\nlet x = 1;\n}\n"
        );
    }

    #[test]
    fn the_first_error_is_kept_and_placed() {
        let printed =
            "error[E0425]: cannot find value `x` in this scope\n --> /tmp/test.rs:2:5\n  |\n\nerror: aborting\n";
        let (message, help) = explain("fn main() {\n    x;\n}\n", printed);
        assert_eq!(
            message,
            "this block does not compile: error[E0425]: cannot find value `x` in this scope"
        );
        assert!(help.contains("`x;`"));
    }
}
