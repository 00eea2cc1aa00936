//! Who asks: sign-in, sessions, tokens, and the middleware that turns a token into an [`Actor`].
//!
//! Owns `user_session`, `refresh_token`, `api_token`, `second_factor`, `recovery_code`, `password_reset` and
//! `sign_in_throttle`, which are exempt from the audit trail (but making and revoking API tokens, changing or resetting a
//! password, and all about second factors are recorded), and reads `directory_change`. People themselves belong to
//! [`crate::users`].
//!
//! - An access token ([`Keys`]) is a JWT of 15 minutes that names a user and a session. Whether they still may come in,
//!   and as whom, the [`Directory`] says: role, desk, deactivation and the end of a session count within two seconds.
//! - A refresh token is random, stored hashed and good for one exchange. One that comes a second time ends its session,
//!   whoever sent it: of a thief and the owner one comes second. A session ends after 14 days, or 3 without a refresh.
//! - An API token (`mdg_…`) belongs to a person, is stored hashed, expires, and never may more than its owner may now.
//! - The cookie carries only the refresh token. Every other request needs a bearer token, which no foreign site can
//!   make a browser send.

pub mod cli;

mod account;
pub(crate) mod address;
mod directory;
mod keys;
mod mails;
mod my_sessions;
mod password;
pub(crate) mod password_reset;
pub(crate) mod second_factor;
mod sessions;
mod sign_in;
pub(crate) mod throttle;
mod tokens;

pub use address::Network;
pub use directory::{Directory, spawn_poller};
pub use keys::Keys;
pub(crate) use mails::write as write_mail;
pub use password::{ChosenPassword, PasswordCost, Passwords};
pub use second_factor::SealKey;
pub(crate) use sessions::{EndReason, end_all};

use crate::{
    access::{Actor, ActorKind},
    error::{Error, Result},
    ids::*,
    intake::door::basic_password,
    routes::ServiceConfig,
    store::Store,
};
use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Uri, header},
    middleware::Next,
    web::Data,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, time::Duration};

/// What API tokens start with, so that they are recognised: here, and by scanners that look for leaked secrets.
const API_TOKEN_PREFIX: &str = "mdg_";

/// Where an API token may also come as the password of HTTP Basic, because mail servers and relays often know nothing
/// else. Nowhere else: a browser that was once asked for a password sends it along with every request.
const BASIC_PATH: &str = "/api/v1/intake/email";

/// Operations whose POST takes no Idempotency-Key: they are no resources, or their answer is shown once, or (a change of
/// the own password) the repetition is proven by what the first one replaced, or by what counts once.
pub const WITHOUT_IDEMPOTENCY: &[&str] = &[
    "sign_in",
    "refresh_session",
    "sign_out",
    "create_api_token",
    "create_webhook",
    "rotate_webhook_secret",
    "change_password",
    "request_password_reset",
    "confirm_password_reset",
    "start_second_factor",
    "confirm_second_factor",
    "renew_recovery_codes",
    // The bytes of a mail are its key.
    "receive_email",
    "receive_postmark",
    "receive_mailgun",
    "receive_mailgun_mime",
    "receive_sendgrid",
    "receive_ses",
];

/// Mounts sign-in, the own account with its sessions and second factor, forgotten passwords, and API tokens.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(sign_in::mount)
        .configure(account::mount)
        .configure(my_sessions::mount)
        .configure(second_factor::mount)
        .configure(password_reset::mount)
        .configure(tokens::mount);
}

/// What sign-in needs to know of the installation; given to the app as `Data<AuthConfig>`.
pub struct AuthConfig {
    /// The keys of access tokens.
    pub keys: Keys,
    /// Seals the secrets of second factors.
    pub seal: SealKey,
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// Whose `X-Forwarded-For` and `Forwarded` count.
    pub trusted_proxies: Vec<Network>,
    /// Age of the directory after which nobody is let in; 10 seconds.
    pub directory_max_age: Duration,
    /// Scheme, host and port of the public address, as browsers send them in `Origin`.
    public_origin: String,
}

impl AuthConfig {
    /// The configuration for the public address, such as `https://madoguchi.example.jp`. Cookies are `Secure` unless it
    /// is `http`.
    ///
    /// # Errors
    /// The address has no scheme or host.
    pub fn new(
        keys: Keys,
        seal: SealKey,
        passwords: Passwords,
        trusted_proxies: Vec<Network>,
        public_url: &str,
    ) -> Result<Self, &'static str> {
        let url = public_url
            .parse::<Uri>()
            .map_err(|_| "the public address is no URL")?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(
                "the public address needs a scheme and a host, as in https://madoguchi.example.jp",
            );
        };
        let default_port = if scheme == "http" { ":80" } else { ":443" };
        let authority = authority.as_str().to_ascii_lowercase();
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        Ok(Self {
            keys,
            seal,
            passwords,
            trusted_proxies,
            directory_max_age: directory::STALE_AFTER,
            public_origin: format!("{scheme}://{authority}"),
        })
    }

    fn cookies_are_secure(&self) -> bool {
        !self.public_origin.starts_with("http://")
    }
}

/// Middleware: puts the [`Actor`] behind a bearer token into the request's extensions, or nothing.
///
/// It rejects nobody, since what is public is said by the handlers' [`Access`](crate::access::Access); but while the
/// directory is too old to judge a good token by, the answer is 503.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, ActixError> {
    match actor_of(&request).await {
        Ok(Some(actor)) => drop(request.extensions_mut().insert(actor)),
        Ok(None) => {}
        Err(error) => {
            return Ok(request
                .into_response(error.error_response())
                .map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

async fn actor_of(request: &ServiceRequest) -> Result<Option<Actor>> {
    let Some(token) = token_of(request.request()) else {
        return Ok(None);
    };
    let store = request
        .app_data::<Data<Store>>()
        .expect("the app is mounted with its store");
    let config = request
        .app_data::<Data<AuthConfig>>()
        .expect("the app is mounted with its configuration");
    actor_behind(&token, store, config).await
}

fn token_of(request: &HttpRequest) -> Option<Cow<'_, str>> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    credentials(value.to_str().ok()?, request.path())
}

async fn actor_behind(token: &str, store: &Store, config: &AuthConfig) -> Result<Option<Actor>> {
    let directory = store.directory();
    if token.starts_with(API_TOKEN_PREFIX) {
        return directory
            .token_actor(store, hash_token(token), config.directory_max_age)
            .await;
    }
    match config.keys.verify(token, store.now()) {
        Some(claims) => {
            directory
                .session_actor(store, claims.sub, claims.sid, config.directory_max_age)
                .await
        }
        None => Ok(None),
    }
}

/// The token of a request, to be asked again and again while its answer lasts.
pub(crate) struct Bearer {
    token: SecretString,
    config: Data<AuthConfig>,
}

impl Bearer {
    /// The token that a request came with.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        Some(Self {
            token: token_of(request)?.into_owned().into(),
            config: request.app_data::<Data<AuthConfig>>()?.clone(),
        })
    }

    /// Who stands behind it now; none when it is over.
    ///
    /// # Errors
    /// 503 while it cannot be judged.
    pub(crate) async fn actor(&self, store: &Store) -> Result<Option<Actor>> {
        actor_behind(self.token.expose_secret(), store, &self.config).await
    }

    /// Whether it is over without a doubt, which takes no database to tell.
    pub(crate) fn is_over(&self, store: &Store) -> bool {
        let token = self.token.expose_secret();
        !token.starts_with(API_TOKEN_PREFIX)
            && self.config.keys.verify(token, store.now()).is_none()
    }
}

/// The token of the `Authorization` header.
fn credentials<'a>(value: &'a str, path: &str) -> Option<Cow<'a, str>> {
    match path {
        BASIC_PATH => bearer(value).map(Cow::Borrowed).or_else(|| {
            basic_password(value)
                .filter(|token| token.starts_with(API_TOKEN_PREFIX))
                .map(Cow::Owned)
        }),
        _ => bearer(value).map(Cow::Borrowed),
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
        .filter(|token| !token.is_empty())
}

/// 256 random bits, as text.
fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// How tokens are stored. They are random, so a plain hash tells nothing of them.
pub(crate) fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The person who signed in, for what an API token must not do: change the password, make further tokens.
fn person_of(actor: &Actor) -> Result<UserId> {
    match (actor.kind, actor.user_id) {
        (ActorKind::User, Some(user_id)) => Ok(user_id),
        _ => Err(Error::forbidden(
            "This is for people who signed in, not for API tokens.",
        )),
    }
}

/// A password as somebody typed it to be let in: any text, because rules for new passwords do not hold for old ones.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct TypedPassword(SecretString);

impl TryFrom<String> for TypedPassword {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = SecretString::from(text);
        if text.expose_secret().len() > 1024 {
            return Err("is longer than any password");
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        for value in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(bearer(value), None, "{value}");
        }
    }

    #[test]
    fn basic_credentials_count_at_the_door_for_mail_only() {
        let header =
            |text: &str| format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(text));
        let token = header("postfix:mdg_abc");
        assert_eq!(credentials(&token, BASIC_PATH).as_deref(), Some("mdg_abc"));
        assert_eq!(
            credentials("Bearer abc", BASIC_PATH).as_deref(),
            Some("abc")
        );
        assert_eq!(credentials(&header("a:password"), BASIC_PATH), None);
        assert_eq!(credentials(&token, "/api/v1/intake/emails"), None);
        assert_eq!(credentials(&token, "/api/v1/me"), None);
    }

    #[test]
    fn the_origin_of_the_public_address() {
        let origin = |url: &str| {
            let keys = Keys::new(&"0123456789abcdef0123456789abcdef".into(), None).unwrap();
            AuthConfig::new(
                keys,
                SealKey::new(&"a key for tests".into()),
                Passwords::new(PasswordCost::TEST),
                Vec::new(),
                url,
            )
        };
        let config = origin("https://Madoguchi.example.jp:443/path").unwrap();
        assert_eq!(config.public_origin, "https://madoguchi.example.jp");
        assert!(config.cookies_are_secure());
        let config = origin("http://127.0.0.1:8080").unwrap();
        assert_eq!(config.public_origin, "http://127.0.0.1:8080");
        assert!(!config.cookies_are_secure());
        assert!(origin("madoguchi.example.jp").is_err());
        assert!(origin("").is_err());
    }

    #[test]
    fn tokens_are_random_and_their_hash_is_stable() {
        assert_ne!(random_token(), random_token());
        assert_eq!(random_token().len(), 43);
        assert_eq!(
            hex::encode(hash_token("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
