//! The moves of a case: route, accept, return, close, reopen, the limit, and the guard.

use super::{Case, Move, Status, Step, lock, require_open, transition, view};
use crate::{
    access::{Access, Role, permit},
    audit::Event,
    consultations, desks,
    error::{Error, Fields, ProblemType, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    interactions,
    messages::notice,
    offers,
    programme::*,
    routes::ServiceConfig,
    settings::EnterpriseGuard,
    store::Tx,
    text::Reason,
};
use actix_web::post;
use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(route_case)
        .service(accept_case)
        .service(return_case)
        .service(close_case)
        .service(reopen_case)
        .service(change_limit)
        .service(override_guard);
}

/// To which desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// The desk; the proposal is advice, any active desk may be taken.
    pub desk_id: DeskId,
    /// What the desk should know; kept as a note.
    pub note: Option<Reason>,
    /// Why it is routed anew; needed once it was routed before.
    pub reason: Option<Reason>,
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// In one's own words.
    pub reason: Reason,
}

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// How it ended; `duplicate` comes from a merge only.
    pub outcome: Outcome,
    /// What was said at the end.
    pub note: Option<Reason>,
}

/// How many free sessions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRequest {
    /// 1 to 9, never below what is used.
    #[schema(minimum = 1, maximum = 9)]
    pub limit: i32,
    /// Why; kept as a note.
    pub reason: Reason,
}

impl Body for RouteRequest {}
impl Body for ReasonRequest {}
impl Body for CloseRequest {}
impl Body for LimitRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            (1..=9).contains(&self.limit),
            "/limit",
            "must be between 1 and 9",
        );
    }
}

/// Ends what the present owner arranged: live assignments, open offers and future bookings. Used sessions stay used.
pub(super) async fn end_arrangements(tx: &mut Tx, case: &Case, reason: &str) -> Result<()> {
    consultations::cancel_future(tx, case, None, reason).await?;
    offers::end_all(tx, case, reason).await
}

/// Route a case to a desk
///
/// From `received` by the help center; later by a lead, with a reason: assignments and offers end, future appointments
/// are cancelled, used sessions stay used. The proposal of the moment is stored beside what was taken.
#[utoipa::path(
    tag = "cases",
    operation_id = "route_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = RouteRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("route_cases")))
)]
#[post("/cases/{id}/route")]
async fn route_case(
    access: Access<permit::RouteCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<RouteRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            require_open(&case)?;
            let again = case.status != Status::Received;
            if again && tx.actor().role == Some(Role::Operator) {
                return Err(Error::forbidden(
                    "A case that was routed before is routed anew by a supervisor.",
                ));
            }
            if again && body.reason.is_none() {
                return Err(Error::invalid(
                    "/reason",
                    "is required when a case is routed anew",
                ));
            }
            let desk = desks::find_for_routing(tx.db(), body.desk_id).await?;
            if again {
                let reason = body.reason.as_ref().map_or("", Reason::as_str);
                end_arrangements(tx, &case, reason).await?;
            }
            record_proposal(tx, &case, desk.id).await?;
            let reason = body.reason.as_ref().map(Reason::as_str);
            transition(
                tx,
                &mut case,
                Step::Route,
                Move {
                    desk_id: Some(desk.id),
                    reason,
                    ..Move::default()
                },
            )
            .await?;
            if let Some(note) = &body.note {
                interactions::add_note(tx, &case, note.as_str()).await?;
            }
            notice::routed(tx, &case).await?;
            view::answer(tx, &case).await
        })
        .await
}

async fn record_proposal(tx: &mut Tx, case: &Case, taken: DeskId) -> Result<()> {
    let now = tx.now();
    let proposals = crate::routing::propose(tx.db(), case, now).await?;
    let first = proposals.items.first();
    let because = first.map_or(&proposals.notes, |proposal| &proposal.reasons);
    let because = because.join("、");
    tx.record(
        case.id,
        Event::DeskProposed {
            proposed: first.map(|proposal| proposal.desk_id),
            taken,
            because,
        },
    );
    Ok(())
}

/// Accept a case
///
/// The desk takes it and owns it from now on.
#[utoipa::path(
    tag = "cases",
    operation_id = "accept_case",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("accept_cases")))
)]
#[post("/cases/{id}/accept")]
async fn accept_case(
    access: Access<permit::AcceptCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            transition(tx, &mut case, Step::Accept, Move::default()).await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Return a case to the help center
///
/// Assignments and offers end, future appointments are cancelled. A desk loses sight of the case: it gets 204.
#[utoipa::path(
    tag = "cases",
    operation_id = "return_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ReasonRequest,
    responses(
        (status = 200, description = "The case", body = view::CaseView),
        (status = 204, description = "Returned; the desk does not see it any more"),
    ),
    extensions(("x-permission" = json!("accept_cases")))
)]
#[post("/cases/{id}/return")]
async fn return_case(
    access: Access<permit::AcceptCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<ReasonRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            let reason = body.reason.as_str();
            // Judged before anything is ended for it.
            if case.status.after(Step::Return).is_some() {
                end_arrangements(tx, &case, reason).await?;
            }
            transition(
                tx,
                &mut case,
                Step::Return,
                Move {
                    reason: Some(reason),
                    ..Move::default()
                },
            )
            .await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Close a case
///
/// By whoever owns it: the help center while received or routed, the desk after accepting. `completed` needs a held
/// session, every report approved and no booking ahead; `unreachable` the set number of attempts on record.
#[utoipa::path(
    tag = "cases",
    operation_id = "close_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = CloseRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("close_cases")))
)]
#[post("/cases/{id}/close")]
async fn close_case(
    access: Access<permit::CloseCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<CloseRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            require_owner(tx, &case)?;
            close_as(
                tx,
                &mut case,
                body.outcome,
                body.note.as_ref().map(Reason::as_str),
            )
            .await?;
            view::answer(tx, &case).await
        })
        .await
}

/// The help center owns a case while it is received or routed, the desk after accepting; a lead may always act.
fn require_owner(tx: &Tx, case: &Case) -> Result<()> {
    match tx.actor().role {
        Some(Role::Operator) if case.status.is_with_desk() => {
            Err(Error::forbidden("The desk owns this case now."))
        }
        Some(Role::Desk) if case.status == Status::Routed => {
            Err(Error::forbidden("Accept the case first, or return it."))
        }
        _ => Ok(()),
    }
}

/// Closes a case that the caller has locked, or just opened.
///
/// # Errors
/// 409 `illegal-move` where the outcome does not fit what is on record.
pub(super) async fn close_as(
    tx: &mut Tx,
    case: &mut Case,
    outcome: Outcome,
    note: Option<&str>,
) -> Result<()> {
    require_open(case)?;
    match outcome {
        Outcome::Duplicate => {
            return Err(Error::invalid(
                "/outcome",
                "a duplicate is closed by merging it into the other case",
            ));
        }
        Outcome::Completed => require_completed(tx, case).await?,
        Outcome::Unreachable => require_attempts(tx, case).await?,
        _ => {}
    }
    consultations::require_recorded(tx, case).await?;
    end_arrangements(tx, case, "案件終了のため").await?;
    transition(
        tx,
        case,
        Step::Close,
        Move {
            reason: note,
            outcome: Some(outcome),
            ..Move::default()
        },
    )
    .await
}

async fn require_completed(tx: &mut Tx, case: &Case) -> Result<()> {
    let row = sqlx::query!(
        r#"
        select
            count(*) filter (where s.state = 'held') as "held!",
            count(*) filter (where s.state = 'booked') as "booked!",
            count(*) filter (where s.state = 'held' and r.state is distinct from 'approved') as "unreported!"
        from consultation s
        left join report r on r.consultation_id = s.id
        where s.case_id = $1
        "#,
        *case.id
    )
    .fetch_one(tx.db())
    .await?;
    match row {
        row if row.held == 0 => Err(Error::illegal_move(
            "No session was held, so the support is not completed.",
        )),
        row if row.booked > 0 => Err(Error::illegal_move(
            "A session is still booked: record or cancel it first.",
        )),
        row if row.unreported > 0 => Err(Error::illegal_move(format!(
            "{} reports are not approved yet.",
            row.unreported
        ))),
        _ => Ok(()),
    }
}

async fn require_attempts(tx: &mut Tx, case: &Case) -> Result<()> {
    let needed = tx.settings().await?.unreachable_attempts;
    let attempts = interactions::failed_attempts(tx.db(), case).await?;
    if attempts < needed {
        return Err(Error::illegal_move(format!(
            "{attempts} attempts without success are on record; {needed} are needed."
        )));
    }
    Ok(())
}

/// Reopen a case
///
/// It returns to whoever owned it: received at the help center, or accepted at the desk. The owner may do it for 90
/// days, a lead later. Used sessions stay used. A merged case is unmerged instead.
#[utoipa::path(
    tag = "cases",
    operation_id = "reopen_case",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("close_cases")))
)]
#[post("/cases/{id}/reopen")]
async fn reopen_case(
    access: Access<permit::CloseCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<ReasonRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mut case = lock(tx, id).await?;
            precondition.check(case.version)?;
            reopen(tx, &mut case, body.reason.as_str()).await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Reopens a case that the caller has locked.
///
/// # Errors
/// 409 for one that is open or merged, 403 for who may not, or not any more.
pub(super) async fn reopen(tx: &mut Tx, case: &mut Case, reason: &str) -> Result<()> {
    if case.merged_into.is_some() {
        return Err(Error::illegal_move(
            "The case was merged into another one: unmerge it.",
        ));
    }
    let to = status_when_reopened(tx, case).await?;
    require_may_reopen(tx, case, to).await?;
    transition(
        tx,
        case,
        Step::Reopen(to),
        Move {
            reason: Some(reason),
            ..Move::default()
        },
    )
    .await
}

/// Whether the help center owns it, or owned it when it was closed.
pub(super) async fn is_help_centers(tx: &mut Tx, case: &Case) -> Result<bool> {
    Ok(match case.status {
        Status::Received | Status::Routed => true,
        Status::Closed => status_when_reopened(tx, case).await? == Status::Received,
        _ => false,
    })
}

/// Where it was owned: the desk's if it had accepted it.
async fn status_when_reopened(tx: &mut Tx, case: &Case) -> Result<Status> {
    let before = sqlx::query_scalar!(
        r#"
        select from_status
        from case_history
        where case_id = $1 and to_status = 'closed' and from_status <> 'closed'
        order by seq desc
        limit 1
        "#,
        *case.id
    )
    .fetch_optional(tx.db())
    .await?
    .flatten();
    Ok(match before {
        Some(status) if status.is_with_desk() => Status::Accepted,
        _ => Status::Received,
    })
}

async fn require_may_reopen(tx: &mut Tx, case: &Case, to: Status) -> Result<()> {
    let days = tx.settings().await?.reopen_days;
    let role = tx.actor().role;
    if tx.actor().is_lead() {
        return Ok(());
    }
    let owner = match to {
        Status::Received => Role::Operator,
        _ => Role::Desk,
    };
    if role != Some(owner) {
        return Err(Error::forbidden(
            "Only its owner or a supervisor reopens it.",
        ));
    }
    if case
        .closed_at
        .is_some_and(|closed_at| closed_at + TimeDelta::days(days) < tx.now())
    {
        return Err(Error::forbidden(format!(
            "It was closed more than {days} days ago: a supervisor reopens it."
        )));
    }
    Ok(())
}

/// Change the number of free sessions of one case
#[utoipa::path(
    tag = "cases",
    operation_id = "change_limit",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = LimitRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("change_limits")))
)]
#[post("/cases/{id}/limit")]
async fn change_limit(
    access: Access<permit::ChangeLimits>,
    Path(id): Path<CaseId>,
    Json(body): Json<LimitRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case = lock(tx, id).await?;
            precondition.check(case.version)?;
            let used = consultations::compact_places(tx, &case).await?;
            if body.limit < used {
                return Err(Error::problem(
                    ProblemType::ConsultationLimitReached,
                    format!("{used} sessions are used; the limit cannot be lower."),
                ));
            }
            sqlx::query!(
                "update case_file set session_limit = $2, updated_at = $3 where id = $1",
                *case.id,
                body.limit,
                tx.now()
            )
            .execute(tx.db())
            .await?;
            tx.record(
                case.id,
                Event::LimitChanged {
                    from: case.session_limit,
                    to: body.limit,
                },
            );
            interactions::add_note(
                tx,
                &case,
                &format!("無料回数を{}回に変更: {}", body.limit, body.reason.as_str()),
            )
            .await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Let a second case of the year book sessions
///
/// Needed where the office has set `enterprise_guard` to `block` (rule 11).
#[utoipa::path(
    tag = "cases",
    operation_id = "override_guard",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The case", body = view::CaseView)),
    extensions(("x-permission" = json!("merge_cases")))
)]
#[post("/cases/{id}/guard-override")]
async fn override_guard(
    access: Access<permit::MergeCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<ReasonRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case = lock(tx, id).await?;
            precondition.check(case.version)?;
            require_open(&case)?;
            sqlx::query!(
                "update case_file set guard_overridden_at = $2, updated_at = $2 where id = $1",
                *case.id,
                tx.now()
            )
            .execute(tx.db())
            .await?;
            tx.record(case.id, Event::GuardOverridden {});
            interactions::add_note(
                tx,
                &case,
                &format!("年度内の重複利用を承認: {}", body.reason.as_str()),
            )
            .await?;
            view::answer(tx, &case).await
        })
        .await
}

/// Rule 11 with the setting `block`: a booking on a case that was opened as the second of the year needs a recorded
/// override. The flag says so even after it was settled, so two cases at once cannot each look like the first.
///
/// # Errors
/// 409 `enterprise-guard`.
pub async fn require_guard(tx: &mut Tx, case: &Case) -> Result<()> {
    let guard = tx.settings().await?.enterprise_guard;
    if guard == EnterpriseGuard::Flag || case.guard_overridden_at.is_some() {
        return Ok(());
    }
    let is_second = sqlx::query_scalar!(
        r#"
        select exists (
            select 1 from case_flag where case_id = $1 and flag = 'same_enterprise_this_year'
        ) as "is_second!"
        "#,
        *case.id
    )
    .fetch_one(tx.db())
    .await?;
    match is_second {
        true => Err(Error::problem(
            ProblemType::EnterpriseGuard,
            "The enterprise has an earlier case this fiscal year. A supervisor may override this with a reason.",
        )),
        false => Ok(()),
    }
}
