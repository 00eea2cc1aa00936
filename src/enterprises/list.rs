//! Looking enterprises up, and listing the cases of one.

use super::{
    COLUMNS, Enterprise, EnterpriseView, find_looked_up, look_up, push_reached_by_phone, this_year,
};
use crate::{
    access::{Access, permit},
    cases::{Status, View},
    error::Result,
    http::{Answer, Cursor, Page, Path, Query, page_size},
    ids::*,
    japan,
    programme::{MatchedBy, Outcome},
    routes::ServiceConfig,
    text::{CorporateNumber, Line200, Phone},
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_enterprises)
        .service(list_enterprise_cases);
}

/// Look up enterprises
///
/// One box while typing (`q`): the beginning of a name or trade name in any writing, of its reading in kana or Latin
/// letters, of a telephone number of the enterprise, its contacts or sites, of a corporate or registration number, of a
/// contact's mail address or the enterprise's mail domain. The best comes first and says what it was found by. Without
/// anything: all, or those of one's own cases, in the order of their names without legal form.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "list_enterprises",
    params(EnterpriseFilter),
    responses((status = 200, description = "One page of enterprises", body = Page<FoundEnterprise>)),
    extensions(("x-permission" = json!("read_enterprises")))
)]
#[get("/enterprises")]
async fn list_enterprises(
    access: Access<permit::ReadEnterprises>,
    Query(filter): Query<EnterpriseFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = filter.query(View::of(access.actor()), limit + 1)?;
    let rows: Vec<Row> = query.build_query_as().fetch_all(access.read()).await?;
    let page = Page::new(rows, limit, |row| {
        let name_key = row.enterprise.name_key.clone().unwrap_or_default();
        (row.rank, name_key, row.enterprise.id)
    });
    let ids: Vec<_> = page.items.iter().map(|row| row.enterprise.id).collect();
    let mut years = this_year(access.read(), &ids, japan::fiscal_year(access.now())).await?;
    let items = page.items.into_iter().map(|row| {
        let this_year = years.remove(&row.enterprise.id).unwrap_or_default();
        FoundEnterprise {
            matched_by: row.matched_by,
            enterprise: row.enterprise.view(this_year),
        }
    });
    Ok(Answer::ok(&Page {
        items: items.collect(),
        next_cursor: page.next_cursor,
    }))
}

/// An enterprise in the list.
#[derive(Serialize, ToSchema)]
struct FoundEnterprise {
    #[serde(flatten)]
    enterprise: EnterpriseView,
    /// The surest of what it was found by; absent where nothing was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_by: Option<MatchedBy>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    enterprise: Enterprise,
    rank: i32,
    matched_by: Option<MatchedBy>,
}

/// List the cases of an enterprise
///
/// Those that the person may see, the newest first.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "list_enterprise_cases",
    params(("id" = Uuid, Path, description = "The enterprise"), CasesFilter),
    responses((status = 200, description = "One page of its cases", body = Page<EnterpriseCase>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/enterprises/{id}/cases")]
async fn list_enterprise_cases(
    access: Access<permit::ReadCases>,
    Path(id): Path<EnterpriseId>,
    Query(filter): Query<CasesFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter
        .cursor
        .as_ref()
        .map(Cursor::keys::<(DateTime<Utc>, CaseId)>)
        .transpose()?;
    let view = View::of(access.actor());
    find_looked_up(access.read(), view, id).await?;
    let cases = cases_of(access.read(), view, id, after, limit + 1).await?;
    Ok(Answer::ok(&Page::new(cases, limit, |case| {
        (case.received_at, case.id)
    })))
}

/// A case of an enterprise.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub struct EnterpriseCase {
    /// The case.
    pub id: CaseId,
    /// Its number.
    #[schema(example = "TW-2026-000123")]
    pub number: String,
    /// The fiscal year it is counted in.
    pub fiscal_year: i32,
    /// Where it stands.
    pub status: Status,
    /// In a few words.
    pub subject: Option<String>,
    /// The desk that has it; null while the help center does.
    pub desk_id: Option<DeskId>,
    /// The desk's name.
    pub desk: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When the enterprise asked.
    pub received_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its number of free sessions.
    pub session_limit: i32,
    /// How many of them are used.
    pub sessions_used: i64,
}

/// Which enterprises are looked up; all that is given must fit.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EnterpriseFilter {
    /// The beginning of the name or of its reading, in any writing, with or without legal form.
    pub q: Option<Line200>,
    /// A number of the enterprise, its contacts or sites, in any writing.
    pub phone: Option<Phone>,
    /// 法人番号.
    pub corporate_number: Option<CorporateNumber>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

impl EnterpriseFilter {
    /// The whole query.
    fn query(&self, view: View, limit: i64) -> Result<QueryBuilder<Postgres>> {
        let looks_up_all = self.is_look_up() && matches!(view, View::Desk(_));
        let view = if looks_up_all { View::All } else { view };
        let mut query = match &self.q {
            Some(q) => {
                let mut query = QueryBuilder::new("with found as (");
                look_up::push(&mut query, q.as_str(), view);
                query.push(format!(
                    ") select {COLUMNS}, f.rank, f.matched_by from found f join enterprise e on e.id = f.id where true"
                ));
                query
            }
            None => {
                let mut query = QueryBuilder::new(format!(
                    "select {COLUMNS}, 0 as rank, null as matched_by from enterprise e where e.merged_into is null and "
                ));
                push_all_own(&mut query, view);
                query
            }
        };
        self.push(&mut query)?;
        query.push(match self.q {
            Some(_) => " order by f.rank, ",
            None => " order by ",
        });
        query
            .push(r#"coalesce(e.name_key, '') collate "C", e.id limit "#)
            .push_bind(limit);
        Ok(query)
    }

    /// The whole query for all of those in view, behind `head` (which declares a cursor): looking an enterprise up that is not
    /// one's own is for the telephone, not for files.
    pub(crate) fn whole_query(&self, head: &str, view: View) -> Result<QueryBuilder<Postgres>> {
        let mut query = QueryBuilder::new(head);
        match &self.q {
            Some(q) => {
                query.push("with found as (");
                look_up::push(&mut query, q.as_str(), view);
                query.push(format!(
                    ") select {COLUMNS} from found f join enterprise e on e.id = f.id where true"
                ));
            }
            None => {
                query.push(format!(
                    "select {COLUMNS} from enterprise e where e.merged_into is null and "
                ));
                push_all_own(&mut query, view);
            }
        }
        self.push(&mut query)?;
        query.push(r#" order by coalesce(e.name_key, '') collate "C", e.id"#);
        Ok(query)
    }

    fn is_look_up(&self) -> bool {
        self.q.is_some() || self.phone.is_some() || self.corporate_number.is_some()
    }

    /// Adds the other conditions on `enterprise e`.
    fn push(&self, query: &mut QueryBuilder<Postgres>) -> Result<()> {
        if let Some(phone) = &self.phone {
            query.push(" and e.id in (");
            push_reached_by_phone(query, phone);
            query.push(")");
        }
        if let Some(number) = &self.corporate_number {
            query
                .push(" and e.corporate_number = ")
                .push_bind(number.as_str().to_owned());
        }
        if let Some(cursor) = &self.cursor {
            let (rank, key, id): (i32, String, EnterpriseId) = cursor.keys()?;
            match self.q {
                Some(_) => query
                    .push(r#" and (f.rank, coalesce(e.name_key, '') collate "C", e.id) > ("#)
                    .push_bind(rank)
                    .push(", "),
                None => query.push(r#" and (coalesce(e.name_key, '') collate "C", e.id) > ("#),
            };
            query.push_bind(key).push(", ").push_bind(id).push(")");
        }
        Ok(())
    }
}

/// Which cases of an enterprise are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CasesFilter {
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// Like [`super::push_own`] for many enterprises: their ids are gathered first, because a walk through all enterprises in
/// the order of the list took five times as long.
fn push_all_own(query: &mut QueryBuilder<Postgres>, view: View) {
    if view == View::All {
        query.push("true");
        return;
    }
    query.push("e.id = any (array(select c.enterprise_id from case_file c where ");
    view.push(query);
    query.push("))");
}

async fn cases_of(
    db: impl PgExecutor<'_>,
    view: View,
    id: EnterpriseId,
    after: Option<(DateTime<Utc>, CaseId)>,
    limit: i64,
) -> Result<Vec<EnterpriseCase>> {
    let mut query = QueryBuilder::new(
        r#"
        select c.id, c.number, c.fiscal_year, c.status, c.subject, c.desk_id, d.name as desk, c.outcome, c.received_at,
            c.closed_at, c.session_limit,
            (select count(*) from consultation s where s.case_id = c.id and s.live) as sessions_used
        from case_file c
        left join desk d on d.id = c.desk_id
        where c.enterprise_id = "#,
    );
    query.push_bind(id).push(" and ");
    view.push(&mut query);
    if let Some((received_at, id)) = after {
        query
            .push(" and (c.received_at, c.id) < (")
            .push_bind(received_at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by c.received_at desc, c.id desc limit ")
        .push_bind(limit);
    Ok(query.build_query_as().fetch_all(db).await?)
}
