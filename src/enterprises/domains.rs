//! Mail domains that say nothing about who writes: free mail, telephone carriers, internet providers.
//!
//! The list cannot be complete, so what leads to many enterprises is taken for nobody's too (see
//! [`super::matching`]); the list is for those that have led to one so far.

/// Each with everything below it (`xyz.eonet.ne.jp`).
const NOBODYS: [&str; 96] = [
    // free
    "gmail.com",
    "googlemail.com",
    "yahoo.co.jp",
    "yahoo.ne.jp",
    "yahoo.com",
    "ymail.com",
    "ymail.ne.jp",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.com",
    "live.jp",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "aol.jp",
    "proton.me",
    "protonmail.com",
    "gmx.com",
    "gmx.net",
    "zoho.com",
    "mail.com",
    "qq.com",
    "163.com",
    "126.com",
    "naver.com",
    "infoseek.jp",
    "excite.co.jp",
    "goo.jp",
    "mail.goo.ne.jp",
    "livedoor.com",
    "rakumail.jp",
    "inter7.jp",
    "nifmail.jp",
    // carriers
    "docomo.ne.jp",
    "dwmail.jp",
    "ezweb.ne.jp",
    "au.com",
    "uqmobile.jp",
    "softbank.ne.jp",
    "i.softbank.jp",
    "softbank.jp",
    "vodafone.ne.jp",
    "disney.ne.jp",
    "disneymobile.ne.jp",
    "ymobile.ne.jp",
    "ymobile1.ne.jp",
    "y-mobile.ne.jp",
    "willcom.com",
    "pdx.ne.jp",
    "emnet.ne.jp",
    "emobile.ne.jp",
    "rakuten.jp",
    "mineo.jp",
    // providers
    "nifty.com",
    "nifty.ne.jp",
    "nifty.jp",
    "biglobe.ne.jp",
    "biglobe.jp",
    "ocn.ne.jp",
    "so-net.ne.jp",
    "so-net.jp",
    "plala.or.jp",
    "plala.jp",
    "dion.ne.jp",
    "auone-net.jp",
    "odn.ne.jp",
    "odn.jp",
    "asahi-net.or.jp",
    "wakwak.com",
    "hi-ho.ne.jp",
    "jcom.home.ne.jp",
    "home.ne.jp",
    "zaq.ne.jp",
    "zaq.jp",
    "eonet.ne.jp",
    "commufa.jp",
    "tiki.ne.jp",
    "tcp-ip.or.jp",
    "sannet.ne.jp",
    "dti.ne.jp",
    "interq.or.jp",
    "bbexcite.jp",
    "bbiq.jp",
    "megaegg.ne.jp",
    "pikara.ne.jp",
    "ncv.ne.jp",
    // kept for examples (RFC 2606 and the .jp registry)
    "example.com",
    "example.net",
    "example.org",
    "example.jp",
    "example.co.jp",
    "localhost",
];

/// Whether mail from the domain tells which enterprise it comes from. `domain` in lower case.
pub(super) fn is_an_enterprises(domain: &str) -> bool {
    domain.contains('.')
        && !NOBODYS.iter().any(|nobodys| {
            domain
                .strip_suffix(nobodys)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// Whether what was typed of a domain so far is the beginning of an enterprise's, and of none that is nobody's.
pub(super) fn begins_an_enterprises(typed: &str) -> bool {
    let becomes_nobodys = NOBODYS.iter().any(|nobodys| nobodys.starts_with(typed));
    let below_nobodys = typed.contains('.') && !is_an_enterprises(typed);
    typed.len() >= 3 && !becomes_nobodys && !below_nobodys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_mail_is_nobodys() {
        for domain in [
            "gmail.com",
            "docomo.ne.jp",
            "t.vodafone.ne.jp",
            "abc.eonet.ne.jp",
            "example.co.jp",
            "localhost",
        ] {
            assert!(!is_an_enterprises(domain), "{domain}");
            assert!(!begins_an_enterprises(domain), "{domain}");
        }
        for domain in [
            "ringo.co.jp",
            "notgmail.com",
            "docomo-shop.jp",
            "ringo.example.ac.jp",
        ] {
            assert!(is_an_enterprises(domain), "{domain}");
            assert!(begins_an_enterprises(domain), "{domain}");
        }
        for typed in ["gma", "gmail.c", "docomo.ne", "ri"] {
            assert!(!begins_an_enterprises(typed), "{typed}");
        }
        assert!(begins_an_enterprises("ringo"));
    }
}
