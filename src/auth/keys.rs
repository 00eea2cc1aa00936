//! Access tokens: JWT, HS256, 15 minutes, naming a user and a session and nothing else.
//!
//! What the person may do is asked of the [`Directory`](super::Directory) with every request, so that a token holds no
//! right that could grow old. Two keys, so that the secret can be changed without signing anybody out: tokens are signed
//! with the current one and accepted from both. Algorithm, issuer and audience are fixed and checked; the time comes
//! from the store's clock, without leeway.

use crate::ids::*;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::ErrorKind,
    signature::{Error as SignatureError, Signer, Verifier},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long an access token lives.
pub(crate) const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(15);

const ISSUER: &str = "madoguchi";
const AUDIENCE: &str = "madoguchi-api";

/// Fewest bytes of a signing secret: as many as HMAC-SHA256 gives (RFC 7518, 3.2).
const MIN_SECRET: usize = 32;

/// What computes for the JWT library: HMAC-SHA256 and nothing else. Its own choice brings RSA and four curves along, none of
/// which is ever used here, and one of which (RUSTSEC-2023-0071) has a hole that nobody has closed.
static ONLY_HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.as_bytes()))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self
            .0
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        // In constant time.
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// The keys that sign and verify access tokens.
pub struct Keys {
    current: Key,
    previous: Option<Key>,
    fingerprint: Hmac<Sha256>,
}

struct Key {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl Key {
    fn new(secret: &SecretString) -> Result<Self, &'static str> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET {
            return Err("a signing secret has at least 32 bytes");
        }
        // The id follows from the secret, so that all replicas agree on it, and gives nothing of it away.
        let id = derive(secret, b"madoguchi key id").finalize().into_bytes();
        Ok(Self {
            id: hex::encode(&id[..8]),
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
        })
    }
}

fn derive(secret: &[u8], purpose: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(purpose);
    mac
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user.
    pub sub: UserId,
    /// The session; ending it ends the token.
    pub sid: SessionId,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    iss: String,
    aud: String,
}

impl Claims {
    /// Claims from now on, for 15 minutes but not beyond the session's end.
    pub(crate) fn new(
        user_id: UserId,
        session_id: SessionId,
        now: DateTime<Utc>,
        session_end: DateTime<Utc>,
    ) -> Self {
        Self {
            sub: user_id,
            sid: session_id,
            iat: now.timestamp(),
            exp: (now + ACCESS_LIFETIME).min(session_end).timestamp(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
        }
    }
}

impl Keys {
    /// The key that signs, and the one before it, whose tokens still count.
    ///
    /// # Errors
    /// A secret is shorter than 32 bytes.
    pub fn new(
        current: &SecretString,
        previous: Option<&SecretString>,
    ) -> Result<Self, &'static str> {
        // The second of several keys in one process finds it installed.
        let _ = ONLY_HS256.install_default();
        Ok(Self {
            current: Key::new(current)?,
            previous: previous.map(Key::new).transpose()?,
            fingerprint: derive(
                current.expose_secret().as_bytes(),
                b"madoguchi fingerprint of ",
            ),
        })
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let header = Header {
            kid: Some(self.current.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, claims, &self.current.signing).expect("claims are plain data")
    }

    /// The claims of a token that one of the keys signed and that is not over.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let key_id = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id == key_id)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below, by the clock that tests set.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation)
            .ok()?
            .claims;
        (now.timestamp() < claims.exp).then_some(claims)
    }

    /// A keyed hash, for comparing what must not be guessed from the hash (a body with a password in it).
    pub(crate) fn fingerprint(&self, bytes: &[u8]) -> Vec<u8> {
        let mut mac = self.fingerprint.clone();
        mac.update(bytes);
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    const OLD: &str = "old-secret-old-secret-old-secret-old";
    const NEW: &str = "new-secret-new-secret-new-secret-new";

    fn keys(current: &str, previous: Option<&str>) -> Keys {
        Keys::new(&current.into(), previous.map(SecretString::from).as_ref()).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn claims() -> Claims {
        Claims::new(
            UserId::new(),
            SessionId::new(),
            at("2026-04-01T09:00:00Z"),
            at("2026-04-15T09:00:00Z"),
        )
    }

    const DURING: &str = "2026-04-01T09:14:59Z";

    fn forge(header: Value, claims: Value, secret: &str) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        format!(
            "{message}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        )
    }

    #[test]
    fn both_keys_count_and_a_third_does_not() {
        let (old, both, new) = (keys(OLD, None), keys(NEW, Some(OLD)), keys(NEW, None));
        let claims = claims();
        let token = old.sign(&claims);
        assert_eq!(old.verify(&token, at(DURING)), Some(claims.clone()));
        assert_eq!(both.verify(&token, at(DURING)), Some(claims.clone()));
        assert_eq!(new.verify(&token, at(DURING)), None);
        assert_eq!(new.verify(&both.sign(&claims), at(DURING)), Some(claims));
    }

    #[test]
    fn a_token_ends_to_the_second_and_with_its_session() {
        let keys = keys(NEW, None);
        let token = keys.sign(&claims());
        assert!(keys.verify(&token, at(DURING)).is_some());
        assert!(keys.verify(&token, at("2026-04-01T09:15:00Z")).is_none());
        let late = Claims::new(
            UserId::new(),
            SessionId::new(),
            at("2026-04-15T08:50:00Z"),
            at("2026-04-15T09:00:00Z"),
        );
        assert_eq!(late.exp, at("2026-04-15T09:00:00Z").timestamp());
    }

    #[test]
    fn what_is_forged_is_refused() {
        let keys = keys(NEW, None);
        let body = serde_json::to_value(claims()).unwrap();
        let kid = &keys.current.id;
        let good = forge(
            json!({ "alg": "HS256", "typ": "JWT", "kid": kid }),
            body.clone(),
            NEW,
        );
        assert!(
            keys.verify(&good, at(DURING)).is_some(),
            "the forger itself works"
        );

        let refused = |header: Value, change: &[(&str, Value)], secret: &str| {
            let mut body = body.clone();
            for (name, value) in change {
                match value {
                    Value::Null => drop(body.as_object_mut().unwrap().remove(*name)),
                    value => body[*name] = value.clone(),
                }
            }
            assert_eq!(
                keys.verify(&forge(header.clone(), body, secret), at(DURING)),
                None,
                "{header} {change:?}"
            );
        };
        let header = json!({ "alg": "HS256", "kid": kid });
        refused(json!({ "alg": "none", "kid": kid }), &[], NEW);
        refused(json!({ "alg": "HS512", "kid": kid }), &[], NEW);
        refused(json!({ "alg": "RS256", "kid": kid }), &[], NEW);
        refused(json!({ "alg": "HS256" }), &[], NEW);
        refused(json!({ "alg": "HS256", "kid": "another" }), &[], NEW);
        refused(header.clone(), &[], OLD);
        refused(header.clone(), &[("aud", json!("another"))], NEW);
        refused(header.clone(), &[("aud", Value::Null)], NEW);
        refused(header.clone(), &[("iss", json!("another"))], NEW);
        refused(header.clone(), &[("iss", Value::Null)], NEW);
        refused(header.clone(), &[("exp", Value::Null)], NEW);
        refused(
            header.clone(),
            &[("exp", json!(at("2026-04-01T08:59:59Z").timestamp()))],
            NEW,
        );
        refused(header.clone(), &[("sub", json!("nobody"))], NEW);
        refused(header, &[("sid", Value::Null)], NEW);
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "..",
            "\u{3042}.\u{3042}.\u{3042}",
            &good[..good.len() - 1],
        ] {
            assert_eq!(keys.verify(text, at(DURING)), None, "{text}");
        }
        let unsigned = good.rsplit_once('.').unwrap().0;
        assert_eq!(keys.verify(&format!("{unsigned}."), at(DURING)), None);
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Keys::new(&"short".into(), None).is_err());
        assert!(Keys::new(&NEW.into(), Some(&"short".into())).is_err());
    }

    #[test]
    fn fingerprints_depend_on_the_secret() {
        assert_eq!(
            keys(NEW, None).fingerprint(b"a"),
            keys(NEW, Some(OLD)).fingerprint(b"a")
        );
        assert_ne!(
            keys(NEW, None).fingerprint(b"a"),
            keys(OLD, None).fingerprint(b"a")
        );
        assert_ne!(
            keys(NEW, None).fingerprint(b"a"),
            keys(NEW, None).fingerprint(b"b")
        );
    }
}
