//! What has been measured, and where it is kept.
//!
//! The pages are made from the results of a whole run, so these are written at its end, in one move. Until then, the
//! results have a file of their own, which is whole after each measurement: a run that breaks off has not lost them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;

use async_signal::{Signal, Signals};
use serde_json::{Value, json};
use smol::stream::StreamExt;

/// The results of a run. If it's dropped before the run has finished, it says where they are.
pub struct Results {
    data: Value,
    /// Where they are kept until the end.
    unfinished: PathBuf,
    finished: bool,
}

impl Results {
    /// No results yet. `data` is what else is to be known of the run, an object; `names` are the contenders.
    ///
    /// # Errors
    ///
    /// If the file `unfinished` can't be written.
    pub fn new<'a>(
        mut data: Value,
        names: impl Iterator<Item = &'a str>,
        unfinished: PathBuf,
    ) -> io::Result<Results> {
        data["contenders"] = names.map(|name| json!({ "name": name })).collect();
        replace(&unfinished, &data)?;
        Ok(Results {
            data,
            unfinished,
            finished: false,
        })
    }

    /// Adds a result of a contender to its list at this place.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn add(&mut self, contender: usize, place: &[&str], result: Value) -> io::Result<()> {
        let contender = &mut self.data["contenders"][contender];
        let list = place.iter().fold(contender, |value, key| &mut value[*key]);
        match list {
            Value::Array(list) => list.push(result),
            empty => *empty = json!([result]),
        }
        replace(&self.unfinished, &self.data)
    }

    /// Writes the results of the whole run to `path`.
    ///
    /// # Errors
    ///
    /// If that can't be written. The unfinished file stays then.
    pub fn finish(mut self, path: &Path) -> io::Result<()> {
        replace(path, &self.data)?;
        self.finished = true;
        fs::remove_file(&self.unfinished)
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        if !self.finished {
            eprintln!("{}", farewell(&self.unfinished));
        }
    }
}

/// From now on, Ctrl-C ends this program with a line that says where the results are.
///
/// # Errors
///
/// If the system does not let us have the signal.
pub fn say_farewell_on_ctrl_c(unfinished: &Path) -> io::Result<()> {
    let mut signals = Signals::new([Signal::Int, Signal::Term])?;
    let farewell = farewell(unfinished);
    thread::spawn(move || {
        smol::block_on(signals.next());
        eprintln!("{farewell}");
        // As a shell has it, for a program that was interrupted. The contenders end with us.
        process::exit(130);
    });
    Ok(())
}

fn farewell(unfinished: &Path) -> String {
    let path = unfinished.display();
    format!(
        "the run is not finished: what it has measured is in {path}, and the pages stay as they are"
    )
}

/// Writes `data` beside `path`, and then puts it in its place: at any moment, the file is the old one or the new one.
fn replace(path: &Path, data: &Value) -> io::Result<()> {
    let new = path.with_extension("json.new");
    fs::write(&new, format!("{data:#}\n"))?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clients::OwnProcess;
    use rustix::process::{Signal, getpid, kill_process};

    /// An empty folder of this name, beside the test program.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::current_exe().unwrap().with_file_name(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn read(path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Results with one result, of a run that has not finished.
    fn begun(folder: &Path) -> Results {
        let names = ["a", "b"].into_iter();
        let unfinished = folder.join("unfinished.json");
        let mut results = Results::new(json!({ "quick": true }), names, unfinished).unwrap();
        results.add(1, &["rate", "new"], json!(7)).unwrap();
        results
    }

    fn expected() -> Value {
        json!({ "quick": true, "contenders": [{ "name": "a" }, { "name": "b", "rate": { "new": [7] } }] })
    }

    #[test]
    fn results_are_kept_as_they_come_and_written_when_all_are_there() {
        let folder = folder("results-written");
        let (path, unfinished) = (folder.join("bench.json"), folder.join("unfinished.json"));
        fs::write(&path, "old").unwrap();

        let results = begun(&folder);
        assert_eq!(read(&unfinished), expected());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");

        results.finish(&path).unwrap();
        assert_eq!(read(&path), expected());
        // Nothing else is left.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn results_that_can_not_be_written_stay_where_they_are() {
        let folder = folder("results-not-written");
        let path = folder.join("bench.json");
        fs::write(&path, "old").unwrap();
        // Here, the new file would be written.
        fs::create_dir(folder.join("bench.json.new")).unwrap();

        begun(&folder).finish(&path).unwrap_err();

        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(read(&folder.join("unfinished.json")), expected());
    }

    #[test]
    fn a_run_that_is_interrupted_says_where_its_results_are() {
        let test = "results::tests::a_run_that_is_interrupted_says_where_its_results_are";
        let run = OwnProcess::start(test, || {
            let folder = folder("results-interrupted");
            let results = begun(&folder);
            say_farewell_on_ctrl_c(&results.unfinished).unwrap();
            kill_process(getpid(), Signal::INT).unwrap();
            loop {
                thread::park();
            }
        });

        let (status, printed) = run.wait_until_ended();

        assert_eq!(status.code(), Some(130));
        let unfinished = std::env::current_exe()
            .unwrap()
            .with_file_name("results-interrupted")
            .join("unfinished.json");
        assert!(printed.contains(&farewell(&unfinished)), "{printed}");
        assert_eq!(read(&unfinished), expected());
    }

    #[test]
    fn a_run_that_fails_says_where_its_results_are() {
        let test = "results::tests::a_run_that_fails_says_where_its_results_are";
        let run = OwnProcess::start(test, || {
            let _results = begun(&folder("results-failed"));
            panic!("as planned");
        });

        let (_, printed) = run.wait_until_ended();

        assert!(printed.contains("the run is not finished: what it has measured is in "));
    }
}
