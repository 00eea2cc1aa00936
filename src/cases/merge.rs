//! Merging two cases of one matter, and undoing it.
//!
//! The other case closes as `duplicate` of the survivor; its used sessions move to places of the survivor and keep the
//! memory of where they came from. A merged case cannot be merged into (a key in the database says so too), and earlier
//! merges are re-pointed, so there are neither chains nor cycles.

use super::{
    Case, Move, Status, Step, lock, moves::end_arrangements, require_open, transition, view,
};
use crate::{
    access::{Access, permit},
    audit::Event,
    consultations,
    error::{Error, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    interactions,
    programme::Outcome,
    routes::ServiceConfig,
    store::Tx,
    text::Reason,
};
use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(merge_cases).service(unmerge_cases);
}

/// The other case, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The case that closes as a duplicate of this one, or comes back.
    pub other_id: CaseId,
    /// Why; kept as a note.
    pub reason: Reason,
}

impl Body for MergeRequest {}

/// Locks both, the smaller id first, whoever is the survivor.
async fn lock_pair(tx: &mut Tx, survivor_id: CaseId, other_id: CaseId) -> Result<(Case, Case)> {
    if survivor_id == other_id {
        return Err(Error::invalid("/other_id", "must be another case"));
    }
    let missing = |error| match error {
        Error::Problem(_) => Error::invalid("/other_id", "is no case that you may see"),
        other => other,
    };
    if survivor_id < other_id {
        let survivor = lock(tx, survivor_id).await?;
        Ok((survivor, lock(tx, other_id).await.map_err(missing)?))
    } else {
        let other = lock(tx, other_id).await.map_err(missing)?;
        Ok((lock(tx, survivor_id).await?, other))
    }
}

/// Merge another case into this one
///
/// The other closes as a duplicate; its future bookings are cancelled, its used sessions move here. More than N are
/// refused until an admin raises the limit of this case.
#[utoipa::path(
    tag = "cases",
    operation_id = "merge_cases",
    params(("id" = Uuid, Path, description = "The survivor")),
    request_body = MergeRequest,
    responses((status = 200, description = "The survivor", body = view::CaseView)),
    extensions(("x-permission" = json!("merge_cases")))
)]
#[post("/cases/{id}/merge")]
async fn merge_cases(
    access: Access<permit::MergeCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<MergeRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (survivor, mut other) = lock_pair(tx, id, body.other_id).await?;
            precondition.check(survivor.version)?;
            require_open(&survivor)?;
            if other.merged_into.is_some() {
                return Err(Error::illegal_move("The other case is merged already."));
            }
            consultations::require_recorded(tx, &other).await?;
            end_arrangements(tx, &other, "案件統合のため").await?;
            let sessions = consultations::move_sessions(tx, &other, &survivor, None).await?;
            // What was merged into the other earlier follows it, before the other becomes a merged case itself.
            sqlx::query!(
                "update case_file set merged_into = $2, updated_at = $3 where merged_into = $1",
                *other.id,
                *survivor.id,
                tx.now()
            )
            .execute(tx.db())
            .await?;
            let reason = body.reason.as_str();
            let how = Move {
                reason: Some(reason),
                outcome: Some(Outcome::Duplicate),
                merged_into: Some(survivor.id),
                ..Move::default()
            };
            transition(tx, &mut other, Step::Merge, how).await?;
            tx.record(
                survivor.id,
                Event::CaseMerged {
                    other_id: other.id,
                    sessions,
                },
            );
            interactions::add_note(tx, &survivor, &format!("{} を統合: {reason}", other.number))
                .await?;
            view::answer(tx, &survivor).await
        })
        .await
}

/// Undo a merge
///
/// The other case returns to the status it had (accepted if a manager was assigned), with its sessions and without
/// assignments.
#[utoipa::path(
    tag = "cases",
    operation_id = "unmerge_cases",
    params(("id" = Uuid, Path, description = "The survivor")),
    request_body = MergeRequest,
    responses((status = 200, description = "The survivor", body = view::CaseView)),
    extensions(("x-permission" = json!("merge_cases")))
)]
#[post("/cases/{id}/unmerge")]
async fn unmerge_cases(
    access: Access<permit::MergeCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<MergeRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (survivor, mut other) = lock_pair(tx, id, body.other_id).await?;
            precondition.check(survivor.version)?;
            if other.merged_into != Some(survivor.id) {
                return Err(Error::illegal_move(
                    "The other case is not merged into this one.",
                ));
            }
            let (to, outcome) = before_merge(tx, &other).await?;
            // The other stops being a merged case first: then sessions may return to it.
            let reason = body.reason.as_str();
            transition(
                tx,
                &mut other,
                Step::Unmerge(to),
                Move {
                    reason: Some(reason),
                    outcome,
                    ..Move::default()
                },
            )
            .await?;
            let sessions =
                consultations::move_sessions(tx, &survivor, &other, Some(other.id)).await?;
            tx.record(
                survivor.id,
                Event::CaseUnmerged {
                    other_id: other.id,
                    sessions,
                },
            );
            interactions::add_note(
                tx,
                &survivor,
                &format!("{} の統合を取消: {reason}", other.number),
            )
            .await?;
            view::answer(tx, &survivor).await
        })
        .await
}

/// The status the case had before the merge, and how it had ended where it was closed already.
async fn before_merge(tx: &mut Tx, other: &Case) -> Result<(Status, Option<Outcome>)> {
    let row = sqlx::query!(
        r#"
        select h.from_status,
            (
                select e.outcome from case_history e
                where e.case_id = h.case_id and e.seq < h.seq and e.outcome is not null
                order by e.seq desc
                limit 1
            ) as "outcome: Outcome"
        from case_history h
        where h.case_id = $1 and h.move = 'merge'
        order by h.seq desc
        limit 1
        "#,
        *other.id
    )
    .fetch_one(tx.db())
    .await?;
    Ok(match row.from_status {
        Some(Status::Closed) => (Status::Closed, row.outcome),
        Some(status) if status.is_with_desk() => (Status::Accepted, None),
        Some(status) => (status, None),
        None => (Status::Received, None),
    })
}
