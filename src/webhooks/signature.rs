//! Secrets and signatures of the Standard Webhooks specification: HMAC-SHA256 over id, time and body.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The specification takes 24 to 64 bytes.
const LENGTH: usize = 32;

/// What both sides sign with. Never printed.
#[derive(Clone)]
pub(super) struct Secret(Vec<u8>);

impl Secret {
    pub(super) fn random() -> Self {
        let bytes: [u8; LENGTH] = rand::random();
        Self(bytes.to_vec())
    }

    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is shown, once.
    pub(super) fn text(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(&self.0))
    }

    /// `v1,…`
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The header: a signature by each secret, the newest first.
pub(super) fn header(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let signatures: Vec<_> = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries are tested with.
    #[test]
    fn the_example_of_the_specification() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let secret = Secret::of(secret.unwrap());
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn two_secrets_are_two_signatures() {
        let (new, old) = (Secret::random(), Secret::random());
        let both = header(&[new.clone(), old.clone()], "msg_a", 1, "{}");
        assert_eq!(
            both,
            format!(
                "{} {}",
                new.sign("msg_a", 1, "{}"),
                old.sign("msg_a", 1, "{}")
            )
        );
        assert_eq!(new.bytes().len(), 32);
    }
}
