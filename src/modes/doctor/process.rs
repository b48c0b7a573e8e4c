//! One command as a process. Nothing of it outlives the one who waits for it.

use super::save::{Answer, Reader};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, Command};
use tokio::time::timeout;

/// The pods of the largest cluster that Kubernetes is made for take about this.
const MAX_OUTPUT: u64 = 2 << 30;
const MAX_ERRORS: u64 = 64 << 10;

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With exit code 0, and this.
    Printed(Box<Answer>),
    /// With another code, and this on standard error.
    Failed(String),
    TimedOut(Duration),
    NotStarted(io::ErrorKind),
}

/// Runs it for no longer than `limit`. Its input is empty, so it can ask for nothing; what it prints is read while it runs.
pub(super) async fn run(program: &OsString, arguments: &[OsString], reader: Reader, limit: Duration) -> Ended {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    // aws would start a pager on a terminal, or complete the command in a dialog.
    command.env("AWS_PAGER", "").env("AWS_CLI_AUTO_PROMPT", "off");
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::NotStarted(error.kind()),
    };
    let (mut group, reader) = (Group(child.id()), Arc::new(reader));
    let discarded = Arc::clone(&reader);
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Ended::NotStarted(io::ErrorKind::BrokenPipe);
    };
    let ended = timeout(limit, async {
        let stdout = stdout.into_owned_fd()?;
        let reading = tokio::task::spawn_blocking(move || answer(&reader, File::from(stdout)));
        let (read, errors, status) = tokio::join!(reading, errors(stderr), child.wait());
        let read = read.map_err(io::Error::other)?;
        Ok::<_, io::Error>((read, errors, status?))
    })
    .await;
    let ended = match ended {
        Err(_) => Ended::TimedOut(limit),
        Ok(Err(error)) => Ended::Failed(error.to_string()),
        Ok(Ok((read, errors, status))) => {
            group.0 = None;
            match (status.success(), read) {
                (true, Ok(answer)) => Ended::Printed(Box::new(answer)),
                (true, Err(error)) => Ended::Failed(format!("its output could not be read: {error}")),
                (false, _) => Ended::Failed(errors),
            }
        }
    };
    if !matches!(ended, Ended::Printed(_)) {
        discarded.discard();
    }
    ended
}

fn answer(reader: &Reader, stdout: File) -> io::Result<Answer> {
    let mut output = stdout.take(MAX_OUTPUT);
    let answer = reader.read(&mut output)?;
    match output.limit() {
        0 => Err(io::Error::other(format!("it is larger than {} GiB", MAX_OUTPUT >> 30))),
        _ => Ok(answer),
    }
}

/// The beginning of what it complains about. The rest is read as well, or the process could not end.
async fn errors(mut stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    let _ = (&mut stderr).take(MAX_ERRORS).read_to_end(&mut bytes).await;
    let mut nowhere = tokio::io::sink();
    let _ = tokio::io::copy(&mut stderr, &mut nowhere).await;
    let _ = nowhere.flush().await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The process group of a command, until it has ended: dropped before, it is killed with all the processes it started.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}
