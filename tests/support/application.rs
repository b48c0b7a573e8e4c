//! Processes that the probe inspects, with the files and the user that a test gives them.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub const TOKEN: &str = include_str!("../k8s/rs256-eks-issuer/normal-sts-aud.jwt");
pub const ROLE: &str = "arn:aws:iam::111122223333:role/s3-reader";
/// A process that stays until it is dropped.
pub struct Application {
    pub child: Child,
    /// The line that it printed when it was ready.
    pub said: String,
}

impl Application {
    /// Starts `wrapper` around a shell that runs `script` and then waits.
    pub fn start(wrapper: &[&str], variables: &[(&str, &str)], script: &str) -> Application {
        let script = format!("{script}\nread wait");
        let shell = ["/bin/sh", "-c", &script];
        let words = wrapper.iter().chain(&shell).collect::<Vec<_>>();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut said).expect("a line");
        assert!(!said.is_empty(), "the application ended at once");
        Application { child, said: said.trim().to_owned() }
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory that every user may enter, with the probe and a token in it.
pub struct Stage {
    directory: TempDir,
}

impl Stage {
    pub fn new() -> Stage {
        let directory = tempfile::tempdir().expect("a directory");
        let stage = Stage { directory };
        open_to_all(stage.directory.path(), 0o755);
        copy(Path::new(env!("CARGO_BIN_EXE_irsa-probe")), &stage.path("irsa-probe"));
        fs::create_dir(stage.path("volume")).expect("a directory");
        stage.token(0o644, 0, 0);
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    pub fn token(&self, mode: u32, uid: u32, gid: u32) {
        let path = self.path("volume/token");
        fs::write(&path, TOKEN).expect("a token");
        chown(&path, Some(uid), Some(gid)).expect("its owner");
        open_to_all(&path, mode);
        open_to_all(&self.path("volume"), 0o1777);
    }

    /// Runs the probe in `wrapper`, without any call. Gives its exit code and its reports. A busy machine must not end
    /// the run early.
    pub fn probe(&self, wrapper: &[&str], arguments: &[&str]) -> (i32, Vec<Value>) {
        self.check(wrapper, &[&["--no-sts", "--run-timeout", "60s"], arguments].concat())
    }

    pub fn check(&self, wrapper: &[&str], arguments: &[&str]) -> (i32, Vec<Value>) {
        let probe = self.text("irsa-probe");
        let fixed = [probe.as_str(), "check", "--output", "json"];
        let words = wrapper.iter().chain(&fixed).chain(arguments).collect::<Vec<_>>();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let output = command.output().expect("the probe");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!text.contains(TOKEN.trim().rsplit('.').next().expect("a signature")), "the signature was printed");
        let reports = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        (output.status.code().unwrap_or(-1), reports)
    }

    pub fn inspect(&self, wrapper: &[&str], application: &Application) -> Value {
        let (_, mut reports) = self.probe(wrapper, &["--target-pid", &application.pid()]);
        reports.pop().expect("a report")
    }
}

pub fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

pub fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["code"].as_str()).collect()
}

pub fn finding<'r>(report: &'r Value, code: &str) -> &'r Value {
    let mut all = report["findings"].as_array().expect("findings").iter();
    all.find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code} in {report:#}"))
}

pub fn irsa(token: &str) -> [(&str, &str); 3] {
    [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", token), ("AWS_REGION", "eu-west-1")]
}

/// A root directory with a shell, so that a process can live in it.
pub fn image(stage: &Stage, name: &str) -> PathBuf {
    let root = stage.path(name);
    add_libraries(&root, Path::new("/bin/sh"));
    let shell = root.join("bin/sh");
    fs::create_dir_all(shell.parent().expect("a parent")).expect("directories");
    copy(Path::new("/bin/sh"), &shell);
    fs::create_dir_all(root.join("etc/token")).expect("directories");
    open_to_all(&root, 0o755);
    root
}

/// Copies a program in a process of its own. A descriptor that this process wrote it by could be inherited by what another
/// test starts meanwhile, and no program runs while somebody may write to it (ETXTBSY).
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").args([from, to]).status().expect("cp");
    assert!(status.success(), "{} was not copied", from.display());
}

/// Puts a program and its libraries into a root directory.
pub fn add_program(root: &Path, program: &Path) {
    add_libraries(root, program);
    copy(program, &root.join(program.file_name().expect("a name")));
}

fn add_libraries(root: &Path, program: &Path) {
    let libraries = Command::new("ldd").arg(program).output().expect("ldd").stdout;
    let libraries = String::from_utf8(libraries).expect("UTF-8");
    for file in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        let place = root.join(&file[1..]);
        fs::create_dir_all(place.parent().expect("a parent")).expect("directories");
        copy(Path::new(file), &place);
    }
}
