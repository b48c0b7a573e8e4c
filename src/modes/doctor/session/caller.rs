//! Whose account answers.

use super::{Session, Why, program};
use crate::documents::About;
use crate::documents::audit::{Command, Open};
use crate::modes::doctor::failure::Failure;
use crate::modes::doctor::process::{self, Ended};
use crate::modes::doctor::save::Reader;
use crate::modes::doctor::{Progress, account};

impl Session<'_> {
    /// The account of whoever runs this. Asked once, and only for a question about an account.
    pub(super) async fn find_caller(&mut self) {
        if self.caller.is_some() {
            return;
        }
        let command = account::command();
        if let Some(why) = self.stopped.get(program(&command)) {
            self.caller = Some(Err(why.clone()));
            return;
        }
        let shown = self.settings.tools.shown(&command);
        (self.show)(&Progress::Running(std::slice::from_ref(&shown)));
        let (program, arguments) = self.settings.tools.invocation(&command);
        let reader = Reader { source: shown.clone(), about: About::default(), copy: None };
        let ended = process::run(&program, &arguments, reader, self.limit(&command)).await;
        self.caller = Some(match ended {
            Ended::Printed(answer) => {
                (self.show)(&Progress::Answered(&shown));
                let account =
                    answer.documents.callers.first().and_then(|arn| account::of_caller(arn)).map(str::to_owned);
                account.ok_or_else(|| format!("{shown} printed no caller."))
            }
            // Without an account no answer about one can be trusted.
            ended => {
                let failure = Failure::of(&ended, "aws");
                let why = failure.as_ref().map(|failure| failure.why.clone()).unwrap_or_default();
                if let Some(failure) = &failure {
                    (self.show)(&Progress::Failed(&shown, failure));
                }
                if failure.is_some_and(|failure| failure.stops) {
                    self.stopped.insert("aws".to_owned(), why.clone());
                }
                Err(why)
            }
        });
    }

    /// Why the caller's account cannot answer.
    pub(super) fn other_account(&self, one: &Open) -> Option<Why> {
        let (account, caller) = (one.account.as_ref()?, self.caller.as_ref()?.as_ref().ok()?);
        (caller != account).then(|| account::other(caller, account))
    }

    /// A role of the same name in the caller's account shows that the ARN is wrong, if it trusts the service account. That
    /// there is none shows nothing.
    pub(super) fn keep_namesake(&mut self, number: usize, command: &Command, ended: Ended) {
        let shown = self.settings.tools.shown(command);
        match ended {
            Ended::Printed(answer) => {
                (self.show)(&Progress::Answered(&shown));
                self.note_saved(answer.saved);
                self.answers.insert(number, answer.documents);
            }
            _ => (self.show)(&Progress::Absent(&shown)),
        }
    }
}
