//! The case as it is answered: one read query for show, list and the answers of moves.

use super::{Case, Status, View};
use crate::{
    access::{Access, Actor, Role, permit},
    error::{Error, Result},
    http::{Answer, Path},
    ids::*,
    japan::prefectures,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::CaseNumber,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{
    Decode, Encode, FromRow, PgConnection, Postgres, QueryBuilder, Row, Type,
    error::BoxDynError,
    postgres::{PgHasArrayType, PgRow, PgTypeInfo, PgValueRef, types::PgRecordDecoder},
};
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_case).service(show_case_by_number);
}

/// The enterprise, as far as a case shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
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
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in the request")]
pub struct SiteView {
    pub name: Option<String>,
    pub postal_code: Option<String>,
    pub prefecture_code: Option<String>,
    /// The prefecture's name.
    pub prefecture: Option<String>,
    pub municipality_code: Option<String>,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// A person at the enterprise, or acting for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
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
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in Desk")]
pub struct CaseDesk {
    pub id: DeskId,
    pub code: String,
    pub name: String,
}

/// A live manager of the case.
#[derive(Clone, Debug, Serialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
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

/// The row behind [`CaseView`]: read by place, in the order of [`SELECT`].
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
    session_limit: i32,
    waiting_on: WaitingOn,
    waiting_until: Option<DateTime<Utc>>,
    due_kind: Option<DueKind>,
    pub due_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    outcome: Option<Outcome>,
    merged_into: Option<CaseId>,
    version: i64,
    enterprise: CaseEnterprise,
    site: SiteView,
    desk: Option<CaseDesk>,
    contacts: Vec<ContactView>,
    managers: Vec<CaseManager>,
    sessions: Vec<SessionRow>,
    flags: Vec<Flag>,
}

/// A session, as far as a case counts it.
struct SessionRow {
    id: ConsultationId,
    live: bool,
    state: SessionState,
    /// Of the report on a held session.
    report: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    mode: Mode,
}

/// Everything of a case in one query. The caller adds `where` on `case_file c` and `enterprise e`.
///
/// Lists of what belongs to a case are arrays of records, which took half as long as the same as JSON. Names that are
/// looked up by a key stand in sub-selects of their own: joined, a small table was read from end to end for every case.
pub(super) const SELECT: &str = r#"
    select c.id, c.number, c.fiscal_year, c.status, c.channel, c.subject, c.description, c.topics, c.primary_topic,
        c.telework_status, c.digital_level, c.how_heard, c.desired_mode, c.session_limit, c.waiting_on, c.waiting_until,
        c.due_kind, c.due_at, c.received_at, c.recorded_at, c.updated_at, c.closed_at, c.outcome, c.merged_into, c.version,
        c.site_name, c.site_postal_code, c.site_prefecture_code, c.site_municipality_code, c.site_address, c.site_phone,
        e.id, e.kind, e.name, e.kana, e.corporate_number, e.phone, e.postal_code, e.prefecture_code, e.municipality_code,
        e.address,
        d.id, d.code, d.name,
        array(
            select row(k.id, k.role, k.name, k.kana, k.department, k.phone, k.email, k.organisation, k.relation,
                k.authority_confirmed)
            from contact k
            where k.case_id = c.id
            order by k.position
        ),
        array(
            select row(a.manager_id, (select m.name from manager m where m.id = a.manager_id), a.line, a.id)
            from assignment a
            where a.case_id = c.id and a.ended_at is null
            order by a.line
        ),
        array(
            select row(s.id, s.live, s.state,
                case s.state
                    when 'held' then coalesce((select r.state from report r where r.consultation_id = s.id), 'draft')
                end,
                s.starts_at, s.ends_at, s.mode)
            from consultation s
            where s.case_id = c.id
        ),
        array(select f.flag from case_flag f where f.case_id = c.id and f.settled_at is null order by f.flag)
    from case_file c
    join enterprise e on e.id = c.enterprise_id
    left join desk d on d.id = c.desk_id
"#;

/// The columns of a row, one after the other.
struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
}

impl<'r> Columns<'r> {
    fn read<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> sqlx::Result<T> {
        self.next += 1;
        self.row.try_get(self.next - 1)
    }

    fn site_and_enterprise(&mut self) -> sqlx::Result<(SiteView, CaseEnterprise)> {
        let mut site = SiteView {
            name: self.read()?,
            postal_code: self.read()?,
            prefecture_code: self.read()?,
            prefecture: None,
            municipality_code: self.read()?,
            address: self.read()?,
            phone: self.read()?,
        };
        let enterprise = CaseEnterprise {
            id: self.read()?,
            kind: self.read()?,
            name: self.read()?,
            kana: self.read()?,
            corporate_number: self.read()?,
            phone: self.read()?,
        };
        let place: [Option<String>; 4] = [self.read()?, self.read()?, self.read()?, self.read()?];
        let has_place = site.postal_code.is_some()
            || site.prefecture_code.is_some()
            || site.municipality_code.is_some()
            || site.address.is_some();
        if !has_place {
            let [postal_code, prefecture_code, municipality_code, address] = place;
            let phone = site.phone.or_else(|| enterprise.phone.clone());
            site = SiteView {
                postal_code,
                prefecture_code,
                municipality_code,
                address,
                phone,
                ..site
            };
        }
        site.prefecture = site
            .prefecture_code
            .as_deref()
            .and_then(prefectures::prefecture_of)
            .map(|prefecture| prefecture.name.to_owned());
        Ok((site, enterprise))
    }

    fn desk(&mut self) -> sqlx::Result<Option<CaseDesk>> {
        let (id, code, name) = (self.read::<Option<DeskId>>()?, self.read()?, self.read()?);
        let desk = |((id, code), name)| CaseDesk { id, code, name };
        Ok(id.zip(code).zip(name).map(desk))
    }
}

impl FromRow<'_, PgRow> for CaseRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let mut columns = Columns { row, next: 0 };
        let c = &mut columns;
        let (id, number, fiscal_year, status) = (c.read()?, c.read()?, c.read()?, c.read()?);
        let (channel, subject, description, topics) = (c.read()?, c.read()?, c.read()?, c.read()?);
        let (primary_topic, telework_status, digital_level) = (c.read()?, c.read()?, c.read()?);
        let (how_heard, desired_mode, session_limit) = (c.read()?, c.read()?, c.read()?);
        let (waiting_on, waiting_until, due_kind, due_at) =
            (c.read()?, c.read()?, c.read()?, c.read()?);
        let (received_at, recorded_at, updated_at) = (c.read()?, c.read()?, c.read()?);
        let (closed_at, outcome, merged_into, version) =
            (c.read()?, c.read()?, c.read()?, c.read()?);
        let (site, enterprise) = c.site_and_enterprise()?;
        Ok(Self {
            id,
            number,
            fiscal_year,
            status,
            channel,
            subject,
            description,
            topics,
            primary_topic,
            telework_status,
            digital_level,
            how_heard,
            desired_mode,
            session_limit,
            waiting_on,
            waiting_until,
            due_kind,
            due_at,
            received_at,
            recorded_at,
            updated_at,
            closed_at,
            outcome,
            merged_into,
            version,
            enterprise,
            site,
            desk: c.desk()?,
            contacts: c.read()?,
            managers: c.read()?,
            sessions: c.read()?,
            flags: c.read()?,
        })
    }
}

/// Says that a type is read from a record without a name of its own, field by field in this order.
macro_rules! of_record {
    ($($type:ident { $($field:ident),+ })+) => {$(
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo {
                <(bool,) as Type<Postgres>>::type_info()
            }
        }

        impl PgHasArrayType for $type {
            fn array_type_info() -> PgTypeInfo {
                <(bool,) as PgHasArrayType>::array_type_info()
            }
        }

        impl<'r> Decode<'r, Postgres> for $type {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let mut record = PgRecordDecoder::new(value)?;
                Ok(Self { $($field: record.try_decode()?),+ })
            }
        }
    )+};
}

of_record! {
    ContactView { id, role, name, kana, department, phone, email, organisation, relation, authority_confirmed }
    CaseManager { id, name, line, assignment_id }
    SessionRow { id, live, state, report, starts_at, ends_at, mode }
}

impl CaseRow {
    fn consultations(&self) -> SessionCount {
        let used = self.sessions.iter().filter(|session| session.live).count() as i64;
        SessionCount {
            limit: self.session_limit,
            used,
            remaining: i64::from(self.session_limit) - used,
        }
    }

    fn next_consultation(&self) -> Option<NextSession> {
        let booked = self
            .sessions
            .iter()
            .filter(|session| session.state == SessionState::Booked);
        let next = booked.min_by_key(|session| session.starts_at)?;
        Some(NextSession {
            id: next.id,
            starts_at: next.starts_at,
            ends_at: next.ends_at,
            mode: next.mode,
        })
    }

    fn reports(&self) -> ReportCount {
        let count = |state| {
            let reports = self
                .sessions
                .iter()
                .filter_map(|session| session.report.as_deref());
            reports.filter(|report| *report == state).count() as i64
        };
        ReportCount {
            due: count("draft"),
            submitted: count("submitted"),
        }
    }

    /// The answer for this actor.
    pub fn view(self, actor: &Actor) -> CaseView {
        let mut view = CaseView {
            consultations: self.consultations(),
            next_consultation: self.next_consultation(),
            reports: self.reports(),
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
            enterprise: self.enterprise,
            site: self.site,
            contacts: self.contacts,
            desk: self.desk,
            managers: self.managers,
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

/// Its name, whether it is one of the role, and what has to hold for it.
type PossibleMove<'a> = (&'static str, bool, &'a [(bool, MoveRefusal)]);

/// What this person may do with a case they see, for buttons, and why not the rest of what their role does. The API judges
/// again when it is done.
fn judge_moves(case: &CaseView, actor: &Actor) -> (Vec<&'static str>, Vec<RefusedMove>) {
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
    let is_routed = (status == Routed, R::Status);
    let can_return = (matches!(status, Routed | Accepted), R::Status);
    let has_manager = (can_be_booked, R::NoManager);
    let has_session = (case.consultations.remaining > 0, R::NoSessionLeft);
    let is_closed = (status == Closed, R::NotClosed);
    let is_merged = case.merged_into.is_some();
    let moves: [PossibleMove; 15] = [
        ("route", operator || lead, &[open, is_received]),
        ("accept", lead || desk, &[open, is_routed]),
        ("return", lead || desk, &[open, can_return]),
        (
            "offer",
            lead || desk,
            &[open, (with_desk, R::Status), (has_name, R::Anonymous)],
        ),
        (
            "book",
            lead || desk || manager,
            &[open, has_manager, has_session],
        ),
        ("wait", true, &[open]),
        ("escalate", true, &[open]),
        ("link", !manager, &[]),
        ("close", !manager, &[open, (is_owner, R::Owner)]),
        ("reopen", !manager, &[is_closed, (!is_merged, R::Merged)]),
        ("merge", lead, &[open]),
        ("unmerge", lead, &[(is_merged, R::NotMerged)]),
        ("limit", actor.is_admin(), &[]),
        ("guard_override", lead, &[open, (is_flagged, R::NotFlagged)]),
        ("edit", lead || desk || operator, &[is_received]),
    ];
    let (mut allowed, mut refused) = (Vec::with_capacity(15), Vec::with_capacity(15));
    for (name, _, conditions) in moves.iter().filter(|(_, is_for_role, _)| *is_for_role) {
        match conditions.iter().find(|(holds, _)| !holds) {
            None => allowed.push(*name),
            Some(&(_, reason)) => refused.push(RefusedMove { name, reason }),
        }
    }
    (allowed, refused)
}

/// The view of a case that the actor may see.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub async fn show(db: &mut PgConnection, actor: &Actor, id: CaseId) -> Result<CaseView> {
    let row = find_row(db, actor, " c.id = ", id).await?;
    row.map(|row| row.view(actor)).ok_or_else(Error::not_found)
}

/// The case whose key this is, in the actor's view.
async fn find_row<'a>(
    db: &mut PgConnection,
    actor: &Actor,
    key: &str,
    value: impl Encode<'a, Postgres> + Type<Postgres>,
) -> sqlx::Result<Option<CaseRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where").push(key).push_bind(value).push(" and ");
    View::of(actor).push(&mut query);
    query.build_query_as().fetch_optional(db).await
}

/// Answers with the case whose key this is.
async fn answer_with<'a>(
    access: &Access<permit::ReadCases>,
    key: &str,
    value: impl Encode<'a, Postgres> + Type<Postgres>,
) -> Result<Answer> {
    let row = access
        .read_near(async |db| find_row(db, access.actor(), key, value).await)
        .await?;
    let view = row.ok_or_else(Error::not_found)?.view(access.actor());
    Ok(Answer::ok(&view).version(view.version))
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
    answer_with(&access, " c.id = ", id).await
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
    answer_with(&access, " c.number = ", number.as_str().to_owned()).await
}
