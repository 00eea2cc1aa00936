//! The second factor: one-time codes of an authenticator app (TOTP), and recovery codes for the day it is lost.
//!
//! Owns `second_factor` and `recovery_code`. Optional for everybody; with the setting `second_factor_for_admins`, admins
//! without one may sign in and set it up, and nothing else (see [`crate::access::Actor::needs_second_factor`]). API tokens never need it.
//!
//! - A code counts once: the step of the newest one is stored, and moved on by a statement that only one of several
//!   requests at once wins. So is a recovery code's use.
//! - Codes are only judged behind the right password. Tries are counted apart from those of passwords, so that knowing the
//!   password does not win tries back.
//! - Secrets are sealed with a key outside the database. Recovery codes have 120 random bits, so a plain hash of them tells
//!   nothing.
//! - Setting it up, turning it off and resetting it end all other sessions, and are told by mail.

mod seal;
mod totp;

use super::{
    AuthConfig, TypedPassword,
    account::check_password,
    hash_token, mails,
    mails::Notice,
    person_of,
    sessions::{self, EndReason},
    sign_in::code_subject,
    throttle,
};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, ProblemBody, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    routes::ServiceConfig,
    store::Tx,
    text::clean::compact,
    users,
};
use actix_web::{delete, post, web::Data};
use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

pub use seal::SealKey;

/// How long an enrolment waits for its first code.
pub(crate) const ENROLMENT_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// How many recovery codes somebody has.
const RECOVERY_CODES: usize = 10;

/// Random bytes of a recovery code: 120 bits, more than the 112 from which a hash needs neither salt nor slowness.
const RECOVERY_BYTES: usize = 15;

/// The same in letters of base32.
const RECOVERY_LETTERS: usize = 24;

/// Longest text that is looked at as a code, in characters.
const MAX_TYPED: usize = 100;

/// Mounts `/me/second-factor` and its reset under `/users`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(start_second_factor)
        .service(confirm_second_factor)
        .service(turn_off_second_factor)
        .service(renew_recovery_codes)
        .service(reset_second_factor);
}

/// What somebody typed as their second factor: six digits of the app, or a recovery code. In any usual writing: with
/// spaces or hyphens, in full width, in small letters.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum TypedCode {
    App(u32),
    /// The hash of it.
    Recovery([u8; 32]),
    Neither,
}

impl TryFrom<String> for TypedCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > MAX_TYPED {
            return Err("is longer than any code");
        }
        let code = compact(&text).to_ascii_uppercase();
        let is_app = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        Ok(match code.parse() {
            Ok(number) if is_app => Self::App(number),
            _ if code.len() == RECOVERY_LETTERS => Self::Recovery(hash_token(&code)),
            _ => Self::Neither,
        })
    }
}

/// The own password, typed again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartSecondFactorRequest {
    /// The password.
    #[schema(value_type = String, format = Password, write_only)]
    current_password: TypedPassword,
}

impl Body for StartSecondFactorRequest {}

/// A secret for an authenticator app.
#[derive(Serialize, ToSchema)]
struct SecondFactorOffer {
    /// In base32, for typing.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// For a QR code: `otpauth://totp/…`.
    uri: String,
}

/// The first code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmSecondFactorRequest {
    /// Six digits.
    #[schema(value_type = String, max_length = 100, write_only)]
    code: TypedCode,
}

impl Body for ConfirmSecondFactorRequest {}

/// Both factors.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BothFactorsRequest {
    /// The password.
    #[schema(value_type = String, format = Password, write_only)]
    current_password: TypedPassword,
    /// Six digits of the app, or a recovery code.
    #[schema(value_type = String, max_length = 100, write_only)]
    code: TypedCode,
}

impl Body for BothFactorsRequest {}

/// Codes that stand in for a lost app.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Ten codes, each good once; shown this once.
    #[schema(example = json!(["k7dm-2xqa-h3te-wy5b-qn4c-ux7f"]))]
    recovery_codes: Vec<String>,
}

/// Start to set up the second factor
///
/// Gives a secret for an authenticator app; a code of it confirms it within an hour (`POST /me/second-factor/confirm`).
/// Until then nothing has changed, and starting again gives another secret. Tries with a wrong password count like tries
/// to sign in.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "start_second_factor",
    request_body = StartSecondFactorRequest,
    responses(
        (status = 200, description = "The secret, shown this once", body = SecondFactorOffer),
        (status = 429, description = "Too many tries; see Retry-After", body = ProblemBody, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/me/second-factor")]
async fn start_second_factor(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<StartSecondFactorRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let person = check_password(&access, &config, user_id, body.current_password).await?;
    person.require_right()?;
    let secret: [u8; totp::SECRET_BYTES] = rand::random();
    let sealed = config.seal.seal(*user_id, &secret);
    // No idempotency key, here and below: the stored answer would hold the secret.
    access
        .transaction_of(async |tx| {
            // An offer counts for nothing: what comes of it is recorded.
            tx.unchanged();
            users::lock(tx, user_id).await?;
            let now = tx.now();
            let offered = sqlx::query!(
                r#"
                insert into second_factor (user_id, secret, created_at)
                values ($1, $2, $3)
                on conflict (user_id) do update
                set secret = excluded.secret, created_at = excluded.created_at
                where second_factor.confirmed_at is null
                "#,
                *user_id,
                sealed,
                now,
            )
            .execute(tx.db())
            .await?;
            if offered.rows_affected() == 0 {
                return Err(Error::conflict(
                    "The second factor is set up. Turn it off to set it up with another app.",
                ));
            }
            let settings = tx.settings().await?;
            Ok(Answer::ok(&SecondFactorOffer {
                secret: totp::base32(&secret),
                uri: totp::uri(
                    &secret,
                    settings.office_name.as_str(),
                    person.user.email.as_str(),
                ),
            }))
        })
        .await
}

/// Confirm the second factor
///
/// With the first code of the app. From now on signing in takes a code; all other sessions end. The answer has ten recovery
/// codes.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "confirm_second_factor",
    request_body = ConfirmSecondFactorRequest,
    responses(
        (status = 200, description = "It is set up; the recovery codes, shown this once", body = RecoveryCodes),
        (status = 429, description = "Too many tries; see Retry-After", body = ProblemBody, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/me/second-factor/confirm")]
async fn confirm_second_factor(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<ConfirmSecondFactorRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let subject = count_code(&access, user_id).await?;
    let answer = access
        .transaction_of(async |tx| {
            users::lock(tx, user_id).await?;
            confirm(tx, &config.seal, user_id, &body.code).await?;
            let recovery_codes = make_recovery_codes(tx, user_id).await?;
            end_other_sessions(tx, user_id).await?;
            tx.record(OFFICE, Event::SecondFactorSetUp { user_id });
            mails::tell(tx, user_id, Notice::SecondFactorSetUp).await?;
            Ok(Answer::ok(&RecoveryCodes { recovery_codes }))
        })
        .await?;
    throttle::forget(access.store().writer(), &subject).await?;
    Ok(answer)
}

/// Turn the second factor off
///
/// With the password and a code. All other sessions end. An admin of an office that demands it has to set it up again.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "turn_off_second_factor",
    request_body = BothFactorsRequest,
    responses(
        (status = 204, description = "Signing in takes the password alone"),
        (status = 404, description = "There is none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; see Retry-After", body = ProblemBody, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[delete("/me/second-factor")]
async fn turn_off_second_factor(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<BothFactorsRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let subject = check_both(&access, &config, user_id, body.current_password).await?;
    access
        .transaction_of(async |tx| {
            users::lock(tx, user_id).await?;
            require_code(tx, &config.seal, user_id, &body.code).await?;
            remove(tx, user_id).await?;
            end_other_sessions(tx, user_id).await?;
            tx.record(OFFICE, Event::SecondFactorTurnedOff { user_id });
            mails::tell(tx, user_id, Notice::SecondFactorTurnedOff).await
        })
        .await?;
    throttle::forget(access.store().writer(), &subject).await?;
    Ok(Answer::no_content())
}

/// Make new recovery codes
///
/// With the password and a code. Those from before no longer count.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "renew_recovery_codes",
    request_body = BothFactorsRequest,
    responses(
        (status = 200, description = "The recovery codes, shown this once", body = RecoveryCodes),
        (status = 404, description = "There is no second factor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; see Retry-After", body = ProblemBody, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/me/second-factor/recovery-codes")]
async fn renew_recovery_codes(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<BothFactorsRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let subject = check_both(&access, &config, user_id, body.current_password).await?;
    let answer = access
        .transaction_of(async |tx| {
            users::lock(tx, user_id).await?;
            require_code(tx, &config.seal, user_id, &body.code).await?;
            let recovery_codes = make_recovery_codes(tx, user_id).await?;
            tx.record(OFFICE, Event::RecoveryCodesMade { user_id });
            Ok(Answer::ok(&RecoveryCodes { recovery_codes }))
        })
        .await?;
    throttle::forget(access.store().writer(), &subject).await?;
    Ok(answer)
}

/// Reset a user's second factor
///
/// For somebody who lost app and recovery codes: they sign in with the password alone, and are told by mail. All their
/// sessions end. Not for oneself, because that takes a code.
#[utoipa::path(
    tag = "people",
    operation_id = "reset_second_factor",
    params(("id" = Uuid, Path, description = "The user")),
    responses((status = 204, description = "They have none now")),
    extensions(("x-permission" = json!("manage_office")))
)]
#[delete("/users/{id}/second-factor")]
async fn reset_second_factor(
    access: Access<permit::ManageOffice>,
    Path(id): Path<UserId>,
) -> Result<Answer> {
    if access.actor().user_id == Some(id) {
        return Err(Error::conflict(
            "Turn your own second factor off under your account, or ask another admin.",
        ));
    }
    access
        .transaction(async |tx| {
            reset(tx, id).await?;
            Ok(Answer::no_content())
        })
        .await
}

/// What became of a code at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The person has no second factor.
    NotNeeded,
    /// The code was right, and is used now.
    Given,
    /// There was none, or it was wrong, or used before.
    Missing,
}

/// Judges a code and uses it up. The caller holds the user, and knows that the password was right.
pub(super) async fn prove(
    tx: &mut Tx,
    seal: &SealKey,
    user_id: UserId,
    code: Option<&TypedCode>,
) -> Result<Proof> {
    let factor = sqlx::query!(
        "select secret, last_step from second_factor where user_id = $1 and confirmed_at is not null",
        *user_id
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(factor) = factor else {
        return Ok(Proof::NotNeeded);
    };
    let is_given = match code {
        None | Some(TypedCode::Neither) => false,
        Some(TypedCode::App(typed)) => {
            let secret = opened(seal, user_id, &factor.secret);
            let now = tx.now();
            let step =
                secret.and_then(|secret| totp::step_of(&secret, *typed, now, factor.last_step));
            match step {
                Some(step) => use_step(tx, user_id, step).await?,
                None => false,
            }
        }
        Some(TypedCode::Recovery(hash)) => use_recovery_code(tx, user_id, hash).await?,
    };
    Ok(if is_given {
        Proof::Given
    } else {
        Proof::Missing
    })
}

/// Takes the second factor from somebody who lost it, signs them out, and tells them.
///
/// # Errors
/// 404 when there is no such user, or no second factor.
pub(super) async fn reset(tx: &mut Tx, user_id: UserId) -> Result<()> {
    users::lock(tx, user_id).await?;
    remove(tx, user_id).await?;
    sessions::end_all(tx, user_id, None, EndReason::SecondFactorChanged).await?;
    tx.record(OFFICE, Event::SecondFactorReset { user_id });
    mails::tell(tx, user_id, Notice::SecondFactorReset).await
}

/// Forgets the enrolments that nobody confirmed.
///
/// # Errors
/// The database.
pub(crate) async fn forget_offers(db: &PgPool, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    sqlx::query!(
        "delete from second_factor where confirmed_at is null and created_at < $1",
        now - ENROLMENT_LIFETIME
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Counts a try with a code, apart from those with a password.
async fn count_code(access: &Access<permit::SignedIn>, user_id: UserId) -> Result<String> {
    let db = access.store().writer();
    let subject = code_subject(&users::show(db, user_id).await?.email);
    throttle::count(db, &subject, throttle::ACCOUNT_TRIES, access.now()).await?;
    Ok(subject)
}

/// The password is right, and a try with a code is counted.
async fn check_both(
    access: &Access<permit::SignedIn>,
    config: &AuthConfig,
    user_id: UserId,
    password: TypedPassword,
) -> Result<String> {
    let person = check_password(access, config, user_id, password).await?;
    person.require_right()?;
    count_code(access, user_id).await
}

async fn require_code(
    tx: &mut Tx,
    seal: &SealKey,
    user_id: UserId,
    code: &TypedCode,
) -> Result<()> {
    match prove(tx, seal, user_id, Some(code)).await? {
        Proof::Given => Ok(()),
        Proof::NotNeeded => Err(Error::not_found()),
        Proof::Missing => Err(wrong_code()),
    }
}

fn wrong_code() -> Error {
    Error::invalid("/code", "is wrong, too old, or was used before")
}

/// The first code of an app makes the offer count.
async fn confirm(tx: &mut Tx, seal: &SealKey, user_id: UserId, code: &TypedCode) -> Result<()> {
    let now = tx.now();
    let offer = sqlx::query_scalar!(
        "select secret from second_factor where user_id = $1 and confirmed_at is null and created_at > $2",
        *user_id,
        now - ENROLMENT_LIFETIME,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(offer) = offer else {
        return Err(Error::conflict(
            "There is nothing to confirm. Start to set up the second factor (again).",
        ));
    };
    let step = match code {
        TypedCode::App(typed) => opened(seal, user_id, &offer)
            .and_then(|secret| totp::step_of(&secret, *typed, now, None)),
        _ => None,
    };
    let step = step.ok_or_else(wrong_code)?;
    sqlx::query!(
        "update second_factor set confirmed_at = $2, last_step = $3 where user_id = $1",
        *user_id,
        now,
        step,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

fn opened(seal: &SealKey, user_id: UserId, sealed: &[u8]) -> Option<Vec<u8>> {
    let secret = seal.open(*user_id, sealed);
    if secret.is_none() {
        tracing::error!(
            user.id = %user_id,
            "a second factor was sealed with another key than MADOGUCHI_SECOND_FACTOR_KEY: only recovery codes count"
        );
    }
    secret
}

/// False where another request used the code, or a newer one.
async fn use_step(tx: &mut Tx, user_id: UserId, step: i64) -> Result<bool> {
    let used = sqlx::query!(
        "update second_factor set last_step = $2 where user_id = $1 and last_step < $2",
        *user_id,
        step
    )
    .execute(tx.db())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// False where it is none, or was used.
async fn use_recovery_code(tx: &mut Tx, user_id: UserId, hash: &[u8; 32]) -> Result<bool> {
    let now = tx.now();
    let used = sqlx::query!(
        "update recovery_code set used_at = $3 where user_id = $1 and hash = $2 and used_at is null",
        *user_id,
        &hash[..],
        now,
    )
    .execute(tx.db())
    .await?;
    if used.rows_affected() == 0 {
        return Ok(false);
    }
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from recovery_code where user_id = $1 and used_at is null"#,
        *user_id
    )
    .fetch_one(tx.db())
    .await?;
    tx.record(OFFICE, Event::RecoveryCodeUsed { user_id, left });
    mails::tell(tx, user_id, Notice::RecoveryCodeUsed { left }).await?;
    Ok(true)
}

/// Ten new codes in the place of those before.
async fn make_recovery_codes(tx: &mut Tx, user_id: UserId) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| BASE32_NOPAD.encode(&rand::random::<[u8; RECOVERY_BYTES]>()))
        .collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash_token(code).to_vec()).collect();
    sqlx::query!("delete from recovery_code where user_id = $1", *user_id)
        .execute(tx.db())
        .await?;
    sqlx::query!(
        "insert into recovery_code (hash, user_id, created_at) select hash, $2, $3 from unnest($1::bytea[]) hash",
        &hashes,
        *user_id,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    Ok(codes.iter().map(|code| in_fours(code)).collect())
}

/// As people copy it: `k7dm-2xqa-h3te-wy5b-qn4c-ux7f`.
fn in_fours(code: &str) -> String {
    let code = code.to_ascii_lowercase();
    let letters: Vec<char> = code.chars().collect();
    let fours: Vec<String> = letters
        .chunks(4)
        .map(|four| four.iter().collect())
        .collect();
    fours.join("-")
}

/// The recovery codes go with it.
async fn remove(tx: &mut Tx, user_id: UserId) -> Result<()> {
    let removed = sqlx::query!(
        "delete from second_factor where user_id = $1 and confirmed_at is not null",
        *user_id
    )
    .execute(tx.db())
    .await?;
    match removed.rows_affected() {
        0 => Err(Error::not_found()),
        _ => Ok(()),
    }
}

async fn end_other_sessions(tx: &mut Tx, user_id: UserId) -> Result<()> {
    let this = tx.actor().session_id;
    sessions::end_all(tx, user_id, this, EndReason::SecondFactorChanged).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> TypedCode {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn codes_in_any_writing() {
        for text in ["012345", " 012 345 ", "０１２３４５", "012-345"] {
            assert!(matches!(typed(text), TypedCode::App(12_345)), "{text}");
        }
        let shown = in_fours("K7DM2XQAH3TEWY5BQN4CUX7F");
        assert_eq!(shown, "k7dm-2xqa-h3te-wy5b-qn4c-ux7f");
        for text in [
            &shown,
            "K7DM2XQAH3TEWY5BQN4CUX7F",
            "ｋ７ｄｍ ２ｘｑａ ｈ３ｔｅ ｗｙ５ｂ ｑｎ４ｃ ｕｘ７ｆ",
        ] {
            let TypedCode::Recovery(hash) = typed(text) else {
                panic!("{text}")
            };
            assert_eq!(hash, hash_token("K7DM2XQAH3TEWY5BQN4CUX7F"));
        }
        for text in ["", "12345", "1234567", "+12345", "12345a", "あいう"] {
            assert!(matches!(typed(text), TypedCode::Neither), "{text}");
        }
        assert!(TypedCode::try_from("1".repeat(MAX_TYPED + 1)).is_err());
    }
}
