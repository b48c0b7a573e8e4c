//! Installed as `kubectl-irsa_probe`, the program is `kubectl irsa-probe`: a laptop has kubectl, so it is a doctor there
//! unless a command is named.

mod completion;

use super::Cli;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Source: "Extend kubectl with plugins" of the Kubernetes documentation: an underscore in the file's name is a dash in the
/// command's.
const FILE: &str = "kubectl-irsa_probe";
const NAME: &str = "kubectl irsa-probe";

pub(super) const COMPLETIONS: &str = "Example:
  irsa-probe completions bash > /etc/bash_completion.d/irsa-probe

kubectl completes the plugin too: give kubectl-irsa_probe a link with the name kubectl_complete-irsa_probe, in a directory
of your PATH.";

pub(super) fn parse(mut arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    if is_called(&arguments, FILE) {
        command = command.bin_name(NAME);
        let is_said = arguments.get(1).is_some_and(|first| is_command(&command, first));
        if !is_said {
            arguments.insert(1, "doctor".into());
        }
        // Otherwise the name in a usage line is that of the file.
        arguments[0] = NAME.into();
    }
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// The answer to kubectl, which asks under another name for what can follow the words that are typed so far.
pub(super) fn completion(arguments: &[OsString]) -> Option<String> {
    let words = arguments.get(1..)?;
    is_called(arguments, completion::FILE).then(|| completion::complete(Cli::command(), words))
}

fn is_called(arguments: &[OsString], name: &str) -> bool {
    arguments.first().and_then(|program| Path::new(program).file_stem()) == Some(OsStr::new(name))
}

/// Whether it names a command or asks for help about all of them.
fn is_command(command: &clap::Command, argument: &OsStr) -> bool {
    let built_in = ["help", "--help", "-h", "--version", "-V"];
    built_in.iter().any(|known| argument == *known)
        || command.get_subcommands().any(|known| argument == known.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Command;

    fn parsed(arguments: &[&str]) -> Result<Cli, String> {
        parse(arguments.iter().map(OsString::from).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plugin_is_a_doctor_unless_a_command_is_named() {
        for arguments in [&["pod/x"][..], &["-n", "payments", "sa/x"], &["-A"], &[]] {
            let cli = parsed(&[&["/usr/local/bin/kubectl-irsa_probe"], arguments].concat());
            assert!(matches!(cli.map(|cli| cli.command), Ok(Some(Command::Doctor(_)))), "{arguments:?}");
        }
        let explain = parsed(&["kubectl-irsa_probe", "explain", "not-authorized"]);
        assert!(matches!(explain.map(|cli| cli.command), Ok(Some(Command::Explain(_)))));
        let help = parsed(&["kubectl-irsa_probe", "--help"]).err().expect("help");
        assert!(help.contains("Usage: kubectl irsa-probe "), "{help}");
        assert!(parsed(&["irsa-probe"]).is_ok_and(|cli| cli.command.is_none()));
    }
}
