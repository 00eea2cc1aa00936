//! How many cases there are, by status, by what is due and by flag: the numbers beside the queue's filters.

use super::{
    View,
    list::{CaseFilter, List},
};
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Query, page_size},
    routes::ServiceConfig,
    search::Scope,
};
use actix_web::get;
use serde::Serialize;
use sqlx::{FromRow, Postgres, QueryBuilder};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(count_cases);
}

/// Most cases that are counted where words are looked for: whoever sees a thousand narrows the search, and counting a
/// common word to its end takes as long as there are cases.
const MOST_FOUND: i64 = 1_000;

/// Numbers of cases. Each equals the length of the list with that filter added.
#[derive(Serialize, ToSchema)]
pub struct CaseCounts {
    /// False where `q` finds more than 1,000 cases: only the newest 1,000 are counted then.
    pub is_complete: bool,
    /// All that fit the filters.
    pub total: i64,
    /// By status.
    pub status: BTreeMap<String, i64>,
    /// By what is due next.
    pub due: BTreeMap<String, i64>,
    /// Those whose due time has passed.
    pub overdue: i64,
    /// By open flag.
    pub flag: BTreeMap<String, i64>,
}

/// Count cases
///
/// With the filters of the list; `sort`, `limit` and `cursor` mean nothing here.
#[utoipa::path(
    tag = "cases",
    operation_id = "count_cases",
    params(CaseFilter),
    responses((status = 200, description = "The numbers", body = CaseCounts)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/counts")]
async fn count_cases(
    access: Access<permit::ReadCases>,
    Query(filter): Query<CaseFilter>,
) -> Result<Answer> {
    // It means nothing here, and must be one all the same.
    page_size(filter.limit)?;
    let mut found = None;
    if let Some(words) = filter.words(&access).await? {
        let ids = List::newest(&access, &filter, MOST_FOUND + 1)
            .found_ids(access.read(), &words, Scope::Any)
            .await?;
        found = Some(ids.into_iter().map(|id| *id).collect::<Vec<Uuid>>());
    }
    let is_complete = found
        .as_ref()
        .is_none_or(|found| found.len() as i64 <= MOST_FOUND);
    if let Some(found) = &mut found {
        found.truncate(MOST_FOUND as usize);
    }
    let push_conditions = |query: &mut QueryBuilder<Postgres>| -> Result<()> {
        View::of(access.actor()).push(query);
        filter.push(query, access.now())?;
        if let Some(found) = &found {
            query
                .push(" and c.id = any (")
                .push_bind(found.clone())
                .push(")");
        }
        Ok(())
    };
    // All in one statement, so that the numbers are of one moment. The index of the queue has all that the first part needs.
    let mut query = QueryBuilder::new("select c.status, c.due_kind, coalesce(c.due_at < ");
    query.push_bind(access.now());
    query.push(", false) as is_overdue, null as flag, count(*) as number from case_file c where ");
    push_conditions(&mut query)?;
    // The flags of one case after the other, of the open ones in its primary key: far fewer than there are on closed cases.
    query.push(
        r#"
        group by 1, 2, 3
        union all
        select null, null, false, f.flag, count(*)
        from case_file c
        cross join lateral (
            select flag from case_flag
            where case_id = c.id and settled_key = '00000000-0000-0000-0000-000000000000'
            offset 0
        ) f
        where "#,
    );
    push_conditions(&mut query)?;
    query.push(" group by 4");
    let rows = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&sum_up(rows, is_complete)))
}

/// Either of cases that are alike, or of those with one flag.
#[derive(FromRow)]
struct Counted {
    status: Option<String>,
    due_kind: Option<String>,
    is_overdue: bool,
    flag: Option<String>,
    number: i64,
}

fn sum_up(rows: Vec<Counted>, is_complete: bool) -> CaseCounts {
    let mut counts = CaseCounts {
        is_complete,
        total: 0,
        status: BTreeMap::new(),
        due: BTreeMap::new(),
        overdue: 0,
        flag: BTreeMap::new(),
    };
    for row in rows {
        if let Some(flag) = row.flag {
            counts.flag.insert(flag, row.number);
            continue;
        }
        counts.total += row.number;
        for (name, numbers) in [
            (row.status, &mut counts.status),
            (row.due_kind, &mut counts.due),
        ] {
            if let Some(name) = name {
                *numbers.entry(name).or_default() += row.number;
            }
        }
        if row.is_overdue {
            counts.overdue += row.number;
        }
    }
    counts
}
