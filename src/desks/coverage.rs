//! Which areas a desk covers, from a date to a date, and which desks cover a place.

use super::find;
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Changes, Items, Json, Path, absent_or_null},
    ids::*,
    japan::places::{Municipality, Place, municipality_of},
    programme::{Topic, check_period},
    store::Tx,
    text::{Code, MunicipalityCode, Name, PrefectureCode},
};
use actix_web::{delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor};
use std::{cmp::Reverse, collections::HashMap};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

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
    /// First day.
    pub from: NaiveDate,
    /// Last day; null while no end is known.
    pub to: Option<NaiveDate>,
    /// The version for `If-Match`.
    pub version: i64,
}

/// A desk that could take a case, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeskProposal {
    /// The desk.
    pub desk_id: DeskId,
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// Its cases that are not closed.
    pub open_cases: i64,
    /// Why it is proposed, for people (Japanese).
    pub reasons: Vec<String>,
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

/// How closely an area fits a place, the closest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is a part of the place, of which nothing closer is known.
    Part,
    /// It is the prefecture.
    Prefecture,
    /// It is the designated city around the ward.
    City,
    /// It is the very municipality.
    Municipality,
}

/// An area of a desk on the day that is asked about.
struct Area {
    desk_id: DeskId,
    code: Code,
    name: Name,
    topics: Vec<Topic>,
    /// The one or the other.
    prefecture_code: Option<String>,
    municipality_code: Option<String>,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

/// A desk with the best fit of its areas.
struct Candidate {
    fit: Fit,
    /// Which of the places it covers.
    place: usize,
    topics: Vec<Topic>,
    proposal: DeskProposal,
}

/// The active desks whose coverage on that day (in Japan) includes one of the places: first those that cover the municipality or
/// ward, then its city, then the prefecture; among them those for the first of the places, those with the most of the topics
/// among their specialities, those with fewer open cases, by code. Last come those that cover only a part of a place of which
/// nothing closer is known. Each says why.
pub async fn covering(
    db: &mut PgConnection,
    places: &[Place],
    topics: &[Topic],
    on: NaiveDate,
) -> Result<Vec<DeskProposal>> {
    let areas = areas_near(db, places, on).await?;
    let mut candidates = fitting(places, topics, areas);
    let desks: Vec<Uuid> = candidates
        .iter()
        .map(|candidate| *candidate.proposal.desk_id)
        .collect();
    let loads = open_cases(db, &desks).await?;
    for candidate in &mut candidates {
        let proposal = &mut candidate.proposal;
        proposal.open_cases = loads.get(&proposal.desk_id).copied().unwrap_or_default();
        proposal
            .reasons
            .push(format!("受付中の案件 {} 件", proposal.open_cases));
    }
    candidates.sort_by(|one, other| {
        let key = |candidate: &Candidate| {
            let topics = Reverse(candidate.topics.len());
            (
                Reverse(candidate.fit),
                candidate.place,
                topics,
                candidate.proposal.open_cases,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.proposal.code.cmp(&other.proposal.code))
    });
    Ok(candidates
        .into_iter()
        .map(|candidate| candidate.proposal)
        .collect())
}

/// What active desks cover in the prefectures of the places.
async fn areas_near(db: &mut PgConnection, places: &[Place], on: NaiveDate) -> Result<Vec<Area>> {
    let prefectures: Vec<String> = places
        .iter()
        .map(|place| place.prefecture.code.to_owned())
        .collect();
    Ok(sqlx::query_as!(
        Area,
        r#"
        select d.id as desk_id, d.code as "code: _", d.name as "name: _", d.topics as "topics: _",
            v.prefecture_code, v.municipality_code, v.from_date as "from", v.to_date as "to"
        from desk d
        join desk_coverage v on v.desk_id = d.id
        where d.active
        and coalesce(v.prefecture_code, left(v.municipality_code, 2)) = any ($1)
        and v.from_date <= $2
        and (v.to_date is null or v.to_date >= $2)
        order by d.code, v.municipality_code
        "#,
        &prefectures,
        on,
    )
    .fetch_all(db)
    .await?)
}

/// How many cases these desks have that are not closed.
async fn open_cases(db: &mut PgConnection, desks: &[Uuid]) -> Result<HashMap<DeskId, i64>> {
    let rows = sqlx::query!(
        r#"
        select desk_id as "desk_id!: DeskId", count(*) as "open!"
        from case_file
        where desk_id = any ($1) and status <> 'closed'
        group by desk_id
        "#,
        desks,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.desk_id, row.open))
        .collect())
}

/// The desks that fit, each once with all its reasons but the load, the best first.
fn fitting(places: &[Place], topics: &[Topic], areas: Vec<Area>) -> Vec<Candidate> {
    let mut fits: Vec<(Fit, usize, Area)> = Vec::new();
    for area in areas {
        let best = places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| Some((fit(place, &area)?, at)))
            .max_by_key(|(fit, at)| (*fit, Reverse(*at)));
        fits.extend(best.map(|(fit, at)| (fit, at, area)));
    }
    fits.sort_by_key(|(fit, at, _)| (Reverse(*fit), *at));
    let mut candidates: Vec<Candidate> = Vec::new();
    for (fit, place, area) in fits {
        let reason = area_reason(fit, &places[place], &area);
        // A desk may cover the place both ways: one proposal with two reasons. One part of it says enough.
        if let Some(known) = candidates
            .iter_mut()
            .find(|known| known.proposal.desk_id == area.desk_id)
        {
            if fit != Fit::Part {
                known.proposal.reasons.push(reason);
            }
            continue;
        }
        let own: Vec<Topic> = topics
            .iter()
            .copied()
            .filter(|topic| area.topics.contains(topic))
            .collect();
        candidates.push(Candidate {
            fit,
            place,
            topics: own,
            proposal: DeskProposal {
                desk_id: area.desk_id,
                code: area.code,
                name: area.name,
                open_cases: 0,
                reasons: vec![reason],
            },
        });
    }
    for Candidate {
        topics, proposal, ..
    } in &mut candidates
    {
        if !topics.is_empty() {
            let names: Vec<&str> = topics.iter().map(|topic| topic.japanese()).collect();
            proposal
                .reasons
                .push(format!("得意分野が一致（{}）", names.join("、")));
        }
    }
    candidates
}

/// How closely an area fits a place, if it does.
fn fit(place: &Place, area: &Area) -> Option<Fit> {
    let Some(code) = &area.municipality_code else {
        let is_same = area.prefecture_code.as_deref() == Some(place.prefecture.code);
        return is_same.then_some(Fit::Prefecture);
    };
    // One that was merged since is in nobody's area.
    let area = municipality_of(code)?;
    match place.municipality {
        None => (area.prefecture() == place.prefecture).then_some(Fit::Part),
        Some(own) if own.code == area.code => Some(Fit::Municipality),
        Some(own) if own.lies_in(area) => Some(Fit::City),
        Some(own) if area.lies_in(own) => Some(Fit::Part),
        Some(_) => None,
    }
}

/// Why the area speaks for a desk, as in 「青森県を担当（2026-04-01 から）」.
fn area_reason(fit: Fit, place: &Place, area: &Area) -> String {
    let municipality = area.municipality_code.as_deref().and_then(municipality_of);
    let name =
        municipality.map_or_else(|| place.prefecture.name.to_owned(), Municipality::full_name);
    let covered = match fit {
        Fit::Part => format!("{}の一部（{name}）", place.name()),
        _ => name,
    };
    let from = area.from;
    match area.to {
        Some(to) => format!("{covered}を担当（{from} から {to} まで）"),
        None => format!("{covered}を担当（{from} から）"),
    }
}

/// The one read query of areas, the earliest first.
async fn load_coverage(
    db: impl PgExecutor<'_>,
    desk_id: DeskId,
    id: Option<CoverageId>,
) -> Result<Vec<Coverage>> {
    Ok(sqlx::query_as!(
        Coverage,
        r#"
        select id, desk_id, prefecture_code as "prefecture_code: _", municipality_code as "municipality_code: _",
            from_date as "from", to_date as "to", version
        from desk_coverage
        where desk_id = $1
        and ($2::uuid is null or id = $2)
        order by from_date, coalesce(prefecture_code, municipality_code), id
        "#,
        *desk_id,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?)
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
    use crate::japan::prefectures;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn area(desk: DeskId, code: &str, topics: &[Topic]) -> Area {
        let (prefecture, municipality) = match code.len() {
            2 => (Some(code.to_owned()), None),
            _ => (None, Some(code.to_owned())),
        };
        Area {
            desk_id: desk,
            code: Code::parse("desk").unwrap(),
            name: Name::parse("窓口").unwrap(),
            topics: topics.to_vec(),
            prefecture_code: prefecture,
            municipality_code: municipality,
            from: day("2026-04-01"),
            to: None,
        }
    }

    fn place(code: &str) -> Place {
        match municipality_of(code) {
            Some(municipality) => municipality.into(),
            None => Place::somewhere_in(prefectures::prefecture_of(code).unwrap()),
        }
    }

    #[test]
    fn wards_lie_in_their_city() {
        let fits = |at: &str, covered: &str| fit(&place(at), &area(DeskId::new(), covered, &[]));
        // 横浜市中区, 横浜市, 神奈川県; 横浜市西区 and 川崎市 are elsewhere.
        assert_eq!(fits("141046", "141046"), Some(Fit::Municipality));
        assert_eq!(fits("141046", "141003"), Some(Fit::City));
        assert_eq!(fits("141046", "14"), Some(Fit::Prefecture));
        assert_eq!(fits("141046", "141038"), None);
        assert_eq!(fits("141046", "141305"), None);
        assert_eq!(fits("141046", "13"), None);
        // Only the city, only the prefecture is known.
        assert_eq!(fits("141003", "141046"), Some(Fit::Part));
        assert_eq!(fits("14", "141046"), Some(Fit::Part));
        assert_eq!(fits("14", "14"), Some(Fit::Prefecture));
        assert_eq!(fits("14", "131016"), None);
        // 浜松市中区 was merged in 2024.
        assert_eq!(fits("221309", "221317"), None);
    }

    #[test]
    fn reasons_name_the_area_and_its_days() {
        let at = |code: &str, covered: &str, to: Option<&str>| {
            let area = Area {
                to: to.map(day),
                ..area(DeskId::new(), covered, &[])
            };
            area_reason(fit(&place(code), &area).unwrap(), &place(code), &area)
        };
        assert_eq!(at("02", "02", None), "青森県を担当（2026-04-01 から）");
        assert_eq!(
            at("243035", "243035", Some("2027-03-31")),
            "桑名郡木曽岬町を担当（2026-04-01 から 2027-03-31 まで）"
        );
        assert_eq!(
            at("141046", "141003", None),
            "横浜市を担当（2026-04-01 から）"
        );
        assert_eq!(
            at("14", "141003", None),
            "神奈川県の一部（横浜市）を担当（2026-04-01 から）"
        );
    }

    #[test]
    fn a_desk_is_proposed_once_with_all_its_reasons() {
        let (one, other) = (DeskId::new(), DeskId::new());
        let areas = || {
            vec![
                area(one, "02", &[Topic::Rules, Topic::Labour]),
                area(other, "02", &[]),
                area(one, "022012", &[Topic::Rules, Topic::Labour]),
                area(other, "022021", &[]),
                area(other, "022039", &[]),
            ]
        };
        let topics = [Topic::Labour, Topic::Ict];
        let candidates = fitting(&[place("022012")], &topics, areas());
        assert_eq!(candidates.len(), 2);
        assert_eq!(
            (candidates[0].fit, candidates[0].proposal.desk_id),
            (Fit::Municipality, one)
        );
        assert_eq!(
            candidates[0].proposal.reasons,
            [
                "青森市を担当（2026-04-01 から）",
                "青森県を担当（2026-04-01 から）",
                "得意分野が一致（労務管理）"
            ]
        );
        assert_eq!(
            candidates[1].proposal.reasons,
            ["青森県を担当（2026-04-01 から）"]
        );
        let parts = fitting(&[place("02")], &topics, areas());
        assert_eq!(
            parts[1].proposal.reasons,
            ["青森県を担当（2026-04-01 から）"],
            "no part beside the whole"
        );
    }

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
