//! Offers as they are answered: one read query for show and lists.
//!
//! An offered manager reads enterprise and matter inside the offer, because the case itself is not theirs yet. Once the
//! offer came to nothing, or the assignment ended, the matter is none of their business any more.

use crate::{
    access::{Access, Actor, permit},
    cases::{self, View},
    error::{Error, Result},
    http::{Answer, Cursor, Items, Page, Path, Query, page_size},
    ids::*,
    japan::prefectures,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_case_offers)
        .service(list_offers)
        .service(show_offer);
}

/// To whom a case was offered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct OfferManager {
    pub id: ManagerId,
    pub name: String,
}

/// The enterprise, as far as an offer shows it: nothing by which to reach a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferEnterprise {
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub kind: EnterpriseKind,
    /// The prefecture of its seat.
    #[schema(example = "東京都")]
    pub prefecture: Option<&'static str>,
    /// Its industry, by the Japan Standard Industrial Classification.
    #[schema(example = "G39")]
    pub industry_code: Option<String>,
    /// How many people work there.
    pub employees: Option<i32>,
}

/// Whom to ask about an offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct OfferDesk {
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
}

/// What is offered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferMatter {
    /// The number of the case.
    #[schema(example = "TW-2026-000123")]
    pub case_number: String,
    /// Who asks.
    pub enterprise: OfferEnterprise,
    /// The prefecture of the site, where the matter is.
    #[schema(example = "青森県")]
    pub prefecture: Option<&'static str>,
    /// In a few words.
    pub subject: Option<String>,
    /// What the enterprise asks.
    pub description: String,
    /// What it is about.
    pub topics: Vec<Topic>,
    /// How it would like the consultation to be given.
    pub desired_mode: Option<Mode>,
    /// The desk that offers it.
    pub desk: Option<OfferDesk>,
}

/// An offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferView {
    /// Its id.
    pub id: OfferId,
    /// The case; the offered manager sees it after accepting.
    pub case_id: CaseId,
    /// The line the manager would take.
    pub line: Line,
    /// Where it stands.
    pub state: OfferState,
    /// What the desk has to say to the manager.
    pub note: Option<String>,
    /// Until when the manager answers.
    pub reply_by: DateTime<Utc>,
    /// When it was made.
    pub offered_at: DateTime<Utc>,
    /// When it was answered, revoked or found expired.
    pub answered_at: Option<DateTime<Utc>>,
    /// The desk recorded an acceptance given by phone.
    pub by_phone: bool,
    /// Why it was declined.
    pub decline_reason: Option<String>,
    /// Why it was made although something spoke against the manager; for the desk and the help center only.
    pub override_reason: Option<String>,
    /// To whom.
    pub manager: OfferManager,
    /// What is offered; null for a manager whose offer came to nothing or whose assignment has ended.
    pub matter: Option<OfferMatter>,
    /// 1 while it is open, 2 afterwards; the ETag.
    pub version: i64,
}

/// An offer changes once, when it is answered.
pub(super) fn version_of(state: OfferState) -> i64 {
    if state == OfferState::Open { 1 } else { 2 }
}

/// The row behind [`OfferView`].
#[derive(FromRow)]
struct OfferRow {
    id: OfferId,
    case_id: CaseId,
    line: Line,
    state: OfferState,
    note: Option<String>,
    reply_by: DateTime<Utc>,
    offered_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    by_phone: bool,
    decline_reason: Option<String>,
    override_reason: Option<String>,
    manager_id: ManagerId,
    manager_name: String,
    is_assigned: bool,
    case_number: String,
    subject: Option<String>,
    description: String,
    topics: Vec<Topic>,
    desired_mode: Option<Mode>,
    prefecture_code: Option<String>,
    enterprise_name: Option<String>,
    enterprise_kind: EnterpriseKind,
    enterprise_prefecture_code: Option<String>,
    industry_code: Option<String>,
    employees: Option<i32>,
    desk_name: Option<String>,
    desk_phone: Option<String>,
}

/// The caller adds `where` on `offer o` and `case_file c`.
const SELECT: &str = r#"
    select o.id, o.case_id, o.line, o.state, o.note, o.reply_by, o.offered_at, o.answered_at, o.by_phone, o.decline_reason,
        o.override_reason, o.manager_id, m.name as manager_name,
        exists (
            select 1
            from assignment a
            where a.case_id = o.case_id and a.manager_id = o.manager_id and a.ended_at is null
        ) as is_assigned,
        c.number as case_number, c.subject, c.description, c.topics, c.desired_mode,
        coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture_code,
        e.name as enterprise_name, e.kind as enterprise_kind, e.prefecture_code as enterprise_prefecture_code,
        e.industry_code, e.employees, d.name as desk_name, d.phone as desk_phone
    from offer o
    join manager m on m.id = o.manager_id
    join case_file c on c.id = o.case_id
    join enterprise e on e.id = c.enterprise_id
    left join desk d on d.id = c.desk_id
"#;

impl OfferRow {
    /// The answer for this actor.
    fn view(self, actor: &Actor) -> OfferView {
        let for_manager = actor.manager().is_some();
        let version = version_of(self.state);
        let is_current = self.state == OfferState::Open || self.is_assigned;
        let matter = (is_current || !for_manager).then_some(OfferMatter {
            case_number: self.case_number,
            enterprise: OfferEnterprise {
                name: self.enterprise_name,
                kind: self.enterprise_kind,
                prefecture: prefecture(self.enterprise_prefecture_code),
                industry_code: self.industry_code,
                employees: self.employees,
            },
            prefecture: prefecture(self.prefecture_code),
            subject: self.subject,
            description: self.description,
            topics: self.topics,
            desired_mode: self.desired_mode,
            desk: self.desk_name.map(|name| OfferDesk {
                name,
                phone: self.desk_phone,
            }),
        });
        OfferView {
            id: self.id,
            case_id: self.case_id,
            line: self.line,
            state: self.state,
            note: self.note,
            reply_by: self.reply_by,
            offered_at: self.offered_at,
            answered_at: self.answered_at,
            by_phone: self.by_phone,
            decline_reason: self.decline_reason,
            override_reason: self.override_reason.filter(|_| !for_manager),
            manager: OfferManager {
                id: self.manager_id,
                name: self.manager_name,
            },
            matter,
            version,
        }
    }
}

fn prefecture(code: Option<String>) -> Option<&'static str> {
    Some(prefectures::prefecture_of(code.as_deref()?)?.name)
}

/// The condition on `offer o` and `case_file c`: the offers of the cases in view; for a manager those made to them.
fn push_view(query: &mut QueryBuilder<Postgres>, actor: &Actor) {
    match actor.manager() {
        Some(manager) => drop(query.push("o.manager_id = ").push_bind(manager)),
        None => View::of(actor).push(query),
    }
}

/// The view of an offer that the actor may see.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub(super) async fn show(db: &mut PgConnection, actor: &Actor, id: OfferId) -> Result<OfferView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where o.id = ").push_bind(id).push(" and ");
    push_view(&mut query, actor);
    let row: Option<OfferRow> = query.build_query_as().fetch_optional(db).await?;
    row.map(|row| row.view(actor)).ok_or_else(Error::not_found)
}

/// The answer of a change.
pub(super) async fn answer(tx: &mut Tx, id: OfferId) -> Result<Answer> {
    let actor = tx.actor().clone();
    let view = show(tx.db(), &actor, id).await?;
    Ok(Answer::ok(&view).version(view.version))
}

/// List the offers of a case
///
/// Newest first; a manager sees those made to them.
#[utoipa::path(
    tag = "offers",
    operation_id = "list_case_offers",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The offers", body = Items<OfferView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/offers")]
async fn list_case_offers(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let mut query = QueryBuilder::new(SELECT);
    query
        .push("where o.case_id = ")
        .push_bind(case.id)
        .push(" and ");
    push_view(&mut query, access.actor());
    query.push(" order by o.offered_at desc, o.id desc");
    let rows: Vec<OfferRow> = query.build_query_as().fetch_all(&mut *db).await?;
    let items = rows
        .into_iter()
        .map(|row| row.view(access.actor()))
        .collect();
    Ok(Answer::ok(&Items { items }))
}

/// Which offers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OfferFilter {
    /// Those that can be answered now, or those that cannot any more; all where absent.
    pub open: Option<bool>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Where a page ends.
#[derive(Serialize, Deserialize)]
struct After {
    offered_at: DateTime<Utc>,
    id: OfferId,
}

/// List offers
///
/// Newest first: those made to the manager who asks, those of the desk's own cases, all for a lead.
#[utoipa::path(
    tag = "offers",
    operation_id = "list_offers",
    params(OfferFilter),
    responses((status = 200, description = "One page of offers", body = Page<OfferView>)),
    extensions(("x-permission" = json!("read_offers")))
)]
#[get("/offers")]
async fn list_offers(
    access: Access<permit::ReadOffers>,
    Query(filter): Query<OfferFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    query.push("where ");
    push_view(&mut query, access.actor());
    if let Some(open) = filter.open {
        let (state, compare) = match open {
            true => (" and o.state = 'open'", " and o.reply_by > "),
            false => (" and (o.state <> 'open'", " or o.reply_by <= "),
        };
        query.push(state).push(compare).push_bind(access.now());
        query.push(if open { "" } else { ")" });
    }
    if let Some(cursor) = &filter.cursor {
        let after: After = cursor.keys()?;
        query
            .push(" and (o.offered_at, o.id) < (")
            .push_bind(after.offered_at)
            .push(", ")
            .push_bind(after.id)
            .push(")");
    }
    query
        .push(" order by o.offered_at desc, o.id desc limit ")
        .push_bind(limit + 1);
    let rows: Vec<OfferRow> = query.build_query_as().fetch_all(access.read()).await?;
    let page = Page::new(rows, limit, |row| After {
        offered_at: row.offered_at,
        id: row.id,
    });
    let items = page
        .items
        .into_iter()
        .map(|row| row.view(access.actor()))
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// Show an offer
#[utoipa::path(
    tag = "offers",
    operation_id = "show_offer",
    params(("id" = Uuid, Path, description = "The offer")),
    responses((status = 200, description = "The offer", body = OfferView)),
    extensions(("x-permission" = json!("read_offers")))
)]
#[get("/offers/{id}")]
async fn show_offer(access: Access<permit::ReadOffers>, Path(id): Path<OfferId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let view = show(&mut db, access.actor(), id).await?;
    Ok(Answer::ok(&view).version(view.version))
}
