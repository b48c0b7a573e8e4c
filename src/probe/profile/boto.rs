//! Profile files as boto3 and the AWS CLI read them: by Python's `RawConfigParser`, which refuses a whole file for what
//! other SDKs accept, and keeps a comment after a value as a part of the value. Sources: botocore/configloader.py,
//! `raw_config_parse`; configparser.py, `_read`. Tried with botocore 1.44.8 and AWS CLI 1.46.3.

use crate::probe::evidence::{BotoFault, BotoFaultKind};
use crate::text::redact::scrub;
use std::collections::BTreeSet;

/// The settings that give a role for a web identity token.
const SETTINGS: [&str; 4] = ["role_arn", "web_identity_token_file", "role_session_name", "source_profile"];
/// Python's own name for a section that may be there several times.
const OF_ALL_SECTIONS: &str = "DEFAULT";

/// Adds what these SDKs make of one more file. What the credentials file sets counts before the configuration file, so
/// that one is read last.
pub(in crate::probe) fn read(path: &str, text: &str, faults: &mut Vec<BotoFault>) {
    if let Err((line, kind)) = read_lines(path, text, faults) {
        faults.push(fault(path, line, kind));
    }
}

fn fault(path: &str, line: usize, kind: BotoFaultKind) -> BotoFault {
    BotoFault { path: scrub(path), line, kind }
}

/// # Errors
/// The line for which the file is refused.
fn read_lines(path: &str, text: &str, faults: &mut Vec<BotoFault>) -> Result<(), (usize, BotoFaultKind)> {
    let (mut sections, mut settings) = (BTreeSet::new(), BTreeSet::new());
    let (mut section, mut margin) = (None, 0);
    // Whether a setting is open, which a line with a deeper indent continues, and whether it began without a value: then
    // each of those lines is a setting of its own.
    let (mut is_open, mut is_nested) = (false, false);
    for (line, text) in (1..).zip(text.lines()) {
        let body = text.trim();
        if body.is_empty() || body.starts_with(['#', ';']) {
            continue;
        }
        let indent = text.chars().take_while(|char| char.is_whitespace()).count();
        if is_open && indent > margin {
            if is_nested && !body.contains('=') {
                return Err((line, BotoFaultKind::NotASetting));
            }
            continue;
        }
        margin = indent;
        if let Some(name) = header(body) {
            if name != OF_ALL_SECTIONS && !sections.insert(name) {
                return Err((line, BotoFaultKind::SectionTwice { section: scrub(name) }));
            }
            (section, is_open) = (Some(name), false);
            continue;
        }
        let section = section.ok_or((line, BotoFaultKind::NoSection))?;
        let (name, value) = body.split_once(['=', ':']).ok_or((line, BotoFaultKind::NotASetting))?;
        let (name, value) = (name.trim_end().to_lowercase(), value.trim_start());
        if name.is_empty() {
            return Err((line, BotoFaultKind::NotASetting));
        }
        (is_open, is_nested) = (true, value.is_empty());
        if let Some(setting) = SETTINGS.into_iter().find(|setting| *setting == name) {
            let comment = BotoFaultKind::Comment { profile: scrub(profile(section)), setting };
            faults.retain(|earlier| earlier.kind != comment);
            if has_comment(value) {
                faults.push(fault(path, line, comment));
            }
        }
        if !settings.insert((section, name.clone())) {
            return Err((line, BotoFaultKind::SettingTwice { section: scrub(section), setting: scrub(&name) }));
        }
    }
    Ok(())
}

fn header(body: &str) -> Option<&str> {
    let name = body.strip_prefix('[')?.rsplit_once(']')?.0;
    (!name.is_empty()).then_some(name)
}

/// The profile of a section, whose name the configuration file puts behind a word.
fn profile(section: &str) -> &str {
    match section.split_once(char::is_whitespace) {
        Some(("profile", name)) => name.trim().trim_matches(['"', '\'']),
        _ => section,
    }
}

/// Whether the SDKs that know such comments cut the value off.
fn has_comment(value: &str) -> bool {
    let mut pairs = value.chars().zip(value.chars().skip(1));
    pairs.any(|(blank, mark)| blank.is_whitespace() && matches!(mark, '#' | ';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as botocore 1.44.8 took it.
    #[test]
    fn a_file_is_refused_where_botocore_refuses_it() {
        for (text, expected) in [
            ("[default]\nrole_arn = a\n[profile x]\nregion = b\n", None),
            ("[default]\na = b\n\n[default]\nc = d\n", Some((4, "[default]"))),
            ("[default]\na = b\n[profile x]\nc = d\n[profile x]\n", Some((5, "[profile x]"))),
            ("[profile x]\na = b\n[profile  x]\na = b\n", None),
            ("[default]\na = b\n[profile default]\na = b\n", None),
            ("[default]\nrole_arn = a\nROLE_ARN: b\n", Some((3, "role_arn"))),
            ("[default]\nrole_arn = a\n  role_arn = b\n", None),
            ("[default]\n  a = b\n  # c\n  d = e\n", None),
            ("[DEFAULT]\na = b\n[DEFAULT]\nc = d\n", None),
            ("[DEFAULT]\na = b\n[DEFAULT]\na = d\n", Some((4, "sets a "))),
            ("[default] # c\na = b\n", None),
            ("[default]\ns3 =\n  a = b\n  a = c\n", None),
            ("[default]\ns3 =\n  a\n", Some((3, "neither"))),
            ("[default]\na\n", Some((2, "neither"))),
            ("# b\na = b\n[default]\n", Some((2, "before the first section"))),
            ("\u{feff}[default]\na = b\n", Some((1, "before the first section"))),
            ("", None),
        ] {
            let mut faults = Vec::new();
            read("/config", text, &mut faults);
            match (&faults[..], expected) {
                ([], None) => {}
                ([fault], Some((line, words))) => {
                    assert_eq!(fault.line, line, "{text}");
                    assert!(fault.in_words().contains(words), "{text}: {}", fault.in_words());
                }
                (faults, _) => panic!("{text}: {faults:?}"),
            }
        }
    }

    #[test]
    fn a_comment_after_a_value_is_found_unless_the_credentials_file_sets_the_value_too() {
        const CONFIG: &str = "[default]\nrole_arn = a # b\nregion = c # d\n[profile \"x\"]\nweb_identity_token_file = /e\t; f\n\
                              [profile y]\nrole_arn = a#b\n";
        for (credentials, expected) in [
            ("", &[(2, "default", "role_arn"), (5, "x", "web_identity_token_file")][..]),
            ("[default]\nrole_arn = a\n", &[(5, "x", "web_identity_token_file")]),
        ] {
            let mut faults = Vec::new();
            read("/config", CONFIG, &mut faults);
            read("/credentials", credentials, &mut faults);
            let comments = faults.iter().map(|fault| match &fault.kind {
                BotoFaultKind::Comment { profile, setting } => (fault.line, profile.as_str(), *setting),
                _ => panic!("{fault:?}"),
            });
            assert_eq!(comments.collect::<Vec<_>>(), expected, "{credentials}");
        }
    }
}
