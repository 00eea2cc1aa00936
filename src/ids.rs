//! Typed ids: a desk's id is not a manager's id, and the compiler knows.
//!
//! Every id is a UUIDv7, so that rows made one after the other stand together in their index.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than all before it.
            #[allow(clippy::new_without_default, reason = "each call gives another value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Deref for $name {
            type Target = Uuid;
            fn deref(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A case (相談案件).
    CaseId,
    /// An enterprise (企業・団体).
    EnterpriseId,
    /// A contact (相談者) of a case.
    ContactId,
    /// A regional desk (地域窓口).
    DeskId,
    /// One row of a desk's coverage.
    CoverageId,
    /// A telework manager (テレワークマネージャー).
    ManagerId,
    /// An absence of a manager.
    AbsenceId,
    /// A declared conflict of interest of a manager.
    ConflictId,
    /// A person who signs in.
    UserId,
    /// One sign-in.
    SessionId,
    /// An API token.
    TokenId,
    /// An offer (打診) to a manager.
    OfferId,
    /// An assignment (担当) of a manager.
    AssignmentId,
    /// A consultation, session (コンサルティング).
    ConsultationId,
    /// An interaction (対応記録).
    InteractionId,
    /// A note (内部メモ).
    NoteId,
    /// A mailbox that enterprises write to.
    MailboxId,
    /// A mail that came in.
    MailId,
    /// A message (送信メール): a mail that goes out.
    MessageId,
    /// One try to hand a message over.
    AttemptId,
    /// A file of a case or of a mail.
    AttachmentId,
    /// A template of mails.
    TemplateId,
    /// A one-time link to a public page.
    LinkId,
    /// A proposal of dates (日程候補).
    ProposalId,
    /// A survey after closing (アンケート).
    SurveyId,
    /// Free text of a survey or an evaluation.
    FreeTextId,
    /// A closure or an extra opening.
    CalendarExceptionId,
    /// A closed period (締め).
    PeriodId,
    /// A legal hold on a case.
    HoldId,
    /// A run that disposes of what is over.
    RunId,
    /// A request to be erased.
    ErasureId,
    /// A disclosure (開示).
    DisclosureId,
    /// An export: a list as a file.
    ExportId,
    /// A webhook.
    WebhookId,
    /// An event on its way to a webhook.
    DeliveryId,
    /// One HTTP request, or one run of a job.
    RequestId,
}
