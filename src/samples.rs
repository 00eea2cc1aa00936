//! Masked sample cases for an auditor: what happened and when, without who and what was said.
//!
//! Owns nothing. A sample is drawn by the hash of its seed and the case's id: the same seed gives the same cases to
//! everybody, as long as the year has the same ones, and nobody who entered a case knew whether it would be drawn. Of texts there
//! is only how long they are: that a report was written can be seen, and what is in it is for the desk.

use crate::{
    access::{Access, permit},
    cases::Status,
    error::{Error, Result},
    http::{Answer, Path, Query},
    ids::*,
    japan,
    programme::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};

/// Most cases of a sample.
const MOST: i64 = 500;

/// Mounts `/samples`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(draw_sample).service(show_sample);
}

/// Which sample.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SampleFilter {
    /// Cases of this fiscal year; the current one where absent.
    pub fiscal_year: Option<i32>,
    /// How many, 1 to 500; 25 where absent.
    #[param(minimum = 1, maximum = 500)]
    pub size: Option<i64>,
    /// By what they are drawn, any number; 1 where absent.
    pub seed: Option<i64>,
}

/// A sample of cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sample {
    /// Of this fiscal year.
    pub fiscal_year: i32,
    /// As many as were asked for, or as there are.
    pub size: i64,
    /// By what they were drawn.
    pub seed: i64,
    /// How many cases the year has.
    pub total: i64,
    /// The cases, in the order in which they were drawn.
    pub items: Vec<SampleItem>,
}

/// A case of a sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleItem {
    /// The case.
    pub id: CaseId,
    /// Its number.
    #[schema(example = "TW-2026-000123")]
    pub number: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// By what means it came.
    pub channel: Channel,
    /// Where the matter is.
    #[schema(example = "02")]
    pub prefecture_code: Option<String>,
    /// What it is about.
    pub primary_topic: Topic,
    /// When the enterprise asked.
    pub received_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Sessions used.
    pub sessions_used: i64,
    /// Reports that are approved.
    pub reports_approved: i64,
}

/// Draw a sample of cases
///
/// At random, and the same ones for the same seed. Masked: codes, times and states only.
#[utoipa::path(
    tag = "data",
    operation_id = "draw_sample",
    params(SampleFilter),
    responses((status = 200, description = "The sample", body = Sample)),
    extensions(("x-permission" = json!("read_samples")))
)]
#[get("/samples")]
async fn draw_sample(
    access: Access<permit::ReadSamples>,
    Query(filter): Query<SampleFilter>,
) -> Result<Answer> {
    let fiscal_year = filter
        .fiscal_year
        .unwrap_or_else(|| japan::fiscal_year(access.now()));
    let (size, seed) = (filter.size.unwrap_or(25), filter.seed.unwrap_or(1));
    if !(1..=MOST).contains(&size) {
        return Err(Error::invalid(
            "/size",
            format!("must be between 1 and {MOST}"),
        ));
    }
    let mut db = access.read().acquire().await?;
    let items = draw(&mut db, fiscal_year, size, seed).await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from case_file where fiscal_year = $1"#,
        fiscal_year
    )
    .fetch_one(&mut *db)
    .await?;
    Ok(Answer::ok(&Sample {
        fiscal_year,
        size: items.len() as i64,
        seed,
        total,
        items,
    }))
}

async fn draw(
    db: &mut PgConnection,
    fiscal_year: i32,
    size: i64,
    seed: i64,
) -> Result<Vec<SampleItem>> {
    Ok(sqlx::query_as!(
        SampleItem,
        r#"
        with drawn as materialized (
            select id, hashtextextended(id::text, $3) as place
            from case_file
            where fiscal_year = $1
            order by 2, 1
            limit $2
        )
        select c.id, c.number, c.status, c.outcome as "outcome: Outcome", c.channel as "channel: Channel",
            coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture_code,
            c.primary_topic as "primary_topic: Topic", c.received_at, c.closed_at,
            (select count(*) from consultation s where s.case_id = c.id and s.live) as "sessions_used!",
            (
                select count(*)
                from report r
                join consultation s on s.id = r.consultation_id
                where s.case_id = c.id and r.state = 'approved'
            ) as "reports_approved!"
        from drawn
        join case_file c on c.id = drawn.id
        join enterprise e on e.id = c.enterprise_id
        order by drawn.place, drawn.id
        "#,
        fiscal_year,
        size,
        seed,
    )
    .fetch_all(db)
    .await?)
}

/// A case, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleView {
    /// What the sample says of it.
    pub case: SampleItem,
    /// The legal person's kind.
    pub enterprise_kind: EnterpriseKind,
    /// 日本標準産業分類.
    pub industry_code: Option<String>,
    /// Everybody who works there.
    pub employees: Option<i32>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// Whether it was entered late, with a reason.
    pub is_late_entry: bool,
    /// When the personal values went, where they have.
    pub disposed_at: Option<DateTime<Utc>>,
    /// Letters of the description.
    pub description_letters: i32,
    /// Its history, the oldest first.
    pub history: Vec<SampleMove>,
    /// Its sessions, in the order of their times.
    pub sessions: Vec<SampleSession>,
    /// Contacts in either direction, the oldest first; mails included.
    pub interactions: Vec<SampleInteraction>,
    /// What was due, and whether it was met.
    pub deadlines: Vec<SampleDeadline>,
    /// Flags that were raised.
    pub flags: Vec<SampleFlag>,
    /// How many events its audit chain has.
    pub audit_events: i64,
}

/// A move of a case.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleMove {
    pub seq: i32,
    #[serde(rename = "move")]
    pub step: String,
    pub from: Option<String>,
    pub to: String,
    pub occurred_at: DateTime<Utc>,
    /// The role of who did it; null for the program.
    pub by_role: Option<String>,
    /// Whether a reason was given.
    pub has_reason: bool,
}

/// A session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleSession {
    pub id: ConsultationId,
    pub state: String,
    pub stage: String,
    pub mode: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// When it really began.
    pub held_from: Option<DateTime<Utc>>,
    /// When it really ended.
    pub held_until: Option<DateTime<Utc>>,
    /// Whether it uses one of the free sessions.
    pub is_used: bool,
    /// How many attended.
    pub attendees: Option<i32>,
    /// How many managers gave it.
    pub managers: i64,
    /// The approved report; null where there is none.
    pub report: Option<SampleReport>,
}

/// An approved report, masked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleReport {
    pub submitted_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    pub telework_status: Option<String>,
    /// Letters of each text.
    pub situation_letters: i32,
    /// Letters of each text.
    pub advice_letters: i32,
    /// Letters of each text.
    pub next_steps_letters: i32,
}

/// A contact in either direction.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleInteraction {
    /// `phone`, `visit`, `fax`, `web`, `other` or `email`.
    pub kind: String,
    pub direction: String,
    pub occurred_at: DateTime<Utc>,
    pub result: Option<String>,
    /// Letters of its text.
    pub letters: i32,
}

/// Something that was due.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleDeadline {
    pub kind: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// When it was done, or fell away.
    pub done_at: Option<DateTime<Utc>>,
    /// False where it fell away; null while it runs.
    pub met: Option<bool>,
    /// Business minutes it took.
    pub gross_minutes: Option<i32>,
    /// The same without the waits for the enterprise.
    pub net_minutes: Option<i32>,
}

/// A flag.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct SampleFlag {
    pub flag: String,
    pub raised_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
}

/// Show a case, masked
///
/// Codes, times, states and lengths; no name, number, address or text.
#[utoipa::path(
    tag = "data",
    operation_id = "show_sample",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The case, masked", body = SampleView)),
    extensions(("x-permission" = json!("read_samples")))
)]
#[get("/samples/{id}")]
async fn show_sample(
    access: Access<permit::ReadSamples>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = item(&mut db, id).await?;
    let parts = sqlx::query!(
        r#"
        select e.kind as "enterprise_kind: EnterpriseKind", e.industry_code, e.employees, c.recorded_at, c.disposed_at,
            c.late_reason is not null as "is_late_entry!", length(c.description) as "description_letters!",
            coalesce((select seq from audit_head where chain = c.id), 0) as "audit_events!",
            coalesce((
                select json_agg(json_build_object('seq', h.seq, 'move', h.move, 'from', h.from_status, 'to', h.to_status,
                    'occurred_at', h.occurred_at, 'by_role', u.role, 'has_reason', r.seq is not null) order by h.seq)
                from case_history h
                left join app_user u on u.id = h.actor_id
                left join move_reason r on r.case_id = h.case_id and r.seq = h.seq
                where h.case_id = c.id
            ), '[]') as "history!: SqlJson<Vec<SampleMove>>",
            coalesce((
                select json_agg(json_build_object('kind', d.kind, 'due_at', d.due_at, 'done_at', d.done_at, 'met', d.met,
                    'gross_minutes', d.gross_minutes, 'net_minutes', d.net_minutes) order by d.due_at, d.id)
                from deadline d
                where d.case_id = c.id
            ), '[]') as "deadlines!: SqlJson<Vec<SampleDeadline>>",
            coalesce((
                select json_agg(json_build_object('flag', f.flag, 'raised_at', f.raised_at, 'settled_at', f.settled_at)
                    order by f.raised_at, f.flag)
                from case_flag f
                where f.case_id = c.id
            ), '[]') as "flags!: SqlJson<Vec<SampleFlag>>"
        from case_file c
        join enterprise e on e.id = c.enterprise_id
        where c.id = $1
        "#,
        *id
    )
    .fetch_one(&mut *db)
    .await?;
    Ok(Answer::ok(&SampleView {
        case,
        enterprise_kind: parts.enterprise_kind,
        industry_code: parts.industry_code,
        employees: parts.employees,
        recorded_at: parts.recorded_at,
        is_late_entry: parts.is_late_entry,
        disposed_at: parts.disposed_at,
        description_letters: parts.description_letters,
        history: parts.history.0,
        sessions: sessions(&mut db, id).await?,
        interactions: interactions(&mut db, id).await?,
        deadlines: parts.deadlines.0,
        flags: parts.flags.0,
        audit_events: parts.audit_events,
    }))
}

async fn item(db: &mut PgConnection, id: CaseId) -> Result<SampleItem> {
    sqlx::query_as!(
        SampleItem,
        r#"
        select c.id, c.number, c.status, c.outcome as "outcome: Outcome", c.channel as "channel: Channel",
            coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture_code,
            c.primary_topic as "primary_topic: Topic", c.received_at, c.closed_at,
            (select count(*) from consultation s where s.case_id = c.id and s.live) as "sessions_used!",
            (
                select count(*)
                from report r
                join consultation s on s.id = r.consultation_id
                where s.case_id = c.id and r.state = 'approved'
            ) as "reports_approved!"
        from case_file c
        join enterprise e on e.id = c.enterprise_id
        where c.id = $1
        "#,
        *id
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(Error::not_found)
}

async fn sessions(db: &mut PgConnection, id: CaseId) -> Result<Vec<SampleSession>> {
    let sessions = sqlx::query_scalar!(
        r#"
        select coalesce(json_agg(json_build_object('id', s.id, 'state', s.state, 'stage', s.stage, 'mode', s.mode,
            'starts_at', s.starts_at, 'ends_at', s.ends_at, 'held_from', s.held_from, 'held_until', s.held_until,
            'is_used', s.live, 'attendees', cardinality(s.attendees),
            'managers', (select count(*) from consultation_manager m where m.consultation_id = s.id),
            'report', case when r.state = 'approved' then json_build_object('submitted_at', r.submitted_at,
                'approved_at', r.approved_at, 'telework_status', r.telework_status, 'situation_letters', length(r.situation),
                'advice_letters', length(r.advice), 'next_steps_letters', length(r.next_steps)) end
            ) order by s.starts_at, s.id), '[]') as "sessions!: SqlJson<Vec<SampleSession>>"
        from consultation s
        left join report r on r.consultation_id = s.id
        where s.case_id = $1
        "#,
        *id
    )
    .fetch_one(db)
    .await?;
    Ok(sessions.0)
}

async fn interactions(db: &mut PgConnection, id: CaseId) -> Result<Vec<SampleInteraction>> {
    let interactions = sqlx::query_as!(
        SampleInteraction,
        r#"
        select kind as "kind!", direction as "direction!", at as "occurred_at!", result, letters as "letters!"
        from (
            select kind, direction, occurred_at as at, result, length(body) as letters
            from interaction
            where case_id = $1
            union all
            select 'email', 'inbound', received_at, null, length(coalesce(body_text, ''))
            from inbound_mail
            where case_id = $1
            union all
            select 'email', 'outbound', coalesce(sent_at, created_at), null, length(body)
            from message
            where case_id = $1 and state = 'sent'
        ) said
        order by at, kind
        "#,
        *id
    )
    .fetch_all(db)
    .await?;
    Ok(interactions)
}
