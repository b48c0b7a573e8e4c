//! Which mechanism an AWS SDK uses where a pod is configured for several.

use super::chain::{Link, first_of, first_of_each};
use super::network::listed;
use crate::probe::evidence::{Environment, Evidence, Mechanism, Profile, Sdk, SdkKind, Target};

/// The mechanism to judge: the one that the SDKs in the target's image use, where they are known and agree, else the one
/// that most SDKs use.
pub(crate) fn mechanism(
    environment: &Environment,
    profile: Option<&Profile>,
    target: Option<&Target>,
) -> Option<Mechanism> {
    let configured = Mechanism::complete(environment, profile);
    let used = target.map(|target| used_by_each(target, &configured, profile)).unwrap_or_default();
    match used.as_slice() {
        [(_, first), others @ ..] if configured.len() > 1 && others.iter().all(|(_, other)| other == first) => *first,
        _ => None,
    }
    .or_else(|| Mechanism::of(environment, profile))
}

/// Which SDK uses which of the mechanisms that are configured, in one sentence. `None` where fewer than two are.
pub(crate) fn in_words(evidence: &Evidence) -> Option<String> {
    let profile = evidence.profile.seen();
    let configured = Mechanism::complete(&evidence.environment, profile);
    let (most, _) = configured.split_first().filter(|(_, others)| !others.is_empty())?;
    let of_target = evidence.target.as_ref().map(|target| used_by_each(target, &configured, profile));
    let groups = group(of_target.unwrap_or_default());
    if !groups.is_empty() {
        let clauses: Vec<String> = groups.iter().map(|(mechanism, names)| clause(names, *mechanism)).collect();
        return Some(format!("Of the SDKs in the image, {}.", clauses.join("; ")));
    }
    let order = in_any_image(*most, &configured, is_chain(profile));
    Some(format!("{}{}.", order[..1].to_uppercase(), &order[1..]))
}

/// The same in a clause, for an image that is not known. `most` is what most SDKs use; `is_chain`: the profile assumes
/// another role with the one for its token.
pub(crate) fn in_any_image(most: Mechanism, configured: &[Mechanism], is_chain: bool) -> String {
    let links = links(configured, is_chain);
    let short = |kind: SdkKind| kind.name().trim_start_matches("AWS SDK for ").to_owned();
    let of_all = first_of_each(&links).map(|(kind, link)| (short(kind), of_link(link)));
    let others = group(of_all.filter(|(_, mechanism)| *mechanism != Some(most)).collect());
    let clauses: Vec<String> = others.iter().map(|(mechanism, names)| clause(names, *mechanism)).collect();
    match clauses.is_empty() {
        true => format!("all AWS SDKs use {}", most.name()),
        false => format!("most AWS SDKs use {}, but {}", most.name(), clauses.join("; ")),
    }
}

fn clause(names: &[String], mechanism: Option<Mechanism>) -> String {
    let verb = if names.len() > 1 { "use" } else { "uses" };
    let what = mechanism.map_or("one that depends on its version", Mechanism::name);
    format!("{} {verb} {what}", listed(names))
}

type Used = (String, Option<Mechanism>);

/// Every SDK that the target may use, and the mechanism that it takes; `None` where that depends on a version that is not
/// known. Nothing where the search for SDKs was not finished, or found none.
fn used_by_each(target: &Target, configured: &[Mechanism], profile: Option<&Profile>) -> Vec<Used> {
    let Some(scan) = target.sdks.seen().filter(|scan| scan.cut_short.is_none()) else { return Vec::new() };
    let links = links(configured, is_chain(profile));
    let used = |sdk: &Sdk| {
        let version = sdk.version.as_deref();
        let name = [Some(sdk.kind.name()), version].into_iter().flatten().collect::<Vec<_>>().join(" ");
        (name, first_of(sdk.kind, version, &links).and_then(of_link))
    };
    scan.sdks.iter().filter(|sdk| target.may_use(sdk)).map(used).collect()
}

/// The names of SDKs by the mechanism that they use.
fn group(used: Vec<Used>) -> Vec<(Option<Mechanism>, Vec<String>)> {
    let mut groups: Vec<(Option<Mechanism>, Vec<String>)> = Vec::new();
    for (name, mechanism) in used {
        match groups.iter_mut().find(|(other, _)| *other == mechanism) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => groups.push((mechanism, vec![name])),
        }
    }
    groups
}

fn is_chain(profile: Option<&Profile>) -> bool {
    profile.and_then(Profile::web_identity).is_some_and(|identity| !identity.then.is_empty())
}

fn links(configured: &[Mechanism], is_chain: bool) -> Vec<Link> {
    let link = |mechanism: &Mechanism| match mechanism {
        Mechanism::Irsa => Link::WebIdentity,
        Mechanism::IrsaProfile if is_chain => Link::AssumeRole,
        Mechanism::IrsaProfile => Link::Profile,
        Mechanism::PodIdentity => Link::Container,
    };
    configured.iter().map(link).collect()
}

fn of_link(link: Link) -> Option<Mechanism> {
    match link {
        Link::WebIdentity => Some(Mechanism::Irsa),
        Link::AssumeRole | Link::Profile => Some(Mechanism::IrsaProfile),
        Link::Container => Some(Mechanism::PodIdentity),
        Link::Keys | Link::Node => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{PROFILE_ROLE, ROLE, profile, variables, with_sdk};
    use crate::probe::evidence::{SdkKind, Seen};

    const IRSA: [(&str, &str); 2] = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
    const POD: [(&str, &str); 2] = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"),
    ];

    #[test]
    fn the_sdk_of_the_target_decides_between_several() {
        use Mechanism::{Irsa, IrsaProfile, PodIdentity};
        let (all, pod) = ([IRSA, POD].concat(), POD.to_vec());
        for (set, has_profile, hops, program, sdk, expected) in [
            (&all, false, 0, "node", Some((SdkKind::JavaScriptV2, "2.1692.0")), PodIdentity),
            (&all, false, 0, "node", Some((SdkKind::JavaScriptV3, "3.500.0")), Irsa),
            (&all, false, 0, "python3", Some((SdkKind::Boto3, "1.34.0")), Irsa),
            (&all, true, 0, "node", Some((SdkKind::JavaScriptV3, "3.500.0")), IrsaProfile),
            (&all, true, 0, "python3", Some((SdkKind::Boto3, "1.34.0")), Irsa),
            (&all, true, 1, "python3", Some((SdkKind::Boto3, "1.34.0")), IrsaProfile),
            (&all, true, 0, "java", Some((SdkKind::Kotlin, "1.3.0")), IrsaProfile),
            (&all, true, 0, "java", Some((SdkKind::Kotlin, "1.4.0")), Irsa),
            (&pod, true, 0, "node", Some((SdkKind::JavaScriptV2, "2.1692.0")), IrsaProfile),
            (&all, true, 0, "app", None, Irsa),
            (&pod, true, 0, "app", None, IrsaProfile),
            (&pod, false, 0, "app", None, PodIdentity),
        ] {
            let profile = has_profile.then(|| profile(&vec![PROFILE_ROLE; hops]));
            let target = sdk.map(|(kind, version)| with_sdk(program, kind, version));
            let chosen = mechanism(&variables(set), profile.as_ref(), target.as_ref());
            assert_eq!(chosen, Some(expected), "{set:?} {has_profile} {hops} {sdk:?}");
        }
    }

    #[test]
    fn which_sdks_differ_is_one_sentence() {
        let words = |set: &[(&str, &str)], with: Option<Profile>, target| {
            let profile = with.map_or(Seen::not_checked(""), Seen::Seen);
            in_words(&Evidence { target, profile, ..crate::causes::testing::environment(set) })
        };
        assert_eq!(words(&IRSA, None, None), None);
        let both = words(&[IRSA, POD].concat(), None, None);
        assert_eq!(both.as_deref(), Some("Most AWS SDKs use IRSA, but JavaScript 2 uses EKS Pod Identity."));
        let with_profile = words(&IRSA, Some(profile(&[])), None);
        assert_eq!(
            with_profile.as_deref(),
            Some("Most AWS SDKs use IRSA, but JavaScript 2, JavaScript 3, C++ and Rust use IRSA through a profile.")
        );
        let known = words(&IRSA, Some(profile(&[])), Some(with_sdk("node", SdkKind::JavaScriptV3, "3.500.0")));
        assert_eq!(
            known.as_deref(),
            Some("Of the SDKs in the image, AWS SDK for JavaScript 3 3.500.0 uses IRSA through a profile.")
        );
        let pod = words(&POD, Some(profile(&[])), None);
        assert_eq!(pod.as_deref(), Some("All AWS SDKs use IRSA through a profile."));
    }
}
