//! Sealing of secrets that must be read again (those of second factors and webhooks cannot be hashed): ChaCha20-Poly1305 with
//! a key outside the database, bound to whose it is, so that neither a copy of the database nor a row put in another's place
//! gives anything.

use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// The key that seals.
pub struct SealKey(LessSafeKey);

impl SealKey {
    /// A key made of the secret, for second factors.
    pub fn new(secret: &SecretString) -> Self {
        Self::for_purpose(secret, b"madoguchi seals second factors")
    }

    /// Another key made of the same secret, for webhooks.
    pub fn for_webhooks(secret: &SecretString) -> Self {
        Self::for_purpose(secret, b"madoguchi seals webhooks")
    }

    fn for_purpose(secret: &SecretString, purpose: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(purpose);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &mac.finalize().into_bytes())
            .expect("SHA-256 gives as many bytes as the key has");
        Self(LessSafeKey::new(key))
    }

    /// The secret of somebody or something, sealed: nonce, text, tag.
    pub(crate) fn seal(&self, whose: Uuid, secret: &[u8]) -> Vec<u8> {
        // Random nonces of 96 bits meet after some billions of secrets.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(whose.as_bytes()),
                &mut sealed,
            )
            .expect("a secret is shorter than the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    /// The secret; none where it was sealed with another key, or for somebody else.
    pub(crate) fn open(&self, whose: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let secret = self
            .0
            .open_in_place(nonce, Aad::from(whose.as_bytes()), &mut text)
            .ok()?;
        Some(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_the_person_open_it() {
        let key = |secret: &str| SealKey::new(&secret.into());
        let (ours, person) = (key("a"), Uuid::new_v4());
        let sealed = ours.seal(person, b"secret");
        assert_ne!(sealed, ours.seal(person, b"secret"));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(ours.open(person, &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(ours.open(Uuid::new_v4(), &sealed), None);
        assert_eq!(key("b").open(person, &sealed), None);
        assert_eq!(
            SealKey::for_webhooks(&"a".into()).open(person, &sealed),
            None
        );
        for length in 0..sealed.len() {
            assert_eq!(ours.open(person, &sealed[..length]), None, "{length}");
        }
    }
}
