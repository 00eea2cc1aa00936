//! Who is responsible and who could help: proposals for a case, each with its reasons in words.
//!
//! A proposal is advice. What was proposed and what was taken is kept with every routing. Where a case is, is what was entered;
//! where nothing was, it is derived from what is known ([`location`]), and the reasons say so.

use crate::{
    access::{Access, permit},
    calendar,
    cases::{self, Case},
    desks::{self, DeskProposal},
    error::Result,
    http::{Answer, Items, Path, Query},
    ids::*,
    japan::{places::Place, tokyo_date},
    managers::{self, CaseNeeds, ManagerProposal, availability::Window, proposals},
    programme::{Line, Topic},
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

mod location;

/// Mounts the proposals.
pub fn mount(config: &mut ServiceConfig) {
    config.service(propose_desks).service(propose_managers);
}

/// The desks that could take a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskProposals {
    /// The desks, the best first. None: the case stays with the help center.
    pub items: Vec<DeskProposal>,
    /// What to mind before routing, for people (Japanese): several places that it may be in, entries that contradict each other,
    /// why no desk is proposed.
    pub notes: Vec<String>,
}

/// The desks that cover the case's place today, best first, and what there is to mind.
pub async fn propose(
    db: &mut PgConnection,
    case: &Case,
    now: DateTime<Utc>,
) -> Result<DeskProposals> {
    let location = location::locate(db, case.id).await?;
    let mut notes = location.notes;
    let places = &location.places;
    let names = || {
        places
            .iter()
            .map(Place::name)
            .collect::<Vec<_>>()
            .join("、")
    };
    if places.is_empty() {
        notes.push("所在地がわからないため窓口を提案できません。相談センターで対応します。".into());
        return Ok(DeskProposals {
            items: Vec::new(),
            notes,
        });
    }
    let mut items = desks::covering(db, places, &case.topics, tokyo_date(now)).await?;
    for proposal in &mut items {
        proposal.reasons.extend(location.derived.clone());
    }
    if places.len() > 1 {
        notes.push(format!("所在地が一つに決まりません（{}）。", names()));
    }
    if items.is_empty() {
        notes.push(format!(
            "{}を担当する窓口がありません。相談センターで対応します。",
            names()
        ));
    }
    Ok(DeskProposals { items, notes })
}

/// Propose desks for a case
///
/// Those whose coverage includes the site today, the closest area first, then by speciality and load, each with its reasons. Where
/// no place was entered, it is derived from postal code, address or a landline's area code. For those who route: the reasons name
/// how much other desks have to do.
#[utoipa::path(
    tag = "cases",
    operation_id = "propose_desks",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The proposals", body = DeskProposals)),
    extensions(("x-permission" = json!("route_cases")))
)]
#[get("/cases/{id}/desk-proposals")]
async fn propose_desks(
    access: Access<permit::RouteCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    Ok(Answer::ok(&propose(&mut db, &case, access.now()).await?))
}

/// For which line, and when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ProposalFilter {
    /// The field of work; where absent, `labour` if the case is about labour matters only, else `ict`.
    line: Option<Line>,
    /// First day on which they should have time, in Japan; today where absent.
    from: Option<NaiveDate>,
    /// Last day; 20 days after the first where absent, 61 at most.
    to: Option<NaiveDate>,
    /// Length of the session in minutes, 15 to 480; 60 where absent.
    #[param(minimum = 15, maximum = 480)]
    minutes: Option<i64>,
}

/// Propose managers for a case
///
/// Ranked by absence and capacity over all desks, free time on the days asked for (in the hours of the case's desk), topics,
/// the site's prefecture (an online meeting is given anywhere), mode, qualification, and past work with the enterprise, each
/// with its reasons. Those with a declared conflict of interest come last.
#[utoipa::path(
    tag = "cases",
    operation_id = "propose_managers",
    params(("id" = Uuid, Path, description = "The case"), ProposalFilter),
    responses((status = 200, description = "The proposals", body = Items<ManagerProposal>)),
    extensions(("x-permission" = json!("offer_cases")))
)]
#[get("/cases/{id}/manager-proposals")]
async fn propose_managers(
    access: Access<permit::OfferCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<ProposalFilter>,
) -> Result<Answer> {
    let now = access.now();
    let (from, to) = (filter.from, filter.to);
    let window = Window::new(from, to, filter.minutes, proposals::USUAL_DAYS, now)?;
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let location = location::locate(&mut db, case.id).await?;
    let calendar = calendar::load(&mut *db, case.desk_id).await?;
    let needs = CaseNeeds {
        case_id: case.id,
        enterprise_id: case.enterprise_id,
        line: filter.line.unwrap_or_else(|| usual_line(&case.topics)),
        topics: &case.topics,
        prefecture: location.prefecture(),
        desired_mode: case.desired_mode,
        window,
        calendar: &calendar,
    };
    let mut items = managers::propose(&mut db, &needs, now).await?;
    for proposal in &mut items {
        proposal.reasons.extend(location.derived.clone());
    }
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
