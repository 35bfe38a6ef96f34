//! Calls endpoints and prints their replies.

use std::ffi::OsString;

use cairn_client::{Answer, Records, Upload};
use cairn_wire::Values;
use cairn_wire::kubo::command::RecordOf;
use cairn_wire::kubo::{Command, Spec};
use cairn_wire::shape::{BodyKind, ReplyKind};
use cairn_wire::text::escaped;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::items::items;
use super::{Runner, files};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::{Format, Output};
use crate::session::Session;

/// Maximum size of arguments in one URL, in bytes: less than the limits of HTTP servers, as each byte may be escaped
/// as three.
const URL_ROOM: usize = 16 * 1024;

/// A command that calls an endpoint.
#[derive(Debug)]
pub(crate) struct Request {
    /// The name of the program.
    program: &'static str,
    /// The endpoint.
    pub(crate) spec: &'static Spec,
    /// The given arguments and options.
    pub(crate) values: Values,
    /// Only the options.
    options: Values,
    /// The files to send.
    pub(crate) files: Vec<OsString>,
}

impl Request {
    /// Reads it from the command line.
    pub(crate) fn read(invocation: &Invocation, spec: &'static Spec) -> Result<Self, Problem> {
        let options = invocation.values(&Spec {
            arguments: &[],
            ..*spec
        });
        Ok(Self {
            program: invocation.program,
            spec,
            values: invocation.values(spec),
            options,
            files: invocation.files(),
        })
    }

    /// Whether the output is Kubo's: if the program is called `ipfs`.
    pub(crate) fn is_ipfs(&self) -> bool {
        self.program == "ipfs"
    }

    /// The request, split into several that fit into URLs if there are very many arguments.
    pub(crate) fn batches(&self) -> Vec<Values> {
        let (arguments, options) = (self.values.arguments(), &self.options);
        let variadic = self.spec.arguments.last().is_some_and(|last| last.variadic);
        if !variadic
            || self.spec.arguments.len() != 1
            || arguments
                .iter()
                .map(|argument| argument.len())
                .sum::<usize>()
                <= URL_ROOM
        {
            return vec![self.values.clone()];
        }
        let mut batches = Vec::new();
        let mut batch = options.clone();
        let mut length = 0;
        for argument in arguments {
            if length > 0 && length + argument.len() > URL_ROOM {
                batches.push(std::mem::replace(&mut batch, options.clone()));
                length = 0;
            }
            length += argument.len();
            batch.argument(argument.clone());
        }
        batches.push(batch);
        batches
    }

    /// The same command with these arguments and options.
    pub(crate) fn with<C: Command>(&self, asked: &C) -> Self {
        let values = asked.to_values();
        let mut options = Values::default();
        for (name, value) in values.options() {
            options.option(name, value);
        }
        Self {
            program: self.program,
            spec: self.spec,
            values,
            options,
            files: self.files.clone(),
        }
    }

    /// The typed form, whose defaults are those of the declaration.
    pub(crate) fn typed<C: Command>(&self) -> Result<C, Problem> {
        Ok(C::from_values(&self.values)?)
    }
}

/// The type-erased functions of a command.
struct GenericCommand {
    path: &'static str,
    run: for<'a> fn(&'a Request, &'a Globals) -> LocalBoxFuture<'a, Result<(), Problem>>,
    check: fn(&Values) -> Result<(), cairn_wire::ParseError>,
    print: fn(&Values, &[u8], &mut String) -> Result<(), Problem>,
}

fn check_as<C: Command>(values: &Values) -> Result<(), cairn_wire::ParseError> {
    C::from_values(values).map(drop)
}

fn print_as<C: Command>(values: &Values, line: &[u8], out: &mut String) -> Result<(), Problem> {
    // An endpoint without a reply prints nothing, whatever the server sends.
    if size_of::<RecordOf<C>>() == 0 {
        return Ok(());
    }
    let record: RecordOf<C> = parse_record(line)?;
    C::from_values(values)?.text(&record, out);
    Ok(())
}

fn run_as<'a, C: Command>(
    request: &'a Request,
    globals: &'a Globals,
) -> LocalBoxFuture<'a, Result<(), Problem>>
where
    C::Cli: Runner<C>,
{
    Box::pin(super::run_with::<C, C::Cli>(request, globals))
}

macro_rules! entries {
    ($($command:path),+ $(,)?) => { &[$( GenericCommand {
        path: <$command as Command>::SPEC.path,
        run: run_as::<$command>,
        check: check_as::<$command>,
        print: print_as::<$command>,
    } ),+] };
}

static ENTRIES: &[GenericCommand] = cairn_wire::kubo_commands!(entries);

fn entry(spec: &Spec) -> Result<&'static GenericCommand, Problem> {
    ENTRIES
        .iter()
        .find(|entry| entry.path == spec.path)
        .ok_or_else(|| Problem::failed(format!("{} is not a command", spec.path)))
}

/// Runs the command as it is declared.
pub(crate) async fn run_as_declared(request: &Request, globals: &Globals) -> Result<(), Problem> {
    (entry(request.spec)?.run)(request, globals).await
}

/// Checks the arguments as the server would, before anything is opened or sent.
pub(crate) fn check(request: &Request) -> Result<(), Problem> {
    Ok((entry(request.spec)?.check)(&request.values)?)
}

/// Calls the endpoint and prints its answer.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    for values in request.batches() {
        let upload = match request.spec.body {
            BodyKind::Nothing => None,
            _ => Some(Upload::from_parts(files::plain(
                &request.files,
                request.spec.files.name,
            )?)),
        };
        let answer = session.kubo.send(request.spec, values, upload).await?;
        match request.spec.reply {
            ReplyKind::Bytes => bytes(answer, output).await?,
            _ => records(answer, request, globals, output).await?,
        }
    }
    Ok(())
}

/// Prints bytes as they arrive.
pub(crate) async fn bytes(mut answer: Answer, output: &mut Output) -> Result<(), Problem> {
    loop {
        let next = match answer.chunk().now_or_never() {
            Some(next) => next,
            // Flush: the user sees the output so far.
            None => {
                output.flush()?;
                answer.chunk().await
            }
        };
        match next? {
            Some(bytes) => output.bytes(&bytes)?,
            None => return Ok(()),
        }
    }
}

/// Prints records as they arrive.
pub(crate) async fn records(
    answer: Answer,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals)?;
    let mut records = Records::<serde_json::Value>::new(answer);
    while let Some(line) = next_line(&mut records, output).await? {
        printer.print(&line, output)?;
    }
    Ok(())
}

/// The next record; flushes the output before waiting for it.
pub(crate) async fn next_line<T: DeserializeOwned>(
    records: &mut Records<T>,
    output: &mut Output,
) -> Result<Option<bytes::Bytes>, Problem> {
    if let Some(next) = records.next_line().now_or_never() {
        return Ok(next?);
    }
    output.flush()?;
    Ok(records.next_line().await?)
}

/// The next record and its line; flushes the output before waiting for it.
pub(crate) async fn next_record<T: DeserializeOwned>(
    records: &mut Records<T>,
    output: &mut Output,
) -> Result<Option<(bytes::Bytes, T)>, Problem> {
    let Some(line) = next_line(records, output).await? else {
        return Ok(None);
    };
    let record = parse_record(&line)?;
    Ok(Some((line, record)))
}

/// Sends a request, in several calls if needed, and passes on each record with its line.
pub(crate) async fn for_each_record<T: DeserializeOwned>(
    session: &Session,
    request: &Request,
    output: &mut Output,
    mut each: impl FnMut(bytes::Bytes, T, &mut Output) -> Result<(), Problem>,
) -> Result<(), Problem> {
    for values in request.batches() {
        let answer = session.kubo.send(request.spec, values, None).await?;
        let mut records = Records::new(answer);
        while let Some((line, record)) = next_record(&mut records, output).await? {
            each(line, record, output)?;
        }
    }
    Ok(())
}

/// Parses the line of a record.
pub(crate) fn parse_record<T: DeserializeOwned>(line: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(line)
        .map_err(|error| Problem::failed("cannot parse the response of the server").because(&error))
}

/// Prints the error of a record to standard error, after the output so far.
pub(crate) fn print_error(error: &str, output: &mut Output) -> Result<(), Problem> {
    output.flush()?;
    let mut shown = String::new();
    escaped(error, &mut shown);
    eprintln!("{shown}");
    Ok(())
}

/// The result of a command that may have printed errors.
pub(crate) fn result_of(failed: bool) -> Result<(), Problem> {
    if failed {
        Err(Problem::failed("errors while displaying some entries"))
    } else {
        Ok(())
    }
}

/// Prints the records of an endpoint.
pub(crate) struct Printer<'a> {
    entry: &'static GenericCommand,
    values: &'a Values,
    format: Format,
    coloured: bool,
    text: String,
}

impl<'a> Printer<'a> {
    pub(crate) fn new(request: &'a Request, globals: &Globals) -> Result<Self, Problem> {
        let format = globals.format;
        Ok(Self {
            coloured: globals.colour && crate::output::is_terminal(),
            entry: entry(request.spec)?,
            values: &request.values,
            format,
            text: String::new(),
        })
    }

    /// Prints one record.
    pub(crate) fn print(&mut self, line: &[u8], output: &mut Output) -> Result<(), Problem> {
        match self.format {
            Format::Json => {
                output.bytes(line)?;
                output.bytes(b"\n")
            }
            Format::JsonLines => {
                for item in items(parse_record(line)?) {
                    output.text(&item.to_string())?;
                    output.bytes(b"\n")?;
                }
                Ok(())
            }
            Format::Text => output.text(self.text(line)?),
        }
    }

    /// One record as text.
    pub(crate) fn text(&mut self, line: &[u8]) -> Result<&str, Problem> {
        self.text.clear();
        (self.entry.print)(self.values, line, &mut self.text)?;
        if !self.coloured && self.text.contains('\u{1b}') {
            // Untrusted content is escaped already; these line breaks are ours.
            for colour in ["33", "31", "32", "0"] {
                self.text = self.text.replace(&format!("\u{1b}[{colour}m"), "");
            }
        }
        Ok(&self.text)
    }
}
