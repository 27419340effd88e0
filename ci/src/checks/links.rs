//! Links that lead out of the book: mdbook-linkcheck2 asks for each of them. Only on request, for it needs the network.

use anyhow::Result;

use crate::book::Book;
use crate::finding::Finding;
use crate::programs::cargo;
use crate::tools;

/// Finds links that mdbook-linkcheck2 cannot follow.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let program = tools::linkcheck(&book.root)?;
    let output = cargo::output(std::process::Command::new(program).arg("--standalone").arg(&book.root))?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(vec![Finding::new(
        "src/SUMMARY.md",
        1,
        "there are links that lead nowhere",
        said,
    )])
}
