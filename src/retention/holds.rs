//! Legal holds: a case that must stay as it is, whatever its age.

use crate::{
    access::{Access, permit},
    audit::Event,
    cases,
    error::{Error, OnConstraint, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    routes::ServiceConfig,
    text::Reason,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(place_hold)
        .service(lift_hold)
        .service(list_holds);
}

/// Why a case must stay, or need not any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalHoldRequest {
    /// Why.
    pub reason: Reason,
}

impl Body for LegalHoldRequest {}

/// A legal hold on a case.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// The case.
    pub case_id: CaseId,
    /// The case's number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: String,
    /// Why the case must stay.
    pub reason: String,
    /// Since when.
    pub placed_at: DateTime<Utc>,
    /// Who said so.
    #[sqlx(json(nullable))]
    pub placed_by: Option<Author>,
    /// Until when; null while it holds.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who ended it.
    #[sqlx(json(nullable))]
    pub lifted_by: Option<Author>,
    /// Why it was ended.
    pub lift_reason: Option<String>,
}

const SELECT: &str = r#"
    select h.id, h.case_id, c.number as case_number, h.reason, h.placed_at, h.lifted_at, h.lift_reason,
        case when p.id is not null then json_build_object('id', p.id, 'name', p.name) end as placed_by,
        case when l.id is not null then json_build_object('id', l.id, 'name', l.name) end as lifted_by
    from legal_hold h
    join case_file c on c.id = h.case_id
    left join app_user p on p.id = h.placed_by
    left join app_user l on l.id = h.lifted_by
"#;

/// Put a case under legal hold
///
/// Nothing of it is disposed of or erased until the hold is lifted. One hold at a time. Name nobody in the reason.
#[utoipa::path(
    tag = "data",
    operation_id = "place_hold",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = LegalHoldRequest,
    responses((status = 201, description = "The hold", body = HoldView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/cases/{id}/hold")]
async fn place_hold(
    access: Access<permit::ManageRetention>,
    Path(id): Path<CaseId>,
    Json(body): Json<LegalHoldRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            // A run that is about to take the case is waited for, or waits and finds the hold.
            let case = cases::lock(tx, id).await?;
            let (hold_id, now, actor) = (HoldId::new(), tx.now(), tx.actor().user_id);
            sqlx::query!(
                "insert into legal_hold (id, case_id, reason, placed_at, placed_by) values ($1, $2, $3, $4, $5)",
                *hold_id,
                *case.id,
                body.reason.as_str(),
                now,
                actor.map(|id| *id),
            )
            .execute(tx.db())
            .await
            .on_constraint("legal_hold_one", || {
                Error::conflict("The case is under legal hold already.")
            })?;
            tx.record(case.id, Event::HoldPlaced { hold_id });
            let view = find(tx.db(), hold_id).await?;
            Ok(Answer::created(format!("/api/v1/holds?case_id={id}"), &view))
        })
        .await
}

/// Lift the legal hold of a case
///
/// From then on its years count as if it had never been held.
#[utoipa::path(
    tag = "data",
    operation_id = "lift_hold",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = LegalHoldRequest,
    responses((status = 200, description = "The hold that was lifted", body = HoldView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/cases/{id}/hold/lift")]
async fn lift_hold(
    access: Access<permit::ManageRetention>,
    Path(id): Path<CaseId>,
    Json(body): Json<LegalHoldRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            let (now, actor) = (tx.now(), tx.actor().user_id);
            let lifted = sqlx::query_scalar!(
                r#"
                update legal_hold
                set lifted_at = $2, lifted_by = $3, lift_reason = $4
                where case_id = $1 and lifted_at is null
                returning id as "id: HoldId"
                "#,
                *case.id,
                now,
                actor.map(|id| *id),
                body.reason.as_str(),
            )
            .fetch_optional(tx.db())
            .await?;
            let hold_id =
                lifted.ok_or_else(|| Error::conflict("The case is not under legal hold."))?;
            tx.record(case.id, Event::HoldLifted { hold_id });
            Ok(Answer::ok(&find(tx.db(), hold_id).await?))
        })
        .await
}

async fn find(db: &mut PgConnection, id: HoldId) -> Result<HoldView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where h.id = ").push_bind(id);
    Ok(query.build_query_as().fetch_one(db).await?)
}

/// Which holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HoldFilter {
    /// Of this case.
    pub case_id: Option<CaseId>,
    /// `true`: those that hold; `false`: those that were lifted; all where absent.
    pub active: Option<bool>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List legal holds
///
/// The newest first.
#[utoipa::path(
    tag = "data",
    operation_id = "list_holds",
    params(HoldFilter),
    responses((status = 200, description = "One page of holds", body = Page<HoldView>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/holds")]
async fn list_holds(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<HoldFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    query.push("where true");
    if let Some(case_id) = filter.case_id {
        query.push(" and h.case_id = ").push_bind(case_id);
    }
    match filter.active {
        Some(true) => query.push(" and h.lifted_at is null"),
        Some(false) => query.push(" and h.lifted_at is not null"),
        None => &mut query,
    };
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, HoldId) = cursor.keys()?;
        query
            .push(" and (h.placed_at, h.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by h.placed_at desc, h.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<HoldView> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.placed_at, item.id)
    })))
}
