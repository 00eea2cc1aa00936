//! Cases (相談案件): one inquiry of one enterprise, from first contact to closing.
//!
//! Owns `case_file`, `case_history`, `contact`, `consent`, `case_flag`, `case_link`, `deadline`,
//! `enterprise_wait`. Keeps rule 5 (status is
//! the newest history row; only [`transition`] writes it), rule 8 ([`View`] decides what an actor sees) and rule 11 (a
//! second case of the year is flagged, see [`create`]). Offers, sessions and reports are other slices; what a move means
//! for them is called from [`moves`] and [`merge`].
//!
//! Lock order: enterprise, case (two by id), manager, consultation, offer.

mod counts;
pub mod create;
pub mod deadlines;
mod edit;
mod flags;
mod list;
mod mail;
mod merge;
mod moves;
mod notice;
pub mod status;
mod view;

use crate::{
    access::{Actor, Role},
    audit::Event,
    error::{Error, OnConstraint, Result},
    ids::*,
    programme::*,
    public_links,
    routes::ServiceConfig,
    store::Tx,
};
use chrono::{DateTime, Utc};
pub use flags::wait_for;
pub use list::CaseFilter;
pub(crate) use list::search;
pub use mail::{
    MailCase, add_contact, enterprise_of_sender, is_correspondent, link, mail_after_close,
    mails_after_close, open_for_mail, settle_by_itself, survivor, take_contacts,
};
pub use moves::require_guard;
pub use notice::{notice_similar_enterprises, take_over};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
pub use status::{Status, Step};
pub use view::{CaseView, show};

/// Mounts the cases and their moves.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(list::mount)
        .configure(create::mount)
        .configure(counts::mount)
        .configure(view::mount)
        .configure(edit::mount)
        .configure(moves::mount)
        .configure(flags::mount)
        .configure(merge::mount);
}

/// Which cases an actor sees (rule 8): the one place where it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The help center and the programme office.
    All,
    /// Cases routed to or accepted by the desk.
    Desk(DeskId),
    /// Cases of which the person is a live manager.
    Manager(ManagerId),
    /// None.
    Nothing,
}

impl View {
    /// What the actor sees.
    pub fn of(actor: &Actor) -> Self {
        match (actor.role, actor.desk_id, actor.manager_id) {
            (None | Some(Role::Operator | Role::Supervisor | Role::Admin), ..) => Self::All,
            (Some(Role::Desk), Some(desk), _) => Self::Desk(desk),
            (Some(Role::Manager), _, Some(manager)) => Self::Manager(manager),
            _ => Self::Nothing,
        }
    }

    /// Adds the condition on `case_file c` to a query. One plain predicate per role, which its index answers: a single
    /// condition for all roles was measured to be a thousand times slower.
    pub fn push(self, query: &mut QueryBuilder<Postgres>) {
        match self {
            Self::All => query.push("true"),
            Self::Desk(desk) => query.push("c.desk_id = ").push_bind(desk),
            Self::Manager(manager) => query
                .push("c.id in (select va.case_id from assignment va where va.ended_at is null and va.manager_id = ")
                .push_bind(manager)
                .push(")"),
            Self::Nothing => query.push("false"),
        };
    }

    /// Whether the case is in view.
    pub async fn includes(self, db: &mut PgConnection, case_id: CaseId) -> Result<bool> {
        let mut query = QueryBuilder::new("select exists (select 1 from case_file c where c.id = ");
        query.push_bind(case_id).push(" and ");
        self.push(&mut query);
        query.push(")");
        Ok(query.build_query_scalar().fetch_one(db).await?)
    }
}

/// A case as decisions need it. To have one is to have passed [`find`] or [`lock`]: the actor may see it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns of case_file, commented there")]
pub struct Case {
    pub id: CaseId,
    pub number: String,
    pub fiscal_year: i32,
    pub status: Status,
    pub status_seq: i32,
    pub channel: Channel,
    pub enterprise_id: EnterpriseId,
    pub enterprise_kind: EnterpriseKind,
    pub topics: Vec<Topic>,
    pub desired_mode: Option<Mode>,
    /// Of the site, or of the enterprise where the site has no place of its own.
    pub prefecture_code: Option<String>,
    pub municipality_code: Option<String>,
    pub desk_id: Option<DeskId>,
    pub session_limit: i32,
    pub waiting_on: WaitingOn,
    pub received_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    pub merged_into: Option<CaseId>,
    pub guard_overridden_at: Option<DateTime<Utc>>,
    pub version: i64,
}

impl FromRow<'_, PgRow> for Case {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            number: row.try_get("number")?,
            fiscal_year: row.try_get("fiscal_year")?,
            status: row.try_get("status")?,
            status_seq: row.try_get("status_seq")?,
            channel: row.try_get("channel")?,
            enterprise_id: row.try_get("enterprise_id")?,
            enterprise_kind: row.try_get("enterprise_kind")?,
            topics: row.try_get("topics")?,
            desired_mode: row.try_get("desired_mode")?,
            prefecture_code: row.try_get("prefecture_code")?,
            municipality_code: row.try_get("municipality_code")?,
            desk_id: row.try_get("desk_id")?,
            session_limit: row.try_get("session_limit")?,
            waiting_on: row.try_get("waiting_on")?,
            received_at: row.try_get("received_at")?,
            closed_at: row.try_get("closed_at")?,
            outcome: row.try_get("outcome")?,
            merged_into: row.try_get("merged_into")?,
            guard_overridden_at: row.try_get("guard_overridden_at")?,
            version: row.try_get("version")?,
        })
    }
}

/// Loads a case in the actor's view.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub async fn find(db: &mut PgConnection, actor: &Actor, id: CaseId) -> Result<Case> {
    let mut query = QueryBuilder::new(
        r#"
        select c.id, c.number, c.fiscal_year, c.status, c.status_seq, c.channel, c.enterprise_id, e.kind as enterprise_kind,
            c.topics, c.desired_mode, c.desk_id, c.session_limit, c.waiting_on, c.received_at, c.closed_at, c.outcome,
            c.merged_into, c.guard_overridden_at, c.version,
            coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture_code,
            case when c.site_prefecture_code is null then e.municipality_code else c.site_municipality_code end as municipality_code
        from case_file c
        join enterprise e on e.id = c.enterprise_id
        where c.id = "#,
    );
    query.push_bind(id).push(" and ");
    View::of(actor).push(&mut query);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// Locks a case for a change, then loads it as it is after the wait: a condition beside the lock would be judged on the
/// row as it was before, and would let in a manager who was released in between.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub async fn lock(tx: &mut Tx, id: CaseId) -> Result<Case> {
    sqlx::query!(
        "select id from case_file where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    let actor = tx.actor().clone();
    find(tx.db(), &actor, id).await
}

/// What goes with a change of status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Move<'a> {
    /// The desk the case goes to; `None` keeps the one it has.
    pub desk_id: Option<DeskId>,
    /// Why, in somebody's words.
    pub reason: Option<&'a str>,
    /// How it ended; for closing only.
    pub outcome: Option<Outcome>,
    /// The survivor; for a merge only.
    pub merged_into: Option<CaseId>,
}

/// Moves a case: the only writer of `status`. Writes the history row with it, and brings whom it waits for and what is
/// due in line with the new status.
///
/// # Errors
/// 409 `illegal-move` where the step is not legal from here.
pub async fn transition(tx: &mut Tx, case: &mut Case, step: Step, how: Move<'_>) -> Result<()> {
    let before = case.clone();
    let from = case.status;
    let Some(to) = from.after(step) else {
        return Err(Error::illegal_move(format!(
            "A case that is {} cannot take the step {}.",
            from.name(),
            step.name()
        )));
    };
    let desk_id = match to {
        Status::Received => None,
        _ => how.desk_id.or(case.desk_id),
    };
    let waiting_on = waits_for(to);
    let closed_at = (to == Status::Closed).then(|| tx.now());
    // Unmerging a case that was closed before keeps how it ended then.
    let outcome = (to == Status::Closed).then_some(how.outcome).flatten();
    let seq = case.status_seq + 1;
    let actor_id = tx.actor().user_id;
    let now = tx.now();
    sqlx::query!(
        r#"
        with step as (
            insert into case_history (case_id, seq, prev_seq, move, from_status, to_status, desk_id, actor_id, occurred_at, outcome)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $13)
        ),
        why as (
            insert into move_reason (case_id, seq, reason)
            select $1, $2, $10::text
            where $10::text is not null
        )
        update case_file
        set status = $6, status_seq = $2, desk_id = $7, waiting_on = $11, waiting_until = null, waiting_reason = null,
            closed_at = $12, outcome = $13, close_note = case when $13::text is null then null else $10 end,
            merged_into = $14, updated_at = $9
        where id = $1
        "#,
        *case.id,
        seq,
        case.status_seq,
        step.name(),
        from.name(),
        to.name(),
        desk_id.map(|id| *id),
        actor_id.map(|id| *id),
        now,
        how.reason,
        waiting_on.name(),
        closed_at,
        outcome.map(Outcome::name),
        how.merged_into.map(|id| *id),
    )
    .execute(tx.db())
    .await
    .on_constraint("case_file_disposed", || {
        Error::illegal_move("What was in this case is gone for good. Open a new one.")
    })?;
    tx.record(
        case.id,
        Event::CaseMoved {
            step: step.name().into(),
            from: from.name().into(),
            to: to.name().into(),
            seq,
            desk_id,
            outcome: outcome.map(|outcome| outcome.name().into()),
        },
    );
    case.status = to;
    case.status_seq = seq;
    case.desk_id = desk_id;
    case.waiting_on = waiting_on;
    case.closed_at = closed_at;
    case.outcome = outcome;
    case.merged_into = how.merged_into;
    public_links::survey::follow(tx, case, &before).await?;
    deadlines::follow(tx, case, &before, step).await
}

/// Whom a case waits for when nobody said otherwise.
pub fn waits_for(status: Status) -> WaitingOn {
    match status {
        Status::Received => WaitingOn::HelpCenter,
        Status::Routed | Status::Accepted => WaitingOn::Desk,
        Status::Assigned | Status::Consulting => WaitingOn::Manager,
        Status::Closed => WaitingOn::None,
    }
}

/// An inbound contact ends a wait.
pub async fn end_wait(tx: &mut Tx, case: &Case, by: &str) -> Result<()> {
    let usual = waits_for(case.status);
    let ended = sqlx::query!(
        r#"
        update case_file
        set waiting_on = $2, waiting_until = null, waiting_reason = null, updated_at = $3
        where id = $1 and (waiting_on <> $2 or waiting_until is not null)
        "#,
        *case.id,
        usual.name(),
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    if ended.rows_affected() == 1 {
        deadlines::wait(tx, case, usual).await?;
        deadlines::done(tx, case.id, &[DueKind::WaitReview], None).await?;
        tx.record(case.id, Event::WaitEnded { by: by.into() });
    }
    Ok(())
}

/// Raises a flag; where it is open already, the reason is added to what it says.
pub async fn raise_flag(
    tx: &mut Tx,
    case_id: CaseId,
    flag: Flag,
    reason: Option<&str>,
) -> Result<()> {
    let notice = notice::Notice {
        flag,
        reason: reason.map(str::to_owned),
        detail: None,
    };
    notice::raise(tx, case_id, &notice).await
}

/// Whether the actor may change the data of a case they see: the help center while it has it, the desk its own, the
/// lead always. Managers record and book, but do not edit.
pub fn may_edit(actor: &Actor, case: &Case) -> bool {
    match actor.role {
        Some(Role::Operator) => case.status == Status::Received,
        Some(Role::Manager | Role::Auditor) => false,
        _ => true,
    }
}

/// Refuses a change on a closed case.
pub fn require_open(case: &Case) -> Result<()> {
    if case.status == Status::Closed {
        return Err(Error::illegal_move("The case is closed. Reopen it first."));
    }
    Ok(())
}
