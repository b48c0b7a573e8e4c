//! A command that prints a document: words for a program that runs it, one line for a person who pastes it.

use crate::causes::shell_word;
use std::fmt::{Display, Formatter, Result};

/// The name of a program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Command {
    words: Vec<String>,
}

impl Command {
    /// The words of a text without quotes: `kubectl get pods`.
    pub(crate) fn new(text: &str) -> Self {
        Command { words: Vec::new() }.then(text)
    }

    /// More such words.
    pub(crate) fn then(mut self, text: &str) -> Self {
        self.words.extend(text.split_whitespace().map(str::to_owned));
        self
    }

    /// One word, whatever it contains: a value that comes from a document.
    pub(crate) fn value(mut self, value: &str) -> Self {
        self.words.push(value.to_owned());
        self
    }

    pub(super) fn of_words(words: Vec<String>) -> Self {
        Command { words }
    }

    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }
}

/// As sh, bash, zsh and fish read it.
impl Display for Command {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let words: Vec<String> = self.words().iter().map(|word| shell_word(word)).collect();
        formatter.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_word() {
        let command = Command::new("kubectl get namespace").value("x; reboot").then("-o json");
        assert_eq!(command.words(), ["kubectl", "get", "namespace", "x; reboot", "-o", "json"]);
        assert_eq!(command.to_string(), "kubectl get namespace 'x; reboot' -o json");
    }
}
