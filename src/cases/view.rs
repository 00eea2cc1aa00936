//! The case as it is answered: one read query for show, list and the answers of moves.

use super::{Case, Status, View};
use crate::{
    access::{Access, Actor, Role, permit},
    error::{Error, Result},
    http::{Answer, Path},
    ids::*,
    japan::prefectures,
    programme::*,
    store::Tx,
    text::CaseNumber,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, types::Json};
use utoipa::ToSchema;
use crate::routes::ServiceConfig;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_case_by_number).service(show_case);
}

/// The enterprise, as far as a case shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in Enterprise")]
pub struct CaseEnterprise {
    pub id: EnterpriseId,
    pub kind: EnterpriseKind,
    pub name: Option<String>,
    pub kana: Option<String>,
    pub corporate_number: Option<String>,
    pub phone: Option<String>,
}

/// Where the matter is: the site's own place, or the enterprise's where the site has none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in the request")]
pub struct SiteView {
    pub name: Option<String>,
    pub postal_code: Option<String>,
    pub prefecture_code: Option<String>,
    /// The prefecture's name.
    #[serde(default)]
    pub prefecture: Option<String>,
    pub municipality_code: Option<String>,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// A person at the enterprise, or acting for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in the request")]
pub struct ContactView {
    pub id: ContactId,
    pub role: ContactRole,
    pub name: Option<String>,
    pub kana: Option<String>,
    pub department: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub organisation: Option<String>,
    pub relation: Option<String>,
    /// Nothing of the history is told to an agent without it.
    pub authority_confirmed: bool,
}

/// The desk that has the case.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in Desk")]
pub struct CaseDesk {
    pub id: DeskId,
    pub code: String,
    pub name: String,
}

/// A live manager of the case.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct CaseManager {
    pub id: ManagerId,
    pub name: String,
    pub line: Line,
    pub assignment_id: AssignmentId,
}

/// The free sessions.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SessionCount {
    /// N of this case.
    pub limit: i32,
    /// Booked, held, or missed through the enterprise's fault.
    pub used: i64,
    /// What is left.
    pub remaining: i64,
}

/// A booked session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextSession {
    /// Its id.
    pub id: ConsultationId,
    /// When it begins; in the past where it is still to be recorded.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// How it is given.
    pub mode: Mode,
}

/// Reports on held sessions that are not approved.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ReportCount {
    /// To be written and submitted.
    pub due: i64,
    /// To be approved.
    pub submitted: i64,
}

/// What is counted over the sessions, in one pass.
#[derive(Deserialize)]
struct SessionSums {
    used: i64,
    next: Option<NextSession>,
    due: i64,
    submitted: i64,
}

/// Why a move is not allowed now. What the role never does is not listed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveRefusal {
    /// The case is closed.
    Closed,
    /// The case is open.
    NotClosed,
    /// Not in this status.
    Status,
    /// Somebody else has it: the help center, or the desk.
    Owner,
    /// Nobody is assigned to it.
    NoManager,
    /// All its sessions are used.
    NoSessionLeft,
    /// The enterprise has no name yet.
    Anonymous,
    /// It was merged into another case: it is unmerged instead.
    Merged,
    /// It was not merged.
    NotMerged,
    /// There is nothing to override.
    NotFlagged,
}

/// A move that is not allowed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedMove {
    /// Which.
    #[serde(rename = "move")]
    #[schema(example = "book")]
    pub name: &'static str,
    /// Why.
    pub reason: MoveRefusal,
}

/// What is due next.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Due {
    /// What.
    pub kind: DueKind,
    /// When.
    pub at: DateTime<Utc>,
}

/// A case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Its id.
    pub id: CaseId,
    /// Its number, `TW-<fiscal year>-<at least 6 digits>`.
    #[schema(example = "TW-2026-000123")]
    pub number: String,
    /// Of `received_at`, in Japan.
    pub fiscal_year: i32,
    /// Where it stands.
    pub status: Status,
    /// How it arrived.
    pub channel: Channel,
    /// In a few words.
    pub subject: Option<String>,
    /// What the enterprise asks.
    pub description: String,
    /// What it is about.
    pub topics: Vec<Topic>,
    /// The one it is counted under.
    pub primary_topic: Topic,
    /// How far the enterprise is with telework.
    pub telework_status: Option<TeleworkStatus>,
    /// How much of its work it does digitally.
    pub digital_level: Option<DigitalLevel>,
    /// How the enterprise heard of the programme.
    pub how_heard: Option<String>,
    /// How it would like the consultation to be given.
    pub desired_mode: Option<Mode>,
    /// Who asks.
    pub enterprise: CaseEnterprise,
    /// Where the matter is.
    pub site: SiteView,
    /// Whom to talk to.
    pub contacts: Vec<ContactView>,
    /// The desk that has it; null while the help center does.
    pub desk: Option<CaseDesk>,
    /// The live managers, one per line.
    pub managers: Vec<CaseManager>,
    /// The free sessions.
    pub consultations: SessionCount,
    /// The booked session that is next, or is to be recorded.
    pub next_consultation: Option<NextSession>,
    /// The reports that somebody waits for.
    pub reports: ReportCount,
    /// Whom it waits for.
    pub waiting_on: WaitingOn,
    /// Until when, where staff said so.
    pub waiting_until: Option<DateTime<Utc>>,
    /// What is due next.
    pub due: Option<Due>,
    /// What staff must notice.
    pub flags: Vec<Flag>,
    /// When the enterprise asked.
    pub received_at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The survivor, where this case was merged.
    pub merged_into: Option<CaseId>,
    /// Moves with every change; the ETag.
    pub version: i64,
    /// What this person may do with it now.
    pub allowed_moves: Vec<&'static str>,
    /// What their role does, but not now, and why.
    pub refused_moves: Vec<RefusedMove>,
}

/// The row behind [`CaseView`].
#[derive(FromRow)]
pub(super) struct CaseRow {
    pub id: CaseId,
    number: String,
    fiscal_year: i32,
    status: Status,
    channel: Channel,
    subject: Option<String>,
    description: String,
    topics: Vec<Topic>,
    primary_topic: Topic,
    telework_status: Option<TeleworkStatus>,
    digital_level: Option<DigitalLevel>,
    how_heard: Option<String>,
    desired_mode: Option<Mode>,
    enterprise: Json<CaseEnterprise>,
    site: Json<SiteView>,
    contacts: Json<Vec<ContactView>>,
    desk: Option<Json<CaseDesk>>,
    managers: Json<Vec<CaseManager>>,
    session_limit: i32,
    sessions: Json<SessionSums>,
    waiting_on: WaitingOn,
    waiting_until: Option<DateTime<Utc>>,
    due_kind: Option<DueKind>,
    pub due_at: Option<DateTime<Utc>>,
    flags: Vec<Flag>,
    pub received_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    outcome: Option<Outcome>,
    merged_into: Option<CaseId>,
    version: i64,
}

/// Everything of a case in one query. The caller adds `where` on `case_file c` and `enterprise e`.
pub(super) const SELECT: &str = r#"
    select c.id, c.number, c.fiscal_year, c.status, c.channel, c.subject, c.description, c.topics, c.primary_topic,
        c.telework_status, c.digital_level, c.how_heard, c.desired_mode, c.session_limit, c.waiting_on, c.waiting_until,
        c.due_kind, c.due_at, c.received_at, c.recorded_at, c.updated_at, c.closed_at, c.outcome, c.merged_into, c.version,
        json_build_object('id', e.id, 'kind', e.kind, 'name', e.name, 'kana', e.kana, 'corporate_number', e.corporate_number,
            'phone', e.phone) as enterprise,
        case when num_nonnulls(c.site_postal_code, c.site_prefecture_code, c.site_municipality_code, c.site_address) > 0
            then json_build_object('name', c.site_name, 'postal_code', c.site_postal_code, 'prefecture_code', c.site_prefecture_code,
                'municipality_code', c.site_municipality_code, 'address', c.site_address, 'phone', c.site_phone)
            else json_build_object('name', c.site_name, 'postal_code', e.postal_code, 'prefecture_code', e.prefecture_code,
                'municipality_code', e.municipality_code, 'address', e.address, 'phone', coalesce(c.site_phone, e.phone))
        end as site,
        (
            select coalesce(json_agg(json_build_object('id', k.id, 'role', k.role, 'name', k.name, 'kana', k.kana,
                'department', k.department, 'phone', k.phone, 'email', k.email, 'organisation', k.organisation,
                'relation', k.relation, 'authority_confirmed', k.authority_confirmed) order by k.position), '[]')
            from contact k
            where k.case_id = c.id
        ) as contacts,
        case when d.id is not null then json_build_object('id', d.id, 'code', d.code, 'name', d.name) end as desk,
        (
            select coalesce(json_agg(json_build_object('id', m.id, 'name', m.name, 'line', a.line, 'assignment_id', a.id)
                order by a.line), '[]')
            from assignment a
            join manager m on m.id = a.manager_id
            where a.case_id = c.id and a.ended_at is null
        ) as managers,
        (
            select json_build_object(
                'used', count(*) filter (where s.live),
                'next', (array_agg(json_build_object('id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'mode', s.mode)
                    order by s.starts_at) filter (where s.state = 'booked'))[1],
                'due', count(*) filter (where s.state = 'held' and coalesce(r.state, 'draft') = 'draft'),
                'submitted', count(*) filter (where s.state = 'held' and r.state = 'submitted'))
            from consultation s
            left join report r on r.consultation_id = s.id
            where s.case_id = c.id
        ) as sessions,
        array(select f.flag from case_flag f where f.case_id = c.id and f.settled_at is null order by f.flag) as flags
    from case_file c
    join enterprise e on e.id = c.enterprise_id
    left join desk d on d.id = c.desk_id
"#;

impl CaseRow {
    /// The answer for this actor.
    pub fn view(self, actor: &Actor) -> CaseView {
        let mut site = self.site.0;
        site.prefecture = site
            .prefecture_code
            .as_deref()
            .and_then(prefectures::prefecture_of)
            .map(|prefecture| prefecture.name.to_owned());
        let sums = self.sessions.0;
        let sessions = SessionCount {
            limit: self.session_limit,
            used: sums.used,
            remaining: i64::from(self.session_limit) - sums.used,
        };
        let mut view = CaseView {
            id: self.id,
            number: self.number,
            fiscal_year: self.fiscal_year,
            status: self.status,
            channel: self.channel,
            subject: self.subject,
            description: self.description,
            topics: self.topics,
            primary_topic: self.primary_topic,
            telework_status: self.telework_status,
            digital_level: self.digital_level,
            how_heard: self.how_heard,
            desired_mode: self.desired_mode,
            enterprise: self.enterprise.0,
            site,
            contacts: self.contacts.0,
            desk: self.desk.map(|desk| desk.0),
            managers: self.managers.0,
            consultations: sessions,
            next_consultation: sums.next,
            reports: ReportCount {
                due: sums.due,
                submitted: sums.submitted,
            },
            waiting_on: self.waiting_on,
            waiting_until: self.waiting_until,
            due: self
                .due_kind
                .zip(self.due_at)
                .map(|(kind, at)| Due { kind, at }),
            flags: self.flags,
            received_at: self.received_at,
            recorded_at: self.recorded_at,
            updated_at: self.updated_at,
            closed_at: self.closed_at,
            outcome: self.outcome,
            merged_into: self.merged_into,
            version: self.version,
            allowed_moves: Vec::new(),
            refused_moves: Vec::new(),
        };
        (view.allowed_moves, view.refused_moves) = judge_moves(&view, actor);
        view
    }
}

/// What this person may do with a case they see, for buttons, and why not the rest of what their role does. The API judges
/// again when it is done.
fn judge_moves(case: &CaseView, actor: &Actor) -> (Vec<&'static str>, Vec<RefusedMove>) {
    let (mut allowed, mut refused) = (Vec::new(), Vec::new());
    for (name, conditions) in moves_of(case, actor) {
        match conditions.into_iter().find(|(holds, _)| !holds) {
            None => allowed.push(name),
            Some((_, reason)) => refused.push(RefusedMove { name, reason }),
        }
    }
    (allowed, refused)
}

/// The moves of the role, each with what has to hold for it.
fn moves_of(case: &CaseView, actor: &Actor) -> Vec<(&'static str, Vec<(bool, MoveRefusal)>)> {
    use MoveRefusal as R;
    use Status::*;
    let lead = actor.is_lead();
    let desk = actor.role == Some(Role::Desk);
    let manager = actor.role == Some(Role::Manager);
    let operator = actor.role == Some(Role::Operator);
    let status = case.status;
    let open = (status != Closed, R::Closed);
    let with_desk = matches!(status, Accepted | Assigned | Consulting);
    let is_owner = lead || (desk && with_desk) || (operator && matches!(status, Received | Routed));
    let is_received = (!operator || status == Received, R::Owner);
    let can_be_booked = matches!(status, Assigned | Consulting) && !case.managers.is_empty();
    let has_name = case.enterprise.kind != EnterpriseKind::Anonymous;
    let is_flagged = case.flags.contains(&Flag::SameEnterpriseThisYear);
    let moves = [
        ("route", operator || lead, vec![open, is_received]),
        (
            "accept",
            lead || desk,
            vec![open, (status == Routed, R::Status)],
        ),
        (
            "return",
            lead || desk,
            vec![open, (matches!(status, Routed | Accepted), R::Status)],
        ),
        (
            "offer",
            lead || desk,
            vec![open, (with_desk, R::Status), (has_name, R::Anonymous)],
        ),
        (
            "book",
            lead || desk || manager,
            vec![
                open,
                (can_be_booked, R::NoManager),
                (case.consultations.remaining > 0, R::NoSessionLeft),
            ],
        ),
        ("wait", true, vec![open]),
        ("escalate", true, vec![open]),
        ("link", !manager, vec![]),
        ("close", !manager, vec![open, (is_owner, R::Owner)]),
        (
            "reopen",
            !manager,
            vec![
                (status == Closed, R::NotClosed),
                (case.merged_into.is_none(), R::Merged),
            ],
        ),
        ("merge", lead, vec![open]),
        (
            "unmerge",
            lead,
            vec![(case.merged_into.is_some(), R::NotMerged)],
        ),
        ("limit", actor.is_admin(), vec![]),
        (
            "guard_override",
            lead,
            vec![open, (is_flagged, R::NotFlagged)],
        ),
        ("edit", lead || desk || operator, vec![is_received]),
    ];
    moves
        .into_iter()
        .filter(|(_, is_for_role, _)| *is_for_role)
        .map(|(name, _, conditions)| (name, conditions))
        .collect()
}

/// The view of a case that the actor may see.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub async fn show(db: &mut PgConnection, actor: &Actor, id: CaseId) -> Result<CaseView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where c.id = ").push_bind(id).push(" and ");
    View::of(actor).push(&mut query);
    fetch(query, db, actor).await
}

async fn fetch(
    mut query: QueryBuilder<Postgres>,
    db: &mut PgConnection,
    actor: &Actor,
) -> Result<CaseView> {
    let row: Option<CaseRow> = query.build_query_as().fetch_optional(db).await?;
    row.map(|row| row.view(actor)).ok_or_else(Error::not_found)
}

/// The answer of a move: the case as it is now. A desk that gave a case away gets what it may still know.
pub(super) async fn answer(tx: &mut Tx, case: &Case) -> Result<Answer> {
    let actor = tx.actor().clone();
    match show(tx.db(), &actor, case.id).await {
        Ok(view) => Ok(Answer::ok(&view).version(view.version)),
        // The move took it out of the actor's view (a desk returned it): done, and nothing to show.
        Err(Error::Problem(_)) => Ok(Answer::no_content()),
        Err(other) => Err(other),
    }
}

/// Show a case
#[utoipa::path(
    tag = "cases",
    operation_id = "show_case",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The case", body = CaseView)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}")]
async fn show_case(access: Access<permit::ReadCases>, Path(id): Path<CaseId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let view = show(&mut db, access.actor(), id).await?;
    Ok(Answer::ok(&view).version(view.version))
}

/// Show a case by its number
///
/// The number in any writing: full width and lower case are understood.
#[utoipa::path(
    tag = "cases",
    operation_id = "show_case_by_number",
    params(("number" = String, Path, description = "The case number", example = "TW-2026-000123")),
    responses((status = 200, description = "The case", body = CaseView)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/by-number/{number}")]
async fn show_case_by_number(
    access: Access<permit::ReadCases>,
    Path(number): Path<String>,
) -> Result<Answer> {
    let number = CaseNumber::parse(&number).map_err(|_| Error::not_found())?;
    let mut db = access.read().acquire().await?;
    let mut query = QueryBuilder::new(SELECT);
    query
        .push("where c.number = ")
        .push_bind(number.as_str())
        .push(" and ");
    View::of(access.actor()).push(&mut query);
    let view = fetch(query, &mut db, access.actor()).await?;
    Ok(Answer::ok(&view).version(view.version))
}
