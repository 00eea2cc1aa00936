//! Lists of cases, with every filter of the queue.

use super::view::{CaseRow, CaseView, SELECT};
use super::{Status, View};
use crate::{
    access::{Access, permit},
    enterprises,
    error::{Error, Fields, Result},
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    programme::*,
    text::{CaseNumber, Phone},
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_cases);
}

/// The order of a list of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub enum Sort {
    /// Newest first.
    #[default]
    #[serde(rename = "-received_at")]
    Newest,
    /// Oldest first.
    #[serde(rename = "received_at")]
    Oldest,
    /// What is due first; what nothing is due on comes last.
    #[serde(rename = "due_at")]
    Due,
}

/// Which cases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CaseFilter {
    /// One status or several, separated by commas; `open` means all but closed.
    #[param(example = "routed,accepted")]
    pub status: Option<String>,
    /// The desk that has it.
    pub desk_id: Option<DeskId>,
    /// A live manager of it.
    pub manager_id: Option<ManagerId>,
    /// One of its topics.
    pub topic: Option<Topic>,
    /// Whom it waits for.
    pub waiting_on: Option<WaitingOn>,
    /// What is due next on it.
    pub due: Option<DueKind>,
    /// Whether what is due is overdue.
    pub overdue: Option<bool>,
    /// A flag that is open on it.
    pub flag: Option<Flag>,
    /// A case number, a phone number, or the beginning of the enterprise's name or its reading.
    pub q: Option<String>,
    /// Received at this time or later.
    pub received_from: Option<DateTime<Utc>>,
    /// Received before this time.
    pub received_to: Option<DateTime<Utc>>,
    /// The order.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

impl CaseFilter {
    /// Adds the conditions on `case_file c` and `enterprise e`.
    pub(super) fn push(
        &self,
        query: &mut QueryBuilder<Postgres>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        match self.statuses()?.as_deref() {
            // Written out, so that the partial indexes on open cases fit.
            Some([]) => drop(query.push(" and c.status <> 'closed'")),
            Some(statuses) => drop(
                query
                    .push(" and c.status = any (")
                    .push_bind(statuses.to_vec())
                    .push(")"),
            ),
            None => {}
        }
        if let Some(desk) = self.desk_id {
            query.push(" and c.desk_id = ").push_bind(desk);
        }
        if let Some(manager) = self.manager_id {
            query
                .push(" and c.id in (select fa.case_id from assignment fa where fa.ended_at is null and fa.manager_id = ")
                .push_bind(manager)
                .push(")");
        }
        if let Some(topic) = self.topic {
            query
                .push(" and c.topics @> array[")
                .push_bind(topic.name())
                .push("]");
        }
        if let Some(waiting_on) = self.waiting_on {
            query
                .push(" and c.waiting_on = ")
                .push_bind(waiting_on.name());
        }
        if let Some(due) = self.due {
            query.push(" and c.due_kind = ").push_bind(due.name());
        }
        match self.overdue {
            Some(true) => drop(query.push(" and c.due_at < ").push_bind(now)),
            Some(false) => drop(
                query
                    .push(" and (c.due_at is null or c.due_at >= ")
                    .push_bind(now)
                    .push(")"),
            ),
            None => {}
        }
        if let Some(flag) = self.flag {
            query
                .push(" and exists (select 1 from case_flag ff where ff.case_id = c.id and ff.settled_at is null and ff.flag = ")
                .push_bind(flag.name())
                .push(")");
        }
        if let Some(from) = self.received_from {
            query.push(" and c.received_at >= ").push_bind(from);
        }
        if let Some(to) = self.received_to {
            query.push(" and c.received_at < ").push_bind(to);
        }
        if let Some(q) = &self.q {
            push_words(query, q);
        }
        Ok(())
    }

    /// None: all; empty: all but closed.
    fn statuses(&self) -> Result<Option<Vec<Status>>> {
        let Some(text) = &self.status else {
            return Ok(None);
        };
        if text == "open" {
            return Ok(Some(Vec::new()));
        }
        let mut fields = Fields::default();
        let mut statuses = Vec::new();
        for name in text.split(',') {
            match Status::ALL
                .into_iter()
                .find(|status| status.name() == name.trim())
            {
                Some(status) => statuses.push(status),
                None => fields.add("/status", "must be statuses separated by commas, or open"),
            }
        }
        fields.finish()?;
        Ok(Some(statuses))
    }
}

fn push_words(query: &mut QueryBuilder<Postgres>, q: &str) {
    if let Ok(number) = CaseNumber::parse(q) {
        query
            .push(" and c.number = ")
            .push_bind(number.as_str().to_owned());
        return;
    }
    if let Ok(phone) = Phone::parse(q) {
        let phone = phone.as_str().to_owned();
        query.push(" and (e.phone = ").push_bind(phone.clone());
        query.push(" or c.site_phone = ").push_bind(phone.clone());
        query
            .push(" or exists (select 1 from contact fk where fk.case_id = c.id and fk.phone = ")
            .push_bind(phone)
            .push("))");
        return;
    }
    enterprises::push_name(query, q);
}

/// Where a page ends: the sort key and the id of its last case.
#[derive(Serialize, Deserialize)]
struct After {
    sort: Sort,
    at: Option<DateTime<Utc>>,
    id: CaseId,
}

/// List cases
///
/// Only those that the person may see. Stable while cases are added.
#[utoipa::path(
    tag = "cases",
    operation_id = "list_cases",
    params(CaseFilter),
    responses((status = 200, description = "One page of cases", body = Page<CaseView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases")]
async fn list_cases(
    access: Access<permit::ReadCases>,
    Query(filter): Query<CaseFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let sort = filter.sort.unwrap_or_default();
    let mut query = QueryBuilder::new(SELECT);
    query.push("where ");
    View::of(access.actor()).push(&mut query);
    filter.push(&mut query, access.now())?;
    if let Some(cursor) = &filter.cursor {
        let after: After = cursor.keys()?;
        if after.sort != sort {
            return Err(Error::invalid("/cursor", "is of a list in another order"));
        }
        push_after(&mut query, &after);
    }
    query.push(match sort {
        Sort::Newest => " order by c.received_at desc, c.id desc",
        Sort::Oldest => " order by c.received_at, c.id",
        Sort::Due => " order by coalesce(c.due_at, 'infinity'), c.id",
    });
    query.push(" limit ").push_bind(limit + 1);
    let rows: Vec<CaseRow> = query.build_query_as().fetch_all(access.read()).await?;
    let page = Page::new(rows, limit, |row| After {
        sort,
        at: if sort == Sort::Due {
            row.due_at
        } else {
            Some(row.received_at)
        },
        id: row.id,
    });
    let items = page
        .items
        .into_iter()
        .map(|row| row.view(access.actor()))
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}

fn push_after(query: &mut QueryBuilder<Postgres>, after: &After) {
    let (left, compare, right) = match after.sort {
        Sort::Newest => (" and (c.received_at, c.id) ", "< (", ""),
        Sort::Oldest => (" and (c.received_at, c.id) ", "> (", ""),
        Sort::Due => (
            " and (coalesce(c.due_at, 'infinity'), c.id) ",
            "> (coalesce(",
            ", 'infinity')",
        ),
    };
    query
        .push(left)
        .push(compare)
        .push_bind(after.at)
        .push(right)
        .push(", ")
        .push_bind(after.id)
        .push(")");
}
