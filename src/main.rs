//! See the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(irsa_probe::cli::run(std::env::args_os()))
}
