//! What is attached to a case without moving it: waits, escalations, flags, links.

use super::{
    Case, View, deadlines, find, lock,
    mail::{link, pair},
    moves, raise_flag, require_open, view,
};
use crate::{
    access::{Access, Role, permit},
    audit::Event,
    error::{Error, Fields, Result},
    http::{Answer, Body, Items, Json, Path},
    ids::*,
    intake, interactions,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::{Line80, Reason},
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(set_wait)
        .service(escalate_case)
        .service(settle_flag)
        .service(link_case)
        .service(list_flags)
        .service(list_links);
}

/// Whom it waits for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitRequest {
    /// Whom.
    pub on: WaitingOn,
    /// Until when; where absent, it is looked at again after the set number of business days. While a case waits for the
    /// enterprise, what the office owes it stands still.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Reason,
}

/// What is brought before the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationKind {
    /// 苦情.
    Complaint,
}

/// An escalation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalateRequest {
    /// What it is.
    pub kind: EscalationKind,
    /// What happened.
    pub reason: Reason,
}

/// How a flag was settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// What was found or done, in a few words; for `mail_after_close` one of `nothing_to_do`, `reopen`, `new_case`.
    pub answer: Line80,
    /// The rest of it.
    pub note: Option<Reason>,
}

/// Which case belongs to this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// The other case.
    pub other_id: CaseId,
    /// How; for `follow_up` the other is the earlier one.
    pub kind: LinkKind,
}

/// A link.
#[derive(Serialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct LinkView {
    pub case_id: CaseId,
    pub other_id: CaseId,
    pub kind: LinkKind,
}

impl Body for WaitRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.on != WaitingOn::None,
            "/on",
            "must be somebody; the wait ends by itself with the next contact",
        );
    }
}
impl Body for EscalateRequest {}
impl Body for SettleRequest {}
impl Body for LinkRequest {}

/// Say whom a case waits for
///
/// Ends by itself with the next inbound contact.
#[utoipa::path(
    tag = "cases",
    operation_id = "set_wait",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = WaitRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("follow_cases")))
)]
#[post("/cases/{id}/wait")]
async fn set_wait(
    access: Access<permit::FollowCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<WaitRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case = lock(tx, id).await?;
            precondition.check(case.version)?;
            require_open(&case)?;
            if tx.actor().role == Some(Role::Operator) && case.status.is_with_desk() {
                return Err(Error::forbidden("The desk owns this case now."));
            }
            if body.until.is_some_and(|until| until <= tx.now()) {
                return Err(Error::invalid("/until", "must lie in the future"));
            }
            wait_for(tx, &case, body.on, body.until, body.reason.as_str()).await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Says whom an open case waits for, which the caller has locked: until a moment, or until somebody looks at it again.
pub async fn wait_for(
    tx: &mut Tx,
    case: &Case,
    on: WaitingOn,
    until: Option<DateTime<Utc>>,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update case_file set waiting_on = $2, waiting_until = $3, waiting_reason = $4, updated_at = $5 where id = $1",
        *case.id,
        on.name(),
        until,
        reason,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    deadlines::wait(tx, case, on).await?;
    review_wait(tx, case, until).await?;
    tx.record(
        case.id,
        Event::WaitSet {
            on: on.name().into(),
            until,
        },
    );
    Ok(())
}

/// A wait is looked at again at its end, or when it has grown stale.
async fn review_wait(tx: &mut Tx, case: &Case, until: Option<DateTime<Utc>>) -> Result<()> {
    let (kind, now) = (DueKind::WaitReview, tx.now());
    match until {
        Some(until) => deadlines::set(tx, case.id, kind, *case.id, until).await,
        None => {
            let days = tx.settings().await?.wait_review_days;
            deadlines::start(tx, case.id, kind, *case.id, now, days).await
        }
    }
}

/// Escalate a case to the supervisor
///
/// A complaint stays visible until it is settled.
#[utoipa::path(
    tag = "cases",
    operation_id = "escalate_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = EscalateRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("follow_cases")))
)]
#[post("/cases/{id}/escalate")]
async fn escalate_case(
    access: Access<permit::FollowCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<EscalateRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case = lock(tx, id).await?;
            precondition.check(case.version)?;
            let EscalationKind::Complaint = body.kind;
            raise_flag(tx, case.id, Flag::Complaint, Some(body.reason.as_str())).await?;
            interactions::add_note(tx, &case, &format!("苦情: {}", body.reason.as_str())).await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Settle a flag
///
/// `mail_after_close` takes one of three answers: `nothing_to_do`, `reopen` (as `/reopen` does, with its rules; the note
/// is the reason), `new_case` (a case is opened from the mail and linked as a follow-up; `/links` names it). Every other
/// flag takes a few words.
#[utoipa::path(
    tag = "cases",
    operation_id = "settle_flag",
    params(("id" = Uuid, Path, description = "The case"), ("flag" = Flag, Path, description = "The flag")),
    request_body = SettleRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("close_cases")))
)]
#[post("/cases/{id}/flags/{flag}/settle")]
async fn settle_flag(
    access: Access<permit::CloseCases>,
    Path((id, flag)): Path<(CaseId, Flag)>,
    Json(body): Json<SettleRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    let mail_answer = MailAnswer::of(flag, &body)?;
    access
        .transaction(async |tx| {
            // Before the case is locked: mails and enterprises are locked before cases.
            let new_case = match mail_answer {
                Some(MailAnswer::NewCase) => Some(intake::open_follow_up(tx, id).await?),
                _ => None,
            };
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            require_may_settle(tx, &case, flag).await?;
            settle(tx, &case, flag, &body, new_case).await?;
            if new_case.is_some() {
                intake::settle_if_verified(tx, case.id).await?;
            }
            let answer = mail_answer.map_or("given", MailAnswer::name);
            tx.record(
                case.id,
                Event::FlagSettled {
                    flag: flag.name().into(),
                    answer: answer.into(),
                },
            );
            if mail_answer == Some(MailAnswer::Reopen) {
                let reason = body
                    .note
                    .as_ref()
                    .map_or("終了後に届いたメールのため", Reason::as_str);
                moves::reopen(tx, &mut case, reason).await?;
            }
            view::answer(tx, &case).await
        })
        .await
}

/// What becomes of a mail to a closed case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum MailAnswer {
    NothingToDo,
    Reopen,
    NewCase,
}

impl MailAnswer {
    const ALL: [Self; 3] = [Self::NothingToDo, Self::Reopen, Self::NewCase];

    fn name(self) -> &'static str {
        match self {
            Self::NothingToDo => "nothing_to_do",
            Self::Reopen => "reopen",
            Self::NewCase => "new_case",
        }
    }

    /// None for the flags that take any words.
    fn of(flag: Flag, body: &SettleRequest) -> Result<Option<Self>> {
        if flag != Flag::MailAfterClose {
            return Ok(None);
        }
        let said = body.answer.as_str();
        match Self::ALL.into_iter().find(|answer| answer.name() == said) {
            Some(answer) => Ok(Some(answer)),
            None => Err(Error::invalid(
                "/answer",
                "must be nothing_to_do, reopen or new_case for this flag",
            )),
        }
    }
}

/// The help center settles the flags of the cases it owns, or owned when they were closed; a complaint is a lead's.
async fn require_may_settle(tx: &mut Tx, case: &Case, flag: Flag) -> Result<()> {
    if tx.actor().role == Some(Role::Operator) && !moves::is_help_centers(tx, case).await? {
        return Err(Error::forbidden("The desk owns this case now."));
    }
    if flag == Flag::Complaint && !tx.actor().is_lead() {
        return Err(Error::forbidden("A complaint is settled by a supervisor."));
    }
    Ok(())
}

/// Writes down how it was settled, and which case was opened for it.
async fn settle(
    tx: &mut Tx,
    case: &Case,
    flag: Flag,
    body: &SettleRequest,
    new_case: Option<CaseId>,
) -> Result<()> {
    let settled = sqlx::query!(
        r#"
        update case_flag
        set settled_at = $3, settled_key = $4, answer = $5, note = $6,
            detail = case when $7::text is null then detail
                else coalesce(detail, '{}') || jsonb_build_object('case_id', $7::text) end
        where case_id = $1 and flag = $2 and settled_at is null
        "#,
        *case.id,
        flag.name(),
        tx.now(),
        Uuid::now_v7(),
        body.answer.as_str(),
        body.note.as_ref().map(Reason::as_str),
        new_case.map(|id| id.to_string()),
    )
    .execute(tx.db())
    .await?;
    match settled.rows_affected() {
        0 => Err(Error::not_found()),
        _ => Ok(()),
    }
}

/// Link two cases
///
/// Both must be in view. Repeating it changes nothing.
#[utoipa::path(
    tag = "cases",
    operation_id = "link_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = LinkRequest,
    responses((status = 200, description = "The link", body = LinkView)),
    extensions(("x-permission" = json!("link_cases")))
)]
#[post("/cases/{id}/links")]
async fn link_case(
    access: Access<permit::LinkCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<LinkRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let actor = tx.actor().clone();
            find(tx.db(), &actor, id).await?;
            if body.other_id == id {
                return Err(Error::invalid("/other_id", "must be another case"));
            }
            if find(tx.db(), &actor, body.other_id).await.is_err() {
                return Err(Error::invalid("/other_id", "is no case that you may see"));
            }
            if !link(tx, id, body.other_id, body.kind).await? {
                tx.unchanged();
            }
            let (first, second) = pair(id, body.other_id, body.kind);
            Ok(Answer::ok(&LinkView {
                case_id: first,
                other_id: second,
                kind: body.kind,
            }))
        })
        .await
}

/// A flag with what is known of it.
#[derive(Serialize, ToSchema)]
pub struct FlagView {
    /// Which.
    pub flag: Flag,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// What helps to judge it: for `same_enterprise_this_year` how many cases and used sessions there were, for
    /// `possible_duplicate` the `enterprises` that may be the same, each with its reasons and counts, for
    /// `mail_after_close` the mails (`mail_ids`) and the case that was opened for them (`case_id`).
    #[schema(value_type = Option<Object>)]
    pub detail: Option<serde_json::Value>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// What was found or done.
    pub answer: Option<String>,
    /// The rest of it.
    pub note: Option<String>,
}

/// List the flags of a case
///
/// The settled ones too, newest first.
#[utoipa::path(
    tag = "cases",
    operation_id = "list_flags",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The flags", body = Items<FlagView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/flags")]
async fn list_flags(access: Access<permit::ReadCases>, Path(id): Path<CaseId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    find(&mut db, access.actor(), id).await?;
    let mut items = sqlx::query_as!(
        FlagView,
        r#"
        select flag as "flag: Flag", raised_at, reason, detail, settled_at, answer, note
        from case_flag
        where case_id = $1
        order by raised_at desc, flag
        "#,
        *id
    )
    .fetch_all(&mut *db)
    .await?;
    // A manager learns nothing of enterprises but their own cases'.
    if access.actor().manager().is_some() {
        let others = items
            .iter_mut()
            .filter(|item| item.flag == Flag::PossibleDuplicate);
        others.for_each(|item| (item.reason, item.detail) = (None, None));
    }
    Ok(Answer::ok(&Items { items }))
}

/// List the links of a case
///
/// Only those to cases in view.
#[utoipa::path(
    tag = "cases",
    operation_id = "list_links",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The links", body = Items<LinkView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/links")]
async fn list_links(access: Access<permit::ReadCases>, Path(id): Path<CaseId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    find(&mut db, access.actor(), id).await?;
    let links = sqlx::query_as!(
        LinkView,
        r#"
        select case_id, other_id, kind as "kind: LinkKind"
        from case_link
        where case_id = $1 or other_id = $1
        order by linked_at
        "#,
        *id
    )
    .fetch_all(&mut *db)
    .await?;
    let mut items = Vec::new();
    for link in links {
        let other = if link.case_id == id {
            link.other_id
        } else {
            link.case_id
        };
        if View::of(access.actor()).includes(&mut db, other).await? {
            items.push(link);
        }
    }
    Ok(Answer::ok(&Items { items }))
}
