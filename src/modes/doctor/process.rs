//! One command as a process. Nothing of it outlives the one who waits for it.

use super::save::{Answer, Reader};
use super::system::{Group, file, lead};
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
/// One pod is far smaller.
const MAX_TEXT: u64 = 8 << 20;

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ended<T = Box<Answer>> {
    /// With exit code 0, and this.
    Printed(T),
    /// With another code, and this on standard error.
    Failed(String),
    TimedOut(Duration),
    NotStarted(io::ErrorKind),
}

/// Runs it for no longer than `limit`, and reads documents.
pub(super) async fn run(program: &OsString, arguments: &[OsString], reader: Reader, limit: Duration) -> Ended {
    let reader = Arc::new(reader);
    let discarded = Arc::clone(&reader);
    let ended = run_and_read(program, arguments, limit, move |output| reader.read(output).map(Box::new)).await;
    if !matches!(ended, Ended::Printed(_)) {
        discarded.discard();
    }
    ended
}

/// The same, and reads text.
pub(super) async fn text(program: &OsString, arguments: &[OsString], limit: Duration) -> Ended<String> {
    run_and_read(program, arguments, limit, |output| io::read_to_string(output.take(MAX_TEXT))).await
}

/// Its input is empty, so it can ask for nothing; what it prints is read while it runs.
async fn run_and_read<T: Send + 'static>(
    program: &OsString,
    arguments: &[OsString],
    limit: Duration,
    read: impl FnOnce(&mut dyn Read) -> io::Result<T> + Send + 'static,
) -> Ended<T> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    lead(&mut command);
    // aws would start a pager on a terminal, or complete the command in a dialog.
    command.env("AWS_PAGER", "").env("AWS_CLI_AUTO_PROMPT", "off");
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::NotStarted(error.kind()),
    };
    let mut group = Group(child.id());
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Ended::NotStarted(io::ErrorKind::BrokenPipe);
    };
    let ended = timeout(limit, async {
        let stdout = file(stdout)?;
        let reading = tokio::task::spawn_blocking(move || answer(stdout, read));
        let (read, errors, status) = tokio::join!(reading, errors(stderr), child.wait());
        let read = read.map_err(io::Error::other)?;
        Ok::<_, io::Error>((read, errors, status?))
    })
    .await;
    match ended {
        Err(_) => Ended::TimedOut(limit),
        Ok(Err(error)) => Ended::Failed(error.to_string()),
        Ok(Ok((read, errors, status))) => {
            group.ended();
            match (status.success(), read) {
                (true, Ok(answer)) => Ended::Printed(answer),
                (true, Err(error)) => Ended::Failed(format!("its output could not be read: {error}")),
                (false, _) => Ended::Failed(errors),
            }
        }
    }
}

fn answer<T>(stdout: File, read: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> io::Result<T> {
    let mut output = stdout.take(MAX_OUTPUT);
    let answer = read(&mut output)?;
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
