//! What must hold for every code, and the parts of deploy/REFERENCE.md that are generated from the program. After a change
//! that is meant to change them, `just readme` (CONTRIBUTING.md) writes them; read the diff.

use crate::needs;
use clap::Command;
use irsa_probe::causes::{Advice, CAUSES, Cause, Severity};
use std::fs;
use std::path::{Path, PathBuf};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn each_code_is_explained_in_the_house_style() {
    for Cause { code, title, explanation, .. } in CAUSES {
        // Names such as AWS, STS and IRSA begin with two capitals.
        let capitals = title.chars().take_while(|c| c.is_uppercase()).count();
        assert!(!title.ends_with('.') && !title.contains('\n') && title.len() < 90, "{code}: {title}");
        assert!(capitals != 1, "{code}: {title}");
        assert!(explanation.len() > 150 && explanation.ends_with('.'), "{code} is not explained");
        assert!(!explanation.contains('\u{2014}') && !explanation.contains("  "), "{code}: {explanation}");
    }
}

/// Words that a reader has to translate into those of Kubernetes and AWS.
const BANNED: &str = concat!(
    r"\b(anew|tells?|told|bears?|heard|hitherto|stands? under|lies there|the way to STS|is none|",
    r"passed? .{0,20} by|shuts? .{0,20} out)\b|^(So|Nor) |\. (So|Nor) "
);

#[test]
fn causes_and_help_are_in_plain_words() {
    let banned = regex_lite::Regex::new(BANNED).unwrap();
    let mut program = irsa_probe::cli::command();
    let mut texts = vec![("--help".to_owned(), program.render_long_help().to_string())];
    for command in program.get_subcommands_mut() {
        texts.push((command.get_name().to_owned(), command.render_long_help().to_string()));
    }
    texts.extend(
        CAUSES
            .iter()
            .map(|cause| (cause.code.to_owned(), format!("{}\n{}\n{}", cause.title, cause.compare, cause.explanation))),
    );
    for entry in fs::read_dir(project("tests/cases")).unwrap() {
        let path = entry.unwrap().path().join("report.json");
        let report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let shown = report["findings"].as_array().or(report["causes"].as_array()).unwrap();
        for finding in shown {
            // What was seen may quote anybody's words; what to do is in ours.
            texts.push((path.display().to_string(), finding["fix"]["text"].as_str().unwrap().to_owned()));
        }
    }
    for (place, text) in texts {
        for line in text.lines() {
            assert!(!banned.is_match(line), "{place}: {line}");
        }
    }
}

/// Texts that are put together at run time are read where they are written, and comments with them.
#[test]
fn sources_are_in_plain_words() {
    let banned = regex_lite::Regex::new(BANNED).unwrap();
    let mut open =
        ["src/aws/webhook.rs", "src/documents", "src/documents.rs", "src/probe/evidence", "src/probe/evidence.rs"]
            .map(project)
            .to_vec();
    for name in ["audit", "trust_policy"] {
        open.extend([project(&format!("src/render/{name}")), project(&format!("src/render/{name}.rs"))]);
    }
    let mut lines = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let text = line.trim_start().trim_start_matches(['/', '!']).trim_start();
            assert!(!banned.is_match(text), "{}:{}: {line}", path.display(), number + 1);
            lines += 1;
        }
    }
    assert!(lines > 8_000, "{lines} lines were read");
}

#[test]
fn a_test_is_left_out_only_through_the_helper() {
    let mut open = vec![project("tests")];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("cases") && !path.ends_with("fuzz") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let own = path.ends_with("support/needs.rs") || path.ends_with("house_rules.rs");
                let text = fs::read_to_string(&path).unwrap();
                for sign in ["skipped", "is_root()"].into_iter().filter(|_| !own) {
                    assert!(!text.contains(sign), "{}: {sign}; see tests/support/needs.rs", path.display());
                }
            }
        }
    }
}

/// Runs this test program again for the test below it.
#[test]
fn a_test_that_lacks_something_passes_unless_everything_is_required() {
    for (required, passes) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--ignored", "--exact", "house_rules::needs_a_program_that_is_nowhere"]).env_remove("REQUIRE_ALL");
        let output = again.envs(required.map(|value| ("REQUIRE_ALL", value))).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("running 1 test"), "{said}");
        assert_eq!(output.status.success(), passes, "{required:?}: {said}");
    }
}

#[test]
#[ignore = "run by the test above"]
fn needs_a_program_that_is_nowhere() {
    let _ = needs::program("no-such-program", "no-such-package");
}

#[test]
fn readme_fits_a_first_reading() {
    let readme = fs::read_to_string(project("README.md")).unwrap();
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
}

#[test]
fn the_reference_shows_the_codes() {
    let rows = CAUSES.iter().map(|cause| {
        let severity = match cause.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let advice = match cause.advice {
            Advice::None => "none",
            Advice::Fix => "fix",
            Advice::Retry => "retry",
            Advice::RecreatePod => "recreate the pod",
        };
        format!("| `{}` | {} | {severity} | {advice} |\n", cause.code, cause.title)
    });
    let table: String = rows.collect();
    section("codes", &format!("| code | what it means | severity | what to do |\n| --- | --- | --- | --- |\n{table}"));
}

/// A claim of an order, a number, a default or a date is somebody's word: a comment beside the text says whose.
#[test]
fn every_claim_of_an_explanation_has_its_source() {
    let claim = regex_lite::Regex::new(
        r"\b\d+ (%|(s|min|h|hours?|minutes|characters)\b)|\bby default\b|\b20\d\d\b|\bfive seconds\b|\bhop limit\b|\bbefore web",
    )
    .unwrap();
    let mut claims = 0;
    for cause in CAUSES.iter().filter(|cause| claim.is_match(cause.explanation)) {
        let text = fs::read_to_string(project(&format!("src/causes/{}.rs", cause.code.replace('-', "_")))).unwrap();
        let before = text.split("explanation: ").next().unwrap();
        let comment = before.trim_end().rsplit("\n\n").next().unwrap();
        assert!(comment.contains("Source") || comment.contains("sdk_chain"), "{}: whose word is it?", cause.code);
        claims += 1;
    }
    assert!(claims > 15, "{claims}");
}

#[test]
fn the_reference_shows_the_commands_and_options() {
    let mut program = irsa_probe::cli::command();
    program.build();
    let mut text = String::new();
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let positionals: String = command.get_positionals().map(|one| format!(" {one}")).collect();
        text += &format!("\n**`irsa-probe {}{positionals}`**: {about}\n", command.get_name());
        text += &options(command);
    }
    section("options", &text);
}

fn options(command: &Command) -> String {
    let rows: String = command
        .get_arguments()
        .filter_map(|argument| {
            let name = match argument.get_long() {
                Some("help") => return None,
                Some(long) => format!("--{long}"),
                None => argument.to_string(),
            };
            let takes = argument.get_action().takes_values();
            let value = argument
                .get_value_names()
                .filter(|_| takes && !argument.is_positional())
                .map(|names| format!(" {}", names[0]));
            let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            let default = if default.is_empty() || !takes { String::new() } else { format!("`{}`", default.join(" ")) };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            Some(format!("| `{name}{}` | {} | {default} |\n", value.unwrap_or_default(), help.replace('|', "\\|")))
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n| option | meaning | default |\n| --- | --- | --- |\n{rows}")
}

/// Compares what stands between the markers `<!-- NAME -->` and `<!-- end NAME -->`.
fn section(name: &str, expected: &str) {
    let path = project("deploy/REFERENCE.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let from = readme.find(&begin).expect("the section begins") + begin.len();
    let to = readme.find(&end).expect("the section ends");
    if std::env::var_os("UPDATE_README").is_some() {
        // One test at a time: both write the same file.
        static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _guard = WRITING.lock().unwrap();
        let readme = fs::read_to_string(&path).unwrap();
        let from = readme.find(&begin).unwrap() + begin.len();
        let to = readme.find(&end).unwrap();
        fs::write(path, format!("{}{expected}{}", &readme[..from], &readme[to..])).unwrap();
    } else {
        assert_eq!(&readme[from..to], expected, "`just readme` (CONTRIBUTING.md) writes it");
    }
}
