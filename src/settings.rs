//! What an office decides: the number of free sessions, deadlines, the enterprise guard (`/settings`).
//!
//! Owns `office_setting`. Absent values have the defaults written here, so that a new setting needs no migration.

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Fields, Result},
    http::{Answer, Body, Json, absent_or_null},
    text::{Line80, Phone},
};
use actix_web::{get, patch};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json as SqlJson};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts `/settings`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(show_settings).service(edit_settings);
}

/// What happens when an enterprise asks a second time in a fiscal year (rule 11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnterpriseGuard {
    /// The second case is flagged with the sessions already used.
    #[default]
    Flag,
    /// And a booking on it needs a supervisor's recorded override.
    Block,
}

/// What the office has set. Days are business days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Free sessions per case, copied into a case when it is opened; 1 to 9.
    #[schema(minimum = 1, maximum = 9)]
    pub session_limit: i32,
    /// The second case of an enterprise in a fiscal year.
    pub enterprise_guard: EnterpriseGuard,
    /// Days until a received case is routed.
    pub route_days: u32,
    /// Days until a desk accepts a routed case.
    pub accept_days: u32,
    /// Days from `received_at` to the first contact with the enterprise.
    pub first_contact_days: u32,
    /// Days a manager has to answer an offer.
    pub answer_offer_days: u32,
    /// Days from a held session to its submitted report.
    pub report_days: u32,
    /// Days after which a wait without an end is looked at again.
    pub wait_review_days: u32,
    /// Days after which a routed case that no desk took up goes back to the help center.
    pub return_days: u32,
    /// Attempts on record before a case is closed as unreachable.
    pub unreachable_attempts: i64,
    /// Calendar days in which its owner may reopen a closed case.
    pub reopen_days: i64,
    /// Seconds in which the writer of a message can take it back.
    pub message_hold_seconds: i64,
    /// Whether a mail that opens a case is acknowledged.
    pub acknowledge_mail: bool,
    /// Acknowledgements to one address in 24 hours.
    pub acknowledgements_per_sender: i64,
    /// Mails that the program may send by itself in an hour; beyond, it stops and alarms.
    pub automatic_mails_per_hour: i64,
    /// Cases that one address may open by mail in 24 hours; further mails are to be checked.
    pub mail_cases_per_sender: i64,
    /// Years that a case is kept after the fiscal year of its closing (文書管理規則: 5 is usual). With a case go its mails and
    /// files, whatever their own years.
    pub retention_case_years: i32,
    /// Years that mail is kept as it came, byte for byte; what is read of it stays with the case.
    pub retention_raw_mail_years: i32,
    /// Years that files are kept.
    pub retention_attachment_years: i32,
    /// Years that the audit trail of a case must be kept at least; the program never cuts it.
    pub retention_audit_years: i32,
    /// Years that is kept who saw which case, after the fiscal year in which they did.
    pub retention_view_years: i32,
    /// Whether admins need a second factor: without one they may set it up, and nothing else.
    pub second_factor_for_admins: bool,
    /// What the help center is called in mails.
    pub office_name: Line80,
    /// Where it is rung.
    pub office_phone: Option<Phone>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_limit: 3,
            enterprise_guard: EnterpriseGuard::Flag,
            route_days: 1,
            accept_days: 1,
            first_contact_days: 2,
            answer_offer_days: 2,
            report_days: 5,
            wait_review_days: 10,
            return_days: 5,
            unreachable_attempts: 3,
            reopen_days: 90,
            message_hold_seconds: 120,
            acknowledge_mail: true,
            acknowledgements_per_sender: 3,
            automatic_mails_per_hour: 500,
            mail_cases_per_sender: 10,
            retention_case_years: 5,
            retention_raw_mail_years: 1,
            retention_attachment_years: 5,
            retention_audit_years: 10,
            retention_view_years: 3,
            second_factor_for_admins: false,
            office_name: Line80::parse("テレワーク相談センター").expect("one line"),
            office_phone: None,
        }
    }
}

impl Settings {
    /// The settings in force.
    pub async fn load(db: impl PgExecutor<'_>) -> Result<Self> {
        Ok(load_versioned(db).await?.0)
    }
}

/// A change of the settings; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Settings")]
pub struct EditSettingsRequest {
    pub session_limit: Option<i32>,
    pub enterprise_guard: Option<EnterpriseGuard>,
    pub route_days: Option<u32>,
    pub accept_days: Option<u32>,
    pub first_contact_days: Option<u32>,
    pub answer_offer_days: Option<u32>,
    pub report_days: Option<u32>,
    pub wait_review_days: Option<u32>,
    pub return_days: Option<u32>,
    pub unreachable_attempts: Option<i64>,
    pub reopen_days: Option<i64>,
    pub message_hold_seconds: Option<i64>,
    pub acknowledge_mail: Option<bool>,
    pub acknowledgements_per_sender: Option<i64>,
    pub automatic_mails_per_hour: Option<i64>,
    pub mail_cases_per_sender: Option<i64>,
    pub retention_case_years: Option<i32>,
    pub retention_raw_mail_years: Option<i32>,
    pub retention_attachment_years: Option<i32>,
    pub retention_audit_years: Option<i32>,
    pub retention_view_years: Option<i32>,
    pub second_factor_for_admins: Option<bool>,
    pub office_name: Option<Line80>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub office_phone: Option<Option<Phone>>,
}

impl Body for EditSettingsRequest {
    fn check(&self, fields: &mut Fields) {
        let days = [
            ("/route_days", self.route_days),
            ("/accept_days", self.accept_days),
            ("/first_contact_days", self.first_contact_days),
            ("/answer_offer_days", self.answer_offer_days),
            ("/report_days", self.report_days),
            ("/wait_review_days", self.wait_review_days),
            ("/return_days", self.return_days),
        ];
        for (pointer, value) in days {
            fields.require(
                value.is_none_or(|days| (1..=260).contains(&days)),
                pointer,
                "must be between 1 and 260",
            );
        }
        let years = [
            ("/retention_case_years", self.retention_case_years),
            ("/retention_raw_mail_years", self.retention_raw_mail_years),
            (
                "/retention_attachment_years",
                self.retention_attachment_years,
            ),
            ("/retention_audit_years", self.retention_audit_years),
            ("/retention_view_years", self.retention_view_years),
        ];
        for (pointer, value) in years {
            fields.require(
                value.is_none_or(|years| (1..=30).contains(&years)),
                pointer,
                "must be between 1 and 30",
            );
        }
        fields.require(
            self.session_limit.is_none_or(|n| (1..=9).contains(&n)),
            "/session_limit",
            "must be between 1 and 9",
        );
        fields.require(
            self.unreachable_attempts
                .is_none_or(|n| (1..=20).contains(&n)),
            "/unreachable_attempts",
            "must be between 1 and 20",
        );
        fields.require(
            self.reopen_days.is_none_or(|n| (0..=3650).contains(&n)),
            "/reopen_days",
            "must be between 0 and 3650",
        );
        let counts = [
            ("/message_hold_seconds", self.message_hold_seconds, 0, 3600),
            (
                "/acknowledgements_per_sender",
                self.acknowledgements_per_sender,
                0,
                100,
            ),
            (
                "/automatic_mails_per_hour",
                self.automatic_mails_per_hour,
                1,
                100_000,
            ),
            (
                "/mail_cases_per_sender",
                self.mail_cases_per_sender,
                1,
                10_000,
            ),
        ];
        for (pointer, value, least, most) in counts {
            fields.require(
                value.is_none_or(|count| (least..=most).contains(&count)),
                pointer,
                &format!("must be between {least} and {most}"),
            );
        }
    }
}

impl EditSettingsRequest {
    /// Applies the change and names the fields that differ afterwards.
    fn apply(&self, settings: &mut Settings) -> Vec<String> {
        let mut changed = Vec::new();
        macro_rules! apply {
            ($($field:ident),+) => {$(
                if let Some(value) = &self.$field && *value != settings.$field {
                    settings.$field = value.clone();
                    changed.push(stringify!($field).to_owned());
                }
            )+};
        }
        apply!(
            session_limit,
            enterprise_guard,
            route_days,
            accept_days,
            first_contact_days,
            answer_offer_days,
            report_days,
            wait_review_days,
            return_days,
            unreachable_attempts,
            reopen_days,
            message_hold_seconds,
            acknowledge_mail,
            acknowledgements_per_sender,
            automatic_mails_per_hour,
            mail_cases_per_sender,
            retention_case_years,
            retention_raw_mail_years,
            retention_attachment_years,
            retention_audit_years,
            retention_view_years,
            second_factor_for_admins,
            office_name,
            office_phone
        );
        changed
    }
}

/// Show the settings
///
/// What the office has decided, defaults included.
#[utoipa::path(
    tag = "office",
    operation_id = "show_settings",
    responses((status = 200, description = "The settings in force", body = Settings)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/settings")]
async fn show_settings(access: Access<permit::ReadDirectory>) -> Result<Answer> {
    let (settings, version) = load_versioned(access.read()).await?;
    Ok(Answer::ok(&settings).version(version))
}

/// Change settings
///
/// Cases that are open already keep their number of sessions; deadlines that are running keep their time.
#[utoipa::path(
    tag = "office",
    operation_id = "edit_settings",
    request_body = EditSettingsRequest,
    responses((status = 200, description = "The settings in force", body = Settings)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/settings")]
async fn edit_settings(
    access: Access<permit::ManageOffice>,
    Json(body): Json<EditSettingsRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            sqlx::query!("select id from office_setting for no key update")
                .fetch_one(tx.db())
                .await?;
            let (mut settings, version) = load_versioned(tx.db()).await?;
            precondition.require(version)?;
            let fields = body.apply(&mut settings);
            if fields.is_empty() {
                tx.unchanged();
            } else {
                sqlx::query!(
                    "update office_setting set value = $1, updated_at = $2",
                    SqlJson(&settings) as _,
                    tx.now()
                )
                .execute(tx.db())
                .await?;
                tx.record(OFFICE, Event::SettingsChanged { fields });
            }
            let (settings, version) = load_versioned(tx.db()).await?;
            Ok(Answer::ok(&settings).version(version))
        })
        .await
}

async fn load_versioned(db: impl PgExecutor<'_>) -> Result<(Settings, i64)> {
    let row =
        sqlx::query!(r#"select value as "value: SqlJson<Settings>", version from office_setting"#)
            .fetch_one(db)
            .await?;
    Ok((row.value.0, row.version))
}
