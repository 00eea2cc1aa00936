//! What happenings mean for whom: from the trail's events to what each audience is told.
//!
//! An [`Audience`] is everybody who sees the same, so that a look costs a few queries and not one per listener. The rules
//! are those of the lists: [`View`] for cases, the managers' own sessions, offers to a manager without the case. Who loses
//! sight of a case learns that it is gone, nothing else.

use super::{Change, ChangeKind as Kind, feed::Happening};
use crate::{
    access::{Actor, Permission},
    audit::Event,
    cases::View,
    consultations,
    error::Result,
    ids::*,
};
use sqlx::PgPool;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Everybody who sees the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Audience {
    view: View,
    offers: bool,
    mail: bool,
    enterprises: bool,
    directory: bool,
}

impl Audience {
    /// To whom the actor belongs.
    pub(super) fn of(actor: &Actor) -> Self {
        Self {
            view: View::of(actor),
            offers: actor.may(Permission::ReadOffers),
            // What of a case's mail a manager sees is decided mail by mail; to them it is a change of the case.
            mail: actor.may(Permission::ReadMail) && actor.manager().is_none(),
            enterprises: actor.may(Permission::ReadEnterprises),
            directory: actor.may(Permission::ReadDirectory),
        }
    }
}

/// What a happening is about, before it is asked who may see it.
#[derive(Debug, Default, PartialEq)]
struct Topic {
    kind: Option<Kind>,
    id: Option<Uuid>,
    /// Whose offer it is, or whose assignment ended.
    manager: Option<ManagerId>,
    /// The step of the case's history that it was.
    step: Option<i32>,
    /// Other cases that it changed.
    others: Vec<CaseId>,
}

impl Topic {
    fn of(kind: Kind, id: impl Into<Option<Uuid>>) -> Self {
        Self {
            kind: Some(kind),
            id: id.into(),
            ..Self::default()
        }
    }

    fn and_manager(self, manager: ManagerId) -> Self {
        Self {
            manager: Some(manager),
            ..self
        }
    }

    fn and_cases(self, others: Vec<CaseId>) -> Self {
        Self { others, ..self }
    }
}

/// What an event is about. Of the office's own, people and their tokens are nobody's news.
fn topic(event: &Event) -> Topic {
    use Event::*;
    match event {
        CaseMoved { seq, .. } => Topic {
            step: Some(*seq),
            ..Topic::of(Kind::Case, None)
        },
        CaseLinked { other_id, .. }
        | CaseMerged { other_id, .. }
        | CaseUnmerged { other_id, .. } => Topic::of(Kind::Case, None).and_cases(vec![*other_id]),
        AssignmentEnded { manager_id, .. } => Topic::of(Kind::Case, None).and_manager(*manager_id),
        OfferMade {
            offer_id,
            manager_id,
            ..
        }
        | OfferAccepted {
            offer_id,
            manager_id,
            ..
        }
        | OfferDeclined {
            offer_id,
            manager_id,
        }
        | OfferRevoked {
            offer_id,
            manager_id,
        }
        | OfferExpired {
            offer_id,
            manager_id,
        } => Topic::of(Kind::Offer, **offer_id).and_manager(*manager_id),
        ConsultationBooked {
            consultation_id, ..
        }
        | ConsultationRescheduled {
            consultation_id, ..
        }
        | ConsultationCancelled {
            consultation_id, ..
        }
        | ConsultationCheckedIn {
            consultation_id, ..
        }
        | ConsultationCheckedOut {
            consultation_id, ..
        }
        | ConsultationHeld {
            consultation_id, ..
        }
        | ConsultationMissed {
            consultation_id, ..
        }
        | ConsultationVoided { consultation_id }
        | SessionReminded { consultation_id }
        | SessionConfirmed { consultation_id }
        | SessionDeclined {
            consultation_id, ..
        }
        | EvaluationAsked { consultation_id }
        | SessionEvaluated { consultation_id }
        | ReportSaved { consultation_id }
        | ReportSubmitted { consultation_id }
        | ReportReturned { consultation_id }
        | ReportApproved { consultation_id } => Topic::of(Kind::Consultation, **consultation_id),
        MailMoved { mail_id, other_id } => {
            Topic::of(Kind::Mail, **mail_id).and_cases(vec![*other_id])
        }
        MailPlaced { mail_id, .. }
        | MailQuarantined { mail_id, .. }
        | MailAttached { mail_id }
        | MailDiscarded { mail_id }
        | MailReprocessed { mail_id }
        | SenderConfirmed { mail_id, .. } => Topic::of(Kind::Mail, **mail_id),
        MessageWritten { message_id, .. }
        | MessageTakenBack { message_id }
        | MessageSent { message_id }
        | MessageFailed { message_id }
        | MessageUnknown { message_id }
        | MessageRetried { message_id }
        | MessageReported { message_id, .. } => Topic::of(Kind::Message, **message_id),
        EnterpriseCreated { enterprise_id }
        | EnterpriseEdited { enterprise_id, .. }
        | EnterpriseConfirmedDifferent { enterprise_id, .. } => {
            Topic::of(Kind::Enterprise, **enterprise_id)
        }
        EnterprisesMerged {
            enterprise_id,
            cases,
            ..
        } => Topic::of(Kind::Enterprise, **enterprise_id).and_cases(cases.clone()),
        ManagerCreated { manager_id }
        | ManagerEdited { manager_id, .. }
        | AbsenceAdded { manager_id, .. }
        | AbsenceRemoved { manager_id, .. }
        | ConflictDeclared { manager_id, .. }
        | ConflictRemoved { manager_id, .. } => Topic::of(Kind::Manager, **manager_id),
        DeskCreated { desk_id }
        | DeskEdited { desk_id, .. }
        | CoverageAdded { desk_id, .. }
        | CoverageEdited { desk_id, .. }
        | CoverageRemoved { desk_id, .. } => Topic::of(Kind::Desk, **desk_id),
        MailboxCreated { .. } | MailboxEdited { .. } => Topic::of(Kind::Desk, None),
        CalendarExceptionAdded { .. } | CalendarExceptionRemoved { .. } | HoursSet { .. } => {
            Topic::of(Kind::Calendar, None)
        }
        SettingsChanged { .. } => Topic::of(Kind::Settings, None),
        TemplateCreated { .. } | TemplateEdited { .. } => Topic::of(Kind::Template, None),
        UserCreated { .. }
        | UserEdited { .. }
        | PasswordChanged { .. }
        | PasswordResetSent { .. }
        | PasswordReset { .. }
        | SessionsEnded { .. }
        | SecondFactorSetUp { .. }
        | SecondFactorTurnedOff { .. }
        | SecondFactorReset { .. }
        | RecoveryCodesMade { .. }
        | RecoveryCodeUsed { .. }
        | TokenCreated { .. }
        | TokenRevoked { .. }
        | JobRunAgain { .. }
        | PeriodClosed { .. }
        | TargetsSet { .. }
        | RetentionRunRequested { .. }
        | RetentionRunFinished { .. }
        | ErasureRequested { .. }
        | ErasureWithdrawn { .. }
        | ErasureExecuted { .. }
        | DisclosureRequested { .. }
        | DisclosureMade { .. }
        | DisclosureDownloaded { .. }
        | ExportRequested { .. }
        | ExportMade { .. }
        | ExportFailed { .. }
        | ExportDownloaded { .. }
        | ProgrammeHandedOver {}
        | WebhookCreated { .. }
        | WebhookEdited { .. }
        | WebhookSecretRotated { .. }
        | WebhookDisabled { .. }
        | WebhookDeleted { .. }
        | WebhookTested { .. }
        | WebhookRetried { .. } => Topic::default(),
        CaseCreated { .. }
        | CaseEdited { .. }
        | DeskProposed { .. }
        | FlagRaised { .. }
        | FlagSettled { .. }
        | WaitSet { .. }
        | WaitEnded { .. }
        | LimitChanged { .. }
        | GuardOverridden {}
        | AssignmentMade { .. }
        | InteractionRecorded { .. }
        | CallbackKept { .. }
        | NoteAdded { .. }
        | DeadlinePassed { .. }
        | DeadlineEscalated { .. }
        | DeadlineMoved { .. }
        | DatesProposed { .. }
        | DateChosen { .. }
        | OtherDateWanted { .. }
        | DatesRevoked { .. }
        | DatesExpired { .. }
        | SurveySent { .. }
        | SurveyAnswered { .. }
        | SurveyStopped { .. }
        | SurveyCancelled { .. }
        | SurveyBounced { .. }
        | FreeTextReleased { .. }
        | FreeTextWithheld { .. }
        | AttachmentAdded { .. }
        | EnterpriseReturned { .. }
        | HoldPlaced { .. }
        | HoldLifted { .. }
        | CaseDisposed { .. }
        | RawMailsDisposed { .. }
        | AttachmentsDisposed { .. }
        | CaseErased { .. } => Topic::of(Kind::Case, None),
    }
}

/// What happened between two looks, ready to be told.
pub(super) struct News {
    items: Vec<(Option<CaseId>, Topic)>,
    sight: Sight,
}

/// Who sees what of it.
#[derive(Default)]
struct Sight {
    /// The desks that cases are with now.
    desks: HashMap<CaseId, Option<DeskId>>,
    /// The desks that cases were with before a step.
    left: HashSet<(DeskId, CaseId)>,
    /// The live managers of cases.
    managers: HashSet<(ManagerId, CaseId)>,
    /// The managers of sessions, and whether they see them whatever became of the case.
    sessions: HashMap<(ManagerId, Uuid), bool>,
    /// The desks and live managers that have a case of an enterprise.
    enterprise_desks: HashSet<(DeskId, Uuid)>,
    enterprise_managers: HashSet<(ManagerId, Uuid)>,
}

impl News {
    /// Makes out who sees what, in a few queries for all who listen.
    pub(super) async fn of<'a>(
        db: &PgPool,
        happenings: &[Happening],
        audiences: impl Iterator<Item = &'a Audience>,
    ) -> Result<Self> {
        let items = happenings.iter().map(|happening| {
            let topic = match (&happening.event, happening.case_id) {
                (Some(event), _) => topic(event),
                // A newer program knows more; the case has changed all the same.
                (None, Some(_)) => Topic::of(Kind::Case, None),
                (None, None) => Topic::default(),
            };
            (happening.case_id, topic)
        });
        let items: Vec<_> = items.collect();
        let views: HashSet<View> = audiences.map(|audience| audience.view).collect();
        let sight = Sight::load(db, &items, &views).await?;
        Ok(Self { items, sight })
    }

    /// What the audience is told: each change once, in the order in which they happened.
    pub(super) fn told_to(&self, audience: &Audience) -> Vec<Change> {
        let mut told = Vec::new();
        let mut known = HashSet::new();
        for (case_id, topic) in &self.items {
            for change in self.changes(audience, *case_id, topic) {
                if known.insert(change.clone()) {
                    told.push(change);
                }
            }
        }
        told
    }

    fn changes(&self, audience: &Audience, case_id: Option<CaseId>, topic: &Topic) -> Vec<Change> {
        let Some(kind) = topic.kind else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        match case_id {
            Some(case_id) => changes.extend(self.of_case(audience, kind, case_id, topic)),
            None => changes.extend(self.of_office(audience, kind, topic)),
        }
        for case_id in &topic.others {
            changes.extend(self.of_case(audience, Kind::Case, *case_id, &Topic::default()));
        }
        changes
    }

    fn of_case(
        &self,
        audience: &Audience,
        kind: Kind,
        case_id: CaseId,
        topic: &Topic,
    ) -> Option<Change> {
        let change = |kind, case_id: Option<CaseId>, id, gone| {
            Some(Change {
                kind,
                case_id: case_id.map(|id| *id),
                id,
                gone,
            })
        };
        if self.sight.sees(audience.view, case_id) {
            let is_hidden = (kind == Kind::Offer && !audience.offers)
                || (matches!(kind, Kind::Mail | Kind::Message) && !audience.mail);
            return match is_hidden {
                true => change(Kind::Case, Some(case_id), None, false),
                false => change(kind, Some(case_id), topic.id, false),
            };
        }
        match (audience.view, kind, topic.id) {
            (View::Desk(desk), Kind::Case, _) if self.sight.left.contains(&(desk, case_id)) => {
                change(kind, Some(case_id), None, true)
            }
            (View::Manager(manager), Kind::Case, _) if topic.manager == Some(manager) => {
                change(kind, Some(case_id), None, true)
            }
            (View::Manager(manager), Kind::Offer, id)
                if topic.manager == Some(manager) && audience.offers =>
            {
                change(kind, None, id, false)
            }
            (View::Manager(manager), Kind::Consultation, Some(id)) => {
                let is_kept = self.sight.sessions.get(&(manager, id))?;
                change(kind, None, Some(id), !is_kept)
            }
            _ => None,
        }
    }

    fn of_office(&self, audience: &Audience, kind: Kind, topic: &Topic) -> Option<Change> {
        let is_theirs = match kind {
            // To be checked: on no case yet, which only the help center sees.
            Kind::Mail | Kind::Message => audience.mail && audience.view == View::All,
            Kind::Enterprise => audience.enterprises && self.sight.knows(audience.view, topic.id?),
            _ => audience.directory,
        };
        is_theirs.then_some(Change {
            kind,
            case_id: None,
            // It may be about an account, of which only the programme office knows more.
            id: topic.id.filter(|_| kind != Kind::Message),
            gone: false,
        })
    }
}

impl Sight {
    fn sees(&self, view: View, case_id: CaseId) -> bool {
        match view {
            View::All => true,
            View::Desk(desk) => self.desks.get(&case_id) == Some(&Some(desk)),
            View::Manager(manager) => self.managers.contains(&(manager, case_id)),
            View::Nothing => false,
        }
    }

    fn knows(&self, view: View, enterprise: Uuid) -> bool {
        match view {
            View::All => true,
            View::Desk(desk) => self.enterprise_desks.contains(&(desk, enterprise)),
            View::Manager(manager) => self.enterprise_managers.contains(&(manager, enterprise)),
            View::Nothing => false,
        }
    }

    async fn load(
        db: &PgPool,
        items: &[(Option<CaseId>, Topic)],
        views: &HashSet<View>,
    ) -> Result<Self> {
        let mut cases: HashSet<Uuid> = HashSet::new();
        let mut sessions: HashSet<Uuid> = HashSet::new();
        let mut enterprises: HashSet<Uuid> = HashSet::new();
        let mut steps = Vec::new();
        for (case_id, topic) in items {
            cases.extend(case_id.iter().chain(&topic.others).map(|id| **id));
            match topic.kind {
                Some(Kind::Consultation) => sessions.extend(topic.id),
                Some(Kind::Enterprise) => enterprises.extend(topic.id),
                _ => {}
            }
            steps.extend(case_id.zip(topic.step));
        }
        let asked = Asked {
            cases: cases.into_iter().collect(),
            sessions: sessions.into_iter().collect(),
            enterprises: enterprises.into_iter().collect(),
            steps,
        };
        let managers: Vec<Uuid> = views
            .iter()
            .filter_map(|view| match view {
                View::Manager(id) => Some(**id),
                _ => None,
            })
            .collect();
        let mut sight = Self::default();
        if views.iter().any(|view| matches!(view, View::Desk(_))) {
            sight.load_desks(db, &asked).await?;
        }
        if !managers.is_empty() {
            sight.load_managers(db, &asked, &managers).await?;
        }
        Ok(sight)
    }

    async fn load_desks(&mut self, db: &PgPool, asked: &Asked) -> Result<()> {
        if !asked.cases.is_empty() {
            let rows = sqlx::query!(
                "select id, desk_id from case_file where id = any($1)",
                &asked.cases
            )
            .fetch_all(db)
            .await?;
            self.desks = rows.into_iter().map(|row| (row.id, row.desk_id)).collect();
        }
        if !asked.steps.is_empty() {
            let (cases, steps): (Vec<Uuid>, Vec<i32>) =
                asked.steps.iter().map(|(id, step)| (**id, *step)).unzip();
            let rows = sqlx::query!(
                r#"
                select h.case_id, h.desk_id as "desk_id!: DeskId"
                from unnest($1::uuid[], $2::int[]) as step (case_id, seq)
                join case_history h on h.case_id = step.case_id and h.seq = step.seq - 1
                where h.desk_id is not null
                "#,
                &cases,
                &steps,
            )
            .fetch_all(db)
            .await?;
            self.left = rows
                .into_iter()
                .map(|row| (row.desk_id, row.case_id))
                .collect();
        }
        if !asked.enterprises.is_empty() {
            let rows = sqlx::query!(
                r#"
                select distinct enterprise_id, desk_id as "desk_id!: DeskId"
                from case_file
                where enterprise_id = any($1) and desk_id is not null
                "#,
                &asked.enterprises
            )
            .fetch_all(db)
            .await?;
            self.enterprise_desks = rows
                .into_iter()
                .map(|row| (row.desk_id, *row.enterprise_id))
                .collect();
        }
        Ok(())
    }

    async fn load_managers(&mut self, db: &PgPool, asked: &Asked, managers: &[Uuid]) -> Result<()> {
        if !asked.cases.is_empty() {
            let rows = sqlx::query!(
                r#"
                select manager_id, case_id
                from assignment
                where ended_at is null and manager_id = any($1) and case_id = any($2)
                "#,
                managers,
                &asked.cases,
            )
            .fetch_all(db)
            .await?;
            self.managers = rows
                .into_iter()
                .map(|row| (row.manager_id, row.case_id))
                .collect();
        }
        if !asked.sessions.is_empty() {
            let rows = consultations::own_sessions(db, &asked.sessions, managers).await?;
            self.sessions = rows
                .into_iter()
                .map(|(manager, session, is_kept)| ((manager, *session), is_kept))
                .collect();
        }
        if !asked.enterprises.is_empty() {
            let rows = sqlx::query!(
                r#"
                select distinct c.enterprise_id, a.manager_id
                from assignment a
                join case_file c on c.id = a.case_id
                where a.ended_at is null and a.manager_id = any($1) and c.enterprise_id = any($2)
                "#,
                managers,
                &asked.enterprises,
            )
            .fetch_all(db)
            .await?;
            self.enterprise_managers = rows
                .into_iter()
                .map(|row| (row.manager_id, *row.enterprise_id))
                .collect();
        }
        Ok(())
    }
}

/// What has to be known of what happened.
struct Asked {
    cases: Vec<Uuid>,
    sessions: Vec<Uuid>,
    enterprises: Vec<Uuid>,
    steps: Vec<(CaseId, i32)>,
}
