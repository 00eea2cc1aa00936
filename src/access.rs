//! Who may do what: roles, permissions, and the only door to the data.
//!
//! A handler reaches PostgreSQL through [`Access<P>`] and in no other way: the store inside it is private. *Who* is
//! asked by the middleware in [`crate::auth`], which turns a token into an [`Actor`] or nobody and never rejects;
//! *may this role* is asked here, before the body is read; *this very row* is asked by the slices' `find` and `lock`,
//! which apply [`crate::cases::View`].

use crate::{
    audit::Chain,
    error::{Error, ProblemType, Result},
    http::{Answer, Precondition},
    ids::*,
    store::{Near, Store, Tx},
};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use std::{
    future::{Ready, ready},
    marker::PhantomData,
    rc::Rc,
};
use utoipa::ToSchema;

/// The six roles (design: People).
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
pub enum Role {
    /// 相談員 at the help center.
    Operator,
    /// 統括, lead of the help center.
    Supervisor,
    /// Staff of a regional desk.
    Desk,
    /// テレワークマネージャー.
    Manager,
    /// 事務局, the programme office.
    Admin,
    /// 監査, the ministry.
    Auditor,
}

impl Role {
    /// All of them, in the order of the design's table.
    pub const ALL: [Self; 6] = [
        Self::Operator,
        Self::Supervisor,
        Self::Desk,
        Self::Manager,
        Self::Admin,
        Self::Auditor,
    ];

    /// The name as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Desk => "desk",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// The help center sees all cases.
    pub fn is_help_center(self) -> bool {
        matches!(self, Self::Operator | Self::Supervisor)
    }
}

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal: [$($role:ident),*],)+) => {
        /// What can be permitted. Which roles hold it is the one role table of the program.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Permission { $($(#[doc = $doc])+ $name,)+ }

        impl Permission {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name used in API tokens and in the OpenAPI document.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The roles that hold it.
            pub fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role),*],)+ }
            }

            /// What it is for, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)+ }
            }

            /// The permission of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.name() == name)
            }
        }

        /// The permissions as types, for [`Access`].
        pub mod permit {
            $($(#[doc = $doc])+ pub struct $name;
            impl super::Permitted for $name {
                const PERMISSION: super::Permission = super::Permission::$name;
            })+
        }
    };
}

permissions! {
    /// Public: needs no sign-in.
    Anyone = "anyone": [Operator, Supervisor, Desk, Manager, Admin, Auditor],
    /// Whoever is signed in: one's own account.
    SignedIn = "signed_in": [Operator, Supervisor, Desk, Manager, Admin, Auditor],
    /// Open a case; a desk opens its own at its window.
    CreateCase = "create_case": [Operator, Supervisor, Desk, Admin],
    /// Look up who is calling.
    LookUpCallers = "look_up_callers": [Operator, Supervisor, Desk, Admin],
    /// Read cases, their timeline, sessions and reports.
    ReadCases = "read_cases": [Operator, Supervisor, Desk, Manager, Admin],
    /// Read desks, managers and the programme's settings.
    ReadDirectory = "read_directory": [Operator, Supervisor, Desk, Manager, Admin],
    /// Look up enterprises.
    ReadEnterprises = "read_enterprises": [Operator, Supervisor, Desk, Manager, Admin],
    /// Create and correct enterprises.
    WriteEnterprises = "write_enterprises": [Operator, Supervisor, Desk, Admin],
    /// Correct the data of a case.
    EditCases = "edit_cases": [Operator, Supervisor, Desk, Admin],
    /// Record calls, visits and callbacks.
    RecordInteractions = "record_interactions": [Operator, Supervisor, Desk, Manager, Admin],
    /// Write notes that only staff see.
    WriteNotes = "write_notes": [Operator, Supervisor, Desk, Manager, Admin],
    /// Read the mail of cases, coming and going; the help center also what could not be placed.
    ReadMail = "read_mail": [Operator, Supervisor, Desk, Manager, Admin],
    /// Write to enterprises, take a message back, send it again.
    WriteMessages = "write_messages": [Operator, Supervisor, Desk, Manager, Admin],
    /// Place mails to be checked: attach, discard, run again.
    CheckMail = "check_mail": [Operator, Supervisor, Admin],
    /// Add files to a case.
    AddAttachments = "add_attachments": [Operator, Supervisor, Desk, Manager, Admin],
    /// Route a case to a desk.
    RouteCases = "route_cases": [Operator, Supervisor, Admin],
    /// Accept or return a routed case.
    AcceptCases = "accept_cases": [Supervisor, Desk, Admin],
    /// Close and reopen cases, settle flags.
    CloseCases = "close_cases": [Operator, Supervisor, Desk, Admin],
    /// Say whom a case waits for, escalate it.
    FollowCases = "follow_cases": [Operator, Supervisor, Desk, Manager, Admin],
    /// Link cases that belong together.
    LinkCases = "link_cases": [Operator, Supervisor, Desk, Admin],
    /// Merge and unmerge cases, join enterprises, override the enterprise guard.
    MergeCases = "merge_cases": [Supervisor, Admin],
    /// Change the number of free sessions of one case.
    ChangeLimits = "change_limits": [Admin],
    /// Offer a case to a manager, record an acceptance by phone, revoke an offer.
    OfferCases = "offer_cases": [Supervisor, Desk, Admin],
    /// See offers.
    ReadOffers = "read_offers": [Supervisor, Desk, Manager, Admin],
    /// Answer an offer made to oneself.
    AnswerOffers = "answer_offers": [Manager],
    /// End an assignment.
    ReleaseAssignments = "release_assignments": [Supervisor, Desk, Manager, Admin],
    /// Book, move, cancel and record sessions.
    BookConsultations = "book_consultations": [Supervisor, Desk, Manager, Admin],
    /// Void a session that was recorded wrongly.
    VoidConsultations = "void_consultations": [Supervisor, Admin],
    /// Read figures of surveys and evaluations; a desk its own.
    ReadSurveyFigures = "read_survey_figures": [Supervisor, Desk, Admin, Auditor],
    /// Read what enterprises wrote in surveys; the ministry what was released.
    ReadFreeTexts = "read_free_texts": [Supervisor, Admin, Auditor],
    /// Check what enterprises wrote for personal data, release or withhold it.
    CheckFreeTexts = "check_free_texts": [Supervisor, Admin],
    /// Write reports on sessions.
    WriteReports = "write_reports": [Desk, Manager, Admin],
    /// Approve or return reports.
    ReviewReports = "review_reports": [Supervisor, Desk, Admin],
    /// Enter absences; a manager their own.
    WriteAbsences = "write_absences": [Manager, Admin],
    /// Keep the profile of a manager and see the conflicts of interest declared; a manager their own.
    KeepProfiles = "keep_profiles": [Manager, Admin],
    /// Make and change users, desks, managers and settings.
    ManageOffice = "manage_office": [Admin],
    /// Read figures and the lists behind them.
    ReadFigures = "read_figures": [Operator, Supervisor, Desk, Manager, Admin, Auditor],
    /// Take lists out as files: those that one may read, the auditor masked.
    MakeExports = "make_exports": [Operator, Supervisor, Desk, Manager, Admin, Auditor],
    /// Say which other systems are told what happens to cases.
    ManageWebhooks = "manage_webhooks": [Admin],
    /// Read the audit trail.
    ReadAudit = "read_audit": [Admin],
    /// Read the heads of the audit trail and verify it.
    VerifyAudit = "verify_audit": [Admin, Auditor],
    /// Dispose of what is over, hold it back, erase and disclose on request.
    ManageRetention = "manage_retention": [Admin],
    /// Read who saw which case.
    ReadViews = "read_views": [Admin],
    /// Read masked sample cases.
    ReadSamples = "read_samples": [Admin, Auditor],
    /// Hand in mail: no role has it, only API tokens that an admin makes.
    Intake = "intake": [],
}

/// A permission as a type.
pub trait Permitted: 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// How the actor proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A person who signed in.
    User,
    /// An API token of a person.
    Token,
    /// The program itself: a job, a subcommand, or a request of nobody.
    System,
}

impl ActorKind {
    /// The name as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::System => "system",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    /// How they proved it.
    pub kind: ActorKind,
    /// The person; none for the system.
    pub user_id: Option<UserId>,
    /// Their role; none for the system, which may do everything.
    pub role: Option<Role>,
    /// The desk of desk staff.
    pub desk_id: Option<DeskId>,
    /// The manager that a user with role `manager` is.
    pub manager_id: Option<ManagerId>,
    /// The sign-in; none for tokens and the system.
    pub session_id: Option<SessionId>,
    /// What an API token is cut down to, or the sign-in of an admin who needs a second factor; none: everything the role
    /// may.
    pub token_permissions: Option<Vec<Permission>>,
}

impl Actor {
    /// The program itself.
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            user_id: None,
            role: None,
            desk_id: None,
            manager_id: None,
            session_id: None,
            token_permissions: None,
        }
    }

    /// Whether the role, and the token where there is one, hold the permission.
    pub fn may(&self, permission: Permission) -> bool {
        let role_may = self
            .role
            .is_none_or(|role| permission.roles().contains(&role));
        match &self.token_permissions {
            // `intake` is no role's; it was given by an admin when the token was made.
            Some(permissions) if permission == Permission::Intake => {
                permissions.contains(&permission)
            }
            Some(permissions) => {
                role_may
                    && (permissions.contains(&permission) || permission == Permission::SignedIn)
            }
            None => role_may,
        }
    }

    /// Whether this is an admin who has yet to set up the second factor that the office demands: a sign-in that is cut
    /// down to the own account, as an API token without permissions is.
    pub fn needs_second_factor(&self) -> bool {
        self.kind == ActorKind::User && self.token_permissions.is_some()
    }

    /// Whether this is the program or a role of the programme office.
    pub fn is_admin(&self) -> bool {
        matches!(self.role, None | Some(Role::Admin))
    }

    /// Supervisor, admin, or the program.
    pub fn is_lead(&self) -> bool {
        matches!(self.role, None | Some(Role::Admin | Role::Supervisor))
    }

    /// The desk of desk staff, when that is what the actor is.
    pub fn desk(&self) -> Option<DeskId> {
        self.desk_id.filter(|_| self.role == Some(Role::Desk))
    }

    /// The manager, when that is what the actor is.
    pub fn manager(&self) -> Option<ManagerId> {
        self.manager_id.filter(|_| self.role == Some(Role::Manager))
    }
}

/// The door: proof that the actor may do `P`, and the way to the data.
///
/// It is the first argument of every handler, so that 401 and 403 win over a faulty body.
pub struct Access<P: Permitted> {
    store: Data<Store>,
    actor: Actor,
    request: HttpRequest,
    permission: PhantomData<P>,
}

impl<P: Permitted> FromRequest for Access<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::grant(request))
    }
}

impl<P: Permitted> Access<P> {
    fn grant(request: &HttpRequest) -> Result<Self> {
        let store = request
            .app_data::<Data<Store>>()
            .expect("the app is mounted with its store")
            .clone();
        let actor = match request.extensions().get::<Actor>() {
            Some(actor) if P::PERMISSION == Permission::Anyone || actor.may(P::PERMISSION) => {
                actor.clone()
            }
            None if P::PERMISSION == Permission::Anyone => Actor::system(),
            Some(actor) if actor.needs_second_factor() => {
                return Err(Error::problem(
                    ProblemType::SecondFactorEnrolmentRequired,
                    "This office demands a second factor of its admins: set yours up, and go on.",
                ));
            }
            Some(_) => {
                return Err(Error::forbidden(format!(
                    "This needs the permission {}.",
                    P::PERMISSION.name()
                )));
            }
            None => {
                return Err(Error::problem(
                    ProblemType::Unauthenticated,
                    "Send a bearer token in the Authorization header.",
                ));
            }
        };
        Ok(Self {
            store,
            actor,
            request: request.clone(),
            permission: PhantomData,
        })
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The time, as the program's clock has it.
    pub fn now(&self) -> DateTime<Utc> {
        self.store.now()
    }

    /// For reading: connections of a database role that cannot write.
    pub fn read(&self) -> &PgPool {
        self.store.reader()
    }

    /// For a read that is a few short statements: as [`Self::read`], on a connection of this very thread.
    pub(crate) async fn read_near<T>(
        &self,
        statements: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T> {
        let lane = &self.near().reads;
        Ok(lane.run(self.store.reader(), statements).await?)
    }

    /// The connections of this thread.
    fn near(&self) -> &Near {
        let near = self.request.app_data::<Rc<Near>>();
        near.expect("the app is mounted with its connections")
    }

    /// For reading what may be a few seconds old, in figures, exports and search: from the replica, where there is one that
    /// is fit, else as [`Self::read`]. The closure may run twice: on the primary when the replica fails.
    pub async fn read_replica<T>(&self, work: impl AsyncFn(&PgPool) -> Result<T>) -> Result<T> {
        self.store.read_replica(work).await
    }

    /// The store, for what lies below requests (sign-in, readiness).
    pub(crate) fn store(&self) -> &Data<Store> {
        &self.store
    }

    /// The request, for headers and the peer's address.
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The `If-Match` header: required for `PATCH` and a report's `PUT`, taken when given for moves.
    pub fn precondition(&self) -> Result<Precondition> {
        Precondition::of(&self.request)
    }

    /// Runs the closure in a transaction and answers with what it returns.
    ///
    /// With an `Idempotency-Key`, the key is claimed first: a second request waits, and then gets the first answer if
    /// its case can still be seen. The answer is stored in the same transaction as the change.
    ///
    /// # Errors
    /// What the closure returns; 422 `idempotency-key-reused` for another body under the same key.
    pub async fn transaction<A: Into<Answer>>(
        &self,
        work: impl AsyncFn(&mut Tx) -> Result<A>,
    ) -> Result<Answer> {
        let claim = crate::http::idempotency_claim(&self.request, &self.actor)?;
        self.store
            .transaction_near(self.near(), &self.actor, async |tx| {
                if let Some(claim) = &claim
                    && let Some(first) = tx.claim(claim).await?
                {
                    return Ok(first);
                }
                let answer: Answer = work(tx).await?.into();
                if let Some(claim) = &claim {
                    tx.keep_answer(claim, &answer);
                }
                Ok(answer)
            })
            .await
    }

    /// Like [`Self::transaction`], for what is no resource and carries no idempotency (sign-in).
    pub(crate) async fn transaction_of<T>(
        &self,
        work: impl AsyncFn(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let near = self.near();
        self.store.transaction_near(near, &self.actor, work).await
    }
}

/// The chain of the office, for `tx.record(OFFICE, …)`.
pub const OFFICE: Chain = Chain::Office;
