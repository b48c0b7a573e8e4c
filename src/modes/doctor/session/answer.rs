//! What a command answered.

use super::{Session, Why, program};
use crate::documents::audit::Command;
use crate::documents::{About, Documents};
use crate::modes::doctor::failure::Failure;
use crate::modes::doctor::process::Ended;
use crate::modes::doctor::save::Reader;
use crate::modes::doctor::{Progress, allowed};
use std::io;

impl Session<'_> {
    pub(super) fn reader(&mut self, command: &Command) -> Reader {
        let copy = self.saved.as_mut().map(|saved| saved.file(command));
        let about = About {
            empty_list: named_list(command),
            fields: allowed::fields(command),
            asked: Some(self.settings.asked(None)),
        };
        Reader { source: source(command), about, copy }
    }

    /// Keeps an answer, or returns why there is none.
    pub(super) fn keep(&mut self, number: usize, command: &Command, ended: Ended) -> Option<Why> {
        let shown = self.settings.tools.shown(command);
        let name = program(command);
        match ended {
            Ended::Printed(answer) if let Some(failure) = unusable(command, &answer.documents) => {
                (self.show)(&Progress::Failed(&shown, &failure));
                Some(failure.why)
            }
            Ended::Printed(answer) => {
                (self.show)(&Progress::Answered(&shown));
                self.note_saved(answer.saved);
                self.pods_listed |= command.words().iter().any(|word| word == "pods");
                self.answers.insert(number, of_its_kind(command, answer.documents));
                None
            }
            ended => {
                if let Ended::Failed(said) = &ended
                    && let Some(absent) = absent(said)
                {
                    (self.show)(&Progress::Absent(&shown));
                    if self.is_target(command) {
                        self.missing = Some(said.trim().to_owned());
                    }
                    self.answers.insert(number, absent);
                    if let Some(saved) = &mut self.saved {
                        let saved = saved.keep_error(command, said);
                        self.note_saved(saved);
                    }
                    return None;
                }
                let failure = Failure::of(&ended, name)?;
                (self.show)(&Progress::Failed(&shown, &failure));
                if failure.stops {
                    self.stopped.insert(name.to_owned(), failure.why.clone());
                }
                Some(failure.why)
            }
        }
    }

    /// Remembers the first file that could not be written.
    pub(super) fn note_saved(&mut self, saved: io::Result<()>) {
        if let (Err(error), None) = (saved, &self.unsaved) {
            self.unsaved = Some(error.to_string());
        }
    }
}

fn source(command: &Command) -> String {
    format!("the output of {command}")
}

/// A program that ends well can print what is no document: a table, a page of a proxy, nothing.
fn unusable(command: &Command, documents: &Documents) -> Option<Failure> {
    let why = documents.unusable.first().filter(|_| documents.recognised.is_empty())?;
    let what = why.strip_prefix(&source(command)).unwrap_or(why);
    Some(Failure { short: "unusable output", why: format!("The output{what}."), stops: false })
}

/// The kind of a list that says something if it is empty.
fn named_list(command: &Command) -> Option<&'static str> {
    command.words().iter().find_map(|word| match word.as_str() {
        "mutatingwebhookconfigurations" => Some("MutatingWebhookConfigurationList"),
        "networkpolicies" => Some("NetworkPolicyList"),
        _ => None,
    })
}

/// An empty list does not name its kind; the command does.
fn of_its_kind(command: &Command, mut documents: Documents) -> Documents {
    let Some(kind) = named_list(command).filter(|_| documents.empty_lists > 0) else { return documents };
    documents.empty_lists = 0;
    match kind {
        "NetworkPolicyList" => drop(documents.network_policies.get_or_insert_default()),
        _ => drop(documents.webhooks.get_or_insert_default()),
    }
    documents
}

/// What an error says that is missing, which is an answer.
fn absent(said: &str) -> Option<Documents> {
    let mut documents = Documents::default();
    documents.read("the error", said);
    (!documents.absent.is_empty()).then(|| {
        documents.unusable.clear();
        documents
    })
}
