//! Runs recordings against a server and tells what it answers otherwise than the recorded program.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::fixture;
use crate::http::{self, Answer};
use crate::recording::{
    AnswerPart, EarlierAnswer, Learned, Recording, Request, Response, Set, Step, StopCondition,
};

mod canon;
mod decode;
mod difference;
mod labels;

pub use canon::canon;
pub use decode::{decode, json_values};
pub use difference::Difference;
use labels::Labels;

/// How long to wait for an answer where the recording does not say.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs recordings in their order against one server, remembering what later ones need.
#[derive(Debug)]
pub struct Replayer {
    base: String,
    boundary: &'static str,
    labels: Labels,
    answers: HashMap<String, Answer>,
}

/// The outcome of one recording.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The recording's name.
    pub name: String,
    /// What differs; nothing where the answer is the same.
    pub differences: Vec<Difference>,
}

impl Outcome {
    /// The server answered as the recorded program did.
    #[must_use]
    pub fn same(&self) -> bool {
        self.differences.is_empty()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.same() {
            return write!(f, "same      {}", self.name);
        }
        write!(f, "different {}", self.name)?;
        for difference in &self.differences {
            write!(f, "\n    {difference}")?;
        }
        Ok(())
    }
}

impl Replayer {
    /// A replayer of recordings of `set`'s kind against the server at `base` (`http://host:port`).
    ///
    /// # Errors
    /// `base` is not an address of that form.
    pub fn new(set: &Set, base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let authority = http::authority(&base)?.to_owned();
        let mut labels = Labels::default();
        if let Some((_, port)) = authority.rsplit_once(':') {
            labels.know(&format!("localhost:{port}"), "<LOCALHOST>");
        }
        labels.know(&authority, "<HOST>");
        labels.know(&base, "<BASE>");
        Ok(Self {
            base,
            boundary: set.boundary,
            labels,
            answers: HashMap::new(),
        })
    }

    /// Says what a value is called in the recordings; a peer id in any of its spellings.
    pub fn know(&mut self, value: &str, label: &str) {
        self.labels.know(value, label);
    }

    /// Runs every recording in order.
    ///
    /// # Errors
    /// A recording is damaged. That a server answers badly, or not at all, is an [`Outcome`].
    pub fn run_all(&mut self, recordings: &[Recording]) -> Result<Vec<Outcome>> {
        recordings
            .iter()
            .map(|recording| self.run(recording))
            .collect()
    }

    /// Runs one recording.
    ///
    /// # Errors
    /// The recording is damaged.
    pub fn run(&mut self, recording: &Recording) -> Result<Outcome> {
        let context = || format!("recording {}", recording.name);
        for step in &recording.before {
            self.step(step).with_context(context)?;
        }
        let answer = self.send(&recording.request).with_context(context)?;
        if let Some(learn) = &recording.learn {
            self.learn(learn, &answer);
        }
        let response = Response {
            status: answer.status,
            headers: answer
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), self.labels.apply(value)))
                .collect(),
            trailers: answer
                .trailers
                .iter()
                .map(|(name, value)| (name.clone(), self.labels.apply(value)))
                .collect(),
            body: self
                .labels
                .apply_value(decode(&answer, recording.compare.decode)),
            chunks: answer.chunks,
            aborted: answer.aborted,
        };
        let differences = difference::between(
            &canon(&recording.response, &recording.compare),
            &canon(&response, &recording.compare),
        );
        self.answers.insert(recording.name.clone(), answer);
        Ok(Outcome {
            name: recording.name.clone(),
            differences,
        })
    }

    /// What the server answered to the recording called `name`, if it was run.
    #[must_use]
    pub fn answer(&self, name: &str) -> Option<&Answer> {
        self.answers.get(name)
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        if let Some(seconds) = step.pause {
            std::thread::sleep(Duration::from_secs_f64(seconds));
            return Ok(());
        }
        let patience = step.until.as_ref().map_or(Duration::ZERO, |until| {
            Duration::from_secs_f64(until.seconds)
        });
        let start = Instant::now();
        loop {
            let answer = self.send(&step.request)?;
            if let Some(learn) = &step.learn {
                self.learn(learn, &answer);
            }
            if step.until.as_ref().is_none_or(|until| until.holds(&answer))
                || start.elapsed() >= patience
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn send(&self, request: &Request) -> Result<Answer> {
        let earlier = |wanted: &EarlierAnswer| Ok(self.earlier(wanted));
        let body = request
            .body
            .as_ref()
            .map(|body| body.make(self.boundary, &earlier))
            .transpose()?;
        let target = self.labels.resolve(&request.target);
        let headers: Vec<_> = request
            .headers(self.boundary)
            .into_iter()
            .map(|(name, value)| (name, self.labels.resolve(&value)))
            .collect();
        let request = http::Request {
            method: &request.method,
            target: &target,
            headers: &headers,
            body: body.as_deref(),
            timeout: request.timeout.map_or(PATIENCE, Duration::from_secs_f64),
            read_limit: request.read_limit,
        };
        // No answer is an answer too: the comparison tells it.
        Ok(
            http::exchange(&self.base, &request).unwrap_or_else(|error| Answer {
                body: format!("{error:#}").into_bytes(),
                aborted: true,
                ..Answer::default()
            }),
        )
    }

    /// The bytes that a body takes of an earlier answer.
    fn earlier(&self, wanted: &EarlierAnswer) -> Vec<u8> {
        let taken = self
            .answers
            .get(&wanted.of)
            .and_then(|answer| match &wanted.take {
                AnswerPart::Body => (answer.status == 200).then(|| answer.body.clone()),
                AnswerPart::Field(name) => {
                    let text = last_field(answer, name)?;
                    data_encoding::BASE64.decode(text.as_bytes()).ok()
                }
                AnswerPart::Json => json_values(&answer.text())
                    .ok()?
                    .first()
                    .map(|value| value.to_string().into_bytes()),
            });
        taken.unwrap_or_else(|| wanted.otherwise.clone().into_bytes())
    }

    fn learn(&mut self, learn: &Learned, answer: &Answer) {
        if let Some(value) = last_field(answer, &learn.field) {
            self.labels.know(&value, &learn.label);
        }
    }
}

impl StopCondition {
    fn holds(&self, answer: &Answer) -> bool {
        let values = json_values(&answer.text()).unwrap_or_default();
        let Some(Value::Object(peers)) = values.first().and_then(|value| value.get("peer_map"))
        else {
            return false;
        };
        let wanted = |status: &str| self.status.iter().any(|wanted| wanted == status);
        let statuses: Vec<_> = peers
            .values()
            .map(|peer| peer["status"].as_str().unwrap_or_default())
            .collect();
        statuses
            .iter()
            .all(|status| wanted(status) || *status == "remote")
            && statuses.iter().any(|status| wanted(status))
    }
}

fn last_field(answer: &Answer, field: &str) -> Option<String> {
    let values = json_values(&answer.text()).ok()?;
    values.last()?.get(field)?.as_str().map(str::to_owned)
}

/// A digest that stands for bytes in a comparison.
fn digest(bytes: &[u8]) -> Value {
    Value::String(fixture::sha256_hex(bytes))
}

#[cfg(test)]
mod tests;
