use std::path::{Path, PathBuf};
pub struct Blessed {
    pub path: PathBuf,
    pub diff: String,
}
pub fn verify(_: &Path, _: &[PathBuf]) -> anyhow::Result<Vec<crate::finding::Finding>> {
    Ok(vec![])
}
pub fn bless(_: &Path, _: &[PathBuf]) -> anyhow::Result<Vec<Blessed>> {
    Ok(vec![])
}
