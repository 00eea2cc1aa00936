//! Which areas a desk covers, from a date to a date.

use super::find;
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Changes, Items, Json, Path, absent_or_null},
    ids::*,
    japan::places::{Municipality, municipality_of},
    programme::check_period,
    routes::ServiceConfig,
    store::Tx,
    text::{MunicipalityCode, PrefectureCode},
};
use actix_web::{delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_coverage)
        .service(add_coverage)
        .service(edit_coverage)
        .service(remove_coverage);
}

/// List the areas of a desk
///
/// Past and future ones included, the earliest first.
#[utoipa::path(
    tag = "people",
    operation_id = "list_coverage",
    params(("id" = Uuid, Path, description = "The desk")),
    responses((status = 200, description = "What it covers, and when", body = Items<Coverage>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/desks/{id}/coverage")]
async fn list_coverage(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<DeskId>,
) -> Result<Answer> {
    find(access.read(), id).await?;
    Ok(Answer::ok(&Items {
        items: load_coverage(access.read(), id, None).await?,
    }))
}

/// Add an area to a desk
///
/// A prefecture or a municipality, from a day to a last day. A designated city stands for all its wards. The same area twice on
/// a day is a conflict.
#[utoipa::path(
    tag = "people",
    operation_id = "add_coverage",
    params(("id" = Uuid, Path, description = "The desk")),
    request_body = AddCoverageRequest,
    responses((status = 201, description = "The area", body = Coverage)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/desks/{id}/coverage")]
async fn add_coverage(
    access: Access<permit::ManageOffice>,
    Path(id): Path<DeskId>,
    Json(body): Json<AddCoverageRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            find(tx.db(), id).await?;
            let coverage = cover(tx, id, &body).await?;
            Ok(Answer::created(
                format!("/api/v1/desks/{id}/coverage/{}", coverage.id),
                &coverage,
            )
            .version(coverage.version))
        })
        .await
}

/// Change when a desk covers an area
///
/// `If-Match` takes the version of the area, in quotes. Another area is another entry: remove this one or let it end.
#[utoipa::path(
    tag = "people",
    operation_id = "edit_coverage",
    params(
        ("id" = Uuid, Path, description = "The desk"),
        ("coverage_id" = Uuid, Path, description = "The area"),
    ),
    request_body = EditCoverageRequest,
    responses((status = 200, description = "The area", body = Coverage)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/desks/{id}/coverage/{coverage_id}")]
async fn edit_coverage(
    access: Access<permit::ManageOffice>,
    Path((id, coverage_id)): Path<(DeskId, CoverageId)>,
    Json(body): Json<EditCoverageRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            sqlx::query!(
                "select id from desk_coverage where id = $1 for no key update",
                *coverage_id
            )
            .fetch_optional(tx.db())
            .await?;
            let coverage = find_coverage(tx.db(), id, coverage_id).await?;
            precondition.require(coverage.version)?;
            let coverage = reschedule_coverage(tx, coverage, &body).await?;
            Ok(Answer::ok(&coverage).version(coverage.version))
        })
        .await
}

/// Remove an area from a desk
///
/// For an entry made by mistake. A desk that gives an area up gets a last day instead, so that the past stays true.
#[utoipa::path(
    tag = "people",
    operation_id = "remove_coverage",
    params(
        ("id" = Uuid, Path, description = "The desk"),
        ("coverage_id" = Uuid, Path, description = "The area"),
    ),
    responses((status = 204, description = "Removed")),
    extensions(("x-permission" = json!("manage_office")))
)]
#[delete("/desks/{id}/coverage/{coverage_id}")]
async fn remove_coverage(
    access: Access<permit::ManageOffice>,
    Path((id, coverage_id)): Path<(DeskId, CoverageId)>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let removed = sqlx::query!(
                "delete from desk_coverage where id = $1 and desk_id = $2",
                *coverage_id,
                *id
            )
            .execute(tx.db())
            .await?;
            if removed.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            tx.record(
                OFFICE,
                Event::CoverageRemoved {
                    coverage_id,
                    desk_id: id,
                },
            );
            Ok(Answer::no_content())
        })
        .await
}

/// An area that a desk covers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Coverage {
    /// This entry.
    pub id: CoverageId,
    /// The desk.
    pub desk_id: DeskId,
    /// The prefecture, where the whole of it is covered.
    pub prefecture_code: Option<PrefectureCode>,
    /// The municipality or ward, where only that is covered.
    pub municipality_code: Option<MunicipalityCode>,
    /// Its name as it stands in addresses, without the prefecture; null where a code is none of today's.
    #[schema(example = "横浜市中区")]
    pub municipality: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// Last day; null while no end is known.
    pub to: Option<NaiveDate>,
    /// The version for `If-Match`.
    pub version: i64,
}

/// An area for a desk: a prefecture or a municipality, not both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCoverageRequest {
    /// The whole prefecture.
    pub prefecture_code: Option<PrefectureCode>,
    /// Only this municipality or ward.
    pub municipality_code: Option<MunicipalityCode>,
    /// First day.
    pub from: NaiveDate,
    /// Last day; open where absent.
    pub to: Option<NaiveDate>,
}

impl Body for AddCoverageRequest {
    fn check(&self, fields: &mut Fields) {
        match (&self.prefecture_code, &self.municipality_code) {
            (None, None) => fields.add("/prefecture_code", "this or municipality_code is required"),
            (Some(_), Some(_)) => fields.add(
                "/municipality_code",
                "must be absent beside prefecture_code",
            ),
            _ => {}
        }
        if let Some(code) = &self.municipality_code {
            // An area that no place lies in would never be proposed, and nobody would know why.
            fields.require(
                municipality_of(code.as_str()).is_some(),
                "/municipality_code",
                "is no municipality of today",
            );
        }
        check_period(fields, ("/from", Some(self.from)), ("/to", self.to));
    }
}

/// Other days for an area; absent fields stay, null opens the end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCoverageRequest {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "absent_or_null")]
    pub to: Option<Option<NaiveDate>>,
}

impl Body for EditCoverageRequest {
    fn check(&self, fields: &mut Fields) {
        check_period(fields, ("/from", self.from), ("/to", self.to.flatten()));
    }
}

/// The one read query of areas, the earliest first.
async fn load_coverage(
    db: impl PgExecutor<'_>,
    desk_id: DeskId,
    id: Option<CoverageId>,
) -> Result<Vec<Coverage>> {
    let areas = sqlx::query!(
        r#"
        select id, desk_id, prefecture_code as "prefecture_code: PrefectureCode",
            municipality_code as "municipality_code: MunicipalityCode", from_date as "from", to_date as "to", version
        from desk_coverage
        where desk_id = $1
        and ($2::uuid is null or id = $2)
        order by from_date, coalesce(prefecture_code, municipality_code), id
        "#,
        *desk_id,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?;
    let named = areas.into_iter().map(|area| Coverage {
        id: area.id,
        desk_id: area.desk_id,
        prefecture_code: area.prefecture_code,
        municipality: area
            .municipality_code
            .as_ref()
            .and_then(|code| municipality_of(code.as_str()))
            .map(Municipality::full_name),
        municipality_code: area.municipality_code,
        from: area.from,
        to: area.to,
        version: area.version,
    });
    Ok(named.collect())
}

async fn find_coverage(
    db: impl PgExecutor<'_>,
    desk_id: DeskId,
    id: CoverageId,
) -> Result<Coverage> {
    load_coverage(db, desk_id, Some(id))
        .await?
        .pop()
        .ok_or_else(Error::not_found)
}

async fn cover(tx: &mut Tx, desk_id: DeskId, body: &AddCoverageRequest) -> Result<Coverage> {
    let id = CoverageId::new();
    sqlx::query!(
        r#"
        insert into desk_coverage (id, desk_id, prefecture_code, municipality_code, from_date, to_date)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        *id,
        *desk_id,
        body.prefecture_code.as_ref().map(PrefectureCode::as_str),
        body.municipality_code.as_ref().map(MunicipalityCode::as_str),
        body.from,
        body.to,
    )
    .execute(tx.db())
    .await
    .on_constraint("desk_coverage_once", covered_already)?;
    tx.record(
        OFFICE,
        Event::CoverageAdded {
            coverage_id: id,
            desk_id,
        },
    );
    find_coverage(tx.db(), desk_id, id).await
}

async fn reschedule_coverage(
    tx: &mut Tx,
    mut coverage: Coverage,
    body: &EditCoverageRequest,
) -> Result<Coverage> {
    let mut changes = Changes::default();
    changes.set("from", &mut coverage.from, body.from);
    changes.set("to", &mut coverage.to, body.to);
    if changes.into_names().is_empty() {
        tx.unchanged();
        return Ok(coverage);
    }
    let mut fields = Fields::default();
    check_period(
        &mut fields,
        ("/from", Some(coverage.from)),
        ("/to", coverage.to),
    );
    fields.finish()?;
    sqlx::query!(
        "update desk_coverage set from_date = $2, to_date = $3 where id = $1",
        *coverage.id,
        coverage.from,
        coverage.to,
    )
    .execute(tx.db())
    .await
    .on_constraint("desk_coverage_once", covered_already)?;
    tx.record(
        OFFICE,
        Event::CoverageEdited {
            coverage_id: coverage.id,
            desk_id: coverage.desk_id,
        },
    );
    find_coverage(tx.db(), coverage.desk_id, coverage.id).await
}

fn covered_already() -> Error {
    Error::conflict("The desk covers this area on some of these days already.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_a_prefecture_or_a_municipality() {
        let errors =
            |json: &str| match crate::http::parse_body::<AddCoverageRequest>(json.as_bytes()) {
                Ok(_) => Vec::new(),
                Err(Error::Problem(problem)) => problem
                    .errors
                    .iter()
                    .map(|error| error.pointer.clone())
                    .collect(),
                Err(error) => panic!("{error}"),
            };
        assert!(errors(r#"{"prefecture_code": "02", "from": "2026-04-01"}"#).is_empty());
        assert!(
            errors(r#"{"municipality_code": "02201", "from": "2026-04-01", "to": "2026-04-01"}"#)
                .is_empty()
        );
        assert_eq!(
            errors(r#"{"from": "2026-04-02", "to": "2026-04-01"}"#),
            ["/prefecture_code", "/to"]
        );
        assert_eq!(
            errors(
                r#"{"prefecture_code": "2", "municipality_code": "022012", "from": "2026-04-01"}"#
            ),
            ["/municipality_code"]
        );
        assert_eq!(
            errors(r#"{"prefecture_code": "48", "from": "2026-02-30"}"#),
            ["/from", "/prefecture_code"]
        );
    }
}
