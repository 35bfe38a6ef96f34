//! The log, and diagnostics.

use cairn_wire::kubo::StringList;
use cairn_wire::kubo::diag::cmds::clear::DiagCmdsClear;
use cairn_wire::kubo::diag::cmds::list::{DiagCmds, RequestEntry};
use cairn_wire::kubo::diag::cmds::set_time::DiagCmdsSetTime;
use cairn_wire::kubo::diag::healthy::DiagHealthy;
use cairn_wire::kubo::diag::profile::DiagProfile;
use cairn_wire::kubo::diag::sys::DiagSys;
use cairn_wire::kubo::log::level::{LogLevel, LogLevels};
use cairn_wire::kubo::log::ls::LogLs;
use cairn_wire::kubo::log::tail::LogTail;
use serde_json::Value;

use crate::error::Error;
use crate::kubo::{Call, IntoPath, Span, binary, many, nothing, one, setters, text};

group! {
    /// The log of the server.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// kubo.log().level("all", "debug").await?;
    /// let mut events = kubo.log().tail().stream();
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{event}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Log, log
}

group! {
    /// Diagnostics of the server.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for request in kubo.diag().cmds().verbose(true).await? {
    ///     println!("{} {:?}", request.command, request.args);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Diag, diag
}

impl Log<'_> {
    /// Sets the level of a subsystem, or of `all`. Returns a message.
    pub fn level(&self, subsystem: impl IntoPath, level: impl IntoPath) -> Call<LogLevel> {
        Call::new(
            self.0,
            LogLevel::new(Some(text(subsystem)), Some(text(level))),
        )
    }

    /// Returns the levels of all subsystems.
    pub fn levels(&self) -> Call<LogLevel> {
        Call::new(self.0, LogLevel::new(Some("*".to_owned()), None))
    }

    /// Lists the subsystems.
    pub fn ls(&self) -> Call<LogLs> {
        Call::new(self.0, LogLs::new())
    }

    /// Follows the log. The stream of events has no timeout, unless one is set; dropping it ends the call.
    pub fn tail(&self) -> Call<LogTail> {
        Call::new(self.0, LogTail::new()).no_timeout()
    }
}

impl Diag<'_> {
    /// Lists active and recent requests.
    pub fn cmds(&self) -> Call<DiagCmds> {
        Call::new(self.0, DiagCmds::new())
    }

    /// Removes inactive requests from the list.
    pub fn clear_cmds(&self) -> Call<DiagCmdsClear> {
        Call::new(self.0, DiagCmdsClear::new())
    }

    /// Sets how long inactive requests are listed.
    pub fn set_cmds_time(&self, time: impl Into<Span>) -> Call<DiagCmdsSetTime> {
        Call::new(self.0, DiagCmdsSetTime::new(time.into().to_string()))
    }

    /// Checks the health of the server.
    pub fn healthy(&self) -> Call<DiagHealthy> {
        Call::new(self.0, DiagHealthy::new())
    }

    /// Collects a profile, as a zip archive.
    pub fn profile(&self) -> Call<DiagProfile> {
        Call::new(self.0, DiagProfile::new())
    }

    /// Returns information about the system and the process.
    pub fn sys(&self) -> Call<DiagSys> {
        Call::new(self.0, DiagSys::new())
    }
}

binary!(LogTail, DiagProfile);
nothing!(DiagCmdsClear, DiagCmdsSetTime);

one! {
    LogLevel, LogLevels => LogLevels, Ok;
    LogLs, StringList => Vec<String>, |list| Ok(list.strings);
    DiagCmds, Vec<RequestEntry> => Vec<RequestEntry>, Ok;
    DiagHealthy, String => String, Ok;
    DiagSys, Value => Value, Ok::<_, Error>;
}

many! {
    LogTail, Value => Value, |event, items| {
        items.push_back(event);
        Ok(())
    };
}

cairn_wire::LogTail!(setters);
cairn_wire::DiagCmds!(setters);
cairn_wire::DiagProfile!(setters);
