//! Who is responsible and who could help: proposals for a case, each with its reasons in words.
//!
//! A proposal is advice. What was proposed and what was taken is kept with every routing.

use crate::{
    access::{Access, permit},
    cases::{self, Case},
    desks::{self, DeskProposal},
    error::Result,
    http::{Answer, Items, Path, Query},
    ids::*,
    japan::tokyo_date,
    managers::{self, CaseNeeds, ManagerProposal},
    programme::{Line, Topic},
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the proposals.
pub fn mount(config: &mut ServiceConfig) {
    config.service(propose_desks).service(propose_managers);
}

/// The desks that cover the case's site today, best first; none where the place is not known yet, which leaves it to the
/// help center.
pub async fn propose(
    db: &mut PgConnection,
    case: &Case,
    now: DateTime<Utc>,
) -> Result<Vec<DeskProposal>> {
    let Some(prefecture_code) = &case.prefecture_code else {
        return Ok(Vec::new());
    };
    desks::covering(
        db,
        prefecture_code,
        case.municipality_code.as_deref(),
        tokyo_date(now),
    )
    .await
}

/// Propose desks for a case
///
/// Those whose coverage includes the site today, the best first, each with its reasons. For those who route: the reasons name how much
/// other desks have to do.
#[utoipa::path(
    tag = "cases",
    operation_id = "propose_desks",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The proposals", body = Items<DeskProposal>)),
    extensions(("x-permission" = json!("route_cases")))
)]
#[get("/cases/{id}/desk-proposals")]
async fn propose_desks(
    access: Access<permit::RouteCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let items = propose(&mut db, &case, access.now()).await?;
    Ok(Answer::ok(&Items { items }))
}

/// For which line.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LineFilter {
    /// The field of work; where absent, `labour` if the case is about labour matters only, else `ict`.
    line: Option<Line>,
}

/// Propose managers for a case
///
/// Ranked by topics, prefecture, mode, free capacity and absence, each with its reasons. Those with a declared conflict of
/// interest are left out.
#[utoipa::path(
    tag = "cases",
    operation_id = "propose_managers",
    params(("id" = Uuid, Path, description = "The case"), LineFilter),
    responses((status = 200, description = "The proposals", body = Items<ManagerProposal>)),
    extensions(("x-permission" = json!("offer_cases")))
)]
#[get("/cases/{id}/manager-proposals")]
async fn propose_managers(
    access: Access<permit::OfferCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<LineFilter>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let line = filter.line.unwrap_or_else(|| usual_line(&case.topics));
    let needs = CaseNeeds {
        case_id: case.id,
        enterprise_id: case.enterprise_id,
        topics: &case.topics,
        prefecture_code: case.prefecture_code.as_deref(),
        desired_mode: case.desired_mode,
    };
    let items = managers::propose(&mut *db, &needs, line, access.now()).await?;
    Ok(Answer::ok(&Items { items }))
}

/// The line that a case is about first.
fn usual_line(topics: &[Topic]) -> Line {
    let is_labour = |topic: &Topic| matches!(topic, Topic::Labour | Topic::Rules | Topic::Subsidy);
    match topics.iter().all(is_labour) {
        true => Line::Labour,
        false => Line::Ict,
    }
}
