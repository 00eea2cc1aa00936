//! E-mail addresses.

use super::{Shape, TextError, clean, text_type};

text_type! {
    /// An e-mail address of up to 254 characters, alone, without a display name. Full-width characters are
    /// accepted. Addresses of Japanese carriers with dots side by side or before the @
    /// (`foo..bar.@docomo.ne.jp`) are accepted. The answer has the domain in lower case.
    personal EmailAddress {
        max: 254,
        parse: parse,
        shape: Shape::of(3, 254, "hanako@example.co.jp").format("email"),
    }
}

impl EmailAddress {
    /// Lower case throughout: the key for comparing. Upper and lower case may differ before the @ by RFC
    /// 5321, and never do.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What stands before the @.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// What stands behind the @, in lower case.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

fn parse(input: &str) -> Result<String, TextError> {
    let text = clean::narrow(input);
    if text.is_empty() {
        return Err(TextError::new("An e-mail address is expected here."));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(TextError::new(
            "An e-mail address has no spaces, control characters or letters outside ASCII (an international domain is written xn--…).",
        ));
    }
    if text.len() > EmailAddress::MAX_CHARS {
        return Err(TextError::new(
            "The e-mail address is too long: at most 254 characters are accepted.",
        ));
    }
    let (local, domain) = text
        .split_once('@')
        .filter(|(_, domain)| !domain.contains('@'))
        .ok_or_else(|| {
            TextError::new("An e-mail address has exactly one @, as in name@example.co.jp.")
        })?;
    let local = unquoted(local);
    if local.is_empty() || local.bytes().any(|b| b"()<>[]:;,\"\\".contains(&b)) {
        return Err(TextError::new(
            "The part before the @ is missing or has characters that are not accepted there: write the address alone, as in name@example.co.jp.",
        ));
    }
    let domain = domain.to_ascii_lowercase();
    if !is_domain(&domain) {
        return Err(TextError::new(
            "The part behind the @ must be a domain with a dot, as in name@example.co.jp.",
        ));
    }
    Ok(format!("{local}@{domain}"))
}

/// Mail programs that keep RFC 5321 write the carriers' addresses as `"foo..bar."@docomo.ne.jp`; the quotes
/// are not part of the address.
fn unquoted(local: &str) -> &str {
    local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(local)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    domain == "localhost" || (domain.contains('.') && domain.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::laws;

    laws::keeps_the_laws!(
        EmailAddress,
        "[!-~]{1,20}@[A-Za-z0-9._-]{1,20}",
        "\"?[a-z.\"@]{1,9}\"?@[ａ-ｚA-Z.．-]{1,9}",
    );

    #[test]
    fn usual_and_unusual_addresses() {
        for (typed, stored) in [
            (" hanako@example.co.jp\n", "hanako@example.co.jp"),
            ("Hanako.T@Example.CO.JP", "Hanako.T@example.co.jp"),
            ("foo..bar.@docomo.ne.jp", "foo..bar.@docomo.ne.jp"),
            (".-abc-.@ezweb.ne.jp", ".-abc-.@ezweb.ne.jp"),
            ("\"foo..bar.\"@docomo.ne.jp", "foo..bar.@docomo.ne.jp"),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
            (
                "a+b/c=d?e!#$%&'*^`{|}~@example.com",
                "a+b/c=d?e!#$%&'*^`{|}~@example.com",
            ),
            ("root@localhost", "root@localhost"),
            ("info@xn--wgv71a119e.jp", "info@xn--wgv71a119e.jp"),
        ] {
            assert_eq!(
                EmailAddress::parse(typed).unwrap().as_str(),
                stored,
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_no_address() {
        for bad in [
            "",
            "@",
            "a@",
            "@example.jp",
            "a@b",
            "a@b@example.jp",
            "a b@example.jp",
            "a@exa mple.jp",
            "a@.jp",
            "a@example..jp",
            "a@example.jp.",
            "a@-example.jp",
            "花子@example.jp",
            "Hanako <a@example.jp>",
            "<a@example.jp>",
            "a@example.jp,b@example.jp",
            "a@example.jp\r\nBcc: b@example.jp",
            "a\0@example.jp",
            "\"\"@example.jp",
            "a@[192.0.2.1]",
            "a@example.jp\u{200B}b",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
        let long = |local: usize| format!("{}@example.jp", "a".repeat(local));
        assert!(EmailAddress::parse(&long(243)).is_ok());
        assert!(EmailAddress::parse(&long(244)).is_err());
    }

    #[test]
    fn parts_and_key() {
        let address = EmailAddress::parse("Foo@Example.JP").unwrap();
        assert_eq!(address.key(), "foo@example.jp");
        assert_eq!((address.local(), address.domain()), ("Foo", "example.jp"));
    }
}
