//! What has passed a check, so that it need not be looked at again until it changes.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A number that stands for all that was put into it.
#[derive(Clone)]
pub struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// The fingerprint of this program, which changes whenever it is built anew.
    ///
    /// Goes by its time and size: to read it all would take longer than the checks it spares.
    pub fn of_this_program() -> Result<Self> {
        let program = std::env::current_exe().context("cannot find the path of this program")?;
        let file = fs::metadata(&program).with_context(|| format!("cannot look at {}", program.display()))?;
        Ok(Self::of(&(file.len(), file.modified()?)))
    }

    /// The fingerprint of `thing` alone.
    pub fn of(thing: &impl Hash) -> Self {
        Self(DefaultHasher::new()).and(thing)
    }

    /// This, and `thing` too.
    pub fn and(mut self, thing: &impl Hash) -> Self {
        thing.hash(&mut self.0);
        self
    }

    fn text(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// The things that have passed a check, kept in `ci/target` from run to run. What was found is not kept.
pub struct Passed {
    file: PathBuf,
    /// What the result depends on besides the thing that is checked.
    judge: Fingerprint,
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Passed {
    /// Reads what has passed the check of this name, for the book in `root`. What another `judge` let pass is not in it.
    pub fn open(root: &Path, check: &str, judge: Fingerprint) -> Self {
        let file = root.join("ci/target/passed").join(check);
        // Without a file nothing has passed.
        let text = fs::read_to_string(&file).unwrap_or_default();
        Self {
            file,
            judge,
            before: text.lines().map(str::to_owned).collect(),
            now: BTreeSet::new(),
        }
    }

    /// Whether `thing` has passed as it is now. If not, gives its key, for [`Passed::add`].
    pub fn look(&mut self, thing: &impl Hash) -> Option<Key> {
        let key = self.judge.clone().and(thing).text();
        if self.before.contains(&key) {
            self.now.insert(key);
            return None;
        }
        Some(Key(key))
    }

    /// Takes note that a thing has passed.
    pub fn add(&mut self, key: Key) {
        self.now.insert(key.0);
    }

    /// Writes down what has passed. What did not come up in this run is forgotten.
    pub fn save(&self) -> Result<()> {
        if self.now == self.before {
            return Ok(());
        }
        let text: String = self.now.iter().map(|key| format!("{key}\n")).collect();
        // Another `cargo book` may be reading.
        let new = self.file.with_extension(std::process::id().to_string());
        let write = || -> Result<()> {
            fs::create_dir_all(self.file.parent().unwrap_or(Path::new("")))?;
            fs::write(&new, text)?;
            Ok(fs::rename(&new, &self.file)?)
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// Stands for a thing that has not passed yet.
pub struct Key(String);

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of `things` have to be looked at; all of them pass.
    fn looked_at<'a>(root: &Path, judge: &str, things: &[&'a str]) -> Vec<&'a str> {
        let mut passed = Passed::open(root, "check", Fingerprint::of(&judge));
        let mut looked_at = Vec::new();
        for thing in things {
            if let Some(key) = passed.look(thing) {
                looked_at.push(*thing);
                passed.add(key);
            }
        }
        passed.save().unwrap();
        looked_at
    }

    #[test]
    fn what_has_passed_is_not_looked_at_again_until_it_or_the_judge_changes() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(looked_at(root.path(), "strict", &["a", "b"]), ["a", "b"]);
        assert_eq!(looked_at(root.path(), "strict", &["a", "b", "c"]), ["c"]);
        assert_eq!(looked_at(root.path(), "strict", &["a"]), [""; 0]);
        // Nobody asked for this one the last time.
        assert_eq!(looked_at(root.path(), "strict", &["a", "b"]), ["b"]);
        assert_eq!(looked_at(root.path(), "stricter", &["a", "b"]), ["a", "b"]);
    }

    #[test]
    fn what_has_not_passed_is_looked_at_again() {
        let root = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let mut passed = Passed::open(root.path(), "check", Fingerprint::of(&0));
            assert!(passed.look(&"a").is_some());
            passed.save().unwrap();
        }
    }
}
