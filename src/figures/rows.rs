//! The lists behind the numbers: the same facts, the same conditions, page by page.

use super::{
    count::{read, select},
    facts::{Asker, push_facts, push_filters},
    selection::{RowsQuery, Selection},
    words::*,
};
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_report_cases)
        .service(list_report_interactions)
        .service(list_report_enterprises)
        .service(list_report_sessions)
        .service(list_report_deadlines);
}

/// A fact that is counted, in codes. Names are as they stand now; an auditor gets none.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct FactRow {
    /// The case, interaction, mail, message or session; a deadline's number in the form of a UUID. Null for an auditor.
    pub id: Option<Uuid>,
    /// The case it belongs to; null for an auditor, who knows it by its number.
    pub case_id: Option<CaseId>,
    /// The number of the case.
    pub number: String,
    /// The enterprise.
    pub enterprise_id: EnterpriseId,
    /// What it is called; null for an auditor, and where it has no name.
    pub enterprise_name: Option<String>,
    /// When it was received, took place, was held, was due.
    pub at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// Prefecture of the site, or of the enterprise.
    pub prefecture: Option<String>,
    /// The desk that has the case; null while the help center does.
    pub desk_id: Option<DeskId>,
    /// The managers.
    pub managers: Vec<ManagerId>,
    /// Their lines.
    pub lines: Vec<String>,
    /// The major division of the industry.
    pub industry: Option<String>,
    /// The size class of the enterprise.
    pub size: Option<String>,
    /// What the case is about.
    pub topics: Vec<String>,
    /// The ministries that count it.
    pub ministries: Vec<String>,
    /// The stage of the session, or of the last one of the case.
    pub stage: Option<String>,
    /// How the case arrived.
    pub channel: String,
    /// How the case ended.
    pub outcome: Option<String>,
    /// Where the case stood.
    pub status: String,
    /// How far the enterprise is with telework.
    pub telework_status: Option<String>,
    /// The state of the session, or what became of the deadline.
    pub state: Option<String>,
    /// The kind of contact, or what was due.
    pub kind: Option<String>,
    /// Who began the contact.
    pub direction: Option<String>,
    /// Whether it is one of the figure.
    pub counted: bool,
    /// Business minutes from the case being received to the first answer.
    pub answer_gross: Option<i32>,
    /// Without the waits for the enterprise.
    pub answer_net: Option<i32>,
    /// Business minutes to the first acceptance by a desk.
    pub accept_gross: Option<i32>,
    /// Without the waits for the enterprise.
    pub accept_net: Option<i32>,
    /// Business minutes to the first session that was held.
    pub session_gross: Option<i32>,
    /// Without the waits for the enterprise.
    pub session_net: Option<i32>,
}

/// An enterprise that is counted.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct EnterpriseRow {
    /// The enterprise.
    pub enterprise_id: EnterpriseId,
    /// What it is called; null for an auditor, and where it has no name.
    pub enterprise_name: Option<String>,
    /// How many of its cases are in the selection.
    pub cases: i64,
    /// Their numbers, the first ten.
    pub numbers: Vec<String>,
    /// When the first of them was received.
    pub at: DateTime<Utc>,
}

macro_rules! lists {
    ($($name:ident $kind:ident $path:literal $summary:literal;)+) => {$(
        #[doc = $summary]
        #[doc = ""]
        #[doc = "The list that a number counts: the newest first, by the same conditions as the count. An auditor gets codes and case numbers only."]
        #[utoipa::path(
            tag = "figures",
            operation_id = stringify!($name),
            params(RowsQuery),
            responses((status = 200, description = "One page of what is counted", body = Page<FactRow>)),
            extensions(("x-permission" = json!("read_figures")))
        )]
        #[get($path)]
        async fn $name(
            access: Access<permit::ReadFigures>,
            Query(query): Query<RowsQuery>,
        ) -> Result<Answer> {
            answer(&access, ReportKind::$kind, &query).await
        }
    )+};
}

lists! {
    list_report_cases Cases "/reports/cases/rows" "List the cases behind a number";
    list_report_interactions Interactions "/reports/interactions/rows" "List the contacts behind a number";
    list_report_sessions Sessions "/reports/sessions/rows" "List the sessions behind a number";
    list_report_deadlines Deadlines "/reports/deadlines/rows" "List the deadlines behind a number";
}

async fn answer(
    access: &Access<permit::ReadFigures>,
    kind: ReportKind,
    query: &RowsQuery,
) -> Result<Answer> {
    let limit = page_size(query.limit)?;
    let after = query.cursor.as_ref().map(Cursor::keys).transpose()?;
    read(access, async |db, asker| {
        let selection = select(db, kind, query.asked(), &[], asker.settings, access.now()).await?;
        let rows = facts(db, &selection, asker, after, limit + 1).await?;
        let mut page = Page::new(rows, limit, |row| (row.at, row.id));
        if super::is_masked(access.actor()) {
            for row in &mut page.items {
                (row.id, row.case_id) = (None, None);
            }
        }
        Ok(Answer::ok(&page))
    })
    .await
}

/// Part of a list of facts, the newest first, after that time and id.
pub(super) async fn facts(
    db: &mut PgConnection,
    selection: &Selection,
    asker: &Asker<'_>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<FactRow>> {
    let mut query = QueryBuilder::new("select f.*, ");
    query
        .push(name_column(asker))
        .push(" as enterprise_name from ");
    push_facts(&mut query, selection, asker);
    query.push(" left join enterprise n on n.id = f.enterprise_id where true");
    push_filters(&mut query, selection);
    if let Some((at, id)) = after {
        query
            .push(" and (f.at, f.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by f.at desc, f.id desc limit ")
        .push_bind(limit);
    Ok(query.build_query_as().fetch_all(db).await?)
}

fn name_column(asker: &Asker<'_>) -> &'static str {
    match super::is_masked(asker.actor) {
        true => "null::text",
        false => "n.name",
    }
}

/// List the enterprises behind a number
///
/// The list that a number counts, in the order of the enterprises' ids. An auditor gets ids and case numbers only.
#[utoipa::path(
    tag = "figures",
    operation_id = "list_report_enterprises",
    params(RowsQuery),
    responses((status = 200, description = "One page of the enterprises that are counted", body = Page<EnterpriseRow>)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/enterprises/rows")]
async fn list_report_enterprises(
    access: Access<permit::ReadFigures>,
    Query(query): Query<RowsQuery>,
) -> Result<Answer> {
    let limit = page_size(query.limit)?;
    let after = query.cursor.as_ref().map(Cursor::keys).transpose()?;
    read(&access, async |db, asker| {
        let asked = query.asked();
        let kind = ReportKind::Enterprises;
        let selection = select(db, kind, asked, &[], asker.settings, access.now()).await?;
        let rows = enterprises(db, &selection, asker, after, limit + 1).await?;
        let page = Page::new(rows, limit, |row| row.enterprise_id);
        Ok(Answer::ok(&page))
    })
    .await
}

/// Part of the list of enterprises, after that one.
pub(super) async fn enterprises(
    db: &mut PgConnection,
    selection: &Selection,
    asker: &Asker<'_>,
    after: Option<EnterpriseId>,
    limit: i64,
) -> Result<Vec<EnterpriseRow>> {
    let mut query = QueryBuilder::new("select g.*, ");
    query.push(name_column(asker)).push(
        " as enterprise_name from (select f.enterprise_id, count(*) as cases, min(f.at) as at, \
         (array_agg(f.number order by f.at, f.number))[1:10] as numbers from ",
    );
    push_facts(&mut query, selection, asker);
    query.push(" where true");
    push_filters(&mut query, selection);
    if let Some(after) = after {
        query.push(" and f.enterprise_id > ").push_bind(after);
    }
    query
        .push(" group by f.enterprise_id order by f.enterprise_id limit ")
        .push_bind(limit)
        .push(") g left join enterprise n on n.id = g.enterprise_id order by g.enterprise_id");
    Ok(query.build_query_as().fetch_all(db).await?)
}
