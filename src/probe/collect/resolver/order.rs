//! The order in which addresses are tried: RFC 6724, as far as it decides for a pod.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses without a route go last; then IPv6 before IPv4, and IPv4 before unique local IPv6 (the default policy
/// table of section 2.1, whose rules glibc and musl follow). The server's order stays within each group.
pub(crate) fn sort(addresses: &mut [IpAddr]) {
    if addresses.len() > 1 {
        addresses.sort_by_cached_key(|address| (!has_route(*address), rank(*address)));
    }
}

/// Whether the kernel has a route and a source address. Nothing is sent.
pub(crate) fn has_route(address: IpAddr) -> bool {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind((any, 0)).is_ok_and(|socket| socket.connect(SocketAddr::new(address, 443)).is_ok())
}

fn rank(address: IpAddr) -> u8 {
    match address {
        IpAddr::V6(address) if address.is_unique_local() => 2,
        IpAddr::V6(_) => 0,
        IpAddr::V4(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_route_comes_last() {
        // An address of the documentation prefix has no route on a machine without IPv6, and comes first elsewhere.
        let far: IpAddr = "2001:db8::1".parse().unwrap();
        let near: IpAddr = [127, 0, 0, 1].into();
        let mut addresses = [near, far];
        sort(&mut addresses);
        assert_eq!(addresses == [far, near], has_route(far));
        assert!(has_route(near));
        assert!(rank(far) < rank(near) && rank(near) < rank("fd00::1".parse().unwrap()));
    }
}
