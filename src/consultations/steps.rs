//! What a person may do with a session they see, for buttons, and why not the rest. The API judges again when it is done.

use super::ConsultationView;
use super::visit::NEAR;
use crate::{
    access::{Actor, Permission},
    programme::*,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a step is not allowed now. What the role never does is not listed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepRefusal {
    /// How it went, or that it is cancelled, is recorded already.
    Settled,
    /// It has begun: it is recorded as held or missed.
    Begun,
    /// It has not begun yet.
    NotBegun,
    /// It is neither held nor missed, or voided already.
    NotRecorded,
    /// It is no visit.
    NotAVisit,
    /// Another manager gives it.
    OtherManager,
    /// It is more than two hours until its booked time.
    TooEarly,
    /// It is more than two hours since its booked time: it is recorded as held, with its times.
    TooLate,
    /// Nobody has checked in.
    NotCheckedIn,
    /// Somebody did already.
    AlreadyDone,
    /// It is not recorded as held.
    NotHeld,
    /// The report is not written yet.
    NoReport,
    /// The report was submitted and waits for approval.
    ReportSubmitted,
    /// The report is not submitted.
    ReportNotSubmitted,
    /// The report is approved and does not change any more.
    ReportApproved,
}

/// A step that is not allowed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedStep {
    /// Which.
    #[schema(example = "cancel")]
    pub step: &'static str,
    /// Why.
    pub reason: StepRefusal,
}

/// The first condition that does not hold.
type Conditions = Vec<(bool, StepRefusal)>;

/// What the actor may do with the session now, and what not.
pub(super) fn judge(
    session: &ConsultationView,
    actor: &Actor,
    now: DateTime<Utc>,
) -> (Vec<&'static str>, Vec<RefusedStep>) {
    let (mut allowed, mut refused) = (Vec::new(), Vec::new());
    let steps = session_steps(session, actor, now)
        .into_iter()
        .chain(report_steps(session, now));
    for (step, permission, conditions) in steps {
        if !actor.may(permission) {
            continue;
        }
        match conditions.into_iter().find(|(holds, _)| !holds) {
            None => allowed.push(step),
            Some((_, reason)) => refused.push(RefusedStep { step, reason }),
        }
    }
    (allowed, refused)
}

fn session_steps(
    session: &ConsultationView,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Permission, Conditions)> {
    use Permission::{BookConsultations, VoidConsultations};
    use StepRefusal::*;
    let booked = (session.state == SessionState::Booked, Settled);
    let begun = now >= session.starts_at;
    let visit = (session.mode == Mode::Visit, NotAVisit);
    let gives = |manager| session.managers.iter().any(|given| given.id == manager);
    let own = (actor.manager().is_none_or(gives), OtherManager);
    let recorded = matches!(session.state, SessionState::Held | SessionState::NoShow);
    vec![
        (
            "reschedule",
            BookConsultations,
            vec![booked, (!begun, Begun)],
        ),
        ("cancel", BookConsultations, vec![booked, (!begun, Begun)]),
        (
            "check_in",
            BookConsultations,
            vec![
                booked,
                visit,
                own,
                (session.checked_in_at.is_none(), AlreadyDone),
                (now >= session.starts_at - NEAR, TooEarly),
                (now <= session.ends_at + NEAR, TooLate),
            ],
        ),
        (
            "check_out",
            BookConsultations,
            vec![
                booked,
                visit,
                own,
                (session.checked_in_at.is_some(), NotCheckedIn),
                (session.checked_out_at.is_none(), AlreadyDone),
            ],
        ),
        ("hold", BookConsultations, vec![booked, (begun, NotBegun)]),
        (
            "no_show",
            BookConsultations,
            vec![booked, (begun, NotBegun)],
        ),
        ("void", VoidConsultations, vec![(recorded, NotRecorded)]),
    ]
}

fn report_steps(
    session: &ConsultationView,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Permission, Conditions)> {
    use Permission::{ReviewReports, WriteReports};
    use StepRefusal::*;
    let report = session.report.as_str();
    let took_place = match session.state {
        SessionState::Booked => (now >= session.starts_at, NotBegun),
        state => (state == SessionState::Held, NotHeld),
    };
    let open = [
        (report != "submitted", ReportSubmitted),
        (report != "approved", ReportApproved),
    ];
    let submitted = vec![
        (report != "none", NoReport),
        (report != "approved", ReportApproved),
        (report == "submitted", ReportNotSubmitted),
    ];
    vec![
        (
            "write_report",
            WriteReports,
            vec![took_place, open[0], open[1]],
        ),
        (
            "submit_report",
            WriteReports,
            vec![
                (session.state == SessionState::Held, NotHeld),
                (report != "none", NoReport),
                open[0],
                open[1],
            ],
        ),
        ("return_report", ReviewReports, submitted.clone()),
        ("approve_report", ReviewReports, submitted),
    ]
}
