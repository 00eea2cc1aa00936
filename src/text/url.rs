//! Links.

use super::{Shape, TextError, clean, text_type};

text_type! {
    /// A link that begins with `https://` or `http://`, up to 500 characters, without user name and password.
    personal Url {
        max: 500,
        parse: parse,
        shape: Shape::of(8, 500, "https://meet.example.jp/a1b2c3").format("uri"),
    }
}

fn parse(input: &str) -> Result<String, TextError> {
    let text = clean::line(input, Url::MAX_CHARS)?;
    // A backslash is a slash for browsers and a plain character for others: such a link leads to two places.
    if text
        .chars()
        .any(|c| c.is_whitespace() || "<>\"\\`".contains(c) || clean::is_invisible(c))
    {
        return Err(TextError::new(
            "A link has no spaces, invisible characters, quotes, angle brackets or backslashes.",
        ));
    }
    let (scheme, rest) = text
        .split_once("://")
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest))
        .filter(|(scheme, _)| scheme == "https" || scheme == "http")
        .ok_or_else(|| TextError::new("A link must begin with https:// or http://."))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(TextError::new(
            "A link must not carry a user name or password.",
        ));
    }
    if !is_host(authority) {
        return Err(TextError::new(
            "The link must name a server behind the two slashes, as in https://meet.example.jp/abc.",
        ));
    }
    Ok(format!(
        "{scheme}://{}{path}",
        authority.to_ascii_lowercase()
    ))
}

/// `name`, `name:port`, `[IPv6]` or `[IPv6]:port`.
fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.parse::<u16>().is_ok() && is_plain(digits));
    let is_name = match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            host.split('.').all(|label| !label.is_empty())
                && host
                    .chars()
                    .all(|c| c.is_alphanumeric() || ".-_".contains(c))
        }
    };
    is_name && is_port
}

/// Digits only: Rust also reads `+80` as a number.
fn is_plain(digits: &str) -> bool {
    digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::laws;

    laws::keeps_the_laws!(
        Url,
        "[hH]ttps?://[a-zA-Z.:@あ-ん\\[\\]0-9/?#]{1,20}",
        "https://[!-~]{1,20}"
    );

    #[test]
    fn links() {
        for (typed, stored) in [
            (
                " HTTPS://Zoom.US/j/123?pwd=AbC#x ",
                "https://zoom.us/j/123?pwd=AbC#x",
            ),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://例え.jp/テスト", "https://例え.jp/テスト"),
            ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"),
            (
                "https://example.jp?next=https://a@b/",
                "https://example.jp?next=https://a@b/",
            ),
            (
                "https://teams.example/l/19%3ameeting/0?context=%7b%22Tid%22%7d",
                "https://teams.example/l/19%3ameeting/0?context=%7b%22Tid%22%7d",
            ),
        ] {
            assert_eq!(Url::parse(typed).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn what_is_no_link() {
        for bad in [
            "",
            "example.jp",
            "//example.jp",
            "ftp://example.jp",
            "javascript:alert(1)",
            "javascript://example.jp/%0aalert(1)",
            "data:text/html,x",
            "https://",
            "https:///path",
            "https://user:pw@example.jp/",
            "https://user@example.jp",
            "https://example.jp\\@evil.jp",
            "https://exa mple.jp",
            "https://example.jp/\na",
            "https://a..jp",
            "https://a:99999/",
            "https://a:+80/",
            "https://a:b/",
            "https://[::1",
            "https://[zz]/",
            "https://a/<b>",
            "https://ex\u{200B}ample.jp",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad:?}");
        }
        let long = |path: usize| format!("https://example.jp/{}", "a".repeat(path));
        assert!(Url::parse(&long(481)).is_ok());
        assert!(Url::parse(&long(482)).is_err());
    }
}
