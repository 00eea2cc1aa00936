//! Sessions as they are answered: one read query for show and lists.

use super::steps::{self, RefusedStep};
use crate::{
    access::{Access, Actor, permit},
    cases::{self, View},
    error::{Error, Result},
    http::{Answer, Cursor, Items, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_case_consultations)
        .service(list_consultations)
        .service(show_consultation);
}

/// Who gives a session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SessionManager {
    pub id: ManagerId,
    pub name: String,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema, FromRow)]
pub struct ConsultationView {
    /// Its id.
    pub id: ConsultationId,
    /// The case that it uses a session of.
    pub case_id: CaseId,
    /// The number of that case.
    pub case_number: String,
    /// Who asks.
    pub enterprise_name: Option<String>,
    /// Whom to ring on the way: the first contact of the case, or the enterprise itself; null once the case is out of view.
    #[sqlx(json(nullable))]
    pub contact: Option<SessionContact>,
    /// Where the matter is, for a map: the site's address, or the enterprise's; null once the case is out of view.
    pub address: Option<String>,
    /// Which of the N it uses (◯回目 of the places, not of time); null when it was given back.
    pub session: Option<i32>,
    /// Where it stands.
    pub state: SessionState,
    /// The stage of support.
    pub stage: Stage,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// How it is given.
    pub mode: Mode,
    /// Where, for a visit.
    pub place: Option<String>,
    /// Where, online.
    pub meeting_url: Option<String>,
    /// What those taking part should know.
    pub note: Option<String>,
    /// Who gives it.
    #[sqlx(json)]
    pub managers: Vec<SessionManager>,
    /// Why it was entered afterwards.
    pub late_reason: Option<String>,
    /// Why capacity, absence, appointment or a conflict of interest of a manager was set aside; not for managers.
    pub override_reason: Option<String>,
    /// What to mind, for people (Japanese), as that it lies outside the desk's hours. Only when it is booked or moved;
    /// empty otherwise.
    #[sqlx(skip)]
    pub warnings: Vec<String>,
    /// When it was booked.
    pub booked_at: DateTime<Utc>,
    /// When a manager arrived at the visit, as they tapped.
    pub checked_in_at: Option<DateTime<Utc>>,
    /// Who says so.
    #[sqlx(json(nullable))]
    pub checked_in_by: Option<Author>,
    /// When they left.
    pub checked_out_at: Option<DateTime<Utc>>,
    /// Who says so.
    #[sqlx(json(nullable))]
    pub checked_out_by: Option<Author>,
    /// When it really began; held sessions only.
    pub started_at: Option<DateTime<Utc>>,
    /// When it really ended; held sessions only.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who took part for the enterprise.
    pub attendees: Option<Vec<String>>,
    /// Whether the desk took part.
    pub desk_attended: Option<bool>,
    /// Through whose fault it did not take place.
    pub no_show_by: Option<NoShowBy>,
    /// Why it was cancelled or missed.
    pub reason: Option<String>,
    /// When it was voided.
    pub voided_at: Option<DateTime<Utc>>,
    /// Why it was voided.
    pub void_reason: Option<String>,
    /// Where its report stands: `none`, `draft`, `submitted` or `approved`.
    pub report: String,
    /// The case it was booked for, where a merge moved it.
    pub origin_case_id: CaseId,
    /// Moves with every change; the ETag.
    pub version: i64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// What this person may do with it now.
    #[sqlx(skip)]
    #[schema(example = json!(["reschedule", "cancel"]))]
    pub allowed_steps: Vec<&'static str>,
    /// What their role does, but not now, and why.
    #[sqlx(skip)]
    pub refused_steps: Vec<RefusedStep>,
    /// The live managers of the case.
    #[serde(skip)]
    live_managers: Vec<ManagerId>,
}

/// Whom to ring.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionContact {
    /// Their name.
    pub name: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// E.164.
    pub phone: Option<String>,
}

/// The caller adds `where` on `consultation s` and `case_file c`.
const SELECT: &str = r#"
    select s.id, s.case_id, c.number as case_number, s.session_place as session, s.state, s.stage, s.starts_at, s.ends_at,
        s.mode, s.location as place, s.meeting_url, s.note, s.late_reason, s.override_reason, s.booked_at, s.held_from as started_at,
        s.checked_in_at, s.checked_out_at,
        case when ci.id is not null then json_build_object('id', ci.id, 'name', ci.name) end as checked_in_by,
        case when co.id is not null then json_build_object('id', co.id, 'name', co.name) end as checked_out_by,
        s.held_until as ended_at, s.attendees, s.desk_attended, s.no_show_by, s.settle_reason as reason, s.voided_at,
        s.void_reason, coalesce(r.state, 'none') as report, s.origin_case_id, s.version, s.updated_at,
        (
            select coalesce(json_agg(json_build_object('id', m.id, 'name', m.name) order by m.name, m.id), '[]')
            from consultation_manager cm
            join manager m on m.id = cm.manager_id
            where cm.consultation_id = s.id
        ) as managers,
        array(select a.manager_id from assignment a where a.case_id = c.id and a.ended_at is null) as live_managers,
        e.name as enterprise_name, coalesce(c.site_address, e.address) as address,
        (
            select json_build_object('name', k.name, 'department', k.department,
                'phone', coalesce(k.phone, c.site_phone, e.phone))
            from contact k
            where k.case_id = c.id
            order by k.position
            limit 1
        ) as contact
    from consultation s
    join case_file c on c.id = s.case_id
    join enterprise e on e.id = c.enterprise_id
    left join report r on r.consultation_id = s.id
    left join app_user ci on ci.id = s.checked_in_by
    left join app_user co on co.id = s.checked_out_by
"#;

/// The condition on `consultation s` and `case_file c`: the sessions of the cases in view; and for a manager the own
/// ones, also after release, until the report is approved.
pub(crate) fn push_view(query: &mut QueryBuilder<Postgres>, actor: &Actor) {
    query.push("(");
    View::of(actor).push(query);
    if let Some(manager) = actor.manager() {
        query
            .push(" or (")
            .push(IS_KEPT)
            .push(" and exists (select 1 from consultation_manager vm where vm.consultation_id = s.id and vm.manager_id = ")
            .push_bind(manager)
            .push("))");
    }
    query.push(")");
}

/// The condition on `consultation s` under which its managers see it whatever became of the case.
const IS_KEPT: &str = "s.state in ('booked', 'held') and not exists (select 1 from report vr where vr.consultation_id = s.id and vr.state = 'approved')";

/// Who of the managers gives which of the sessions, and whether they see it although the case may be out of their view.
pub async fn own_sessions(
    db: &PgPool,
    sessions: &[Uuid],
    managers: &[Uuid],
) -> Result<Vec<(ManagerId, ConsultationId, bool)>> {
    let mut query = QueryBuilder::new("select vm.manager_id, s.id, ");
    query
        .push(IS_KEPT)
        .push(" from consultation s join consultation_manager vm on vm.consultation_id = s.id where s.id = any(")
        .push_bind(sessions)
        .push(") and vm.manager_id = any(")
        .push_bind(managers)
        .push(")");
    Ok(query.build_query_as().fetch_all(db).await?)
}

impl ConsultationView {
    /// As this person may see it.
    fn shown_to(mut self, actor: &Actor, now: DateTime<Utc>) -> Self {
        if let Some(manager) = actor.manager() {
            self.override_reason = None;
            // They keep the session for its report, not the people.
            if !self.live_managers.contains(&manager) {
                self.contact = None;
                self.address = None;
            }
        }
        (self.allowed_steps, self.refused_steps) = steps::judge(&self, actor, now);
        self
    }
}

/// The view of a session that the actor may see.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub async fn show(
    db: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    id: ConsultationId,
) -> Result<ConsultationView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where s.id = ").push_bind(id).push(" and ");
    push_view(&mut query, actor);
    let view: Option<ConsultationView> = query.build_query_as().fetch_optional(db).await?;
    view.map(|view| view.shown_to(actor, now))
        .ok_or_else(Error::not_found)
}

/// The view of a session as it is after a change.
pub(super) async fn show_changed(tx: &mut Tx, id: ConsultationId) -> Result<ConsultationView> {
    let (actor, now) = (tx.actor().clone(), tx.now());
    show(tx.db(), &actor, now, id).await
}

fn shown_to(
    access: &Access<permit::ReadCases>,
    views: Vec<ConsultationView>,
) -> Vec<ConsultationView> {
    let (actor, now) = (access.actor(), access.now());
    views
        .into_iter()
        .map(|view| view.shown_to(actor, now))
        .collect()
}

/// List the sessions of a case
///
/// In the order of time, with those given back.
#[utoipa::path(
    tag = "consultations",
    operation_id = "list_case_consultations",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The sessions", body = Items<ConsultationView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/consultations")]
async fn list_case_consultations(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    cases::find(&mut db, access.actor(), id).await?;
    let mut query = QueryBuilder::new(SELECT);
    query
        .push("where s.case_id = ")
        .push_bind(id)
        .push(" order by s.starts_at, s.id");
    let items = query.build_query_as().fetch_all(&mut *db).await?;
    let items = shown_to(&access, items);
    Ok(Answer::ok(&Items { items }))
}

/// Show a session
#[utoipa::path(
    tag = "consultations",
    operation_id = "show_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/consultations/{id}")]
async fn show_consultation(
    access: Access<permit::ReadCases>,
    Path(id): Path<ConsultationId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let view = show(&mut db, access.actor(), access.now(), id).await?;
    Ok(Answer::ok(&view).version(view.version))
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ConsultationFilter {
    /// Given by this manager.
    pub manager_id: Option<ManagerId>,
    /// Of this desk's cases.
    pub desk_id: Option<DeskId>,
    /// In this state.
    pub state: Option<SessionState>,
    /// Beginning at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Beginning before this time.
    pub to: Option<DateTime<Utc>>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

impl ConsultationFilter {
    /// Adds the conditions on `consultation s` and `case_file c`.
    pub(crate) fn push(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(manager) = self.manager_id {
            query
                .push(" and s.id in (select fm.consultation_id from consultation_manager fm where fm.manager_id = ")
                .push_bind(manager)
                .push(")");
        }
        if let Some(desk) = self.desk_id {
            query.push(" and c.desk_id = ").push_bind(desk);
        }
        if let Some(state) = self.state {
            query.push(" and s.state = ").push_bind(state);
        }
        if let Some(from) = self.from {
            query.push(" and s.starts_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            query.push(" and s.starts_at < ").push_bind(to);
        }
    }
}

/// List sessions
///
/// In the order of time, over all cases in view: the calendar of a desk or a manager.
#[utoipa::path(
    tag = "consultations",
    operation_id = "list_consultations",
    params(ConsultationFilter),
    responses((status = 200, description = "One page of sessions", body = Page<ConsultationView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/consultations")]
async fn list_consultations(
    access: Access<permit::ReadCases>,
    Query(filter): Query<ConsultationFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    query.push("where ");
    push_view(&mut query, access.actor());
    filter.push(&mut query);
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, ConsultationId) = cursor.keys()?;
        query
            .push(" and (s.starts_at, s.id) > (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by s.starts_at, s.id limit ")
        .push_bind(limit + 1);
    let items = query.build_query_as().fetch_all(access.read()).await?;
    let items = shown_to(&access, items);
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.starts_at, item.id)
    })))
}
