//! What has passed a check, so that it need not be looked at again until it changes.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use book::finding::Finding;
use tempfile::NamedTempFile;
use walkdir::WalkDir;

/// A thing stands for all that its own result depends on. What all results depend on, this program and what else judges
/// them, is added here.
pub struct Cache {
    folder: PathBuf,
    judge: u64,
}

impl Cache {
    /// What has passed the check of this name, for the book in `root`.
    pub fn open(root: &Path, check: &str, judge: &impl Hash) -> Result<Self> {
        let program = env::current_exe().context("cannot find the path of this program")?;
        // By its time and size: to read it all would take longer than some of what is spared.
        let program = fs::metadata(program)?;
        let judge = hash(&(program.len(), program.modified()?, judge));
        Ok(Self { folder: root.join("ci/target/cache").join(check), judge })
    }

    /// What `find` finds in `thing`, which need not be asked if it has passed.
    pub fn check(&self, thing: &impl Hash, find: impl FnOnce() -> Result<Vec<Finding>>) -> Result<Vec<Finding>> {
        let findings = if self.get(thing).is_some() { return Ok(Vec::new()) } else { find()? };
        if findings.is_empty() {
            self.add(thing, "")?;
        }
        Ok(findings)
    }

    /// What was noted when `thing`, as it is now, has passed.
    pub fn get(&self, thing: &impl Hash) -> Option<String> {
        fs::read_to_string(self.file(thing)).ok()
    }

    /// Takes note that `thing` has passed.
    pub fn add(&self, thing: &impl Hash, note: &str) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        // Somebody else may be reading it, or writing it too.
        let mut new = NamedTempFile::new_in(&self.folder)?;
        new.write_all(note.as_bytes())?;
        new.persist(self.file(thing))?;
        Ok(())
    }

    fn file(&self, thing: &impl Hash) -> PathBuf {
        self.folder.join(format!("{:016x}", hash(&(self.judge, thing))))
    }
}

/// All that a check can see that runs no program: the files below `root`, without what is built and what git keeps, and
/// what mdBook takes from the environment.
pub fn files(root: &Path) -> u64 {
    let others = ["book", ".git", "ci/target", "listings/target"].map(|folder| root.join(folder));
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    let entries = entries.filter_entry(|entry| !others.iter().any(|other| entry.path() == other)).flatten();
    let files: Vec<_> = entries.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).ok())).collect();
    let variables = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MDBOOK_"));
    hash(&(files, variables.collect::<BTreeMap<_, _>>()))
}

pub fn hash(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_is_known_until_it_changes() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::open(root.path(), "check", &0).unwrap();
        let has = |cache: &Cache, thing: &str| cache.get(&thing).is_some();
        assert!(!has(&cache, "a"));
        cache.add(&"a", "note").unwrap();
        assert_eq!(cache.get(&"a").as_deref(), Some("note"));
        assert!(has(&cache, "a") && !has(&cache, "b"));
        assert!(has(&Cache::open(root.path(), "check", &0).unwrap(), "a"));
        assert!(!has(&Cache::open(root.path(), "other", &0).unwrap(), "a"));
        assert!(!has(&Cache::open(root.path(), "check", &1).unwrap(), "a"));
    }
}
