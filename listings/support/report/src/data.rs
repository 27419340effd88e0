//! What has been measured, as `listings/bench.json` has it.

use serde_json::Value;

/// What one contender has to show, as the data has it.
pub struct Contender<'a>(pub &'a Value);

impl<'a> Contender<'a> {
    pub fn name(&self) -> &'a str {
        self.0["name"].as_str().unwrap_or_default()
    }

    /// All results of this kind: `/rate/kept`.
    pub fn all(&self, kind: &str) -> &'a [Value] {
        self.0.pointer(kind).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A number of each round, sorted.
    pub fn rounds(&self, kind: &str, number: &str) -> Vec<f64> {
        sorted(self.all(kind).iter().filter_map(|round| round.pointer(number)?.as_f64()))
    }

    /// Whether there is a number of requests a second.
    pub fn has_rate(&self) -> bool {
        ["/rate/kept", "/rate/new"].iter().any(|kind| !self.rounds(kind, "/per_second").is_empty())
    }

    /// What it held at so many idle clients, in the middle of the rounds; nothing if the next client had no answer.
    pub fn idle(&self, clients: u64, number: &str) -> Option<f64> {
        let levels = self.all("/idle").iter().flat_map(|round| round["levels"].as_array()).flatten();
        let levels = levels.filter(|level| level["clients"] == clients && !level["next_us"].is_null());
        median(&sorted(levels.filter_map(|level| level[number].as_f64())))
    }

    /// The result of so many slow requests.
    pub fn slow(&self, requests: u64) -> Option<&'a Value> {
        self.all("/slow").iter().find(|result| result["requests"] == requests)
    }

    /// A delay in microseconds, in the middle of the rounds, and whether it may have been longer.
    pub fn delay(&self, others: &str, number: &str) -> Option<(f64, bool)> {
        let kind = format!("/delay/{others}");
        let is_open = self.all(&kind).iter().any(|round| round[number]["at_least"] == true);
        Some((median(&self.rounds(&kind, &format!("/{number}/us")))?, is_open))
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

pub fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}
