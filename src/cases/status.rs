//! The life of a case as a pure machine: no SQL, no clock. `docs/CASE-STATES.md` is written from it, and a test keeps
//! it equal to the table `case_step`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a case stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    sqlx::Type,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// 受付: at the help center.
    Received,
    /// 受理待ち: routed to a desk that has not answered.
    Routed,
    /// 受理(専門家調整中): the desk has it.
    Accepted,
    /// 担当決定: a manager is assigned.
    Assigned,
    /// 支援中: a session was booked.
    Consulting,
    /// 終了.
    Closed,
}

impl Status {
    /// All of them, in the order of a case's life.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Routed,
        Self::Accepted,
        Self::Assigned,
        Self::Consulting,
        Self::Closed,
    ];

    /// The name as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Routed => "routed",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::Consulting => "consulting",
            Self::Closed => "closed",
        }
    }

    /// The name that people read.
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Received => "受付",
            Self::Routed => "受理待ち",
            Self::Accepted => "受理(専門家調整中)",
            Self::Assigned => "担当決定",
            Self::Consulting => "支援中",
            Self::Closed => "終了",
        }
    }

    /// Where the step leads from here; none where it is not legal.
    pub fn after(self, step: Step) -> Option<Self> {
        use Status::*;
        match (self, step) {
            (Closed, Step::Reopen(to)) => matches!(to, Received | Accepted).then_some(to),
            (Closed, Step::Unmerge(to)) => {
                matches!(to, Received | Routed | Accepted | Closed).then_some(to)
            }
            (_, Step::Merge) => Some(Closed),
            (Closed, _) => None,
            (_, Step::Route) => Some(Routed),
            (Routed, Step::Accept) => Some(Accepted),
            (Routed | Accepted, Step::Return) => Some(Received),
            (Accepted, Step::Assign) => Some(Assigned),
            (Assigned | Consulting, Step::Release) => Some(Accepted),
            (Assigned, Step::Begin) => Some(Consulting),
            (_, Step::Close) => Some(Closed),
            _ => None,
        }
    }

    /// The desk owns the case.
    pub fn is_with_desk(self) -> bool {
        matches!(self, Self::Accepted | Self::Assigned | Self::Consulting)
    }
}

/// What moves a case. Where a step may lead to several statuses, it says which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 振り分け: to a desk.
    Route,
    /// 受理: the desk takes it.
    Accept,
    /// 差し戻し: the desk gives it back.
    Return,
    /// A manager accepted.
    Assign,
    /// 担当解除: the last assignment ended.
    Release,
    /// The first booking.
    Begin,
    /// 終了.
    Close,
    /// 再開, to where it was owned.
    Reopen(Status),
    /// 統合: into another case.
    Merge,
    /// A merge is undone: back to where it was.
    Unmerge(Status),
}

impl Step {
    /// Every step with every target, for the table in the docs and its test.
    pub const ALL: [Self; 14] = [
        Self::Route,
        Self::Accept,
        Self::Return,
        Self::Assign,
        Self::Release,
        Self::Begin,
        Self::Close,
        Self::Reopen(Status::Received),
        Self::Reopen(Status::Accepted),
        Self::Merge,
        Self::Unmerge(Status::Received),
        Self::Unmerge(Status::Routed),
        Self::Unmerge(Status::Accepted),
        Self::Unmerge(Status::Closed),
    ];

    /// The name as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Accept => "accept",
            Self::Return => "return",
            Self::Assign => "assign",
            Self::Release => "release",
            Self::Begin => "begin",
            Self::Close => "close",
            Self::Reopen(_) => "reopen",
            Self::Merge => "merge",
            Self::Unmerge(_) => "unmerge",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_goes_the_whole_way() {
        let mut status = Status::Received;
        for step in [
            Step::Route,
            Step::Accept,
            Step::Assign,
            Step::Begin,
            Step::Close,
        ] {
            status = status.after(step).expect("a legal step");
        }
        assert_eq!(status, Status::Closed);
        assert_eq!(status.after(Step::Begin), None);
        assert_eq!(
            status.after(Step::Reopen(Status::Accepted)),
            Some(Status::Accepted)
        );
        assert_eq!(status.after(Step::Reopen(Status::Consulting)), None);
    }
}
