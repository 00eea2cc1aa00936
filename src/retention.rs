//! How long things are kept, and how they go: classes, the preview, runs, legal holds and the log of what went.
//!
//! Owns `legal_hold`, `retention_run` and `disposal`. Each class has its years in the settings, counted from the end (31
//! March) of the fiscal year in which the case was closed. What is over is said in one place, the SQL function
//! `retention_items`: the preview counts it, its lists show it, and a run asks it again for every case under the case's
//! lock, so that what was reopened, held, or heard of meanwhile is spared. A case that goes keeps its number, history and
//! sessions, by which it is counted; what says who it was goes ([`crate::erasure::wipe`]).

pub mod holds;
pub(crate) mod log;
mod preview;
pub mod run;

use crate::{japan::JST, routes::ServiceConfig, settings::Settings};
use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Mounts `/retention`, `/holds` and `/cases/{id}/hold`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(preview::mount)
        .configure(run::mount)
        .configure(log::mount)
        .configure(holds::mount);
}

/// What is kept for its own number of years.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RetentionClass {
    /// Mail as it came, byte for byte (受信メール原本).
    RawMail,
    /// Files of cases and of their mails (添付ファイル).
    Attachment,
    /// What says who a case was and what was said (相談案件), and mail that belonged to none.
    Case,
    /// The audit trail of cases (監査記録): the preview says of which its years are over. No run takes it, because nobody cuts
    /// the chain (rule 6); it holds no personal values, and is left behind with the database at a hand-over.
    Audit,
    /// Who saw which case (閲覧記録).
    View,
}

impl RetentionClass {
    /// All of them, in the order in which a run takes them: what goes with a case goes under its own name first.
    pub const ALL: [Self; 5] = [
        Self::RawMail,
        Self::Attachment,
        Self::Case,
        Self::Audit,
        Self::View,
    ];

    /// The name as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::RawMail => "raw_mail",
            Self::Attachment => "attachment",
            Self::Case => "case",
            Self::Audit => "audit",
            Self::View => "view",
        }
    }

    /// As it stands on paper.
    pub fn japanese(self) -> &'static str {
        match self {
            Self::RawMail => "受信メール原本",
            Self::Attachment => "添付ファイル",
            Self::Case => "相談案件",
            Self::Audit => "監査記録",
            Self::View => "閲覧記録",
        }
    }

    /// How many years the office keeps it.
    pub fn years(self, settings: &Settings) -> i32 {
        match self {
            Self::RawMail => settings.retention_raw_mail_years,
            Self::Attachment => settings.retention_attachment_years,
            Self::Case => settings.retention_case_years,
            Self::Audit => settings.retention_audit_years,
            Self::View => settings.retention_view_years,
        }
    }
}

/// What ended before this moment is over on that day: with five years, on 1 April 2032 what ended before 1 April 2027.
pub fn cutoff(as_of: NaiveDate, years: i32) -> DateTime<Utc> {
    let fiscal_year = match as_of.month() {
        4.. => as_of.year(),
        _ => as_of.year() - 1,
    };
    let first_day = NaiveDate::from_ymd_opt(fiscal_year - years, 4, 1)
        .expect("a first of April near our time")
        .and_hms_opt(0, 0, 0)
        .expect("midnight");
    JST.from_local_datetime(&first_day)
        .single()
        .expect("a fixed offset has every local time once")
        .to_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_count_from_the_end_of_the_fiscal_year() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Closed in the fiscal year 2026, kept five years: until 31 March 2032.
        assert_eq!(
            cutoff(day("2032-03-31"), 5),
            at("2026-04-01T00:00:00+09:00")
        );
        assert_eq!(
            cutoff(day("2032-04-01"), 5),
            at("2027-04-01T00:00:00+09:00")
        );
        assert_eq!(
            cutoff(day("2028-12-31"), 1),
            at("2027-04-01T00:00:00+09:00")
        );
    }
}
