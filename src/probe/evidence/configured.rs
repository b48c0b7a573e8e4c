//! What the pod is configured for: role, session and token file of the mechanism that is judged, and where they stand.

use super::{Evidence, Mechanism, Seen, WebIdentity};

impl Evidence {
    /// Whether a profile gives the pod its role, or is meant to.
    pub fn has_profile_identity(&self) -> bool {
        self.mechanism == Some(Mechanism::IrsaProfile)
    }

    /// The profile that gives the pod its role.
    pub fn web_identity(&self) -> Option<&WebIdentity> {
        self.profile.seen().filter(|_| self.has_profile_identity())?.web_identity()
    }

    /// Whether something gives the pod its role although profile files are closed to it.
    pub fn has_role_despite_closed_profiles(&self) -> bool {
        match self.mechanism {
            None => false,
            Some(Mechanism::IrsaProfile) => self.web_identity().is_some(),
            Some(Mechanism::Irsa | Mechanism::PodIdentity) => true,
        }
    }

    /// Why the lack of a profile, or of variables, proves nothing: a file may have it.
    pub fn why_profiles_are_closed(&self) -> Option<&'static str> {
        let is_closed = !self.closed_profiles.is_empty() && !self.has_role_despite_closed_profiles();
        is_closed.then_some("an AWS configuration file cannot be read")
    }

    /// The roles that an SDK then assumes with the one that is judged, in order, because a profile says so.
    pub fn chained_roles(&self) -> &[String] {
        let of_container = self.profile.seen().filter(|_| self.has_pod_identity());
        let of_container = of_container.map(|profile| profile.of_container.as_slice());
        self.web_identity().map(|identity| identity.then.as_slice()).or(of_container).unwrap_or_default()
    }

    /// The variable that names a profile which no file that could be read has, and that name. The default profile need
    /// not exist.
    pub fn missing_profile(&self) -> Option<(&'static str, &str)> {
        let named = self.environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])?;
        let is_missing = match &self.profile {
            Seen::Seen(profile) => !profile.exists,
            Seen::NotChecked(_) => true,
            Seen::Failed(_) => false,
        };
        Some(named).filter(|(_, name)| *name != "default" && is_missing)
    }

    /// The mechanism in words, a profile by its name; without any, IRSA is missing.
    pub fn mechanism_in_words(&self) -> String {
        match self.web_identity() {
            Some(identity) => format!("IRSA through profile {:?}", identity.profile),
            None => self.mechanism.unwrap_or(Mechanism::Irsa).name().to_owned(),
        }
    }

    /// The ARN of the role that the pod is configured for.
    pub fn role_arn(&self) -> Option<&str> {
        match self.has_profile_identity() {
            true => Some(self.web_identity()?.role_arn.as_str()),
            false => self.environment.value("AWS_ROLE_ARN"),
        }
    }

    /// The reason why no role is configured, in a clause.
    pub fn why_no_role(&self) -> String {
        match self.has_profile_identity() {
            true => "no profile names a role and a web identity token file".to_owned(),
            false => self.why_no_value("AWS_ROLE_ARN"),
        }
    }

    /// Where that ARN stands.
    pub fn role_setting(&self) -> String {
        self.setting("role_arn", "AWS_ROLE_ARN")
    }

    /// The name of the session, if one is configured.
    pub fn session_name(&self) -> Option<&str> {
        match self.has_profile_identity() {
            true => self.web_identity()?.session_name.as_deref(),
            false => self.environment.value("AWS_ROLE_SESSION_NAME"),
        }
    }

    /// Where that name stands.
    pub fn session_name_setting(&self) -> String {
        self.setting("role_session_name", "AWS_ROLE_SESSION_NAME")
    }

    /// The path of the token file, as configured.
    pub fn token_path(&self) -> Option<&str> {
        match self.has_profile_identity() {
            true => Some(self.web_identity()?.token_file.as_str()),
            false => self.environment.value(self.mechanism.unwrap_or(Mechanism::Irsa).token_variable()),
        }
    }

    /// Where that path stands.
    pub fn token_setting(&self) -> String {
        self.setting("web_identity_token_file", self.mechanism.unwrap_or(Mechanism::Irsa).token_variable())
    }

    fn setting(&self, of_profile: &str, variable: &str) -> String {
        match self.web_identity() {
            Some(identity) => format!("{of_profile} of profile {:?}", identity.profile),
            None => variable.to_owned(),
        }
    }
}
