//! How many cases there are, by status, by what is due and by flag: the numbers beside the queue's filters.

use super::{View, list::CaseFilter};
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Query},
    search::Scope,
};
use actix_web::get;
use serde::Serialize;
use sqlx::{PgPool, QueryBuilder};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(count_cases);
}

/// Numbers of cases. Each equals the length of the list with that filter added.
#[derive(Serialize, ToSchema)]
pub struct CaseCounts {
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
            join enterprise e on e.id = c.enterprise_id
            where "#,
    );
    View::of(access.actor()).push(&mut query);
    filter.push(&mut query, access.now())?;
    if let Some(words) = filter.words(access.actor())? {
        query.push(" and c.id in ");
        words.push_found(&mut query, Scope::Any);
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
    Ok(Answer::ok(&sum_up(query, access.read()).await?))
}

async fn sum_up(mut query: QueryBuilder<sqlx::Postgres>, db: &PgPool) -> Result<CaseCounts> {
    let rows: Vec<(String, String, i64)> = query.build_query_as().fetch_all(db).await?;
    let mut counts = CaseCounts {
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
    Ok(counts)
}
