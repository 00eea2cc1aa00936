//! Signed addresses: by which an answer finds its case, and nobody guesses another's.
//!
//! An outgoing mail carries `Message-ID: <c.CASE.MESSAGE.MAC@domain>` and `Reply-To: local+CASE.MAC@domain`. CASE and
//! MESSAGE are the ids in base32, MAC the first 80 bits of HMAC-SHA-256 over what stands before it, so that neither can
//! be made without the key. Letters are compared without case, because some systems change it.

use crate::ids::{CaseId, MessageId};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// 80 bits: sixteen letters.
const MAC_BYTES: usize = 10;

/// The key of signed addresses, and of secret links.
#[derive(Clone, Debug)]
pub struct MailKey(SecretSlice<u8>);

impl MailKey {
    /// A key of any length.
    pub fn new(secret: &[u8]) -> Self {
        Self(SecretSlice::from(secret.to_vec()))
    }

    fn mac(&self, purpose: &str, parts: &[Uuid]) -> [u8; MAC_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(part.as_bytes());
        }
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&mac.finalize().into_bytes()[..MAC_BYTES]);
        short
    }

    /// The `Message-ID` of a message, without angle brackets; of none of the cases where there is no case.
    pub fn message_id(&self, case_id: Option<CaseId>, id: MessageId, domain: &str) -> String {
        let case_id = case_id.map_or(Uuid::nil(), |id| *id);
        let mac = self.mac("message-id", &[case_id, *id]);
        format!(
            "c.{}.{}.{}@{domain}",
            base32(case_id.as_bytes()),
            base32(id.as_bytes()),
            base32(&mac)
        )
    }

    /// The case and the message that a Message-ID of ours names; brackets, white space and the domain do not count.
    pub fn read_message_id(&self, text: &str) -> Option<(Option<CaseId>, MessageId)> {
        let text = text.trim().trim_matches(['<', '>']);
        let local = text.split('@').next()?;
        let mut parts = local.split('.');
        if !parts.next()?.eq_ignore_ascii_case("c") {
            return None;
        }
        let case_id = uuid(parts.next()?)?;
        let id = uuid(parts.next()?)?;
        let mac = from_base32(parts.next()?)?;
        if parts.next().is_some() || !self.is_mac("message-id", &[case_id, id], &mac) {
            return None;
        }
        Some((
            (!case_id.is_nil()).then_some(CaseId(case_id)),
            MessageId(id),
        ))
    }

    /// The mailbox's address with the case in it: `local+CASE.MAC@domain`. As it was where it has no `@`.
    pub fn plus_address(&self, mailbox: &str, case_id: CaseId) -> String {
        let Some((local, domain)) = mailbox.rsplit_once('@') else {
            return mailbox.to_owned();
        };
        let mac = self.mac("plus-address", &[*case_id]);
        format!(
            "{local}+{}.{}@{domain}",
            base32(case_id.as_bytes()),
            base32(&mac)
        )
    }

    /// The case that a plus-address names.
    pub fn read_plus_address(&self, address: &str) -> Option<CaseId> {
        let (local, _) = address.trim().rsplit_once('@')?;
        let (_, token) = local.rsplit_once('+')?;
        let (case_id, mac) = token.split_once('.')?;
        let case_id = uuid(case_id)?;
        self.is_mac("plus-address", &[case_id], &from_base32(mac)?)
            .then_some(CaseId(case_id))
    }

    /// The secret of a link in a mail, 256 bits as text: whoever knows the id alone, from the database, cannot make it.
    pub fn link_token(&self, purpose: &str, id: Uuid) -> String {
        BASE64URL_NOPAD.encode(&self.link_mac(purpose, id))
    }

    /// The secret of a link that people may have to copy: 128 bits, in 26 small letters and digits.
    pub fn short_link_token(&self, purpose: &str, id: Uuid) -> String {
        let whole = self.link_mac(purpose, id);
        base32(&whole[..16])
    }

    /// Stands for an address where nobody shall read it: without the key nobody can try out whose it is.
    pub fn address_mark(&self, address_key: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(b"address:");
        mac.update(address_key.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn link_mac(&self, purpose: &str, id: Uuid) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(b"link:");
        mac.update(purpose.as_bytes());
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A keyed digest of something personal: who has the thing can ask whether it is the same, who has the digest alone,
    /// from the database, can neither read nor guess it.
    pub fn digest(&self, purpose: &str, text: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(b"digest:");
        mac.update(purpose.as_bytes());
        mac.update(b":");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn is_mac(&self, purpose: &str, parts: &[Uuid], mac: &[u8]) -> bool {
        self.mac(purpose, parts).ct_eq(mac).into()
    }
}

/// The address without what stands after a `+`, as mailboxes are looked up.
pub fn without_plus(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let local = local.split('+').next().unwrap_or(local);
            format!("{local}@{domain}")
        }
        None => address.to_owned(),
    }
}

/// RFC 4648 in small letters, without padding.
fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    BASE32_NOPAD
        .decode(text.to_ascii_uppercase().as_bytes())
        .ok()
}

fn uuid(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&from_base32(text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> MailKey {
        MailKey::new(b"one key")
    }

    #[test]
    fn a_message_id_names_its_case_and_message() {
        let (case_id, id) = (CaseId::new(), MessageId::new());
        let text = key().message_id(Some(case_id), id, "example.jp");
        assert!(text.len() <= 250 && text.ends_with("@example.jp"), "{text}");
        let read = Some((Some(case_id), id));
        assert_eq!(key().read_message_id(&text), read);
        assert_eq!(
            key().read_message_id(&format!(" <{}> ", text.to_uppercase())),
            read
        );
        assert_eq!(MailKey::new(b"another").read_message_id(&text), None);
        let of_none = key().message_id(None, id, "example.jp");
        assert_eq!(key().read_message_id(&of_none), Some((None, id)));
    }

    #[test]
    fn a_plus_address_names_its_case() {
        let case_id = CaseId::new();
        let address = key().plus_address("sodan@example.jp", case_id);
        let (local, domain) = address.split_once('@').unwrap();
        assert!(local.len() <= 64 && domain == "example.jp", "{address}");
        assert_eq!(key().read_plus_address(&address), Some(case_id));
        assert_eq!(
            key().read_plus_address(&address.to_uppercase()),
            Some(case_id)
        );
        assert_eq!(MailKey::new(b"another").read_plus_address(&address), None);
        assert_eq!(without_plus(&address), "sodan@example.jp");
    }

    #[test]
    fn one_changed_letter_names_nothing() {
        let address = key().plus_address("sodan@example.jp", CaseId::new());
        let start = address.find('+').unwrap() + 1;
        for (index, letter) in address.char_indices().skip(start) {
            if letter == '@' {
                break;
            }
            let mut other = address.clone();
            other.replace_range(index..=index, if letter == 'a' { "b" } else { "a" });
            assert_eq!(key().read_plus_address(&other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn base32_is_read_as_it_was_written(bytes: Vec<u8>) {
            prop_assert_eq!(from_base32(&base32(&bytes)), Some(bytes));
        }

        #[test]
        fn anything_may_be_read(text: String) {
            let _ = key().read_message_id(&text);
            let _ = key().read_plus_address(&text);
        }
    }
}
