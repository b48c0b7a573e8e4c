//! In which form a command answers.

use crate::documents::Documents;
use crate::documents::audit::Audit;
use crate::render::audit;
use crate::render::text::Colour;
use crate::text::printable::Notation;
use clap::{Args, ValueEnum};

// Plain comments: clap would show a doc comment as the command's own description.

// How to say it.
#[derive(Args, Clone)]
pub(super) struct OutputOptions {
    #[arg(long, env = "IRSA_PROBE_OUTPUT", value_enum, default_value = "text")]
    pub(super) output: Output,
    /// Use colour: auto means on a terminal, unless NO_COLOR is set
    #[arg(long, env = "IRSA_PROBE_COLOR", value_enum, default_value = "auto")]
    pub(super) color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

/// Of what is about many pods, also a page.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PageOutput {
    Text,
    Json,
    // A doc comment here would make the help of the command several screens long.
    Html,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Output {
    pub(super) fn notation(self) -> Notation {
        match self {
            Self::Text => Notation::Text,
            Self::Json => Notation::Json,
        }
    }
}

impl PageOutput {
    /// The text is another for each command.
    pub(super) fn render(
        self,
        audit: &Audit,
        documents: &Documents,
        text: impl FnOnce() -> (String, Notation),
    ) -> (String, Notation) {
        match self {
            Self::Text => text(),
            Self::Json => (audit::json(audit, documents), Notation::Json),
            Self::Html => (audit::html(audit, documents), Notation::Html),
        }
    }
}

impl OutputOptions {
    pub(super) fn colour(&self) -> Colour {
        self.color.on_this_terminal()
    }
}

impl Color {
    pub(super) fn on_this_terminal(self) -> Colour {
        use std::io::IsTerminal;
        let on = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
            }
        };
        if on { Colour::On } else { Colour::Off }
    }
}
