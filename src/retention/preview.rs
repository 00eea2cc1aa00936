//! What would go on a day: counts per class and fiscal year, and the list behind each.

use super::{RetentionClass, cutoff};
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    japan::tokyo_date,
    routes::ServiceConfig,
    settings::Settings,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(preview_retention)
        .service(list_retention_items);
}

/// As of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PreviewFilter {
    /// The day; today in Japan where absent. The future shows what will go then, as things stand.
    pub as_of: Option<NaiveDate>,
}

/// What would go.
#[derive(Serialize, ToSchema)]
pub struct RetentionPreview {
    /// On this day.
    pub as_of: NaiveDate,
    /// Per class, in the order in which a run takes them; `audit` is only told.
    pub classes: Vec<ClassPreview>,
}

/// What would go of a class.
#[derive(Serialize, ToSchema)]
pub struct ClassPreview {
    /// The class.
    pub class: RetentionClass,
    /// How many years it is kept.
    pub years: i32,
    /// What ended before this moment is over.
    pub ended_before: DateTime<Utc>,
    /// How many there are: the length of `/retention/preview/items` of this class. Views have no list.
    pub count: i64,
    /// The same per fiscal year in which they ended, the oldest first.
    pub fiscal_years: Vec<FiscalYearCount>,
    /// Cases that would be over but are under legal hold.
    pub held_cases: i64,
}

/// How many ended in a fiscal year.
#[derive(Serialize, ToSchema)]
pub struct FiscalYearCount {
    /// The fiscal year.
    #[schema(example = 2026)]
    pub fiscal_year: i32,
    /// How many.
    pub count: i64,
}

/// Show what would be disposed of
///
/// Nothing is changed. Cases that were reopened, are under legal hold, or were heard of since are not counted.
#[utoipa::path(
    tag = "data",
    operation_id = "preview_retention",
    params(PreviewFilter),
    responses((status = 200, description = "Counts per class and fiscal year", body = RetentionPreview)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/preview")]
async fn preview_retention(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<PreviewFilter>,
) -> Result<Answer> {
    let as_of = filter.as_of.unwrap_or_else(|| tokyo_date(access.now()));
    let mut db = access.read().acquire().await?;
    let settings = Settings::load(&mut *db).await?;
    let mut classes = Vec::with_capacity(RetentionClass::ALL.len());
    for class in RetentionClass::ALL {
        classes.push(preview(&mut db, class, as_of, &settings).await?);
    }
    Ok(Answer::ok(&RetentionPreview { as_of, classes }))
}

async fn preview(
    db: &mut PgConnection,
    class: RetentionClass,
    as_of: NaiveDate,
    settings: &Settings,
) -> Result<ClassPreview> {
    let years = class.years(settings);
    let ended_before = cutoff(as_of, years);
    let fiscal_years = match class {
        RetentionClass::View => {
            sqlx::query_as!(
                FiscalYearCount,
                r#"
                select fiscal_year_of(seen_at) as "fiscal_year!", count(*) as "count!"
                from view_log
                where seen_at < $1
                group by 1
                order by 1
                "#,
                ended_before,
            )
            .fetch_all(&mut *db)
            .await?
        }
        _ => {
            sqlx::query_as!(
                FiscalYearCount,
                r#"
                select fiscal_year_of(ended_at) as "fiscal_year!", count(*) as "count!"
                from retention_items($1, $2, null, null, null, null)
                group by 1
                order by 1
                "#,
                class.name(),
                ended_before,
            )
            .fetch_all(&mut *db)
            .await?
        }
    };
    let held_cases = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from legal_hold h
        join case_file c on c.id = h.case_id
        where h.lifted_at is null
        and c.status = 'closed' and c.closed_at < $1
        "#,
        ended_before,
    )
    .fetch_one(db)
    .await?;
    Ok(ClassPreview {
        class,
        years,
        ended_before,
        count: fiscal_years.iter().map(|year| year.count).sum(),
        fiscal_years,
        held_cases,
    })
}

/// Which of what would go.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ItemFilter {
    /// The day; today in Japan where absent.
    pub as_of: Option<NaiveDate>,
    /// Of this class.
    #[param(inline)]
    pub class: RetentionClass,
    /// What ended in this fiscal year.
    pub fiscal_year: Option<i32>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Something that would go.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionItem {
    /// What the id is of: `case`, `mail`, `attachment` or `chain` (the audit trail of a case).
    #[schema(example = "case")]
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// The case it belongs to; null for mail that belonged to none.
    pub case_id: Option<CaseId>,
    /// The case's number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
    /// When the case was closed, or the mail put aside.
    pub ended_at: DateTime<Utc>,
    /// The fiscal year of that.
    pub fiscal_year: i32,
}

/// List what would be disposed of
///
/// The list behind a count of the preview, the oldest first. Of views there is no list.
#[utoipa::path(
    tag = "data",
    operation_id = "list_retention_items",
    params(ItemFilter),
    responses((status = 200, description = "One page", body = Page<RetentionItem>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/preview/items")]
async fn list_retention_items(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<ItemFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let as_of = filter.as_of.unwrap_or_else(|| tokyo_date(access.now()));
    let mut db = access.read().acquire().await?;
    let years = filter.class.years(&Settings::load(&mut *db).await?);
    let after: Option<(DateTime<Utc>, Uuid)> =
        filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let items = sqlx::query_as!(
        RetentionItem,
        r#"
        select kind as "kind!", id as "id!", case_id as "case_id: CaseId", number as case_number, ended_at as "ended_at!",
            fiscal_year_of(ended_at) as "fiscal_year!"
        from retention_items($1, $2, null, null, null, null)
        where ($3::int is null or fiscal_year_of(ended_at) = $3)
        and ($4::timestamptz is null or (ended_at, id) > ($4, $5::uuid))
        order by ended_at, id
        limit $6
        "#,
        filter.class.name(),
        cutoff(as_of, years),
        filter.fiscal_year,
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        limit + 1,
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.ended_at, item.id)
    })))
}
