//! Assignments: made by an accepted offer, ended by a release or with what the desk arranged.

use super::{Offer, record_end};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{self, Case, CaseView, Move, Status, Step, deadlines},
    consultations,
    error::{Error, OnConstraint, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::Reason,
};
use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(release_assignment);
}

/// Why an assignment ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// In one's own words.
    pub reason: Reason,
}

impl Body for ReleaseRequest {}

/// Release a manager
///
/// Their future appointments on the case are cancelled; with the last assignment the case returns to `accepted`. A
/// manager who released themselves loses sight of the case: they get 204.
#[utoipa::path(
    tag = "offers",
    operation_id = "release_assignment",
    params(("id" = Uuid, Path, description = "The assignment")),
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 204, description = "Released; the manager does not see the case any more"),
    ),
    extensions(("x-permission" = json!("release_assignments")))
)]
#[post("/assignments/{id}/release")]
async fn release_assignment(
    access: Access<permit::ReleaseAssignments>,
    Path(id): Path<AssignmentId>,
    Json(body): Json<ReleaseRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let actor = tx.actor().clone();
            let assignment = sqlx::query!(
                "select case_id, manager_id from assignment where id = $1",
                *id
            )
            .fetch_optional(tx.db())
            .await?
            .ok_or_else(Error::not_found)?;
            if actor
                .manager()
                .is_some_and(|own| own != assignment.manager_id)
            {
                return Err(Error::not_found());
            }
            let mut case = cases::lock(tx, assignment.case_id).await?;
            precondition.check(case.version)?;
            release(
                tx,
                &mut case,
                id,
                assignment.manager_id,
                body.reason.as_str(),
            )
            .await?;
            match cases::show(tx.db(), &actor, case.id).await {
                Ok(view) => Ok(Answer::ok(&view).version(view.version)),
                // Out of their view now: done, and nothing to show.
                Err(Error::Problem(_)) => Ok(Answer::no_content()),
                Err(other) => Err(other),
            }
        })
        .await
}

/// 409 while the line has a manager.
pub(super) async fn require_none(tx: &mut Tx, case: &Case, line: Line) -> Result<()> {
    let is_taken = sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from assignment
            where case_id = $1 and line = $2 and ended_at is null
        ) as "is_taken!"
        "#,
        *case.id,
        line.name(),
    )
    .fetch_one(tx.db())
    .await?;
    if is_taken { Err(one_live()) } else { Ok(()) }
}

fn one_live() -> Error {
    Error::conflict("A manager is assigned for this line: release them first.")
}

/// Assigns the manager of an offer that was just accepted.
pub(super) async fn make(tx: &mut Tx, case: &mut Case, offer: &Offer) -> Result<()> {
    let id = AssignmentId::new();
    sqlx::query!(
        r#"
        insert into assignment (id, case_id, manager_id, line, offer_id, assigned_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        *id,
        *case.id,
        *offer.manager_id,
        offer.line.name(),
        *offer.id,
        tx.now(),
    )
    .execute(tx.db())
    .await
    .on_constraint("assignment_one_live", one_live)?;
    tx.record(
        case.id,
        Event::AssignmentMade {
            assignment_id: id,
            manager_id: offer.manager_id,
            line: offer.line.name().into(),
        },
    );
    // The second line's manager joins a case that is under way.
    if case.status == Status::Accepted {
        cases::transition(tx, case, Step::Assign, Move::default()).await?;
    }
    Ok(())
}

/// Ends one assignment, with the appointments that hang on it.
async fn release(
    tx: &mut Tx,
    case: &mut Case,
    id: AssignmentId,
    manager_id: ManagerId,
    reason: &str,
) -> Result<()> {
    // An assignment that another transaction made after this one began would end before it started.
    let ended = sqlx::query!(
        r#"
        update assignment
        set ended_at = greatest($2::timestamptz, assigned_at), end_reason = $3
        where id = $1 and ended_at is null
        "#,
        *id,
        tx.now(),
        reason,
    )
    .execute(tx.db())
    .await?;
    if ended.rows_affected() == 0 {
        return Err(Error::conflict("The assignment has ended already."));
    }
    tx.record(
        case.id,
        Event::AssignmentEnded {
            assignment_id: id,
            manager_id,
        },
    );
    let live = sqlx::query_scalar!(
        "select manager_id from assignment where case_id = $1 and ended_at is null",
        *case.id
    )
    .fetch_all(tx.db())
    .await?;
    // One who has the other line as well stays the manager of the appointments.
    if !live.contains(&manager_id) {
        consultations::cancel_future(tx, case, Some(manager_id), reason).await?;
    }
    if live.is_empty() && case.status.after(Step::Release).is_some() {
        let how = Move {
            reason: Some(reason),
            ..Move::default()
        };
        cases::transition(tx, case, Step::Release, how).await?;
    }
    Ok(())
}

/// Ends all live assignments of a case that the caller has locked, and revokes its open offers.
pub async fn end_all(tx: &mut Tx, case: &Case, reason: &str) -> Result<()> {
    let now = tx.now();
    let ended = sqlx::query!(
        r#"
        update assignment
        set ended_at = greatest($2::timestamptz, assigned_at), end_reason = $3
        where case_id = $1 and ended_at is null
        returning id, manager_id
        "#,
        *case.id,
        now,
        reason,
    )
    .fetch_all(tx.db())
    .await?;
    for assignment in ended {
        tx.record(
            case.id,
            Event::AssignmentEnded {
                assignment_id: assignment.id,
                manager_id: assignment.manager_id,
            },
        );
    }
    let revoked = sqlx::query!(
        r#"
        update offer
        set state = 'revoked', answered_at = $2
        where case_id = $1 and state = 'open'
        returning id, manager_id
        "#,
        *case.id,
        now,
    )
    .fetch_all(tx.db())
    .await?;
    if revoked.is_empty() {
        return Ok(());
    }
    deadlines::cancel(tx, case.id, &[DueKind::AnswerOffer], None).await?;
    for offer in revoked {
        record_end(tx, case, offer.id, offer.manager_id, OfferState::Revoked).await?;
    }
    Ok(())
}
