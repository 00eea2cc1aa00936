//! Reading the trail (`GET /audit`): who did what, when, in which request.

use crate::{
    access::{Access, permit},
    error::{Error, Result},
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{FromRow, Postgres, QueryBuilder, types::Json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_audit_events);
}

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// The case in whose chain they stand.
    pub case_id: Option<CaseId>,
    /// Who did it.
    pub actor_id: Option<UserId>,
    /// What happened.
    #[param(example = "case_moved")]
    pub kind: Option<String>,
    /// Recorded at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub to: Option<DateTime<Utc>>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Who did it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// `user` (signed in), `token` (by an API token) or `system` (the program itself, or nobody).
    pub kind: String,
    /// The person; none for the system.
    pub id: Option<UserId>,
    /// Their name as it is now.
    pub name: Option<String>,
}

/// Something that happened. Fields hold ids, names of fields and counts, never personal values.
#[derive(Serialize, ToSchema)]
pub struct AuditEventView {
    /// The case in whose chain it stands; none in the office's.
    pub case_id: Option<CaseId>,
    /// The case's number.
    pub case_number: Option<String>,
    /// Its number in the chain, counted from 1 without gaps.
    pub seq: i64,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Who.
    pub actor: AuditActor,
    /// The request, as in the answer's `X-Request-Id` and in the log; events of one request share it.
    pub request_id: Uuid,
    /// What.
    pub kind: String,
    /// The particulars of this kind.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
    /// SHA-256 over the hash before it and this event, as hexadecimal digits.
    pub hash: String,
}

#[derive(FromRow)]
struct EventRow {
    chain: Uuid,
    seq: i64,
    recorded_at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<UserId>,
    actor_name: Option<String>,
    request_id: Uuid,
    kind: String,
    data: Json<Box<RawValue>>,
    hash: Vec<u8>,
    case_number: Option<String>,
}

impl From<EventRow> for AuditEventView {
    fn from(row: EventRow) -> Self {
        Self {
            case_id: (!row.chain.is_nil()).then_some(CaseId(row.chain)),
            case_number: row.case_number,
            seq: row.seq,
            recorded_at: row.recorded_at,
            actor: AuditActor {
                kind: row.actor_kind,
                id: row.actor_id,
                name: row.actor_name,
            },
            request_id: row.request_id,
            kind: row.kind,
            data: row.data.0,
            hash: hex::encode(row.hash),
        }
    }
}

/// The keys of the order: newest first, and within one transaction the last first.
type SortKeys = (DateTime<Utc>, Uuid, i64);

/// List what happened
///
/// Newest first, over all chains.
#[utoipa::path(
    tag = "office",
    operation_id = "list_audit_events",
    params(AuditFilter),
    responses((status = 200, description = "What happened", body = Page<AuditEventView>)),
    extensions(("x-permission" = json!("read_audit")))
)]
#[get("/audit")]
async fn list_audit_events(
    access: Access<permit::ReadAudit>,
    Query(filter): Query<AuditFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(
        r#"
        select e.chain, e.seq, e.recorded_at, e.actor_kind, e.actor_id, u.name as actor_name, e.request_id, e.kind,
            e.data, e.hash, c.number as case_number
        from audit_event e
        left join app_user u on u.id = e.actor_id
        left join case_file c on c.id = e.chain
        where true"#,
    );
    filter.push(&mut query)?;
    query
        .push(" order by e.recorded_at desc, e.chain desc, e.seq desc limit ")
        .push_bind(limit + 1);
    let rows: Vec<EventRow> = query.build_query_as().fetch_all(access.read()).await?;
    let items = rows.into_iter().map(AuditEventView::from).collect();
    let page = Page::new(items, limit, |event: &AuditEventView| -> SortKeys {
        let chain = event.case_id.map_or(Uuid::nil(), |id| *id);
        (event.recorded_at, chain, event.seq)
    });
    Ok(Answer::ok(&page))
}

impl AuditFilter {
    fn push(&self, query: &mut QueryBuilder<Postgres>) -> Result<()> {
        if let Some(case_id) = self.case_id {
            query.push(" and e.chain = ").push_bind(case_id);
        }
        if let Some(actor_id) = self.actor_id {
            query.push(" and e.actor_id = ").push_bind(actor_id);
        }
        if let Some(kind) = &self.kind {
            let is_kind = kind.len() <= 60
                && kind
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if !is_kind {
                return Err(Error::invalid("/kind", "is no kind of event"));
            }
            query.push(" and e.kind = ").push_bind(kind.clone());
        }
        if let Some(from) = self.from {
            query.push(" and e.recorded_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            query.push(" and e.recorded_at < ").push_bind(to);
        }
        if let Some(cursor) = &self.cursor {
            let (recorded_at, chain, seq) = cursor.keys::<SortKeys>()?;
            query
                .push(" and (e.recorded_at, e.chain, e.seq) < (")
                .push_bind(recorded_at)
                .push(", ")
                .push_bind(chain)
                .push(", ")
                .push_bind(seq)
                .push(")");
        }
        Ok(())
    }
}
