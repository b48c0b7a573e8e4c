//! One way for a pod's role to be broken, as `tests/cases/NAME/case.json` describes it. NAME begins with the code of the
//! cause that the case shows; behind a dot it may distinguish two cases of one cause. Some causes show in no pod, but in an
//! error text (`explain -`) or in documents (`audit -`): those cases have an `input`.

use crate::local_sts::dead_ends;
use crate::local_sts::proxy::Manner;
use crate::local_sts::{Misbehaviour, Operation, World};
use crate::stage::{self, Stage, UNSET};
use irsa_probe::aws::arn::RoleArn;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, Result, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What differs from a healthy pod.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The directory's.
    #[serde(skip)]
    pub name: String,
    /// What is wrong, as a clause.
    pub about: String,
    /// The pod has its role by EKS Pod Identity: it needs a network that has the agent's addresses.
    pub pod_identity: bool,
    /// Variables of the container, in which `{token}` stands for the path of the token file; `null` for one that a healthy container has and this one has not.
    environment: BTreeMap<String, Option<String>>,
    /// The probe's arguments, in the place of `check`.
    pub arguments: Option<Vec<String>>,
    /// What the probe reads instead of inspecting a pod: a text, or documents. `HALF_AN_HOUR_AGO` is a time.
    input: Value,
    token: Token,
    profile: Option<Profile>,
    aws: Aws,
    network: Network,
}

/// A profile that the container has in place of the two variables of IRSA.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Profile {
    /// The variable that names the file.
    variable: String,
    /// The file's lines; `{token}` stands for the path of the token file.
    lines: Vec<String>,
    /// The file is not for the user that the probe runs as.
    #[serde(default)]
    unreadable: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Token {
    /// The file's content, where it is no token.
    text: Option<String>,
    /// The variable's value, if that is not the file's path; `{token}` stands for the path. The probe runs in the
    /// directory of the file.
    path: Option<String>,
    /// What stands before and behind the token in its file.
    around: Option<[String; 2]>,
    /// There is no file.
    missing: bool,
    /// The file is not for the user that the probe runs as.
    unreadable: bool,
    /// Claims that differ; `null` for one that is not there.
    claims: BTreeMap<String, Value>,
    /// Of a secret-based token, as made before Kubernetes 1.24.
    legacy: bool,
    /// Seconds since it was issued; a token is valid for a day.
    age: Option<i64>,
    /// Signed with a key that the issuer does not publish.
    unpublished_key: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Aws {
    /// The account has no provider for the cluster's issuer.
    no_provider: bool,
    /// The client IDs of that provider.
    client_ids: Option<Vec<String>>,
    /// No association of EKS Pod Identity names the service account.
    no_association: bool,
    /// The ARN of the role that exists.
    role: Option<String>,
    trust_policy: Option<Value>,
    /// Where STS is, if not in eu-west-1.
    region: Option<String>,
    /// Seconds by which AWS's clock is ahead of the pod's.
    clock_ahead: i64,
    /// How STS answers instead: a code of its own, or a misbehaviour of the stand-in.
    assume: Option<String>,
    identity: Option<String>,
    /// The same of the agent of EKS Pod Identity.
    agent: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Network {
    proxy: ProxyIs,
    sts: StsIs,
    agent: AgentIs,
    /// The only host that the proxy leads to.
    only_host: Option<String>,
    /// The variable that names the container's CA bundle.
    bundle_in: Option<String>,
    /// STS's certificate is for this name.
    certificate_for: Option<String>,
    /// STS's certificate is from an authority that the container does not know.
    unknown_authority: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProxyIs {
    #[default]
    Right,
    /// There is none: names are looked up by the pod itself.
    None,
    /// Nothing listens where it should be.
    Closed,
    /// Answers CONNECT with this status.
    Refuses(u16),
    /// Named by `ALL_PROXY`.
    InAllProxy,
    /// Speaks TLS, with a certificate for this name.
    TlsFor(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StsIs {
    #[default]
    Right,
    /// Accepts connections and never says a word.
    Mute,
    /// Packets to it vanish; there is no proxy.
    BlackHole,
    /// Speaks something else than TLS.
    OtherProtocol,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AgentIs {
    #[default]
    Right,
    Closed,
    BlackHole,
}

/// Where the cases are.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

impl Case {
    /// Every case: the healthy one first, the others in the order in which a credential travels.
    pub fn all() -> Result<Vec<Case>> {
        let read = |entry: Result<fs::DirEntry>| Case::read(&entry?.file_name().to_string_lossy());
        let mut cases: Vec<Case> = fs::read_dir(directory())?.map(read).collect::<Result<_>>()?;
        let place = |case: &Case| irsa_probe::causes::CAUSES.iter().position(|cause| cause.code == case.code());
        cases.sort_by_cached_key(|case| (place(case), case.name.clone()));
        Ok(cases)
    }

    pub fn read(name: &str) -> Result<Case> {
        let path = directory().join(name).join("case.json");
        let case: Case = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
        Ok(Case { name: name.to_owned(), ..case })
    }

    /// The code of the cause that this case shows.
    pub fn code(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Whether it is a pod.
    pub fn is_pod(&self) -> bool {
        self.input.is_null()
    }

    /// What the probe reads, if the case is no pod.
    pub fn input(&self) -> Result<Stdio> {
        let input = self.input.as_str().map_or_else(|| self.input.to_string(), str::to_owned);
        let half_an_hour_ago = World::default().now() - 30 * 60;
        let mut file = tempfile::tempfile()?;
        file.write_all(input.replace("\"HALF_AN_HOUR_AGO\"", &half_an_hour_ago.to_string()).as_bytes())?;
        file.rewind()?;
        Ok(file.into())
    }

    /// A healthy pod with this fault in it.
    pub fn stage(&self) -> Result<Stage> {
        let mut stage = if self.pod_identity { Stage::healthy_pod_identity() } else { Stage::healthy() }?;
        self.token.break_it(&mut stage);
        self.aws.break_it(&mut stage)?;
        self.network.break_it(&mut stage)?;
        if let Some(Profile { variable, lines, unreadable }) = &self.profile {
            stage.variables.remove("AWS_ROLE_ARN");
            stage.closed_profile = *unreadable;
            stage.profile = Some((variable.clone(), lines.join("\n") + "\n"));
        }
        for (name, value) in &self.environment {
            stage.set(name, value.as_deref().unwrap_or(UNSET));
        }
        if let Some(arguments) = &self.arguments {
            stage.arguments = arguments.clone();
        }
        Ok(stage)
    }
}

impl Token {
    fn break_it(&self, stage: &mut Stage) {
        if let Some(age) = self.age {
            stage.minted.issued_at = stage.world.now() - age;
        }
        stage.token_path = self.path.clone();
        stage.around_token = self.around.clone().unwrap_or_default();
        if self.missing || self.text.is_some() {
            stage.token_file = Some(self.text.clone());
        }
        let mut claims = if self.legacy { stage.minted.legacy_claims() } else { stage.minted.claims() };
        for (name, value) in &self.claims {
            claims[name] = value.clone();
        }
        if let Value::Object(claims) = &mut claims {
            claims.retain(|_, value| !value.is_null());
        }
        stage.claims = Some(claims);
        stage.unreadable = self.unreadable;
        stage.unpublished_key = self.unpublished_key;
    }
}

impl Aws {
    fn break_it(&self, stage: &mut Stage) -> Result<()> {
        if self.no_provider {
            stage.world.providers.clear();
        }
        if let Some(client_ids) = &self.client_ids {
            stage.world.providers.iter_mut().for_each(|provider| provider.client_ids.clone_from(client_ids));
        }
        if self.no_association {
            stage.world.associations.clear();
        }
        if let Some(role) = &self.role {
            stage.role = RoleArn::parse(role).map_err(|fault| Error::other(fault.to_string()))?;
        }
        if let Some(policy) = &self.trust_policy {
            stage.trust_policy = policy.clone();
        }
        if let Some(region) = &self.region {
            stage.world.region = Some(region.clone());
        }
        stage.world.clock_ahead = self.clock_ahead;
        for (operation, how) in [
            (Operation::AssumeRoleWithWebIdentity, &self.assume),
            (Operation::GetCallerIdentity, &self.identity),
            (Operation::PodIdentity, &self.agent),
        ] {
            if let Some(how) = how {
                stage.misbehave(operation, how.parse::<Misbehaviour>()?);
            }
        }
        Ok(())
    }
}

impl Network {
    fn break_it(&self, stage: &mut Stage) -> Result<()> {
        match &self.proxy {
            ProxyIs::Right => {}
            ProxyIs::None => stage.set("HTTPS_PROXY", UNSET),
            ProxyIs::Closed => stage.set("HTTPS_PROXY", &format!("http://{}", dead_ends::closed_port()?)),
            ProxyIs::Refuses(status) => stage.proxy = Manner::Refuse(*status),
            ProxyIs::InAllProxy => stage.proxy_in = "ALL_PROXY".to_owned(),
            ProxyIs::TlsFor(name) => stage.proxy_certificate_for = Some(vec![name.clone()]),
        }
        stage.sts = match self.sts {
            StsIs::Right => None,
            StsIs::BlackHole => {
                stage.set("HTTPS_PROXY", UNSET);
                stage.set("AWS_ENDPOINT_URL_STS", &format!("https://{}", dead_ends::black_hole()?));
                None
            }
            StsIs::Mute => Some(dead_ends::mute()?),
            StsIs::OtherProtocol => Some(dead_ends::other_protocol()?),
        };
        match self.agent {
            AgentIs::Right => {}
            AgentIs::Closed => stage.agent = Some(stage::Agent::Closed),
            AgentIs::BlackHole => stage.agent = Some(stage::Agent::BlackHole),
        }
        stage.only_host = self.only_host.clone();
        if let Some(variable) = &self.bundle_in {
            stage.bundle_in = variable.clone();
        }
        if let Some(name) = &self.certificate_for {
            stage.certificate_for = vec![name.clone()];
        }
        stage.has_authority = !self.unknown_authority;
        Ok(())
    }
}
