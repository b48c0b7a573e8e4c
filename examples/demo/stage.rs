//! One pod and the AWS around it: healthy as it begins, until a scenario breaks something.

use crate::local_sts::jwt::Minted;
use crate::local_sts::keys::{Jwks, SigningKey};
use crate::local_sts::proxy::{Manner, Proxy};
use crate::local_sts::tls::Authority;
use crate::local_sts::world::{pod_identity_policy, trust_policy};
use crate::local_sts::{LocalSts, Misbehaviour, Operation, World, dead_ends, pod_identity};
use irsa_probe::aws::arn::RoleArn;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
pub const SUBJECT: &str = "system:serviceaccount:payments:checkout";
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// What STS's certificate is for: the regional endpoint and the global one.
const STS: [&str; 2] = ["sts.eu-west-1.amazonaws.com", "sts.amazonaws.com"];
/// The issuer's host.
const OIDC: &str = "oidc.eks.eu-west-1.amazonaws.com";
/// The agent of EKS Pod Identity, as the webhook names it.
#[allow(dead_code, reason = "not every program has a pod with EKS Pod Identity")]
pub const AGENT: &str = "http://169.254.170.23/v1/credentials";
/// An unprivileged user: that of distroless images.
const NOBODY: u32 = 65532;

/// What there will be when the probe runs. Scenarios change the fields.
pub struct Stage {
    /// The container's environment.
    pub variables: BTreeMap<String, String>,
    /// What the mounted token says.
    pub minted: Minted,
    /// What is in the token file, where that is not the minted token, signed. `None` within: there is no file.
    pub token_file: Option<Option<String>>,
    /// What stands before and behind the token in its file.
    pub around_token: [String; 2],
    /// What the variable says, where that is not the file's path; `{token}` stands for it. The probe runs in the
    /// directory of the file.
    pub token_path: Option<String>,
    /// Claims of the token, where they are not those of a projected one.
    pub claims: Option<Value>,
    /// Signs with a key that the issuer does not publish.
    pub unpublished_key: bool,
    /// The probe runs as a user who may not read the token file.
    pub unreadable: bool,
    pub role: RoleArn,
    pub trust_policy: Value,
    pub world: World,
    pub misbehaviours: Vec<(Operation, Misbehaviour)>,
    pub proxy: Manner,
    /// The variable that names the proxy.
    pub proxy_in: String,
    /// The proxy speaks TLS, with a certificate for these names.
    pub proxy_certificate_for: Option<Vec<String>>,
    /// The only host that the proxy leads to, beside the issuer's.
    pub only_host: Option<String>,
    /// The variable that names the bundle with the authority.
    pub bundle_in: String,
    /// Where STS really is, if it is not the stand-in.
    pub sts: Option<SocketAddr>,
    /// The names in STS's certificate.
    pub certificate_for: Vec<String>,
    /// The container has the authority that STS's certificate is from.
    pub has_authority: bool,
    /// The pod has its role by EKS Pod Identity, not by IRSA; then what there is at the agent's addresses. The test or
    /// program must be in a network that has them (`own_network`).
    pub agent: Option<Agent>,
    /// The role comes by a profile, not by variables: the variable that names the file, and what the file says;
    /// `{token}` stands for the path of the token file.
    pub profile: Option<(String, String)>,
    /// The probe runs as a user who may not read that file.
    pub closed_profile: bool,
    /// The probe's own arguments.
    pub arguments: Vec<String>,
}

/// What there is at the addresses of the agent of EKS Pod Identity.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every program has a pod with EKS Pod Identity")]
pub enum Agent {
    Right,
    /// Nothing listens.
    Closed,
    /// Packets vanish.
    BlackHole,
}

impl Stage {
    /// A pod that has its role by IRSA.
    pub fn healthy() -> Result<Self> {
        let role = RoleArn::parse(ROLE).map_err(|fault| Error::other(fault.to_string()))?;
        let forty_minutes_ago = World::default().now() - 40 * 60;
        let variables = [
            ("AWS_ROLE_ARN", ROLE),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ];
        Ok(Self {
            variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            minted: Minted::new(ISSUER, "payments", "checkout", forty_minutes_ago),
            token_file: None,
            token_path: None,
            around_token: Default::default(),
            claims: None,
            unpublished_key: false,
            unreadable: false,
            trust_policy: trust_policy(&role, ISSUER, SUBJECT, AUDIENCE),
            world: World::default().provider(&role, ISSUER, &[AUDIENCE]).region("eu-west-1"),
            role,
            misbehaviours: Vec::new(),
            proxy: Manner::Allow,
            proxy_in: "HTTPS_PROXY".to_owned(),
            proxy_certificate_for: None,
            only_host: None,
            bundle_in: "AWS_CA_BUNDLE".to_owned(),
            sts: None,
            certificate_for: STS.map(str::to_owned).to_vec(),
            has_authority: true,
            agent: None,
            profile: None,
            closed_profile: false,
            arguments: vec!["check".to_owned()],
        })
    }

    /// A pod that has its role by EKS Pod Identity.
    #[allow(dead_code, reason = "not every program has a pod with EKS Pod Identity")]
    pub fn healthy_pod_identity() -> Result<Self> {
        let mut stage = Self::healthy()?;
        stage.variables.remove("AWS_ROLE_ARN");
        stage.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", AGENT);
        stage.minted = stage.minted.audience(&["pods.eks.amazonaws.com"]);
        stage.trust_policy = pod_identity_policy();
        stage.world = World::default().association("payments", "checkout", &stage.role).region("eu-west-1");
        stage.agent = Some(Agent::Right);
        Ok(stage)
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.to_owned(), value.to_owned());
    }

    pub fn misbehave(&mut self, operation: Operation, misbehaviour: Misbehaviour) {
        self.misbehaviours.push((operation, misbehaviour));
    }

    /// Starts the servers, mounts the token, and makes the command that runs `probe` in the pod.
    pub fn raise(self, probe: &Path) -> Result<Raised> {
        let directory = TempDir::with_prefix("irsa-probe-pod-")?;
        // Directories of temporary files are closed to others, and the pod's user may be another.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
        let key = SigningKey::rs256()?;
        let signer = if self.unpublished_key { SigningKey::es256()? } else { SigningKey::rs256()? };
        let claims = self.claims.clone().unwrap_or_else(|| self.minted.claims());
        let content = match self.token_file.clone() {
            None => {
                let [before, behind] = &self.around_token;
                Some(format!("{before}{}{behind}", signer.sign(&claims)?))
            }
            Some(content) => content,
        };
        let is_root = nix::unistd::geteuid().is_root();
        let mode = if self.unreadable { 0o600 } else { 0o644 };
        let (token_variable, path) = match (&self.agent, &self.profile) {
            (None, None) => (Some("AWS_WEB_IDENTITY_TOKEN_FILE"), IRSA_TOKEN),
            (Some(_), _) => (Some("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), POD_IDENTITY_TOKEN),
            (None, Some(_)) => (None, PROFILE_TOKEN),
        };
        let token = mount(directory.path().join(path), content.as_deref(), mode)?;

        let authority = Authority::new()?;
        let bundle = directory.path().join("ca.pem");
        let others = Authority::named("a public root of someone else")?;
        fs::write(&bundle, if self.has_authority { &authority.pem } else { &others.pem })?;
        let world =
            self.world.clone().issuer(ISSUER, Some(Jwks::of(&[&key]))).role(&self.role, self.trust_policy.clone());
        let sts = LocalSts::new(world);
        for (operation, misbehaviour) in &self.misbehaviours {
            sts.misbehave(*operation, misbehaviour.clone());
        }
        match self.agent {
            None | Some(Agent::Closed) => {}
            Some(Agent::BlackHole) => {
                dead_ends::black_hole_at(SocketAddrV4::new(Ipv4Addr::new(169, 254, 170, 23), 80))?;
            }
            Some(Agent::Right) => {
                let [ipv4, ipv6] = pod_identity::ADDRESSES.map(|address| sts.listen_as_agent_at(address));
                ipv4?;
                // Not where the kernel has no IPv6.
                drop(ipv6);
            }
        }
        let names: Vec<&str> = self.certificate_for.iter().map(String::as_str).collect();
        let stand_in = sts.listen(Some(authority.server(&names)?))?;
        let issuer = (format!("{OIDC}:443"), sts.listen(Some(authority.server(&[OIDC])?))?);
        let any = format!("{}:443", self.only_host.as_deref().unwrap_or("*"));
        // Every other name leads to STS, so that no packet leaves this machine; its certificate is for itself only.
        let routes =
            [(issuer.0.as_str(), issuer.1), (any.as_str(), self.sts.unwrap_or(stand_in)), ("*:80", sts.listen(None)?)];
        let proxy = Proxy::new(self.proxy, &routes);
        let proxy_url = match &self.proxy_certificate_for {
            None => format!("http://{}", proxy.listen()?),
            Some(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("https://{}", proxy.listen_with_tls(authority.server(&names)?)?)
            }
        };

        let mut variables = self.variables.clone();
        let path = token.display().to_string();
        let said = self.token_path.as_ref().map_or_else(|| path.clone(), |said| said.replace("{token}", &path));
        if let Some(variable) = token_variable {
            variables.entry(variable.to_owned()).or_insert(said);
        }
        if let Some((variable, text)) = &self.profile {
            let file = directory.path().join("aws-configuration");
            fs::write(&file, text.replace("{token}", &path))?;
            let mode = match self.closed_profile {
                true if is_root => 0o600,
                true => 0o000,
                false => 0o644,
            };
            fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
            variables.insert(variable.clone(), file.display().to_string());
        }
        variables.values_mut().for_each(|value| *value = value.replace("{token}", &path));
        // The way to the stand-in. It alone is not what a pod has; everything above STS's name is.
        variables.entry(self.proxy_in).or_insert(proxy_url);
        variables.entry(self.bundle_in).or_insert_with(|| bundle.display().to_string());
        // Where these tests run, a node's own metadata may answer.
        variables.entry("IRSA_PROBE_NO_IMDS".to_owned()).or_insert_with(|| "true".to_owned());
        variables.retain(|_, value| value != UNSET);

        let mut command = Command::new(probe);
        if (self.unreadable || self.closed_profile) && is_root {
            // The pod's user may not be able to reach the place where this program is.
            let reachable = directory.path().join("irsa-probe");
            // In a process of its own: a descriptor that wrote it here could be inherited by what another thread starts
            // meanwhile, and a program that somebody may write to does not run (ETXTBSY).
            let copied = Command::new("cp").args([probe, reachable.as_path()]).status()?;
            if !copied.success() {
                return Err(std::io::Error::other(format!("{} was not copied", probe.display())));
            }
            command = Command::new(reachable);
            command.uid(NOBODY).gid(NOBODY);
        } else if self.unreadable {
            fs::set_permissions(&token, fs::Permissions::from_mode(0o000))?;
        }
        command.env_clear().envs(&variables);
        if let Some(directory) = token.parent().filter(|_| self.token_path.is_some()) {
            command.current_dir(directory);
        }
        let arguments = self.arguments;
        Ok(Raised { command, arguments, variables, sts, authority, bundle, proxy, token: content, directory })
    }
}

/// As a variable's value: the pod does not have it, although a healthy one would.
pub const UNSET: &str = "\0unset";

/// A pod that is ready for the probe.
#[allow(dead_code, reason = "the tests inspect what the demo only keeps alive")]
pub struct Raised {
    /// Runs the probe; its arguments are still to be given.
    pub command: Command,
    pub arguments: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub sts: LocalSts,
    pub authority: Authority,
    /// The bundle that `AWS_CA_BUNDLE` names.
    pub bundle: PathBuf,
    pub proxy: Proxy,
    /// What is in the token file.
    pub token: Option<String>,
    /// Lives as long as the pod.
    pub directory: TempDir,
}

/// Where the webhook mounts the token, below the pod's directory.
const IRSA_TOKEN: &str = "var/run/secrets/eks.amazonaws.com/serviceaccount/token";
/// Where operators of OpenShift have theirs, which a profile names.
const PROFILE_TOKEN: &str = "var/run/secrets/openshift/serviceaccount/token";
const POD_IDENTITY_TOKEN: &str = "var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

/// Lays the token down as the kubelet does: `token -> ..data/token`, `..data -> ..TIMESTAMP`.
fn mount(token: PathBuf, content: Option<&str>, mode: u32) -> Result<PathBuf> {
    let (Some(volume), Some(name)) = (token.parent(), token.file_name()) else {
        return Err(Error::other("a token file has a name and a directory"));
    };
    let Some(content) = content else {
        fs::create_dir_all(volume)?;
        return Ok(token);
    };
    let written = volume.join("..2026_11_22_01_02_03.1234567890");
    fs::create_dir_all(&written)?;
    fs::write(written.join(name), content)?;
    fs::set_permissions(written.join(name), fs::Permissions::from_mode(mode))?;
    symlink("..2026_11_22_01_02_03.1234567890", volume.join("..data"))?;
    symlink(Path::new("..data").join(name), &token)?;
    Ok(token)
}
