//! A page of lines that are labelled, wrapped and indented alike.

use super::Colour;
use crate::text::printable::{RESET, printable};
use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter};

const WIDTH: usize = 80;
/// Where values begin, behind their label.
const INDENT: usize = 12;

pub(crate) struct Page {
    pub(crate) text: String,
    colour: Colour,
}

impl Page {
    pub(crate) fn new(colour: Colour) -> Page {
        Page { text: String::new(), colour }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many rows of a terminal the page takes.
    pub(crate) fn rows(&self) -> usize {
        self.text.lines().map(|line| display_width(line).div_ceil(WIDTH).max(1)).sum()
    }

    /// Never wrapped: it is read in logs, and by grep.
    pub(crate) fn headline(&mut self, verdict: &str, colour: &str, summary: &str) {
        let verdict = self.paint(verdict, colour);
        self.line(&format!("{verdict}  {}", printable(summary)));
    }

    pub(crate) fn values(&mut self, values: &[(&'static str, String)]) {
        values.iter().for_each(|(label, value)| self.value(label, value));
    }

    /// Each line of the value is wrapped by itself; an empty value is left out.
    pub(crate) fn value(&mut self, label: &str, value: &str) {
        let further = " ".repeat(INDENT);
        let mut first = format!("  {label:<width$}", width = INDENT - 2);
        for line in value.lines() {
            self.line(&wrap(&printable(line), &first, &further));
            first.clone_from(&further);
        }
    }

    /// Two columns. The second begins in the same place on all lines, except behind a first that is too long for that.
    pub(crate) fn pairs<'p>(&mut self, label: &str, pairs: impl Iterator<Item = (&'p str, &'p str)> + Clone) {
        let longest = pairs.clone().map(|(_, second)| second.len()).max().unwrap_or_default();
        let widest = pairs.clone().map(|(first, _)| first.len()).max().unwrap_or_default();
        let width = widest.min((WIDTH - INDENT - 2).saturating_sub(longest));
        for (place, (first, second)) in pairs.enumerate() {
            self.value(if place == 0 { label } else { "" }, &format!("{first:<width$}  {second}"));
        }
    }

    /// Never wrapped, for they are pasted.
    pub(crate) fn commands(&mut self, commands: &str) {
        for command in commands.lines() {
            let command = self.paint(&printable(command), "1");
            self.line(&format!("{:INDENT$}  {command}", ""));
        }
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(crate) fn gap(&mut self) {
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        match self.colour {
            Colour::On => format!("\u{1b}[{code}m{text}{RESET}"),
            Colour::Off => text.to_owned(),
        }
    }
}

/// Breaks lines at blanks, except in a command between backticks: half a command does something else when it is pasted.
pub(crate) fn wrap(text: &str, first: &str, further: &str) -> String {
    let options = Options::new(WIDTH)
        .word_separator(WordSeparator::Custom(whole_commands))
        .initial_indent(first)
        .subsequent_indent(further)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

fn whole_commands(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut rest = line;
    let words = std::iter::from_fn(move || {
        let mut within = false;
        let mut blank = false;
        let end = rest.char_indices().find_map(|(place, c)| {
            let begins = blank && c != ' ' && !within;
            within = if within { c != '`' } else { c == '`' && rest[place + 1..].contains('`') };
            blank = c == ' ' && !within;
            begins.then_some(place)
        });
        let (word, further) = rest.split_at(end.unwrap_or(rest.len()));
        rest = further;
        (!word.is_empty()).then(|| Word::from(word))
    });
    Box::new(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identifier_or_command_is_broken() {
        let arn = format!("arn:aws:iam::111122223333:oidc-provider/{}", "x".repeat(80));
        let command = "aws iam get-role --role-name checkout --output json";
        let mut page = Page::new(Colour::Off);
        page.value("role", &format!("several words of a sentence, and then {arn}, and more; run `{command}` then"));
        page.commands(&format!("{command} | {}", "y ".repeat(60)));
        assert!(page.text.contains(&format!("\n            {arn},\n")), "{}", page.text);
        assert!(page.text.contains(command) && page.text.contains(&"y ".repeat(60)), "{}", page.text);
    }

    #[test]
    fn rows_are_those_of_a_terminal() {
        let mut page = Page::new(Colour::On);
        page.line(&"a".repeat(80));
        page.gap();
        page.headline("x BROKEN", "1;31", &"b".repeat(70));
        page.line(&"c".repeat(161));
        assert_eq!(page.rows(), 1 + 1 + 1 + 3);
    }

    #[test]
    fn a_column_is_straight_as_far_as_there_is_room() {
        let mut page = Page::new(Colour::Off);
        let (long, text) = ("l".repeat(50), "what to compare with it");
        page.pairs("likely", [("short", text), (&long, "this")].into_iter());
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(lines[0].find(text), Some(WIDTH - text.len()), "{}", lines[0]);
        assert_eq!(lines[1].trim(), format!("{long}  this"));
    }
}
