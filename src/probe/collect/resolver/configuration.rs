//! `/etc/resolv.conf` and `/etc/hosts`, read as the C library reads them.

use crate::probe::evidence::Resolver;
use crate::probe::rootfs;
use crate::probe::subject::Variables;
use nix::net::if_::if_nametoindex;
use resolv_conf::{Config, ScopedIp};
use std::io::{ErrorKind, Read, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::Path;

/// As many servers as the C library asks (`MAXNS` of `resolv.h`).
const MAX_SERVERS: usize = 3;
/// glibc's limits (`RES_MAXNDOTS`, `RES_MAXRETRANS`, `RES_MAXRETRY` of `resolv.h`).
const MAX_NDOTS: u32 = 15;
const MAX_TIMEOUT: u32 = 30;
const MAX_ATTEMPTS: u32 = 5;
const PORT: u16 = 53;
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// What lookups go by in `root`. Where its file cannot be read, this process's own.
pub(crate) fn read(root: &Path, variables: &Variables) -> Resolver {
    let text = file(root, "/etc/resolv.conf");
    let mut text = match text {
        Err(error) if error.kind() != ErrorKind::NotFound && root != Path::new("/") => {
            file(Path::new("/"), "/etc/resolv.conf")
        }
        read => read,
    };
    // Both variables stand after the file's own lines, whose values they replace (`resolv.conf(5)`; glibc only).
    if let Ok(text) = &mut text {
        for (keyword, variable) in [("search", "LOCALDOMAIN"), ("options", "RES_OPTIONS")] {
            let value = variables.filled(variable).map(|value| value.replace('\n', " "));
            text.extend(value.map(|value| format!("\n{keyword} {value}")).unwrap_or_default().bytes());
        }
    }
    parse(text.ok().as_deref())
}

fn parse(text: Option<&[u8]>) -> Resolver {
    let (config, _errors) = Config::parse_with_errors(text.unwrap_or_default());
    let mut servers: Vec<SocketAddr> = config.nameservers.iter().take(MAX_SERVERS).map(address).collect();
    if servers.is_empty() {
        servers.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    Resolver {
        is_missing: text.is_none(),
        servers,
        search: config.get_last_search_or_domain().filter(|domain| *domain != ".").cloned().collect(),
        ndots: config.ndots.min(MAX_NDOTS),
        timeout_seconds: config.timeout.clamp(1, MAX_TIMEOUT),
        attempts: config.attempts.clamp(1, MAX_ATTEMPTS),
        tcp_only: config.use_vc,
        no_aaaa: config.no_aaaa,
    }
}

fn address(server: &ScopedIp) -> SocketAddr {
    match server {
        ScopedIp::V4(address) => (*address, PORT).into(),
        ScopedIp::V6(address, scope) => {
            let index = |scope: &String| scope.parse().ok().or_else(|| if_nametoindex(scope.as_str()).ok());
            SocketAddrV6::new(*address, PORT, 0, scope.as_ref().and_then(index).unwrap_or_default()).into()
        }
    }
}

/// The addresses that `/etc/hosts` gives `host` (`hosts(5)`).
pub(super) fn hosts(root: &Path, host: &str) -> Vec<IpAddr> {
    let text = file(root, "/etc/hosts").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let host = host.trim_end_matches('.');
    let line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    text.lines().filter_map(line).collect()
}

fn file(root: &Path, path: &str) -> Result<Vec<u8>> {
    let file = rootfs::open(root, Path::new(path))?;
    let mut text = Vec::new();
    // A FIFO or a device in the place of the file is not read.
    if file.metadata()?.is_file() {
        file.take(MAX_FILE_BYTES).read_to_end(&mut text)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read_as_the_kubelet_writes_it() {
        let root = tempfile::tempdir().unwrap();
        let nothing = Variables::default();
        let missing = read(root.path(), &nothing);
        assert_eq!((missing.is_missing, missing.servers), (true, vec!["127.0.0.1:53".parse().unwrap()]));
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let text = "search a.svc.cluster.local svc.cluster.local\nnameserver 10.100.0.10\noptions ndots:5\n";
        std::fs::write(root.path().join("etc/resolv.conf"), text).unwrap();
        let expected = Resolver {
            is_missing: false,
            servers: vec!["10.100.0.10:53".parse().unwrap()],
            search: vec!["a.svc.cluster.local".into(), "svc.cluster.local".into()],
            ndots: 5,
            timeout_seconds: 5,
            attempts: 2,
            tcp_only: false,
            no_aaaa: false,
        };
        assert_eq!(read(root.path(), &nothing), expected);
        let variables = Variables::from_iter([("RES_OPTIONS", "ndots:1 timeout:2"), ("LOCALDOMAIN", "corp.example")]);
        let changed = Resolver { ndots: 1, timeout_seconds: 2, search: vec!["corp.example".into()], ..expected };
        assert_eq!(read(root.path(), &variables), changed);
    }

    #[test]
    fn options_stay_within_the_c_librarys_limits() {
        let text = "nameserver ::1\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nsearch .\n\
                    options ndots:99 timeout:0 attempts:99 use-vc no-aaaa\n";
        let resolver = parse(Some(text.as_bytes()));
        assert_eq!((resolver.ndots, resolver.timeout_seconds, resolver.attempts), (15, 1, 5));
        assert_eq!((resolver.servers.len(), resolver.servers[0]), (3, "[::1]:53".parse().unwrap()));
        assert_eq!((resolver.search, resolver.tcp_only, resolver.no_aaaa), (vec![], true, true));
    }

    #[test]
    fn hosts_may_have_several_names_and_addresses() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let text = "127.0.0.1 localhost\n10.0.0.1 other STS.example # sts.not\n::1 sts.example\nnonsense sts.example\n";
        std::fs::write(root.path().join("etc/hosts"), text).unwrap();
        let addresses = |host| hosts(root.path(), host).iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(addresses("sts.example"), ["10.0.0.1", "::1"]);
        assert_eq!(addresses("sts.example."), ["10.0.0.1", "::1"]);
        assert!(addresses("sts.not").is_empty());
    }
}
