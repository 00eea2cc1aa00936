//! What an office decides: the number of free sessions, deadlines, the enterprise guard (`/settings`).
//!
//! Owns `office_setting`. Absent values have the defaults written here, so that a new setting needs no migration.

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Fields, Result},
    figures::UNSET,
    http::{Answer, Body, Json, absent_or_null},
    japan::fiscal_year_of,
    programme::Topic,
    routes::ServiceConfig,
    text::{Line80, Phone},
};
use actix_web::{get, patch};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json as SqlJson};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

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

/// Which topics a ministry counts; a case of several topics counts once for each ministry that has one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MinistryTopics {
    /// Its short name in figures: 1 to 16 small letters.
    #[schema(pattern = "^[a-z]{1,16}$", example = "mic")]
    pub code: String,
    /// Its name.
    pub name: Line80,
    /// What it counts.
    pub topics: Vec<Topic>,
}

impl MinistryTopics {
    fn new(code: &str, name: &str, topics: &[Topic]) -> Self {
        Self {
            code: code.to_owned(),
            name: Line80::parse(name).expect("one line"),
            topics: topics.to_vec(),
        }
    }

    /// The two ministries of the programme. `other` is counted by neither.
    fn programme() -> Vec<Self> {
        vec![
            Self::new(
                "mic",
                "総務省",
                &[Topic::Ict, Topic::Security, Topic::Tools],
            ),
            Self::new(
                "mhlw",
                "厚生労働省",
                &[Topic::Labour, Topic::Rules, Topic::Subsidy],
            ),
        ]
    }
}

/// A day of every fiscal year, as in `02-26`; 29 February is the 28th where the year has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearDay {
    month: u32,
    day: u32,
}

impl YearDay {
    /// The day in a fiscal year (1 April to 31 March).
    pub fn in_fiscal_year(self, year: i32) -> NaiveDate {
        let year = if self.month >= 4 { year } else { year + 1 };
        NaiveDate::from_ymd_opt(year, self.month, self.day)
            .or_else(|| NaiveDate::from_ymd_opt(year, self.month, self.day - 1))
            .expect("only 29 February is not in every year")
    }

    /// This day of the fiscal year of a date, where the date lies after it.
    pub fn passed_on(self, date: NaiveDate) -> Option<NaiveDate> {
        let last = self.in_fiscal_year(fiscal_year_of(date));
        (date > last).then_some(last)
    }
}

impl utoipa::PartialSchema for YearDay {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "A day of every fiscal year, as in 02-26; 29 February is the 28th where the year has none",
            ))
            .pattern(Some("^[0-9]{2}-[0-9]{2}$"))
            .examples(["02-26"])
            .into()
    }
}

impl utoipa::ToSchema for YearDay {}

impl TryFrom<String> for YearDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let expected = "must be a month and a day, as in 02-26";
        // 2000 had every day.
        let date = NaiveDate::parse_from_str(&format!("2000-{text}"), "%Y-%m-%d");
        match date.map_err(|_| expected)? {
            date if date.format("%m-%d").to_string() == text => Ok(Self {
                month: date.month(),
                day: date.day(),
            }),
            _ => Err(expected),
        }
    }
}

impl From<YearDay> for String {
    fn from(day: YearDay) -> Self {
        format!("{:02}-{:02}", day.month, day.day)
    }
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
    /// Whether staff may offer enterprises dates to choose from by a link.
    pub date_choice: bool,
    /// Most dates that are offered at once.
    pub date_choice_slots: u32,
    /// Days that an enterprise has to choose.
    pub date_choice_days: u32,
    /// Whether enterprises are reminded of a session and asked to confirm it.
    pub session_reminder: bool,
    /// Days before the session on which they are.
    pub session_reminder_days: u32,
    /// Whether enterprises that agreed to surveys are asked how a session was.
    pub evaluation: bool,
    /// Days that they have to say so.
    pub evaluation_days: u32,
    /// Whether enterprises are asked after closing.
    pub survey: bool,
    /// Whether also those are asked who gave no consent to surveys.
    pub survey_without_consent: bool,
    /// Days from closing to the survey.
    pub survey_days: u32,
    /// How often they are reminded of it.
    pub survey_reminders: u32,
    /// Days between the mails of a survey.
    pub survey_reminder_days: u32,
    /// Days that they have to answer, from the first mail.
    pub survey_answer_days: u32,
    /// What the help center is called in mails.
    pub office_name: Line80,
    /// Where it is rung.
    pub office_phone: Option<Phone>,
    /// Which ministry counts which topics.
    pub ministries: Vec<MinistryTopics>,
    /// The last day of a fiscal year on which a session may begin; none where absent. A later one needs a supervisor's
    /// `override_reason`.
    pub last_day_for_sessions: Option<YearDay>,
    /// The last day of a fiscal year on which it is asked in time; none where absent. What comes later in the year is taken
    /// and flagged `after_last_day`.
    pub last_day_for_intake: Option<YearDay>,
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
            date_choice: true,
            date_choice_slots: 5,
            date_choice_days: 3,
            session_reminder: true,
            session_reminder_days: 1,
            evaluation: true,
            evaluation_days: 10,
            survey: true,
            survey_without_consent: false,
            survey_days: 5,
            survey_reminders: 1,
            survey_reminder_days: 5,
            survey_answer_days: 20,
            office_name: Line80::parse("テレワーク相談センター").expect("one line"),
            office_phone: None,
            ministries: MinistryTopics::programme(),
            last_day_for_sessions: None,
            last_day_for_intake: None,
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
    #[schema(minimum = 1, maximum = 9)]
    pub session_limit: Option<i32>,
    pub enterprise_guard: Option<EnterpriseGuard>,
    #[schema(minimum = 1, maximum = 260)]
    pub route_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub accept_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub first_contact_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub answer_offer_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub report_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub wait_review_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub return_days: Option<u32>,
    #[schema(minimum = 1, maximum = 20)]
    pub unreachable_attempts: Option<i64>,
    #[schema(minimum = 0, maximum = 3650)]
    pub reopen_days: Option<i64>,
    #[schema(minimum = 0, maximum = 3600)]
    pub message_hold_seconds: Option<i64>,
    pub acknowledge_mail: Option<bool>,
    #[schema(minimum = 0, maximum = 100)]
    pub acknowledgements_per_sender: Option<i64>,
    #[schema(minimum = 1, maximum = 100000)]
    pub automatic_mails_per_hour: Option<i64>,
    #[schema(minimum = 1, maximum = 10000)]
    pub mail_cases_per_sender: Option<i64>,
    #[schema(minimum = 1, maximum = 30)]
    pub retention_case_years: Option<i32>,
    #[schema(minimum = 1, maximum = 30)]
    pub retention_raw_mail_years: Option<i32>,
    #[schema(minimum = 1, maximum = 30)]
    pub retention_attachment_years: Option<i32>,
    #[schema(minimum = 1, maximum = 30)]
    pub retention_audit_years: Option<i32>,
    #[schema(minimum = 1, maximum = 30)]
    pub retention_view_years: Option<i32>,
    pub second_factor_for_admins: Option<bool>,
    pub date_choice: Option<bool>,
    #[schema(minimum = 1, maximum = 20)]
    pub date_choice_slots: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub date_choice_days: Option<u32>,
    pub session_reminder: Option<bool>,
    #[schema(minimum = 1, maximum = 260)]
    pub session_reminder_days: Option<u32>,
    pub evaluation: Option<bool>,
    #[schema(minimum = 1, maximum = 260)]
    pub evaluation_days: Option<u32>,
    pub survey: Option<bool>,
    pub survey_without_consent: Option<bool>,
    #[schema(minimum = 1, maximum = 260)]
    pub survey_days: Option<u32>,
    #[schema(minimum = 0, maximum = 5)]
    pub survey_reminders: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub survey_reminder_days: Option<u32>,
    #[schema(minimum = 1, maximum = 260)]
    pub survey_answer_days: Option<u32>,
    pub office_name: Option<Line80>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub office_phone: Option<Option<Phone>>,
    pub ministries: Option<Vec<MinistryTopics>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub last_day_for_sessions: Option<Option<YearDay>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub last_day_for_intake: Option<Option<YearDay>>,
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
            ("/date_choice_days", self.date_choice_days),
            ("/session_reminder_days", self.session_reminder_days),
            ("/evaluation_days", self.evaluation_days),
            ("/survey_days", self.survey_days),
            ("/survey_reminder_days", self.survey_reminder_days),
            ("/survey_answer_days", self.survey_answer_days),
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
            (
                "/date_choice_slots",
                self.date_choice_slots.map(i64::from),
                1,
                20,
            ),
            (
                "/survey_reminders",
                self.survey_reminders.map(i64::from),
                0,
                5,
            ),
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
        check_ministries(self.ministries.as_deref().unwrap_or_default(), fields);
    }
}

/// Codes are told apart, and none is the one that figures have for what belongs to nobody.
fn check_ministries(ministries: &[MinistryTopics], fields: &mut Fields) {
    fields.require(ministries.len() <= 10, "/ministries", "at most 10");
    for (index, ministry) in ministries.iter().enumerate() {
        let code = &ministry.code;
        let is_code = (1..=16).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase())
            && code != UNSET;
        let is_new = ministries[..index].iter().all(|other| other.code != *code);
        fields.require(
            is_code && is_new,
            &format!("/ministries/{index}/code"),
            "must be 1 to 16 small letters, another for each, and not unset",
        );
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
            date_choice,
            date_choice_slots,
            date_choice_days,
            session_reminder,
            session_reminder_days,
            evaluation,
            evaluation_days,
            survey,
            survey_without_consent,
            survey_days,
            survey_reminders,
            survey_reminder_days,
            survey_answer_days,
            office_name,
            office_phone,
            ministries,
            last_day_for_sessions,
            last_day_for_intake
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
