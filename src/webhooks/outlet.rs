//! The way out: a client that calls nobody inside the house.
//!
//! An admin who may enter any address must not make the program call what only the program reaches: the database's host, the
//! metadata of a cloud, a neighbour on the intranet (OWASP API7:2023, server side request forgery). So every name is resolved
//! here, every address of it is judged, and the connection goes to the very addresses that were judged: a name that answers
//! something else a moment later (rebinding) gains nothing. No redirect is followed, no proxy asked, and nothing is read of the
//! answer but its head.

use super::signature::Secret;
use crate::{
    auth::{Network, SealKey},
    ids::WebhookId,
};
use futures_util::future::BoxFuture;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use std::{
    error::Error as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::{Host, Url};

/// The specification recommends 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Whoever does not answer the telephone by then is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest pause that is taken from a `Retry-After`, in seconds.
const LONGEST_PAUSE: i64 = 86_400;

/// Who may be called.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Also without TLS: for development, and for tests.
    pub allow_http: bool,
    /// Private networks that may be called all the same: an intranet.
    pub networks: Vec<Network>,
}

impl Policy {
    fn check(&self, address: IpAddr) -> Result<(), String> {
        let address = address.to_canonical();
        if is_public(address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(address))
        {
            return Ok(());
        }
        Err(format!(
            "the address {address} is not public: it is not called"
        ))
    }
}

/// Who knows which addresses a name has.
pub trait Names: Send + Sync {
    /// All of them.
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves, and judges what it resolved.
struct Checked {
    names: Arc<dyn Names>,
    policy: Policy,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.names.addresses(name.as_str());
        let policy = self.policy.clone();
        Box::pin(async move {
            let found = found.await?;
            // One that is refused refuses all: a name with a public and a private address is a try.
            for address in &found {
                policy.check(*address)?;
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// How a call went.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Called {
    /// It was answered.
    Answered {
        status: u16,
        /// How long to wait, in seconds, where it says so.
        retry_after: Option<i64>,
    },
    /// It was not, or not even tried.
    NotReached(String),
}

/// The client, what it may call, and the key that seals secrets.
pub struct Outlet {
    client: Result<Client, String>,
    policy: Policy,
    seal: SealKey,
}

impl Outlet {
    /// An outlet with the system's resolver.
    pub fn new(policy: Policy, seal: SealKey) -> Self {
        Self::with_names(policy, seal, Arc::new(SystemNames))
    }

    /// An outlet that asks somebody else for addresses.
    pub fn with_names(policy: Policy, seal: SealKey, names: Arc<dyn Names>) -> Self {
        crate::config::install_cryptography();
        let resolver = Checked {
            names,
            policy: policy.clone(),
        };
        let client = Client::builder()
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            // The environment's proxy would resolve the name again.
            .no_proxy()
            .https_only(!policy.allow_http)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // Each call is judged anew.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("madoguchi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string());
        Self {
            client,
            policy,
            seal,
        }
    }

    /// One that calls nobody: of a store that nobody gave another.
    pub(crate) fn closed() -> Self {
        let key: [u8; 32] = rand::random();
        Self {
            client: Err("this process calls nobody".into()),
            policy: Policy::default(),
            seal: SealKey::for_webhooks(&hex::encode(key).into()),
        }
    }

    /// Judges an address as an admin enters it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check_url(&self, text: &str) -> Result<(), String> {
        let url =
            Url::parse(text).map_err(|_| "must be an address such as https://example.jp/hook")?;
        match url.scheme() {
            "https" => {}
            "http" if self.policy.allow_http => {}
            _ => return Err("must begin with https://".into()),
        }
        if text.len() > 2000 {
            return Err("must have at most 2000 characters".into());
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("must have no user, no password and no fragment".into());
        }
        self.check_host(&url)
    }

    /// An address that is written out is nobody's to resolve.
    fn check_host(&self, url: &Url) -> Result<(), String> {
        match url.host() {
            None => Err("must have a host".into()),
            Some(Host::Ipv4(address)) => self.policy.check(address.into()),
            Some(Host::Ipv6(address)) => self.policy.check(address.into()),
            Some(Host::Domain(_)) => Ok(()),
        }
    }

    pub(super) fn seal(&self, id: WebhookId, secret: &Secret) -> Vec<u8> {
        self.seal.seal(*id, secret.bytes())
    }

    pub(super) fn open(&self, id: WebhookId, sealed: &[u8]) -> Option<Secret> {
        self.seal.open(*id, sealed).map(Secret::of)
    }

    /// Sends one body; never longer than the time limit.
    pub(super) async fn call(
        &self,
        url: &str,
        headers: [(&'static str, String); 3],
        body: String,
    ) -> Called {
        match self.try_call(url, headers, body).await {
            Ok(called) => called,
            Err(why) => Called::NotReached(why.chars().take(300).collect()),
        }
    }

    async fn try_call(
        &self,
        url: &str,
        headers: [(&'static str, String); 3],
        body: String,
    ) -> Result<Called, String> {
        self.check_url(url)?;
        let client = self.client.as_ref().map_err(Clone::clone)?;
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.map_err(reasons)?;
        let retry_after = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok())
            .map(|seconds| seconds.clamp(0, LONGEST_PAUSE));
        // The body is not read: the connection ends here.
        Ok(Called::Answered {
            status: answer.status().as_u16(),
            retry_after,
        })
    }
}

/// The error with what is behind it, without the address, which the admin knows and a log should not.
fn reasons(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        next = cause.source();
    }
    text
}

/// Whether an address is reached from everywhere (IANA special-purpose address registries). The standard library's own
/// judgement is not stable yet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        // With the metadata of clouds, 169.254.169.254.
        || address.is_link_local()
        // Carrier-grade NAT.
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, benchmarks, documentation, the former 6to4 relays.
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || address.is_documentation()
        || (a == 192 && b == 88 && c == 99)
        // Multicast, what is reserved, broadcast.
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [first, second, ..] = segments;
    // Addresses that carry an IPv4 address: NAT64 and 6to4.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., high, low] = segments;
        return is_public_v4(embedded(high, low));
    }
    if first == 0x2002 {
        return is_public_v4(embedded(second, segments[2]));
    }
    // Global unicast, without documentation, Teredo, benchmarks and ORCHID. Everything else is local, multicast or reserved.
    (first & 0xe000) == 0x2000
        && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8))
        && !(first == 0x3fff && second < 0x1000)
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    fn key() -> SealKey {
        SealKey::for_webhooks(&"a key for tests, a key for tests".into())
    }

    #[test]
    fn what_is_public() {
        let public = [
            "8.8.8.8",
            "203.0.112.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2400:4050::1",
            "2606:4700::1",
            "2002:0808:0808::1",
            "64:ff9b::808:808",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        let inside = [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:0a00:0001::1",
            "2002:a9fe:a9fe::",
            "64:ff9b::a00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "3fff::1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        // Mapped ones are what they map.
        let policy = Policy::default();
        for address in [
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
        ] {
            assert!(policy.check(address.parse().unwrap()).is_err(), "{address}");
        }
    }

    #[test]
    fn what_may_be_entered() {
        let strict = Outlet::new(Policy::default(), key());
        for good in [
            "https://example.jp/hook?a=b",
            "https://example.jp:8443/",
            "https://8.8.8.8/",
        ] {
            assert_eq!(strict.check_url(good), Ok(()), "{good}");
        }
        let bad = [
            "",
            "example.jp",
            "http://example.jp/",
            "ftp://example.jp/",
            "https://user:secret@example.jp/",
            "https://example.jp/#part",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::ffff:10.0.0.1]/",
            "file:///etc/passwd",
            "data:text/plain,x",
        ];
        for url in bad {
            assert!(strict.check_url(url).is_err(), "{url}");
        }
        let intranet = Policy {
            allow_http: true,
            networks: vec!["10.0.0.0/8".parse().unwrap()],
        };
        let intranet = Outlet::new(intranet, key());
        assert_eq!(intranet.check_url("http://10.1.2.3/"), Ok(()));
        assert!(intranet.check_url("http://192.168.0.1/").is_err());
    }

    /// Public when asked first, inside when asked again.
    struct Rebinding {
        asked: Arc<AtomicUsize>,
    }

    impl Names for Rebinding {
        fn addresses(&self, _: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
            let address = match self.asked.fetch_add(1, Ordering::SeqCst) {
                // Nobody listens there (RFC 5737, allowed by this test's policy).
                0 => "192.0.2.1",
                _ => "127.0.0.1",
            };
            let address = address.parse().unwrap();
            Box::pin(async move { Ok(vec![address]) })
        }
    }

    fn headers() -> [(&'static str, String); 3] {
        [
            ("webhook-id", "msg_a".into()),
            ("webhook-timestamp", "1".into()),
            ("webhook-signature", "v1,a".into()),
        ]
    }

    /// A server that counts who came.
    async fn server(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(AtomicUsize::new(0));
        let counted = came.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (port, came)
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_not_followed_inside() {
        let (port, came) = server("HTTP/1.1 204 No Content\r\n\r\n").await;
        let asked = Arc::new(AtomicUsize::new(0));
        let policy = Policy {
            allow_http: true,
            networks: Vec::new(),
        };
        let names = Rebinding {
            asked: asked.clone(),
        };
        let outlet = Outlet::with_names(policy, key(), Arc::new(names));
        let url = format!("http://rebinding.example:{port}/");
        for turn in 1..4 {
            let called = outlet.call(&url, headers(), "{}".into()).await;
            let Called::NotReached(why) = called else {
                panic!("it was reached: {called:?}");
            };
            assert!(why.contains("is not public"), "{why}");
            // What was judged is what is connected to: nobody asks a second time.
            assert_eq!(asked.load(Ordering::SeqCst), turn);
        }
        assert_eq!(came.load(Ordering::SeqCst), 0);
    }

    /// One public address does not make the private one beside it good.
    struct Mixed;

    impl Names for Mixed {
        fn addresses(&self, _: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
            let both = ["8.8.8.8", "127.0.0.1"].map(|address| address.parse().unwrap());
            Box::pin(async move { Ok(both.to_vec()) })
        }
    }

    #[tokio::test]
    async fn one_private_address_refuses_the_name() {
        let (port, came) = server("HTTP/1.1 204 No Content\r\n\r\n").await;
        let policy = Policy {
            allow_http: true,
            networks: Vec::new(),
        };
        let outlet = Outlet::with_names(policy, key(), Arc::new(Mixed));
        let url = format!("http://mixed.example:{port}/");
        let called = outlet.call(&url, headers(), "{}".into()).await;
        assert!(matches!(called, Called::NotReached(_)), "{called:?}");
        assert_eq!(came.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn redirects_are_answers_and_answers_are_not_read() {
        let (inside, came_inside) = server("HTTP/1.1 204 No Content\r\n\r\n").await;
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{inside}/\r\nretry-after: 120\r\ncontent-length: 99999999999\r\n\r\nx"
        );
        let (port, came) = server(answer.leak()).await;
        let policy = Policy {
            allow_http: true,
            networks: vec!["127.0.0.1".parse().unwrap()],
        };
        let outlet = Outlet::new(policy, key());
        let url = format!("http://127.0.0.1:{port}/");
        let called = outlet.call(&url, headers(), "{}".into()).await;
        let answered = Called::Answered {
            status: 307,
            retry_after: Some(120),
        };
        assert_eq!(called, answered);
        assert_eq!(came.load(Ordering::SeqCst), 1);
        assert_eq!(came_inside.load(Ordering::SeqCst), 0);
    }
}
