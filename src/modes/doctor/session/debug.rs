//! The report of a probe inside a pod of the target.

use super::{Session, Why};
use crate::documents::Origin;
use crate::documents::audit::{Command, Open};
use crate::documents::debug_profile::Run;
use crate::modes::clock::now;
use crate::modes::doctor::debug::{self, Debug, DebugContainer};
use crate::modes::doctor::failure::Failure;
use crate::modes::doctor::process::{self, Ended};
use crate::modes::doctor::{Progress, allowed, target};
use std::time::Duration;

/// Between two looks at the pod, and at a log that is not there yet.
const PAUSE: Duration = Duration::from_millis(500);
/// The kubelet shows a log some time after the container has ended.
const LOG_TRIES: usize = 10;
/// A container that ends so was killed, as its target has ended or needed its memory.
const KILLED: i64 = 137;

impl Session<'_> {
    pub(in crate::modes::doctor) fn is_debugged(&self) -> bool {
        self.debugged.is_some()
    }

    /// Runs the probe in a pod of the target, and reads its report.
    pub(in crate::modes::doctor) async fn debug(&mut self, debug: &Debug) {
        let mut pods = self.documents.pods.iter().filter(|pod| pod.origin == Origin::Admitted);
        let pod = pods.next().map(|pod| (pod.namespace().to_owned(), pod.metadata.name.clone()));
        let failed = match &pod {
            None => {
                let why = "No pod of the target runs, so no container can be added to one.".to_owned();
                let target = self.settings.target.as_ref();
                let command = target.map(|target| target::of_object(target, &self.settings.scope));
                Some((why, command.unwrap_or_else(|| Command::new("kubectl get pods -o json"))))
            }
            Some((namespace, pod)) => self.report_of(debug, namespace, pod).await.err(),
        };
        let question = "does the identity work inside the pod".to_owned();
        self.debugged =
            Some(failed.map(|(why, command)| Open { question, command, account: None, decides: true, why: Some(why) }));
    }

    /// # Errors
    /// Why there is no report, and the command that shows more.
    async fn report_of(&mut self, debug: &Debug, namespace: &str, pod: &str) -> Result<(), (Why, Command)> {
        let describe = || Command::new("kubectl describe pod").value(pod).then("-n").value(namespace);
        let get = Command::new("kubectl get pod").value(pod).then("-n").value(namespace).then("-o json");
        let log = debug::log(namespace, pod, debug);
        // For somebody who may do more, or at another time.
        let again = || {
            let command = Command::new("irsa-probe doctor -n").value(namespace).value(&format!("pod/{pod}"));
            command.then("--debug --image").value(&debug.image)
        };
        let text = self.text(&get).await.map_err(|why| (why, again()))?;
        let container = DebugContainer::new(&text, debug, now()).map_err(|why| (why, again()))?;
        let create = container.command(namespace, pod, debug);
        if ![&create, &log].into_iter().all(allowed::is_of_debug) {
            return Err(("This command is not one that doctor runs.".to_owned(), again()));
        }
        let shown = self.settings.tools.shown(&create);
        (self.show)(&Progress::Running(std::slice::from_ref(&shown)));
        self.text(&create).await.map_err(|why| (why, again()))?;
        (self.show)(&Progress::Answered(&shown));
        let code = self.end_of(&get, debug).await.map_err(|why| (why, describe()))?;
        self.read_report(&log, code).await.map_err(|why| (why, log.clone()))
    }

    /// Waits for the end of the container. Returns its exit code.
    async fn end_of(&mut self, get: &Command, debug: &Debug) -> Result<i64, Why> {
        loop {
            let text = self.text(get).await?;
            let waits = match Run::of(&serde_json::from_str(&text).unwrap_or_default(), &debug.container) {
                Run::Ended(code) => return Ok(code),
                Run::Never(why) => return Err(why),
                Run::NotYet(waits) => waits,
            };
            if self.time_left() <= PAUSE {
                let waits = if waits.is_empty() { String::new() } else { format!(" It waits for {waits}.") };
                return Err(format!("The debug container {} did not end within --timeout.{waits}", debug.container));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read_report(&mut self, log: &Command, code: i64) -> Result<(), Why> {
        let shown = self.settings.tools.shown(log);
        let (program, arguments) = self.settings.tools.invocation(log);
        let mut tries = 0;
        let (answer, kept) = loop {
            let reader = self.reader(log);
            let kept = reader.copy.clone();
            let failure = match process::run(&program, &arguments, reader, self.limit(log)).await {
                Ended::Printed(answer) => break (answer, kept),
                ended => Failure::of(&ended, "kubectl"),
            };
            tries += 1;
            let is_passing = failure.as_ref().is_some_and(|failure| failure.short == "failed");
            if let Some(failure) = failure.filter(|_| !is_passing || tries == LOG_TRIES || self.time_left() <= PAUSE) {
                (self.show)(&Progress::Failed(&shown, &failure));
                return Err(failure.why);
            }
            tokio::time::sleep(PAUSE).await;
        };
        (self.show)(&Progress::Answered(&shown));
        if answer.documents.reports.is_empty() {
            kept.into_iter().for_each(|path| drop(std::fs::remove_file(path)));
            return Err(match code {
                KILLED => "The debug container was killed, as it is when its target ends. Run this again.".to_owned(),
                code => format!(
                    "The debug container ended with code {code} and printed no report. Is it the probe's image?"
                ),
            });
        }
        self.note_saved(answer.saved);
        self.documents.absorb(answer.documents);
        Ok(())
    }

    /// What a command prints, or why it does not.
    async fn text(&mut self, command: &Command) -> Result<String, Why> {
        let (program, arguments) = self.settings.tools.invocation(command);
        let ended = match process::text(&program, &arguments, self.limit(command)).await {
            Ended::Printed(text) => return Ok(text),
            ended => ended,
        };
        let failure = Failure::of(&ended, "kubectl");
        if let Some(failure) = &failure {
            (self.show)(&Progress::Failed(&self.settings.tools.shown(command), failure));
        }
        Err(failure.map(|failure| failure.why).unwrap_or_default())
    }
}
