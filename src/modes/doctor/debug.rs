//! `--debug`: the container in which the probe runs, and the file that describes it to kubectl.

use super::system::{create, private_directory};
use crate::documents::audit::Command;
use crate::documents::debug_profile::{Choices, build};
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::PathBuf;

/// What `--debug` adds to a pod.
pub(crate) struct Debug {
    /// The image of the probe.
    pub image: String,
    /// The name of the container.
    pub container: String,
}

/// One container in one pod, described in a file that is deleted with this.
pub(super) struct DebugContainer {
    directory: PathBuf,
    kubectl_profile: &'static str,
    target: Option<String>,
}

impl DebugContainer {
    /// For a pod, as `kubectl get pod -o json` prints it.
    ///
    /// # Errors
    /// Why it cannot be created, in a sentence.
    pub(super) fn new(pod: &str, debug: &Debug, now: Timestamp) -> Result<DebugContainer, String> {
        let (image, name) = (debug.image.clone(), debug.container.clone());
        let choices = Choices { container: None, uid: None, gid: None, image, name, cluster: Vec::new(), now };
        let built = build(pod, &choices).map_err(|fault| format!("{fault}."))?;
        let Some(kubectl_profile) = built.kubectl_profile else {
            return Err("The pod runs on Windows. irsa-probe debug-profile creates a pod on Linux instead.".to_owned());
        };
        let mut profile = built.profile;
        if let Some(env) = profile["env"].as_array_mut() {
            env.push(json!({"name": "IRSA_PROBE_OUTPUT", "value": "json"}));
        }
        let directory = std::env::temp_dir().join(&debug.container);
        private_directory(&directory).map_err(|error| cannot_write(&error))?;
        let container = DebugContainer { directory, kubectl_profile, target: built.target };
        container.write(&profile).map_err(|error| cannot_write(&error))?;
        Ok(container)
    }

    fn write(&self, profile: &Value) -> io::Result<()> {
        create(&self.profile())?.write_all(profile.to_string().as_bytes())
    }

    fn profile(&self) -> PathBuf {
        self.directory.join("profile.json")
    }

    /// Creates the container. The only command of a doctor that changes anything.
    pub(super) fn command(&self, namespace: &str, pod: &str, debug: &Debug) -> Command {
        let command = Command::new("kubectl debug").value(pod).then("-n").value(namespace);
        let command = command.then("--container").value(&debug.container).then("--image").value(&debug.image);
        let command = match &self.target {
            Some(target) => command.then("--target").value(target),
            None => command,
        };
        let profile = self.profile();
        command.then("--profile").value(self.kubectl_profile).then("--custom").value(&profile.to_string_lossy())
    }
}

impl Drop for DebugContainer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn cannot_write(error: &io::Error) -> String {
    format!("The profile of the debug container cannot be written: {error}.")
}

/// What the container printed.
pub(super) fn log(namespace: &str, pod: &str, debug: &Debug) -> Command {
    Command::new("kubectl logs").value(pod).then("-n").value(namespace).then("--container").value(&debug.container)
}
