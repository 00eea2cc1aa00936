//! Conflicts of interest (利益相反) that managers declared: such a manager is proposed last for the enterprise, and an offer
//! or a booking all the same needs a reason.

use super::{find, lock, require_own};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    enterprises,
    error::{Error, OnConstraint, Result},
    http::{Answer, Body, Items, Json, Path},
    ids::*,
    programme::ConflictKind,
    routes::ServiceConfig,
    store::Tx,
    text::Name,
};
use actix_web::{delete, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_conflicts)
        .service(declare_conflict)
        .service(remove_conflict);
}

/// List the conflicts of interest of a manager
///
/// For the programme office; managers see their own.
#[utoipa::path(
    tag = "people",
    operation_id = "list_conflicts",
    params(("id" = Uuid, Path, description = "The manager")),
    responses((status = 200, description = "What was declared, the newest first", body = Items<Conflict>)),
    extensions(("x-permission" = json!("keep_profiles")))
)]
#[get("/managers/{id}/conflicts")]
async fn list_conflicts(
    access: Access<permit::KeepProfiles>,
    Path(id): Path<ManagerId>,
) -> Result<Answer> {
    require_own(access.actor(), id)?;
    find(access.read(), id).await?;
    Ok(Answer::ok(&Items {
        items: load(access.read(), id, None).await?,
    }))
}

/// Record a conflict of interest
///
/// Between a manager and an enterprise, once.
#[utoipa::path(
    tag = "people",
    operation_id = "declare_conflict",
    params(("id" = Uuid, Path, description = "The manager")),
    request_body = DeclareConflictRequest,
    responses((status = 201, description = "The conflict of interest", body = Conflict)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/managers/{id}/conflicts")]
async fn declare_conflict(
    access: Access<permit::ManageOffice>,
    Path(id): Path<ManagerId>,
    Json(body): Json<DeclareConflictRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            // An offer or a booking at this moment comes before it or minds it.
            lock(tx, &[id]).await?;
            find(tx.db(), id).await?;
            let conflict = declare(tx, id, &body).await?;
            Ok(Answer::created(
                format!("/api/v1/managers/{id}/conflicts/{}", conflict.id),
                &conflict,
            ))
        })
        .await
}

/// Remove a conflict of interest
#[utoipa::path(
    tag = "people",
    operation_id = "remove_conflict",
    params(
        ("id" = Uuid, Path, description = "The manager"),
        ("conflict_id" = Uuid, Path, description = "The conflict of interest"),
    ),
    responses((status = 204, description = "Removed")),
    extensions(("x-permission" = json!("manage_office")))
)]
#[delete("/managers/{id}/conflicts/{conflict_id}")]
async fn remove_conflict(
    access: Access<permit::ManageOffice>,
    Path((id, conflict_id)): Path<(ManagerId, ConflictId)>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let removed = sqlx::query!(
                "delete from manager_conflict where id = $1 and manager_id = $2",
                *conflict_id,
                *id
            )
            .execute(tx.db())
            .await?;
            if removed.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            tx.record(
                OFFICE,
                Event::ConflictRemoved {
                    conflict_id,
                    manager_id: id,
                },
            );
            Ok(Answer::no_content())
        })
        .await
}

/// A declared conflict of interest.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Conflict {
    /// This entry.
    pub id: ConflictId,
    /// The manager.
    pub manager_id: ManagerId,
    /// The enterprise.
    pub enterprise_id: EnterpriseId,
    /// Its name; null for an anonymous one.
    pub enterprise_name: Option<Name>,
    /// What binds the manager to it.
    pub kind: ConflictKind,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// A conflict of interest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareConflictRequest {
    /// The enterprise.
    pub enterprise_id: EnterpriseId,
    /// What binds the manager to it.
    pub kind: ConflictKind,
}

impl Body for DeclareConflictRequest {}

/// The one read query of conflicts of interest.
async fn load(
    db: impl PgExecutor<'_>,
    manager_id: ManagerId,
    id: Option<ConflictId>,
) -> Result<Vec<Conflict>> {
    Ok(sqlx::query_as!(
        Conflict,
        r#"
        select k.id, k.manager_id, k.enterprise_id, e.name as "enterprise_name: _", k.kind as "kind: _", k.created_at
        from manager_conflict k
        join enterprise e on e.id = k.enterprise_id
        where k.manager_id = $1
        and ($2::uuid is null or k.id = $2)
        order by k.created_at desc, k.id desc
        "#,
        *manager_id,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?)
}

async fn declare(
    tx: &mut Tx,
    manager_id: ManagerId,
    body: &DeclareConflictRequest,
) -> Result<Conflict> {
    enterprises::require(tx.db(), body.enterprise_id, "/enterprise_id").await?;
    let id = ConflictId::new();
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into manager_conflict (id, manager_id, enterprise_id, kind, created_at)
        values ($1, $2, $3, $4, $5)
        "#,
        *id,
        *manager_id,
        *body.enterprise_id,
        body.kind.name(),
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("manager_conflict_once", || {
        Error::conflict("A conflict with this enterprise is on record already.")
    })?;
    tx.record(
        OFFICE,
        Event::ConflictDeclared {
            conflict_id: id,
            manager_id,
            enterprise_id: body.enterprise_id,
        },
    );
    let conflict = load(tx.db(), manager_id, Some(id)).await?.pop();
    Ok(conflict.expect("inserted above in this transaction"))
}

/// Conflicts with an enterprise that was joined with another are conflicts with that one.
///
/// # Errors
/// The database.
pub async fn follow_merge(tx: &mut Tx, survivor: EnterpriseId, other: EnterpriseId) -> Result<()> {
    // Who has one with both keeps that with the survivor; the other says nothing more.
    sqlx::query!(
        r#"
        delete from manager_conflict o
        where o.enterprise_id = $2
        and exists (select 1 from manager_conflict s where s.enterprise_id = $1 and s.manager_id = o.manager_id)
        "#,
        *survivor,
        *other,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "update manager_conflict set enterprise_id = $1 where enterprise_id = $2",
        *survivor,
        *other,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
