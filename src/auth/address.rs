//! Where a request comes from, for the throttle.
//!
//! The peer's address counts, unless the peer is a proxy that the office trusts; then the last address before the
//! trusted ones in `X-Forwarded-For` or `Forwarded` (RFC 7239) does. Everything left of it was written by the client.

use actix_web::{HttpRequest, http::header::HeaderMap};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// An address, or a network in CIDR notation: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u32,
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = text
            .trim()
            .split_once('/')
            .map_or((text.trim(), None), |(address, prefix)| {
                (address, Some(prefix))
            });
        let base = address
            .parse::<IpAddr>()
            .map_err(|_| "an IP address or a network such as 10.0.0.0/8 is expected")?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or("the prefix of the network is too long")?,
        };
        Ok(Self { base, prefix })
    }
}

impl Network {
    /// Whether the address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let differing = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= self.prefix
    }
}

/// The client's address; none where the peer has none (a unix socket, a test).
pub(crate) fn client_address(request: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(resolve(peer, request.headers(), trusted))
}

fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let walk = |hops: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for hop in hops.into_iter().rev() {
            // What cannot be read was not written by a proxy of ours: the last address that was counts.
            let Some(address) = hop else { break };
            nearest = address;
            if !is_trusted(address) {
                break;
            }
        }
        nearest
    };
    match (forwarded_for(headers), forwarded(headers)) {
        (None, None) => peer,
        (Some(hops), None) | (None, Some(hops)) => walk(hops),
        // A proxy writes one of the two and may hand the other on as the client sent it. Where they differ, one is
        // a lie, and nobody gets an address of their choice by it.
        (Some(one), Some(other)) => {
            let (one, other) = (walk(one), walk(other));
            if one == other { one } else { peer }
        }
    }
}

/// The hops of `X-Forwarded-For`, the client's first.
fn forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    hops(headers, "x-forwarded-for", parse_node)
}

/// The hops of `Forwarded`, the client's first.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    hops(headers, "forwarded", |element| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("for")
                .then(|| parse_node(value))
        })?
    })
}

fn hops(
    headers: &HeaderMap,
    name: &str,
    parse: impl Fn(&str) -> Option<IpAddr>,
) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(name).peekable();
    lines.peek()?;
    Some(
        lines
            .flat_map(|line| line.to_str().unwrap_or("unreadable").split(','))
            .map(parse)
            .collect(),
    )
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, each also in quotes.
fn parse_node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

/// How an address counts in the throttle: of IPv6 the network, because whoever has one address has 2^64 of them.
pub(crate) fn subject(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V4(address)) => format!("address:{address}"),
        Some(IpAddr::V6(address)) => format!(
            "address:{}/64",
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))
        ),
        None => "address:local".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, headers: &[(&'static str, &'static str)], trusted: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let trusted: Vec<Network> = trusted
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        resolve(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(
            client("192.0.2.7", &[("x-forwarded-for", "198.51.100.1")], &[]),
            "192.0.2.7"
        );
        assert_eq!(
            client(
                "192.0.2.7",
                &[("forwarded", "for=198.51.100.1")],
                &["10.0.0.0/8"]
            ),
            "192.0.2.7"
        );
    }

    #[test]
    fn the_last_untrusted_hop_counts() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client("10.1.2.3", &[], &trusted), "10.1.2.3");
        assert_eq!(
            client("10.1.2.3", &[("x-forwarded-for", "198.51.100.1")], &trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client(
                "10.1.2.3",
                &[("x-forwarded-for", "203.0.113.9, 198.51.100.1, 10.9.9.9")],
                &trusted
            ),
            "198.51.100.1"
        );
        let lines = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-for", "198.51.100.1:4711"),
        ];
        assert_eq!(client("10.1.2.3", &lines, &trusted), "198.51.100.1");
        assert_eq!(
            client(
                "10.1.2.3",
                &[("x-forwarded-for", "10.4.4.4, 10.5.5.5")],
                &trusted
            ),
            "10.4.4.4"
        );
        let forwarded =
            "for=203.0.113.9, proto=https;For=\"[2001:db8::1]:4711\";by=10.0.0.1, for=10.0.0.2";
        assert_eq!(
            client("fd00::1", &[("forwarded", forwarded)], &trusted),
            "2001:db8::1"
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(
            client(
                "10.1.2.3",
                &[("x-forwarded-for", "198.51.100.1, unknown")],
                &trusted
            ),
            "10.1.2.3"
        );
        assert_eq!(
            client(
                "10.1.2.3",
                &[("x-forwarded-for", "unknown, 10.0.0.9")],
                &trusted
            ),
            "10.0.0.9"
        );
        assert_eq!(
            client("10.1.2.3", &[("forwarded", "for=_hidden")], &trusted),
            "10.1.2.3"
        );
        assert_eq!(
            client("10.1.2.3", &[("forwarded", "proto=https")], &trusted),
            "10.1.2.3"
        );
    }

    #[test]
    fn two_headers_must_agree() {
        let trusted = ["10.0.0.0/8"];
        let agree = [
            ("x-forwarded-for", "198.51.100.1"),
            ("forwarded", "for=198.51.100.1"),
        ];
        assert_eq!(client("10.1.2.3", &agree, &trusted), "198.51.100.1");
        let differ = [
            ("x-forwarded-for", "198.51.100.1"),
            ("forwarded", "for=203.0.113.9"),
        ];
        assert_eq!(client("10.1.2.3", &differ, &trusted), "10.1.2.3");
    }

    #[test]
    fn networks() {
        let contains = |network: &str, address: &str| {
            network
                .parse::<Network>()
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(contains("192.0.2.1", "192.0.2.1"));
        assert!(!contains("192.0.2.1", "192.0.2.2"));
        assert!(contains("172.16.0.0/12", "172.31.255.255"));
        assert!(!contains("172.16.0.0/12", "172.32.0.0"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        for bad in [
            "",
            "example.jp",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "::/129",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_network_of_ipv6_counts_as_one() {
        let of = |text: &str| subject(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2:bbbb::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("192.0.2.1"), "address:192.0.2.1");
        assert_eq!(subject(None), "address:local");
    }
}
