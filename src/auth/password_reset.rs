//! A forgotten password: a link by mail, and the new password that comes back with it.
//!
//! Owns `password_reset`. The answer to a request is the same, in words, work and time, whether the address is somebody's or
//! not: one look-up and one job, and everything else happens in the job.
//!
//! A link counts once, for an hour, and the newest of a person only; a change of the password, the address or the role, and
//! deactivation take it back ([`forget`]), and so does a report about its mail, because reports bring the mail back to a mailbox
//! that others read ([`came_back`]). Its token is stored hashed, and stands in no text that is stored: the mail's text
//! has a gap, which is filled when the mail is handed over ([`fill_in`]) with what a key outside the database makes of the
//! request's id. So neither the outbox, which staff see, nor a copy of the database lets anybody in.
//!
//! Whoever has no password (the owner of the mail system's token) gets none by this way, and a second factor is asked for at the
//! next sign-in as ever.

use super::{
    AuthConfig, ChosenPassword, address, hash_token,
    mails::{self, Notice},
    sessions::{self, EndReason},
    sign_in::account_subject,
    throttle,
};
use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    error::{Error, Result},
    http::{Answer, Body, Json},
    ids::*,
    jobs::{Job, Work},
    mail::MailIdentity,
    routes::ServiceConfig,
    store::{Store, Tx},
    text::{EmailAddress, Password},
    users,
};
use actix_web::{post, web::Data};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a link counts; the mails say it in words.
const LIFETIME: TimeDelta = TimeDelta::minutes(60);

/// Requests for one address in a window of the throttle: enough for a mail that got lost, too few to annoy anybody.
const REQUESTS_PER_ACCOUNT: i32 = 3;

/// Requests from one place in a window.
const REQUESTS_PER_ADDRESS: i32 = 20;

/// Length of a token.
const TOKEN_LENGTH: usize = 43;

/// Stands for the token in the text that is stored.
const GAP: &str = "{{token}}";

/// Mounts `/auth/password-reset`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(request_password_reset)
        .service(confirm_password_reset);
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordResetRequest {
    /// The address of the account.
    email: EmailAddress,
}

impl Body for PasswordResetRequest {}

/// A new password, proven by the link of a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmPasswordResetRequest {
    /// What stands behind `#token=` in the link.
    #[schema(
        value_type = String,
        pattern = "^[A-Za-z0-9_-]{43}$",
        example = "mB5v0x7r1T2k9Qh4ZcYw3Ld8Ns6Up-JfGe_XaVbRiOy",
        write_only
    )]
    token: ResetToken,
    /// The password from now on.
    password: Password,
}

impl Body for ConfirmPasswordResetRequest {}

/// A token, as the hash that is stored of it.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct ResetToken([u8; 32]);

impl TryFrom<String> for ResetToken {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.len() {
            TOKEN_LENGTH => Ok(Self(hash_token(&text))),
            _ => Err(OVER),
        }
    }
}

/// What is said of a token that is none, was used, is too old, or not the newest.
const OVER: &str = "does not count, or no longer: ask for a new link";

/// Ask for a link to set a new password
///
/// Goes by mail to the address, if somebody signs in with it; the answer is the same if nobody does. The link counts once,
/// for an hour, and only the newest one. After 3 requests for an address or 20 from one place in 15 minutes the answer is 429
/// with `Retry-After`.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "request_password_reset",
    request_body = PasswordResetRequest,
    responses((status = 204, description = "If the address is somebody's, a mail is on its way")),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/auth/password-reset")]
async fn request_password_reset(
    access: Access<permit::Anyone>,
    config: Data<AuthConfig>,
    Json(body): Json<PasswordResetRequest>,
) -> Result<Answer> {
    let db = access.store().writer();
    let account = format!("reset:{}", body.email.key());
    let place = address::subject(address::client_address(
        access.request(),
        &config.trusted_proxies,
    ));
    let place = format!("reset-{place}");
    throttle::count(db, &place, REQUESTS_PER_ADDRESS, access.now()).await?;
    throttle::count(db, &account, REQUESTS_PER_ACCOUNT, access.now()).await?;
    let user = users::credentials(db, &body.email).await?;
    let work = Work::SendPasswordReset {
        request_id: Uuid::now_v7(),
        // Nobody is a job too: the same work, the same time.
        user_id: user.map(|user| user.id),
    };
    access
        .transaction_of(async |tx| {
            // What comes of it is recorded by the job.
            tx.unchanged_for_all();
            tx.enqueue(Job::now(work.clone()));
            Ok(Answer::no_content())
        })
        .await
}

/// Set a new password by the link of a mail
///
/// All sessions of the person end, and they are told by mail. A token that does not count (any more) is named as the faulty
/// field `/token`, a password that is too easy to guess as `/password`; the token still counts then.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "confirm_password_reset",
    request_body = ConfirmPasswordResetRequest,
    responses((status = 204, description = "Changed; sign in with it")),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/auth/password-reset/confirm")]
async fn confirm_password_reset(
    access: Access<permit::Anyone>,
    config: Data<AuthConfig>,
    Json(body): Json<ConfirmPasswordResetRequest>,
) -> Result<Answer> {
    let db = access.store().writer();
    let place = address::subject(address::client_address(
        access.request(),
        &config.trusted_proxies,
    ));
    throttle::count(db, &place, throttle::ADDRESS_TRIES, access.now()).await?;
    let token = body.token;
    // Before the transaction, so that nothing is hashed for whoever has no token.
    let user_id = holder(db, token, access.now()).await?;
    let user = users::show(db, user_id.ok_or_else(over)?).await?;
    let known = vec![user.email.to_string(), user.name.to_string()];
    let hash = match config.passwords.choose(body.password, known).await? {
        ChosenPassword::Hashed(hash) => hash,
        ChosenPassword::Weak(why) => return Err(Error::invalid("/password", why)),
    };
    access
        .transaction_of(async |tx| set_password(tx, user.id, token, &hash).await)
        .await?;
    // Whoever tried so often that they gave up can come in now.
    throttle::forget(db, &account_subject(&user.email)).await?;
    throttle::give_back(db, &place).await?;
    Ok(Answer::no_content())
}

async fn set_password(tx: &mut Tx, user_id: UserId, token: ResetToken, hash: &str) -> Result<()> {
    users::lock(tx, user_id).await?;
    let now = tx.now();
    // Of two requests with one token, one uses it; the other waited for the person, and finds it over.
    let used = sqlx::query!(
        "update password_reset set expires_at = $3 where user_id = $1 and hash = $2 and expires_at > $3",
        *user_id,
        &token.0[..],
        now,
    )
    .execute(tx.db())
    .await?;
    if used.rows_affected() == 0 {
        return Err(over());
    }
    let user = users::credentials_of(tx.db(), user_id).await?;
    let stored = user.password_hash.as_deref();
    if !users::replace_password(tx, user_id, stored, hash).await? {
        return Err(over());
    }
    sessions::end_all(tx, user_id, None, EndReason::PasswordChanged).await?;
    tx.record(OFFICE, Event::PasswordReset { user_id });
    mails::tell(tx, user_id, Notice::PasswordReset).await
}

fn over() -> Error {
    Error::invalid("/token", OVER)
}

/// Whose link it is, while it counts.
async fn holder(db: &PgPool, token: ResetToken, now: DateTime<Utc>) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"select user_id as "user_id: UserId" from password_reset where hash = $1 and expires_at > $2"#,
        &token.0[..],
        now,
    )
    .fetch_optional(db)
    .await?)
}

/// Writes the mail with the link, to somebody who may sign in with a password. Run again, it changes nothing.
///
/// # Errors
/// The database.
pub(crate) async fn send(
    store: &Store,
    system: &Actor,
    request_id: Uuid,
    user_id: Option<UserId>,
) -> Result<()> {
    let Some(user_id) = user_id else {
        return Ok(());
    };
    store
        .transaction(system, async |tx| {
            users::lock(tx, user_id).await?;
            let user = users::show(tx.db(), user_id).await?;
            let before =
                sqlx::query_scalar!("select id from password_reset where user_id = $1", *user_id)
                    .fetch_optional(tx.db())
                    .await?;
            // Ids grow with time: this request was done, or a newer one.
            let is_done = before.is_some_and(|before| before >= request_id);
            let message_id = match !is_done && user.has_password {
                true => mails::write(tx, &user, "パスワードの再設定", &text(tx.mail())).await?,
                false => None,
            };
            match message_id {
                Some(message_id) => remember(tx, user_id, request_id, message_id).await,
                None => {
                    tx.unchanged();
                    Ok(())
                }
            }
        })
        .await
}

fn text(mail: &MailIdentity) -> String {
    let page = mail.public_url.trim_end_matches('/');
    // Behind the #, so that no server and no log ever sees it.
    format!(
        "パスワードの再設定のお申し込みを受け付けました。次のリンクを開いて、新しいパスワードを入力してください。\n\n\
         {page}/password-reset#token={GAP}\n\n\
         リンクは60分間、1回だけ使えます。再度お申し込みになると、前のリンクは使えなくなります。\n\
         お心当たりのない場合は、このメールを破棄してください。パスワードは変わりません。このメールは転送しないでください。\n\n\
         To set a new password, open the link above within 60 minutes. If you did not ask for this, ignore this mail; your password stays as it is."
    )
}

async fn remember(tx: &mut Tx, user_id: UserId, id: Uuid, message_id: MessageId) -> Result<()> {
    let (now, token) = (tx.now(), token(tx.mail(), id));
    sqlx::query!(
        r#"
        insert into password_reset (user_id, id, hash, message_id, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (user_id) do update
        set id = excluded.id, hash = excluded.hash, message_id = excluded.message_id, created_at = excluded.created_at,
            expires_at = excluded.expires_at
        "#,
        *user_id,
        id,
        &hash_token(&token)[..],
        *message_id,
        now,
        now + LIFETIME,
    )
    .execute(tx.db())
    .await?;
    tx.record(OFFICE, Event::PasswordResetSent { user_id });
    Ok(())
}

fn token(mail: &MailIdentity, id: Uuid) -> String {
    mail.key.link_token("password-reset", id)
}

/// The text of a mail about an account as it goes out; none where its link no longer counts.
///
/// # Errors
/// The database.
pub(crate) async fn fill_in(
    store: &Store,
    message_id: MessageId,
    text: String,
) -> Result<Option<String>> {
    if !text.contains(GAP) {
        return Ok(Some(text));
    }
    let id = sqlx::query_scalar!(
        "select id from password_reset where message_id = $1 and expires_at > $2",
        *message_id,
        store.now(),
    )
    .fetch_optional(store.writer())
    .await?;
    Ok(id.map(|id| text.replace(GAP, &token(store.mail(), id))))
}

/// Takes a person's link back. The caller holds the person.
pub(crate) async fn forget(tx: &mut Tx, user_id: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update password_reset set expires_at = $2 where user_id = $1 and expires_at > $2",
        *user_id,
        now
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// A mail came back, as a report or as it was: a link in it was seen by others.
pub(crate) async fn came_back(tx: &mut Tx, message_id: MessageId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update password_reset set expires_at = $2 where message_id = $1 and expires_at > $2",
        *message_id,
        now
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Deletes what has been over for a day.
pub(crate) async fn forget_old(db: &PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from password_reset where expires_at < $1",
        now - TimeDelta::days(1)
    )
    .execute(db)
    .await?;
    Ok(())
}
