//! The audit trail: the catalogue of everything that can happen, and how it is written.
//!
//! Rule 6: every change writes an event in the same transaction. [`crate::store::Tx`] gathers the events and appends
//! them at its end through the SQL function `append_audit`, which chains them by hash: one chain per case, one for the
//! office. Events hold ids, names of fields and counts, never personal values, so that a person can be erased without
//! breaking a chain. [`checkpoint`] signs where the chains stand; the verification computes all of it anew.
//!
//! Owns `audit_event`, `audit_head`, `audit_checkpoint`, `audit_checkpoint_head` and `audit_verification`.

mod chain;
pub mod checkpoint;
pub mod head;
pub mod trail;
pub mod verification;
pub mod verify;

pub use verification::cli_verify;

use crate::ids::*;
use crate::routes::ServiceConfig;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Mounts `/audit`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(trail::mount)
        .configure(head::mount)
        .configure(verification::mount);
}

/// Which chain an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// People, desks, settings: the office's own chain.
    Office,
    /// The chain of one case.
    Case(CaseId),
}

impl Chain {
    /// How the chain is named in the database.
    pub fn id(self) -> Uuid {
        match self {
            Self::Office => Uuid::nil(),
            Self::Case(id) => *id,
        }
    }
}

impl From<CaseId> for Chain {
    fn from(id: CaseId) -> Self {
        Self::Case(id)
    }
}

/// Everything that can happen. The kind and the fields are stored as they stand here: adding is free, renaming is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[allow(missing_docs, reason = "names and fields say it")]
pub enum Event {
    // a case
    CaseCreated {
        enterprise_id: EnterpriseId,
        channel: String,
        late: bool,
    },
    CaseMoved {
        step: String,
        from: String,
        to: String,
        seq: i32,
        desk_id: Option<DeskId>,
        outcome: Option<String>,
    },
    CaseEdited {
        fields: Vec<String>,
    },
    DeskProposed {
        proposed: Option<DeskId>,
        taken: DeskId,
        because: String,
    },
    FlagRaised {
        flag: String,
    },
    FlagSettled {
        flag: String,
        answer: String,
    },
    WaitSet {
        on: String,
        until: Option<DateTime<Utc>>,
    },
    WaitEnded {
        by: String,
    },
    CaseLinked {
        other_id: CaseId,
        link: String,
    },
    LimitChanged {
        from: i32,
        to: i32,
    },
    GuardOverridden {},
    CaseMerged {
        other_id: CaseId,
        sessions: Vec<ConsultationId>,
    },
    CaseUnmerged {
        other_id: CaseId,
        sessions: Vec<ConsultationId>,
    },
    // who helps
    OfferMade {
        offer_id: OfferId,
        manager_id: ManagerId,
        line: String,
        reply_by: DateTime<Utc>,
        overridden: bool,
    },
    OfferAccepted {
        offer_id: OfferId,
        manager_id: ManagerId,
        by_phone: bool,
        overridden: bool,
    },
    OfferDeclined {
        offer_id: OfferId,
        manager_id: ManagerId,
    },
    OfferRevoked {
        offer_id: OfferId,
        manager_id: ManagerId,
    },
    OfferExpired {
        offer_id: OfferId,
        manager_id: ManagerId,
    },
    AssignmentMade {
        assignment_id: AssignmentId,
        manager_id: ManagerId,
        line: String,
    },
    AssignmentEnded {
        assignment_id: AssignmentId,
        manager_id: ManagerId,
    },
    // sessions
    ConsultationBooked {
        consultation_id: ConsultationId,
        session: i32,
        stage: String,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
        manager_ids: Vec<ManagerId>,
        late: bool,
        /// What spoke against the managers and was set aside with a reason.
        overridden: Vec<String>,
    },
    ConsultationRescheduled {
        consultation_id: ConsultationId,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
        overridden: Vec<String>,
    },
    ConsultationCancelled {
        consultation_id: ConsultationId,
        by: String,
    },
    ConsultationCheckedIn {
        consultation_id: ConsultationId,
        at: DateTime<Utc>,
    },
    ConsultationCheckedOut {
        consultation_id: ConsultationId,
        at: DateTime<Utc>,
    },
    ConsultationHeld {
        consultation_id: ConsultationId,
        started_at: DateTime<Utc>,
        ended_at: DateTime<Utc>,
    },
    ConsultationMissed {
        consultation_id: ConsultationId,
        by: String,
    },
    ConsultationVoided {
        consultation_id: ConsultationId,
    },
    ReportSaved {
        consultation_id: ConsultationId,
    },
    ReportSubmitted {
        consultation_id: ConsultationId,
    },
    ReportReturned {
        consultation_id: ConsultationId,
    },
    ReportApproved {
        consultation_id: ConsultationId,
    },
    // what the enterprise says by its links
    DatesProposed {
        proposal_id: ProposalId,
        slots: i32,
        answer_by: DateTime<Utc>,
    },
    DateChosen {
        proposal_id: ProposalId,
        consultation_id: ConsultationId,
    },
    OtherDateWanted {
        proposal_id: ProposalId,
        interaction_id: InteractionId,
    },
    DatesRevoked {
        proposal_id: ProposalId,
    },
    DatesExpired {
        proposal_id: ProposalId,
    },
    SessionReminded {
        consultation_id: ConsultationId,
    },
    SessionConfirmed {
        consultation_id: ConsultationId,
    },
    SessionDeclined {
        consultation_id: ConsultationId,
        interaction_id: InteractionId,
    },
    EvaluationAsked {
        consultation_id: ConsultationId,
    },
    SessionEvaluated {
        consultation_id: ConsultationId,
    },
    SurveySent {
        survey_id: SurveyId,
        /// 0 for the first mail.
        reminder: i32,
    },
    SurveyAnswered {
        survey_id: SurveyId,
    },
    SurveyStopped {
        survey_id: SurveyId,
    },
    SurveyCancelled {
        survey_id: SurveyId,
    },
    SurveyBounced {
        survey_id: SurveyId,
    },
    FreeTextReleased {
        free_text_id: FreeTextId,
        edited: bool,
    },
    FreeTextWithheld {
        free_text_id: FreeTextId,
    },
    // conversation
    InteractionRecorded {
        interaction_id: InteractionId,
        channel: String,
        direction: String,
        result: String,
    },
    CallbackKept {
        interaction_id: InteractionId,
    },
    NoteAdded {
        note_id: NoteId,
    },
    DeadlinePassed {
        due: String,
        due_at: DateTime<Utc>,
    },
    DeadlineEscalated {
        due: String,
        to: String,
    },
    DeadlineMoved {
        due: String,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        because: String,
    },
    // mail
    MailPlaced {
        mail_id: MailId,
        mail: String,
        placed_by: String,
        known_sender: bool,
    },
    MailQuarantined {
        mail_id: MailId,
        because: String,
    },
    MailAttached {
        mail_id: MailId,
    },
    MailMoved {
        mail_id: MailId,
        other_id: CaseId,
    },
    MailDiscarded {
        mail_id: MailId,
    },
    MailReprocessed {
        mail_id: MailId,
    },
    SenderConfirmed {
        mail_id: MailId,
        contact_id: ContactId,
    },
    MessageWritten {
        message_id: MessageId,
        message: String,
        outside_contacts: bool,
    },
    MessageTakenBack {
        message_id: MessageId,
    },
    MessageSent {
        message_id: MessageId,
    },
    MessageFailed {
        message_id: MessageId,
    },
    MessageUnknown {
        message_id: MessageId,
    },
    MessageRetried {
        message_id: MessageId,
    },
    MessageReported {
        message_id: MessageId,
        mail_id: MailId,
        delivery: String,
    },
    AttachmentAdded {
        attachment_id: AttachmentId,
    },
    // enterprises
    EnterpriseCreated {
        enterprise_id: EnterpriseId,
    },
    EnterpriseEdited {
        enterprise_id: EnterpriseId,
        fields: Vec<String>,
    },
    EnterpriseConfirmedDifferent {
        enterprise_id: EnterpriseId,
        other_id: EnterpriseId,
    },
    EnterprisesMerged {
        enterprise_id: EnterpriseId,
        other_id: EnterpriseId,
        cases: Vec<CaseId>,
    },
    EnterpriseReturned {
        enterprise_id: EnterpriseId,
        erased_id: EnterpriseId,
    },
    // data that ends
    HoldPlaced {
        hold_id: HoldId,
    },
    HoldLifted {
        hold_id: HoldId,
    },
    RetentionRunRequested {
        run_id: RunId,
        as_of: NaiveDate,
        classes: Vec<String>,
    },
    RetentionRunFinished {
        run_id: RunId,
        digest: String,
    },
    CaseDisposed {
        run_id: RunId,
    },
    RawMailsDisposed {
        run_id: RunId,
        mails: i64,
    },
    AttachmentsDisposed {
        run_id: RunId,
        attachments: i64,
    },
    ErasureRequested {
        erasure_id: ErasureId,
        scope: String,
    },
    ErasureWithdrawn {
        erasure_id: ErasureId,
    },
    ErasureExecuted {
        erasure_id: ErasureId,
        scope: String,
        subject_id: Uuid,
    },
    CaseErased {
        erasure_id: ErasureId,
    },
    DisclosureRequested {
        disclosure_id: DisclosureId,
    },
    DisclosureMade {
        disclosure_id: DisclosureId,
    },
    DisclosureDownloaded {
        disclosure_id: DisclosureId,
    },
    // the office
    UserCreated {
        user_id: UserId,
        role: String,
    },
    UserEdited {
        user_id: UserId,
        fields: Vec<String>,
    },
    PasswordChanged {
        user_id: UserId,
    },
    PasswordResetSent {
        user_id: UserId,
    },
    PasswordReset {
        user_id: UserId,
    },
    SessionsEnded {
        user_id: UserId,
    },
    SecondFactorSetUp {
        user_id: UserId,
    },
    SecondFactorTurnedOff {
        user_id: UserId,
    },
    SecondFactorReset {
        user_id: UserId,
    },
    RecoveryCodesMade {
        user_id: UserId,
    },
    RecoveryCodeUsed {
        user_id: UserId,
        left: i64,
    },
    TokenCreated {
        token_id: TokenId,
        user_id: UserId,
        permissions: Vec<String>,
    },
    TokenRevoked {
        token_id: TokenId,
    },
    DeskCreated {
        desk_id: DeskId,
    },
    DeskEdited {
        desk_id: DeskId,
        fields: Vec<String>,
    },
    CoverageAdded {
        coverage_id: CoverageId,
        desk_id: DeskId,
    },
    CoverageEdited {
        coverage_id: CoverageId,
        desk_id: DeskId,
    },
    CoverageRemoved {
        coverage_id: CoverageId,
        desk_id: DeskId,
    },
    ManagerCreated {
        manager_id: ManagerId,
    },
    ManagerEdited {
        manager_id: ManagerId,
        fields: Vec<String>,
    },
    AbsenceAdded {
        absence_id: AbsenceId,
        manager_id: ManagerId,
    },
    AbsenceRemoved {
        absence_id: AbsenceId,
        manager_id: ManagerId,
    },
    ConflictDeclared {
        conflict_id: ConflictId,
        manager_id: ManagerId,
        enterprise_id: EnterpriseId,
    },
    ConflictRemoved {
        conflict_id: ConflictId,
        manager_id: ManagerId,
    },
    SettingsChanged {
        fields: Vec<String>,
    },
    CalendarExceptionAdded {
        exception_id: CalendarExceptionId,
        desk_id: Option<DeskId>,
        open: bool,
        date_from: NaiveDate,
        date_to: NaiveDate,
    },
    CalendarExceptionRemoved {
        exception_id: CalendarExceptionId,
        desk_id: Option<DeskId>,
    },
    HoursSet {
        desk_id: Option<DeskId>,
        from: NaiveDate,
    },
    MailboxCreated {
        mailbox_id: MailboxId,
    },
    MailboxEdited {
        mailbox_id: MailboxId,
        fields: Vec<String>,
    },
    TemplateCreated {
        template_id: TemplateId,
    },
    TemplateEdited {
        template_id: TemplateId,
        fields: Vec<String>,
    },
    JobRunAgain {
        job_id: i64,
    },
    // figures
    PeriodClosed {
        period_id: PeriodId,
        period: String,
        first_day: NaiveDate,
        facts: u64,
    },
    TargetsSet {
        fiscal_year: i32,
    },
    // what leaves the house
    ExportRequested {
        export_id: ExportId,
        list: String,
    },
    ExportMade {
        export_id: ExportId,
        scope: String,
        rows: i64,
    },
    ExportFailed {
        export_id: ExportId,
    },
    ExportDownloaded {
        export_id: ExportId,
    },
    ProgrammeHandedOver {},
    WebhookCreated {
        webhook_id: WebhookId,
    },
    WebhookEdited {
        webhook_id: WebhookId,
        fields: Vec<String>,
    },
    WebhookSecretRotated {
        webhook_id: WebhookId,
    },
    WebhookDisabled {
        webhook_id: WebhookId,
        because: String,
    },
    WebhookDeleted {
        webhook_id: WebhookId,
    },
    WebhookTested {
        webhook_id: WebhookId,
        delivery_id: DeliveryId,
    },
    WebhookRetried {
        webhook_id: WebhookId,
        delivery_id: DeliveryId,
    },
}

impl Event {
    /// The kind and the data as they are stored and hashed.
    pub(crate) fn parts(&self) -> (String, String) {
        #[derive(Deserialize)]
        struct Tagged {
            kind: String,
            data: Box<serde_json::value::RawValue>,
        }
        let text = serde_json::to_string(self).expect("an event is plain data");
        let tagged: Tagged =
            serde_json::from_str(&text).expect("written in this form one line above");
        (tagged.kind, tagged.data.get().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_data_are_apart() {
        let (kind, data) = Event::LimitChanged { from: 3, to: 5 }.parts();
        assert_eq!(kind, "limit_changed");
        assert_eq!(data, r#"{"from":3,"to":5}"#);
        assert_eq!(Event::GuardOverridden {}.parts().1, "{}");
    }
}
