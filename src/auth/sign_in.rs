//! Signing in, staying signed in, signing out.

use super::{
    AuthConfig, TypedPassword, address,
    keys::Claims,
    second_factor::{self, Proof, TypedCode},
    sessions::{self, EndReason, Grant},
    throttle,
};
use crate::{
    access::{Access, permit},
    error::{Error, ProblemType, Result, request_id},
    http::{Answer, Body, Json, Query},
    ids::UserId,
    routes::ServiceConfig,
    store::Tx,
    text::EmailAddress,
    users,
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    cookie::{Cookie, SameSite, time},
    dev::Payload,
    http::header,
    post,
    web::Data,
};
use futures_util::{
    TryFutureExt,
    future::{FutureExt, LocalBoxFuture, ready},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The cookie that carries a refresh token, and where it is sent: to sign-in only.
const COOKIE: (&str, &str) = ("madoguchi_refresh", "/api/v1/auth");

/// Its name and path where the site is https. The prefix makes the browser itself see to it that nobody else has set it: no
/// other host of the domain, and no page without TLS. Such a cookie has no path.
const HOST_COOKIE: (&str, &str) = ("__Host-madoguchi_refresh", "/");

fn cookie_of(config: &AuthConfig) -> (&'static str, &'static str) {
    match config.cookies_are_secure() {
        true => HOST_COOKIE,
        false => COOKIE,
    }
}

/// Mounts `/auth`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(sign_in)
        .service(refresh_session)
        .service(sign_out);
}

/// Where the refresh token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionKind {
    /// Into the answer.
    #[default]
    Token,
    /// Into an HttpOnly cookie, for web pages.
    Cookie,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SignInQuery {
    /// Where the refresh token goes: into the answer (`token`), or into an HttpOnly cookie (`cookie`).
    #[param(inline)]
    session: Option<SessionKind>,
}

/// Who somebody says they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    /// The address of the account.
    email: EmailAddress,
    /// The password.
    #[schema(value_type = String, format = Password, write_only)]
    password: TypedPassword,
    /// For whoever has a second factor: six digits of the app, or a recovery code.
    #[schema(value_type = Option<String>, max_length = 100, write_only)]
    code: Option<TypedCode>,
}

impl Body for SignInRequest {}

/// A refresh token; absent where the cookie carries it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    /// The newest refresh token of the session.
    refresh_token: Option<String>,
}

impl Body for RefreshRequest {}

/// Proof of having signed in.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that the access token counts for.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one `POST /auth/refresh`; absent where it is in the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Sign in
///
/// An unknown address, a wrong password, a deactivated account and one without a password get the same answer. After 10
/// tries for an account or 50 from an address in 15 minutes the answer is 429 with `Retry-After`.
///
/// Whoever has a second factor sends a `code` too. Without one, or with one that is wrong or was used, the answer to the
/// right password is 401 `second-factor-required`. Codes have ten tries in 15 minutes of their own.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "sign_in",
    params(SignInQuery),
    request_body = SignInRequest,
    responses((status = 200, description = "Signed in", body = SignedIn)),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/auth/login")]
async fn sign_in(
    access: Access<permit::Anyone>,
    config: Data<AuthConfig>,
    Query(query): Query<SignInQuery>,
    Json(body): Json<SignInRequest>,
) -> Result<HttpResponse> {
    let db = access.store().writer();
    let address = address::subject(address::client_address(
        access.request(),
        &config.trusted_proxies,
    ));
    let account = account_subject(&body.email);
    // The address first: one that is out of tries does not use up those of an account.
    throttle::count(db, &address, throttle::ADDRESS_TRIES, access.now()).await?;
    throttle::count(db, &account, throttle::ACCOUNT_TRIES, access.now()).await?;
    let user = users::credentials(db, &body.email).await?;
    let user_id = user.as_ref().map(|user| user.id);
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = config
        .passwords
        .matches(body.password.0, stored.clone())
        .await?;
    let entry = match (user, stored) {
        (Some(user), Some(stored)) if is_right && user.active => {
            if body.code.is_some() {
                let codes = code_subject(&body.email);
                throttle::count(db, &codes, throttle::ACCOUNT_TRIES, access.now()).await?;
            }
            let code = body.code.as_ref();
            // What this browser had before, if it was ours: the new cookie takes its place, and nobody could end it any more.
            let replaced = presented_token(access.request(), &config, None).unwrap_or_default();
            let replaced = replaced.filter(|_| query.session == Some(SessionKind::Cookie));
            access
                .transaction_of(async |tx| {
                    let entry = enter(tx, &config, user.id, &stored, code).await?;
                    if let (Entry::Granted(_), Some((token, _))) = (&entry, &replaced) {
                        sessions::end_by_token(tx, token).await?;
                    }
                    Ok(entry)
                })
                .await?
        }
        _ => Entry::Refused,
    };
    let result = match entry {
        Entry::Granted(_) => "accepted",
        Entry::CodeMissing => "code_missing",
        Entry::Refused => "refused",
    };
    metrics::counter!("madoguchi_sign_ins_total", "result" => result).increment(1);
    tracing::info!(
        request.id = %request_id(),
        // Of an address that is nobody's nothing is known, and nothing is logged: it may be a password in the wrong field.
        request.user = user_id.map(tracing::field::display),
        sign_in.result = result,
        sign_in.has_code = body.code.is_some(),
        "sign-in",
    );
    let grant = match entry {
        Entry::Granted(grant) => grant,
        Entry::CodeMissing => {
            // The first half of a sign-in is no failure. Codes are counted apart, so this wins back none of them.
            if body.code.is_none() {
                throttle::forget(db, &account).await?;
                throttle::give_back(db, &address).await?;
            }
            return Err(code_missing(body.code.is_some()));
        }
        Entry::Refused => {
            return Err(Error::problem(
                ProblemType::Unauthenticated,
                "The e-mail address or the password is wrong.",
            ));
        }
    };
    throttle::forget(db, &account).await?;
    throttle::give_back(db, &address).await?;
    if body.code.is_some() {
        throttle::forget(db, &code_subject(&body.email)).await?;
    }
    Ok(answer(
        &access,
        &config,
        grant,
        query.session.unwrap_or_default(),
    ))
}

/// What becomes of somebody with the right password.
enum Entry {
    Granted(Grant),
    /// A second factor is needed, and did not come.
    CodeMissing,
    /// Deactivated, or the password changed, in the meantime.
    Refused,
}

/// Judges the second factor and opens the session in one transaction that holds the person, so that nobody comes in beside a
/// factor that is being set up.
async fn enter(
    tx: &mut Tx,
    config: &AuthConfig,
    user_id: UserId,
    stored: &str,
    code: Option<&TypedCode>,
) -> Result<Entry> {
    users::lock(tx, user_id).await?;
    // Sessions are exempt; a recovery code that was used is recorded.
    tx.unchanged();
    if second_factor::prove(tx, &config.seal, user_id, code).await? == Proof::Missing {
        return Ok(Entry::CodeMissing);
    }
    let grant = sessions::open(tx, user_id, stored).await?;
    Ok(grant.map_or(Entry::Refused, Entry::Granted))
}

fn code_missing(one_came: bool) -> Error {
    Error::problem(
        ProblemType::SecondFactorRequired,
        match one_came {
            true => "The code is wrong, too old, or was used before.",
            false => "Send the code of the second factor along.",
        },
    )
}

/// What the tries with codes for an account are counted under.
pub(super) fn code_subject(email: &EmailAddress) -> String {
    format!("code:{}", email.key())
}

/// What the tries for an account are counted under.
pub(super) fn account_subject(email: &EmailAddress) -> String {
    format!("account:{}", email.key())
}

/// Get a new access token
///
/// The refresh token comes in the body or in the cookie, and is replaced. One that is used a second time ends the
/// session, so send refreshes one after the other. With the cookie, the request must show that it comes from a page of
/// ours: `Sec-Fetch-Site: same-origin`, a matching `Origin`, or a header `X-Requested-With`.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "refresh_session",
    request_body = Option<RefreshRequest>,
    responses((status = 200, description = "A new pair of tokens", body = SignedIn)),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/auth/refresh")]
async fn refresh_session(
    access: Access<permit::Anyone>,
    config: Data<AuthConfig>,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse> {
    let Some((token, kind)) = presented_token(access.request(), &config, body)? else {
        return Err(Error::problem(
            ProblemType::Unauthenticated,
            "Send a refresh token in the body or in the cookie.",
        ));
    };
    let grant = access
        .transaction_of(async |tx| sessions::rotate(tx, &token).await)
        .await?;
    let grant = grant.ok_or_else(|| {
        Error::problem(
            ProblemType::Unauthenticated,
            "The session is over. Sign in again.",
        )
    })?;
    Ok(answer(&access, &config, grant, kind))
}

/// Sign out
///
/// Ends the session of the bearer token and that of the refresh token in the body or the cookie. Their access tokens end
/// with them. Signing out twice is no error.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "sign_out",
    request_body = Option<RefreshRequest>,
    responses((status = 204, description = "Signed out")),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/auth/logout")]
async fn sign_out(
    access: Access<permit::Anyone>,
    config: Data<AuthConfig>,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse> {
    let presented = presented_token(access.request(), &config, body)?;
    let session_id = access.actor().session_id;
    access
        .transaction_of(async |tx| {
            tx.unchanged();
            if let Some((token, _)) = &presented {
                sessions::end_by_token(tx, token).await?;
            }
            if let Some(session_id) = session_id {
                sessions::end(tx, session_id, EndReason::SignedOut).await?;
            }
            Ok(())
        })
        .await?;
    let mut response = Answer::no_content().respond_to(access.request());
    if let Some((_, SessionKind::Cookie)) = presented {
        set_cookie(&mut response, cookie(&config, "", time::Duration::ZERO));
    }
    Ok(response)
}

/// The refresh token of a request and where it was. A token in the body wins over the cookie.
fn presented_token(
    request: &HttpRequest,
    config: &AuthConfig,
    body: Option<RefreshRequest>,
) -> Result<Option<(String, SessionKind)>> {
    if let Some(token) = body.and_then(|body| body.refresh_token) {
        return Ok(Some((token, SessionKind::Token)));
    }
    let Some(cookie) = request.cookie(cookie_of(config).0) else {
        return Ok(None);
    };
    if !is_from_our_page(request, config) {
        return Err(Error::forbidden(
            "With the cookie, a request must come from a page of this site.",
        ));
    }
    Ok(Some((cookie.value().to_owned(), SessionKind::Cookie)))
}

/// The second lock beside `SameSite=Strict`: what a foreign page makes a browser send has none of these.
fn is_from_our_page(request: &HttpRequest, config: &AuthConfig) -> bool {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    matches!(header("sec-fetch-site"), Some("same-origin" | "none"))
        || header("origin").is_some_and(|origin| origin.eq_ignore_ascii_case(&config.public_origin))
        || header("x-requested-with").is_some()
}

fn answer(
    access: &Access<permit::Anyone>,
    config: &AuthConfig,
    grant: Grant,
    kind: SessionKind,
) -> HttpResponse {
    let now = access.now();
    let claims = Claims::new(grant.user_id, grant.session_id, now, grant.session_end);
    let by_cookie = kind == SessionKind::Cookie;
    let body = SignedIn {
        access_token: config.keys.sign(&claims),
        token_type: "Bearer",
        expires_in: claims.exp - claims.iat,
        refresh_token: (!by_cookie).then(|| grant.refresh_token.clone()),
    };
    let mut response = Answer::ok(&body).respond_to(access.request());
    if by_cookie {
        let age = time::Duration::seconds((grant.refresh_end - now).num_seconds());
        set_cookie(&mut response, cookie(config, &grant.refresh_token, age));
    }
    response
}

fn cookie<'a>(config: &AuthConfig, value: &'a str, age: time::Duration) -> Cookie<'a> {
    let (name, path) = cookie_of(config);
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .secure(config.cookies_are_secure())
        .same_site(SameSite::Strict)
        .max_age(age)
        .finish()
}

fn set_cookie(response: &mut HttpResponse, cookie: Cookie<'_>) {
    let value = header::HeaderValue::from_str(&cookie.to_string())
        .expect("name, token and attributes are ASCII");
    response.headers_mut().append(header::SET_COOKIE, value);
}

/// A body that may be left out altogether: then there is no `Content-Type` either, or (some clients name one for every
/// POST) a length of zero.
struct OptionalJson<T>(Option<T>);

impl<T: Body + 'static> FromRequest for OptionalJson<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let is_empty = headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length == "0");
        if is_empty || !headers.contains_key(header::CONTENT_TYPE) {
            return ready(Ok(Self(None))).boxed_local();
        }
        Json::<T>::from_request(request, payload)
            .map_ok(|Json(body)| Self(Some(body)))
            .boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Keys, PasswordCost, Passwords, SealKey};
    use actix_web::test::TestRequest;

    fn config(url: &str) -> AuthConfig {
        let keys = Keys::new(&"0123456789abcdef0123456789abcdef".into(), None).unwrap();
        AuthConfig::new(
            keys,
            SealKey::new(&"a key for tests".into()),
            Passwords::new(PasswordCost::TEST),
            Vec::new(),
            url,
        )
        .unwrap()
    }

    #[test]
    fn a_foreign_page_cannot_use_the_cookie() {
        let config = config("https://madoguchi.example.jp");
        let is_ours = |headers: &[(&'static str, &'static str)]| {
            let request = headers.iter().fold(TestRequest::post(), |request, header| {
                request.insert_header(*header)
            });
            is_from_our_page(&request.to_http_request(), &config)
        };
        assert!(!is_ours(&[]));
        assert!(!is_ours(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example")
        ]));
        assert!(!is_ours(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://other.example.jp")
        ]));
        assert!(!is_ours(&[("origin", "null")]));
        assert!(!is_ours(&[(
            "origin",
            "https://madoguchi.example.jp.evil.example"
        )]));
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[("origin", "https://madoguchi.example.jp")]));
        assert!(is_ours(&[("x-requested-with", "madoguchi")]));
    }

    #[test]
    fn the_cookie_is_only_for_sign_in() {
        let age = time::Duration::days(3);
        let text = cookie(&config("https://madoguchi.example.jp"), "token", age).to_string();
        assert_eq!(
            text,
            "__Host-madoguchi_refresh=token; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=259200"
        );
        // Without TLS a browser takes neither the prefix nor `Secure`.
        assert_eq!(
            cookie(&config("http://127.0.0.1:8080"), "token", age).to_string(),
            "madoguchi_refresh=token; HttpOnly; SameSite=Strict; Path=/api/v1/auth; Max-Age=259200"
        );
    }
}
