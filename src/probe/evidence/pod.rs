//! Where in the cluster the process runs.

/// As far as the environment and the files of its container show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodContext {
    /// The host name, which Kubernetes sets to the pod's name unless the pod states another one.
    pub pod: Option<String>,
    pub namespace: Option<String>,
    pub container: Option<Container>,
}

/// A container that a kubelet started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    /// Whether a volume of the pod is mounted. An ephemeral container has none unless a profile names it.
    pub has_volumes: bool,
    /// Whether memory or CPU is limited. The API server refuses resources in an ephemeral container.
    pub has_limits: bool,
}

impl Container {
    /// `kubectl debug` names a container so where the user gives it no name.
    pub fn is_named_by_kubectl_debug(&self) -> bool {
        self.name == "debugger" || self.name.starts_with("debugger-")
    }
}

/// `name` if it can stand in a command as it is, else the placeholder. Kubernetes' own names hold nothing that a shell
/// would run; a token's claims and a variable may.
pub fn name_or<'n>(name: Option<&'n str>, placeholder: &'n str) -> &'n str {
    let pastes = |name: &&str| {
        !name.is_empty()
            && !name.starts_with('-')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
    };
    name.filter(pastes).unwrap_or(placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_kubernetes_allows_are_in_commands() {
        for (name, shown) in [
            (Some("checkout-5d9"), "checkout-5d9"),
            (Some("a;reboot"), "POD"),
            (Some("$(date)"), "POD"),
            (Some("--all"), "POD"),
            (Some(""), "POD"),
            (None, "POD"),
        ] {
            assert_eq!(name_or(name, "POD"), shown, "{name:?}");
        }
    }
}
