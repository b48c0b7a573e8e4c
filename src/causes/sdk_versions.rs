//! Judges the SDKs in the application's image by what AWS says that each version can do.

use super::{Diagnosis, Fix, Outcome};
use crate::probe::evidence::{Evidence, Sdk, SdkScan, Seen, Target};
use crate::probe::sdks::support::{Mechanism, Support, support};

/// Judges every SDK that was found in the target's image. It is a fault if the target may use no SDK that is new enough,
/// and a warning where another one is, or where AWS's pages differ.
pub(super) fn judge_all(evidence: &Evidence, mechanism: Mechanism) -> Outcome {
    let Some(target) = &evidence.target else {
        return Outcome::skip("the probe checks its own process");
    };
    let scan = match &target.sdks {
        Seen::NotChecked(why) | Seen::Failed(why) => return Outcome::skip(why.clone()),
        Seen::Seen(scan) => scan,
    };
    if !evidence.environment.variable(mechanism.variable()).is_filled() {
        return Outcome::skip(evidence.why_no_value(mechanism.variable()));
    }
    let usable: Vec<&Sdk> = scan.sdks.iter().filter(|sdk| target.may_use(sdk)).collect();
    let complaints = |sdks: &[&Sdk]| sdks.iter().filter_map(|sdk| complaint(sdk, mechanism)).collect::<Vec<_>>();
    let found = complaints(&usable);
    if found.is_empty() {
        return nothing_found(scan, target, &usable);
    }
    let is_certain = found.len() == usable.len() && found.iter().all(|complaint| complaint.is_certain);
    let mut texts: Vec<String> = found.into_iter().map(|complaint| complaint.text).collect();
    let more = texts.len().saturating_sub(SHOWN);
    texts.truncate(SHOWN);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    let cause = format!("In the image of {:?}: {}{more}.", target.command, texts.join("; "));
    let fix = Fix::new(format!("Put AWS SDKs that can use {} into the image, then roll it out.", mechanism.name()));
    let diagnosis = Diagnosis::new(cause, fix);
    if is_certain { diagnosis.into() } else { Outcome::Warning(Box::new(diagnosis)) }
}

/// More than this would not be read.
const SHOWN: usize = 4;

fn nothing_found(scan: &SdkScan, target: &Target, usable: &[&Sdk]) -> Outcome {
    match scan.cut_short {
        _ if !usable.is_empty() => Outcome::Pass,
        Some(why) => Outcome::skip(format!("no SDK was found before the search was given up: {why}")),
        None => Outcome::skip(format!("no SDK that {:?} may use was found in its image", target.command)),
    }
}

struct Complaint {
    text: String,
    /// By every source, rather than by one of AWS's pages.
    is_certain: bool,
}

fn complaint(sdk: &Sdk, mechanism: Mechanism) -> Option<Complaint> {
    let name = sdk.kind.name();
    let version = sdk.version.as_deref().unwrap_or("of an unknown version");
    let at = format!("{name} {version} ({})", sdk.path);
    let by = mechanism.name();
    let lacks_module = mechanism == Mechanism::WebIdentity && sdk.has_sts_module == Some(false);
    match (support(sdk.kind, sdk.version.as_deref(), mechanism), sdk.kind.sts_module()) {
        (Support::No { needs }, _) => {
            Some(Complaint { text: format!("{at} is too old for {by}, which needs {needs}"), is_certain: true })
        }
        (_, Some(module)) if lacks_module => Some(Complaint {
            text: format!("{at} is installed without {module}, so web identity is unavailable"),
            is_certain: true,
        }),
        (Support::Disputed { needs }, _) => Some(Complaint {
            text: format!("{at} is older than the {needs} that AWS's page now asks for, though an older page took it"),
            is_certain: false,
        }),
        (Support::Yes | Support::Unknown, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::SdkKind::{self, *};
    use Mechanism::{PodIdentity, WebIdentity};

    fn in_an_image(program: &str, sdks: &[(SdkKind, &str, Option<bool>)]) -> Evidence {
        let sdk = |(kind, version, has_sts_module): &(SdkKind, &str, Option<bool>)| Sdk {
            kind: *kind,
            version: Some((*version).to_owned()),
            path: "/app".into(),
            has_sts_module: *has_sts_module,
        };
        let scan = SdkScan { sdks: sdks.iter().map(sdk).collect(), ..SdkScan::default() };
        let target = Target { program: Some(program.into()), sdks: Seen::Seen(scan), ..testing::target() };
        Evidence { target: Some(target), ..testing::healthy() }
    }

    #[test]
    fn it_is_a_fault_only_if_no_usable_sdk_is_good() {
        let (none, there, missing) = (None, Some(true), Some(false));
        for (program, sdks, expected) in [
            ("python3.11", &[(Boto3, "1.9.219", none), (Botocore, "1.12.199", none)][..], "fault"),
            ("python3.11", &[(Boto3, "1.9.219", none), (Boto3, "1.34.0", none)], "warning"),
            ("java", &[(JavaV2, "2.20.1", missing)], "fault"),
            ("java", &[(JavaV2, "2.20.1", there)], "pass"),
            ("java", &[(JavaV2, "2.10.10", there)], "fault"),
            ("java", &[(JavaV1, "1.12.100", there)], "warning"),
            ("java", &[(Boto3, "1.9.219", none)], "skip"),
            ("sh", &[(Boto3, "1.9.219", none)], "fault"),
            ("myapp", &[(GoV1, "1.23.12", none)], "fault"),
            ("node", &[(JavaScriptV3, "3.500.0", none), (Cli, "1.16.1", none)], "pass"),
            ("dotnet", &[(DotNet, "3.7.400.0", missing)], "fault"),
            ("sh", &[], "skip"),
        ] {
            let outcome = match judge_all(&in_an_image(program, sdks), WebIdentity) {
                Outcome::Fault(_) => "fault",
                Outcome::Warning(_) => "warning",
                Outcome::Pass => "pass",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, expected, "{program} {sdks:?}");
        }
        let irsa_only = judge_all(&in_an_image("python3", &[(Boto3, "1.9.220", none)]), PodIdentity);
        assert!(matches!(irsa_only, Outcome::Skip(_)), "Pod Identity is not what this pod was given");
    }
}
