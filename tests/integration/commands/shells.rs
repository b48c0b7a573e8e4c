//! What a shell makes of a command: the programs that it would run, with their words.

use super::printed::PROGRAMS;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The words of a program and its arguments.
pub type Words = Vec<String>;

pub fn runs(shell: &str) -> bool {
    Command::new(shell).args(["-c", "true"]).output().is_ok_and(|output| output.status.success())
}

/// For each command the programs that `shell` runs for it. Only stand-ins are run, which write down their words.
pub fn words(shell: &str, commands: &[String]) -> Vec<Vec<Words>> {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = stand_ins(folder.path());
    // fish has functions of its own for grep and ls.
    let mut script = if shell == "fish" { "set fish_function_path\n".to_owned() } else { String::new() };
    for (place, command) in commands.iter().enumerate() {
        fs::create_dir(folder.path().join(place.to_string())).expect("a folder");
        let set = if shell == "fish" { "set -gx PLACE " } else { "export PLACE=" };
        script += &format!("{set}{place}\n{command}\n");
    }
    let file = folder.path().join("script");
    fs::write(&file, &script).expect("a file");
    let shell_path = which(shell);
    let run = |options: &[&str]| {
        Command::new(&shell_path)
            .args(options)
            .arg(&file)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", &bin)
            .env("HOME", folder.path())
            .output()
            .expect("a shell")
    };
    for options in [&["-n"][..], &[]] {
        let output = run(options);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{shell} {options:?}: {said}");
    }
    (0..commands.len()).map(|place| recorded(&folder.path().join(place.to_string()))).collect()
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH");
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).expect("a program")
}

fn stand_ins(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("a folder");
    for program in PROGRAMS {
        let file = bin.join(program);
        let script = format!("#!/bin/sh\nprintf '%s\\0' {program} \"$@\" >\"$PLACE/$$\"\n");
        fs::write(&file, script).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    bin
}

/// Sorted, because the parts of a pipe run at the same time.
fn recorded(folder: &Path) -> Vec<Words> {
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let mut all: Vec<Words> = files
        .map(|file| {
            let text = fs::read_to_string(file.path()).expect("words");
            text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
        })
        .collect();
    all.sort();
    all
}
