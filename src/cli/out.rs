//! Everything that a command prints goes through here. Whether it could be written changes no exit code: the code says
//! what was found, and a pipe that closed or a disk that is full does not change that.

use crate::diagnosis::report::exit;
use crate::probe::variables::Variables;
use crate::text::printable::Notation;
use crate::text::redact::{self, HIDDEN};
use crate::text::secrets::Secrets;
use clap::error::{ContextKind, ContextValue};
use std::io::{self, ErrorKind, Write};

/// No complaint is longer.
const MAX_COMPLAINT: usize = 4_000;
/// No value that clap reads is longer; a token or key is.
const MAX_QUOTED: usize = 24;

/// Prints an answer on standard output.
pub(super) fn print(text: String, notation: Notation) {
    print_rendered(&of_this_process().hide_in(redact::scrub(&text), notation));
}

/// Prints what a renderer of reports has made fit to be shown.
pub(super) fn print_rendered(text: &str) {
    write(&mut io::stdout().lock(), text);
}

/// The same on standard error, where standard output belongs to another program.
pub(super) fn print_rendered_aside(text: &str) {
    write(&mut io::stderr().lock(), text);
}

/// Says on standard error, on one line, what the user must put right.
pub(super) fn complain(what: &str) -> u8 {
    let line = of_this_process().foreign(what, MAX_COMPLAINT);
    let _ = writeln!(io::stderr(), "irsa-probe: {line}");
    exit::USAGE
}

/// Help, the version, or what is wrong with the command line; gives the exit code.
pub(super) fn usage(error: &clap::Error) -> u8 {
    let mut text = error.render().to_string();
    // Whatever is pasted or in a variable by mistake is quoted.
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(value)) = error.get(kind) {
            let shown = if value.len() > MAX_QUOTED { HIDDEN.to_owned() } else { redact::url(value) };
            text = text.replace(value, &shown);
        }
    }
    let shown = of_this_process().hide_in(redact::scrub(&text), Notation::Text);
    if error.use_stderr() {
        print_rendered_aside(&shown)
    } else {
        print_rendered(&shown)
    }
    u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
}

fn write(out: &mut dyn Write, text: &str) {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => {}
        // Its reader has what it wants: `irsa-probe explain | head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            complain(&format!("cannot write the output: {error}"));
        }
    }
}

fn of_this_process() -> Secrets {
    let secrets = Secrets::default();
    Variables::of_this_process().keep_secrets(&secrets);
    secrets
}
