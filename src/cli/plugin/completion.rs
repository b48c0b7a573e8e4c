//! Completion of `kubectl irsa-probe`: kubectl runs `kubectl_complete-irsa_probe` with the words that are typed so far, the
//! last of them unfinished.
//!
//! Source: "Shell Completion Support" of Kubernetes enhancement 2379. The answer has the form of cobra's hidden command
//! `__complete`: a candidate and its description on each line, and at the end what a shell is to do.

use clap::{Arg, Command};
use std::ffi::OsString;
use std::fmt::Write;

pub(super) const FILE: &str = "kubectl_complete-irsa_probe";

/// cobra's directives: complete the names of files if there is no candidate, or never.
const FILES: u8 = 0;
const NO_FILES: u8 = 4;

pub(super) fn complete(mut command: Command, words: &[OsString]) -> String {
    command.build();
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let Some((current, typed)) = words.split_last() else { return String::new() };
    let named = typed.first().and_then(|first| command.find_subcommand(first.as_ref()));
    // Without a command it is a doctor.
    let Some(of) = named.or_else(|| command.find_subcommand("doctor")) else { return String::new() };
    let value_of = typed.last().and_then(|last| option(of, last)).filter(|option| option.get_action().takes_values());
    let mut answer = Answer { current: current.as_ref(), text: String::new(), directive: NO_FILES };
    if let Some(option) = value_of {
        answer.values("", option);
    } else if let Some((name, _)) = current.split_once('=').filter(|_| current.starts_with('-')) {
        option(of, name).into_iter().for_each(|option| answer.values(&format!("{name}="), option));
    } else if current.starts_with('-') {
        for option in of.get_opts().chain(of.get_arguments().filter(|one| !one.get_action().takes_values())) {
            let Some(long) = option.get_long().filter(|_| !option.is_hide_set()) else { continue };
            answer.candidate(&format!("--{long}"), option.get_help().map(ToString::to_string));
        }
    } else {
        if typed.is_empty() {
            for one in command.get_subcommands() {
                answer.candidate(one.get_name(), one.get_about().map(ToString::to_string));
            }
        }
        of.get_positionals().filter(|_| named.is_some()).for_each(|argument| answer.values("", argument));
    }
    answer.end()
}

fn option<'c>(command: &'c Command, word: &str) -> Option<&'c Arg> {
    let is_it = |option: &&Arg| match word.strip_prefix("--") {
        Some(long) => option.get_long() == Some(long),
        None => word.strip_prefix('-').is_some_and(|short| option.get_short().is_some_and(|c| short == c.to_string())),
    };
    command.get_arguments().find(is_it)
}

struct Answer<'w> {
    current: &'w str,
    text: String,
    directive: u8,
}

impl Answer<'_> {
    fn candidate(&mut self, word: &str, description: Option<String>) {
        if word.starts_with(self.current) {
            let description = description.unwrap_or_default();
            let _ = writeln!(self.text, "{word}\t{}", description.lines().next().unwrap_or_default());
        }
    }

    /// What may stand for an argument. Where that is not a short list, it may be a file.
    fn values(&mut self, before: &str, argument: &Arg) {
        let values = argument.get_possible_values();
        if values.is_empty() && argument.get_action().takes_values() {
            self.directive = FILES;
        }
        for value in values {
            self.candidate(&format!("{before}{}", value.get_name()), value.get_help().map(ToString::to_string));
        }
    }

    fn end(self) -> String {
        format!("{}:{}\n", self.text, self.directive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    fn words(typed: &[&str]) -> Vec<String> {
        let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
        let answer = complete(command(), &typed);
        answer.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn what_can_follow_is_offered() {
        assert_eq!(words(&["d"]), ["doctor", "debug-profile", ":4"]);
        assert_eq!(words(&["--conte"]), ["--context", ":4"]);
        assert_eq!(words(&["pod/x", "--output", ""]), ["text", "json", "html", ":4"]);
        assert_eq!(words(&["audit", "--output=j"]), ["--output=json", ":4"]);
        assert_eq!(words(&["audit", ""]), [":0"]);
        assert_eq!(words(&["completions", "z"]), ["zsh", ":4"]);
        assert_eq!(words(&["-n", ""]), [":0"]);
        assert!(words(&["trust-policy", "-"]).contains(&"--check".to_owned()));
        assert!(words(&["doctor", "--dry-run", "-"]).contains(&"--save".to_owned()));
    }
}
