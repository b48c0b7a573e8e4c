//! The operator's pages: links lead somewhere, and no transcript is left unmarked.

use super::files_below;
use super::read;

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    for page in files_below(&["deploy"], "md") {
        let text = read(&page);
        let anchors: Vec<_> = text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            match target.strip_prefix('#') {
                Some(heading) => assert!(anchors.iter().any(|a| a == heading), "{}: {target}", page.display()),
                None => {
                    let path = target.split('#').next().unwrap_or_default();
                    assert!(page.parent().unwrap().join(path).exists(), "{}: {target}", page.display());
                }
            }
        }
    }
}

/// kubectl loses what a container writes before it has attached, and one of its own profiles alone sees no process of
/// another user.
#[test]
fn no_page_attaches_to_a_debug_container() {
    let pages = [files_below(&["deploy"], "md"), vec![super::repository("README.md")]].concat();
    assert!(pages.len() >= 4, "{pages:?}");
    for page in pages {
        for line in read(&page).lines() {
            let shown = format!("{}: {line}", page.display());
            let words: Vec<&str> = line.split([' ', '`', '|']).collect();
            let runs = |verb: &str| words.windows(2).any(|pair| pair == ["kubectl", verb]);
            if runs("debug") || runs("run") {
                assert!(
                    !words.iter().any(|word| ["-it", "-i", "--stdin", "--attach", "--rm"].contains(word)),
                    "{shown}"
                );
            }
            let is_command = runs("debug") && words.iter().any(|word| word.starts_with("--image"));
            assert!(!is_command || line.contains("--custom") || line.contains("IMAGE` |"), "{shown}");
        }
    }
}

/// A transcript without a marker would be compared with nothing: see `tests/support/transcript.rs`.
#[test]
fn every_transcript_follows_its_marker() {
    for (name, expected) in [("README.md", 2), ("deploy/README.md", 10)] {
        let page = read(&super::repository(name));
        let lines: Vec<_> = page.lines().collect();
        let shown = (2..lines.len()).filter(|&at| lines[at].starts_with("$ irsa-probe"));
        let mut seen = 0;
        for at in shown {
            let marked = lines[at - 2].starts_with("<!-- demo ") || lines[at - 2] == "<!-- network -->";
            assert!(marked && lines[at - 1] == "```console", "{name}:{}", at + 1);
            seen += 1;
        }
        assert!(seen >= expected, "{name}: {seen}");
        assert!(!page.contains("/tmp/"), "{name}: a path of the machine that made the transcript");
    }
}

/// As the forges make it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}
