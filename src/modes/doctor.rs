//! From a laptop: runs `kubectl` and `aws` for what an audit asks, judges again, and ends when no question is new.
#![allow(clippy::disallowed_methods, reason = "commands run within a time")]

mod account;
mod allowed;
mod debug;
mod failure;
mod process;
mod save;
mod session;
#[cfg_attr(unix, path = "doctor/unix.rs")]
#[cfg_attr(windows, path = "doctor/windows.rs")]
mod system;
mod target;
mod tools;

pub(crate) use debug::Debug;
pub(crate) use failure::Failure;
pub(crate) use save::QUESTION;
pub(crate) use target::{Scope, Target, is_name};
pub(crate) use tools::Tools;

use crate::documents::audit::{Audit, Command, needed};
use crate::documents::{Asked, Documents, Needs, SCHEMA};
use crate::modes::signals::Ending;
use session::Session;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) struct Settings {
    pub target: Option<Target>,
    pub scope: Scope,
    /// What the target's role must be allowed.
    pub needs: Needs,
    /// The debug container to create, if the user allows that.
    pub debug: Option<Debug>,
    pub tools: Tools,
    /// For everything together.
    pub timeout: Duration,
    /// A directory for what the commands print.
    pub save: Option<PathBuf>,
}

impl Settings {
    /// What the user asks, as it is saved.
    fn asked(&self, account: Option<&str>) -> Asked {
        Asked {
            schema: SCHEMA.to_owned(),
            account: account.map(str::to_owned),
            kind: self.target.as_ref().map(|target| target.kind().to_owned()),
            name: self.target.as_ref().map(|target| target.name().to_owned()).unwrap_or_default(),
            needs: self.needs.clone(),
            unanswered: None,
        }
    }
}

/// What is to be shown while commands run.
pub(crate) enum Progress<'p> {
    /// So many commands begin.
    Running(&'p [String]),
    Answered(&'p str),
    Absent(&'p str),
    Failed(&'p str, &'p Failure),
}

/// What a doctor found.
pub(crate) struct Examined {
    pub documents: Documents,
    pub audit: Audit,
    /// Why the directory of `--save` is not complete.
    pub unsaved: Option<String>,
}

pub(crate) enum Fault {
    /// The target does not exist; kubectl's words.
    NoTarget(String),
    /// A signal ended it.
    Ended(&'static str),
    CannotStart(String),
}

/// Runs until nothing new can be asked. No process outlives it.
///
/// # Errors
/// There is nothing to report.
pub(crate) async fn examine(settings: &Settings, show: &dyn Fn(&Progress<'_>)) -> Result<Examined, Fault> {
    let cannot = |error| Fault::CannotStart(format!("cannot listen for signals: {error}"));
    if let Some(directory) = &settings.save {
        let cannot = |error| Fault::CannotStart(format!("cannot create {}: {error}", directory.display()));
        system::private_directory(directory).map_err(cannot)?;
    }
    let mut ending = Ending::new().map_err(cannot)?;
    tokio::select! {
        signal = ending.wait() => Err(Fault::Ended(signal)),
        examined = follow(settings, show) => examined,
    }
}

async fn follow(settings: &Settings, show: &dyn Fn(&Progress<'_>)) -> Result<Examined, Fault> {
    let mut session = Session::new(settings, show);
    session.begin(target::commands(settings.target.as_ref(), &settings.scope)).await;
    if let Some(said) = session.missing_target() {
        return Err(Fault::NoTarget(said.to_owned()));
    }
    loop {
        let audit = session.judge();
        let new = session.not_tried(&audit);
        let debug = settings.debug.as_ref().filter(|_| !session.is_debugged());
        match (new.is_empty(), debug) {
            _ if session.has_nothing() => return Ok(session.end(audit)),
            (false, _) => session.ask(new).await,
            (true, Some(debug)) => session.debug(debug).await,
            (true, None) => return Ok(session.end(audit)),
        }
    }
}

/// The commands that come first, as they are run, and the forms of those that answers can lead to.
pub(crate) fn plan(settings: &Settings) -> (Vec<String>, Vec<String>) {
    let first = target::commands(settings.target.as_ref(), &settings.scope);
    let shown = |command: &Command| settings.tools.shown(command);
    let mut then = allowed::forms();
    if !settings.needs.actions.is_empty() {
        then.push(needed(&settings.needs, None));
    }
    if let Some(debug) = &settings.debug {
        then.push(allowed::form_of_debug(debug));
    }
    (first.iter().map(shown).collect(), then.iter().map(shown).collect())
}
