//! Jobs that run at the same time, each with its output kept until it ends.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};

thread_local! {
    /// Where this thread's commands and messages go, in place of this process's own output.
    static KEPT: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// What a job prints, and how it ended: with a short text about its result, or with an error.
pub(crate) struct Ended {
    outcome: Result<String>,
    output: String,
    seconds: f64,
}

/// A job for [`run`].
pub(crate) struct Job<'a> {
    name: String,
    work: Box<dyn FnOnce() -> Result<String> + Send + 'a>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        name: impl Into<String>,
        work: impl FnOnce() -> Result<String> + Send + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            work: Box::new(work),
        }
    }
}

/// As many jobs as use the processors well.
pub(crate) fn lanes() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Some work has panicked. What it said of that is on the standard error.
#[derive(Debug)]
struct Panicked;

impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it panicked")
    }
}

impl std::error::Error for Panicked {}

/// Does some work; that it panics is an error, [`Panicked`].
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Panicked.into()))
}

/// Does some work on this thread, and keeps what its commands print.
pub(crate) fn keep(work: impl FnOnce() -> Result<String>) -> Ended {
    let start = Instant::now();
    let mut output = String::new();
    let outcome = tempfile::tempfile()
        .context("making a file for the output")
        .and_then(|mut file| {
            KEPT.set(Some(file.try_clone()?));
            let outcome = caught(work);
            KEPT.set(None);
            file.rewind()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            output = String::from_utf8_lossy(&bytes).into_owned();
            outcome
        });
    Ended {
        outcome,
        output,
        seconds: start.elapsed().as_secs_f64(),
    }
}

impl Ended {
    /// Whether the work panicked, rather than failed.
    pub(crate) fn panicked(&self) -> bool {
        (self.outcome.as_ref()).is_err_and(anyhow::Error::is::<Panicked>)
    }

    /// Prints what was kept; returns whether the work was done.
    pub(crate) fn print(self, name: &str) -> bool {
        let Self {
            outcome,
            output,
            seconds,
        } = self;
        let mut text = output;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let is_done = outcome.is_ok();
        let end = match outcome {
            Ok(result) if result.is_empty() => "done".to_owned(),
            Ok(result) => result,
            Err(error) => format!("FAILED: {error:#}"),
        };
        // In one piece, so that nothing comes between.
        eprintln!("{text}{name}: {end} ({seconds:.0} s)");
        is_done
    }
}

/// Runs jobs, `lanes` of them at a time, in their order. Prints their names when they start and what each printed when it ends,
/// and returns the names of those that failed.
pub(crate) fn run(jobs: Vec<Job<'_>>, lanes: usize) -> Vec<String> {
    let waiting = Mutex::new(jobs.into_iter());
    let failed = Mutex::new(Vec::new());
    let next = || waiting.lock().ok()?.next();
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                while let Some(job) = next() {
                    eprintln!("{} …", job.name);
                    let ended = keep(job.work);
                    if !ended.print(&job.name)
                        && let Ok(mut failed) = failed.lock()
                    {
                        failed.push(job.name);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_default()
}

/// Sends what a command prints to where this thread's output is kept.
pub(crate) fn redirect(command: &mut Command) -> Result<()> {
    KEPT.with_borrow(|kept| {
        if let Some(file) = kept {
            command.stderr(file.try_clone()?);
            command.stdout(file.try_clone()?);
        }
        Ok(())
    })
}

/// Prints a message of a job.
pub(crate) fn say(text: &str) {
    let is_kept = KEPT.with_borrow_mut(|kept| {
        kept.as_mut()
            .is_some_and(|file| writeln!(file, "{text}").is_ok())
    });
    if !is_kept {
        eprintln!("{text}");
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn outputs_are_kept_apart() {
        let printing = |text: &'static str| {
            keep(move || {
                say(text);
                let mut command = Command::new("echo");
                command.arg(text);
                crate::process::run(&mut command)?;
                Ok(String::new())
            })
        };
        thread::scope(|scope| {
            let jobs = ["one", "two"].map(|text| (text, scope.spawn(move || printing(text))));
            for (text, job) in jobs {
                let ended = job.join().unwrap();
                assert_eq!(ended.output, format!("{text}\n{text}\n"));
                assert!(ended.outcome.is_ok());
            }
        });
    }

    #[test]
    fn every_job_runs_and_failures_are_named() {
        let jobs = (0..5)
            .map(|number| {
                Job::new(number.to_string(), move || {
                    if number % 2 == 1 {
                        bail!("it is odd");
                    }
                    Ok(String::new())
                })
            })
            .collect();
        let mut failed = run(jobs, 2);
        failed.sort();
        assert_eq!(failed, ["1", "3"]);
    }

    #[test]
    fn a_panic_is_an_error_and_the_output_before_it_is_kept() {
        let work = || -> Result<String> {
            say("before");
            panic!("it breaks");
        };
        let ended = keep(work);
        assert!(ended.panicked());
        assert_eq!(ended.output, "before\n");
        let jobs = vec![
            Job::new("panics", work),
            Job::new("works", || Ok(String::new())),
        ];
        assert_eq!(run(jobs, 1), ["panics"]);
    }
}
