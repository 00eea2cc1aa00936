//! How many cases there are, by status, by what is due and by flag: the numbers beside the queue's filters.

use super::{
    View,
    list::{CaseFilter, List},
};
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Query},
    search::Scope,
};
use actix_web::get;
use serde::Serialize;
use sqlx::QueryBuilder;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

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
    let mut query = QueryBuilder::new(
        r#"
        with chosen as materialized (
            select c.id, c.status, c.due_kind, c.due_at
            from case_file c
            where "#,
    );
    View::of(access.actor()).push(&mut query);
    filter.push(&mut query, access.now())?;
    let mut is_complete = true;
    if let Some(words) = filter.words(access.actor())? {
        let mut found = List::newest(&access, &filter, MOST_FOUND + 1)
            .found_ids(access.read(), &words, Scope::Any)
            .await?;
        is_complete = found.len() as i64 <= MOST_FOUND;
        found.truncate(MOST_FOUND as usize);
        let found: Vec<_> = found.into_iter().map(|id| *id).collect();
        query.push(" and c.id = any (").push_bind(found).push(")");
    }
    query.push(
        r#"
        )
        select 'status' as what, status as name, count(*) as number from chosen group by status
        union all
        select 'due', due_kind, count(*) from chosen where due_kind is not null group by due_kind
        union all
        select 'overdue', '', count(*) from chosen where due_at < "#,
    );
    query.push_bind(access.now());
    query.push(
        r#"
        union all
        select 'flag', f.flag, count(*) from chosen join case_flag f on f.case_id = chosen.id and f.settled_at is null group by f.flag
        "#,
    );
    let rows = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&sum_up(rows, is_complete)))
}

/// From what is counted, its name and the number.
fn sum_up(rows: Vec<(String, String, i64)>, is_complete: bool) -> CaseCounts {
    let mut counts = CaseCounts {
        is_complete,
        total: 0,
        status: BTreeMap::new(),
        due: BTreeMap::new(),
        overdue: 0,
        flag: BTreeMap::new(),
    };
    for (what, name, number) in rows {
        match what.as_str() {
            "status" => {
                counts.total += number;
                counts.status.insert(name, number);
            }
            "due" => drop(counts.due.insert(name, number)),
            "flag" => drop(counts.flag.insert(name, number)),
            _ => counts.overdue = number,
        }
    }
    counts
}
