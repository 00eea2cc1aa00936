//! Sealing of secrets that must be read again (those of second factors cannot be hashed): ChaCha20-Poly1305 with a key
//! outside the database, bound to the person, so that neither a copy of the database nor a row put in another's place
//! gives anything.

use crate::ids::UserId;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The key that seals.
pub struct SealKey(LessSafeKey);

impl SealKey {
    /// A key made of the secret.
    pub fn new(secret: &SecretString) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(b"madoguchi seals second factors");
        let key = UnboundKey::new(&CHACHA20_POLY1305, &mac.finalize().into_bytes())
            .expect("SHA-256 gives as many bytes as the key has");
        Self(LessSafeKey::new(key))
    }

    /// The secret of a person, sealed: nonce, text, tag.
    pub(super) fn seal(&self, user_id: UserId, secret: &[u8]) -> Vec<u8> {
        // Random nonces of 96 bits meet after some billions of secrets.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(user_id.as_bytes()),
                &mut sealed,
            )
            .expect("a secret is shorter than the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    /// The secret; none where it was sealed with another key, or for somebody else.
    pub(super) fn open(&self, user_id: UserId, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let secret = self
            .0
            .open_in_place(nonce, Aad::from(user_id.as_bytes()), &mut text)
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
        let (ours, person) = (key("a"), UserId::new());
        let sealed = ours.seal(person, b"secret");
        assert_ne!(sealed, ours.seal(person, b"secret"));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(ours.open(person, &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(ours.open(UserId::new(), &sealed), None);
        assert_eq!(key("b").open(person, &sealed), None);
        for length in 0..sealed.len() {
            assert_eq!(ours.open(person, &sealed[..length]), None, "{length}");
        }
    }
}
