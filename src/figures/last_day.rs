//! The end of a fiscal year: the last days for sessions and for intake, which the office sets.
//!
//! A session that would begin after the last day of its fiscal year is refused, and a supervisor's reason lets it pass as any
//! other. What is asked after the last day for intake is taken all the same, because an enterprise that rings is never sent
//! away by a program; it is flagged, so that whoever has it knows that the support may have to wait for the next year.

use crate::{
    access::Actor,
    error::{Error, Result},
    japan::tokyo_date,
    settings::Settings,
    text::Reason,
};
use chrono::{DateTime, NaiveDate, Utc};

/// How it is called where it is set aside.
pub const AFTER_LAST_DAY: &str = "after_last_day";

/// The last day for sessions that a session would begin after, if it would.
pub fn passed_for_session(settings: &Settings, starts_at: DateTime<Utc>) -> Option<NaiveDate> {
    let last = settings.last_day_for_sessions?;
    last.passed_on(tokyo_date(starts_at))
}

/// The last day for intake that something was asked after, if it was.
pub fn passed_for_intake(settings: &Settings, received_at: DateTime<Utc>) -> Option<NaiveDate> {
    let last = settings.last_day_for_intake?;
    last.passed_on(tokyo_date(received_at))
}

/// Whether the last day for sessions is set aside by a supervisor's reason; false where nothing speaks against the session.
///
/// # Errors
/// 409 naming the day, 403 where another than a supervisor gives the reason.
pub fn require_session_day(
    settings: &Settings,
    actor: &Actor,
    starts_at: DateTime<Utc>,
    reason: Option<&Reason>,
) -> Result<bool> {
    match (passed_for_session(settings, starts_at), reason) {
        (None, _) => Ok(false),
        (Some(_), Some(_)) if actor.is_lead() => Ok(true),
        (Some(last), Some(_)) => Err(Error::forbidden(format!(
            "A supervisor may do this with a reason: the last day for sessions of this fiscal year is {last}."
        ))),
        (Some(last), None) => Err(Error::conflict(format!(
            "The last day for sessions of this fiscal year is {last}. Say in override_reason why it is done all the same: {AFTER_LAST_DAY}."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::YearDay;

    #[test]
    fn days_of_the_fiscal_year() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let settings = |text: &str| Settings {
            last_day_for_sessions: Some(YearDay::try_from(text.to_owned()).unwrap()),
            ..Settings::default()
        };
        let february = settings("02-26");
        assert_eq!(
            passed_for_session(&february, at("2027-02-26T23:30:00+09:00")),
            None
        );
        assert_eq!(
            passed_for_session(&february, at("2027-02-27T00:00:00+09:00")),
            day("2027-02-26")
        );
        assert_eq!(
            passed_for_session(&february, at("2027-04-01T09:00:00+09:00")),
            None
        );
        assert_eq!(
            passed_for_session(&settings("02-29"), at("2027-03-01T09:00:00+09:00")),
            day("2027-02-28")
        );
        assert_eq!(
            passed_for_session(&settings("02-29"), at("2028-02-29T09:00:00+09:00")),
            None
        );
        for text in ["2-26", "02-30", "13-01", "02-26x", ""] {
            assert!(YearDay::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
