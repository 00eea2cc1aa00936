//! Lists of cases, with every filter of the queue.

use super::view::{CaseRow, CaseView, SELECT};
use super::{Status, View};
use crate::{
    access::{Access, Actor, permit},
    error::{Error, Fields, Result},
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    japan::tokyo_date,
    programme::*,
    routes::ServiceConfig,
    search::{self, Days, Scope},
    text::CaseNumber,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

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
    /// A case number, or words that stand somewhere on the case (see `/search`): at most 200 characters and ten words.
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
    /// Adds the conditions on `case_file c`.
    pub(crate) fn push(
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
        if let Some(number) = self.number() {
            query
                .push(" and c.number = ")
                .push_bind(number.as_str().to_owned());
        }
        Ok(())
    }

    /// As [`Self::words`], for who reads all that is found and need not know how common it is.
    pub(crate) fn all_words(&self, actor: &Actor) -> Result<Option<search::Query>> {
        match &self.q {
            Some(q) if self.number().is_none() => search::Query::parse(q, actor).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds the order of the list.
    pub(crate) fn push_order(&self, query: &mut QueryBuilder<Postgres>) {
        push_order(query, self.sort.unwrap_or_default());
    }

    fn number(&self) -> Option<CaseNumber> {
        CaseNumber::parse(self.q.as_deref()?).ok()
    }

    /// What the texts of the cases are searched for; a case number is no text.
    pub(super) async fn words(
        &self,
        access: &Access<permit::ReadCases>,
    ) -> Result<Option<search::Query>> {
        match &self.q {
            Some(q) if self.number().is_none() => search::Query::read(q, access).await.map(Some),
            _ => Ok(None),
        }
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

/// Where a page ends: the sort key and the id of its last case.
#[derive(Clone, Copy, Serialize, Deserialize)]
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
    let after: Option<After> = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    if after.is_some_and(|after| after.sort != sort) {
        return Err(Error::invalid("/cursor", "is of a list in another order"));
    }
    let list = List {
        actor: access.actor(),
        now: access.now(),
        filter: &filter,
        sort,
        after,
        limit: limit + 1,
    };
    let rows = match filter.words(&access).await? {
        None => list.rows(&access).await?,
        Some(words) => list.found(access.read(), &words, Scope::Any).await?,
    };
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

/// The newest cases that are found and that the actor may see, after that time and id.
pub(crate) async fn search(
    access: &Access<permit::ReadCases>,
    words: &search::Query,
    scope: Scope,
    after: Option<(DateTime<Utc>, CaseId)>,
    limit: i64,
) -> Result<Vec<CaseView>> {
    let filter = CaseFilter::default();
    let mut list = List::newest(access, &filter, limit);
    list.after = after.map(|(at, id)| After {
        sort: Sort::Newest,
        at: Some(at),
        id,
    });
    let ids = access
        .read_replica(async |db| list.found_ids(db, words, scope).await)
        .await?;
    // What is shown of them, and whether it may be, the primary says.
    let rows = list.rows_of(access.read(), ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| row.view(access.actor()))
        .collect())
}

/// How many cases of a list are looked at one by one before the index is asked: enough to see whether a word is common.
const PROBE: i64 = 100;

/// How many times as far the next look goes at most.
const FURTHER: i64 = 20;

/// What is hardly found among so many is rare, and the index is asked for all days.
const FURTHEST: i64 = 50_000;

/// A part of a list, in its order.
pub(super) struct List<'a> {
    actor: &'a Actor,
    now: DateTime<Utc>,
    filter: &'a CaseFilter,
    sort: Sort,
    after: Option<After>,
    limit: i64,
}

impl<'a> List<'a> {
    /// The newest that fit.
    pub(super) fn newest(
        access: &'a Access<permit::ReadCases>,
        filter: &'a CaseFilter,
        limit: i64,
    ) -> Self {
        Self {
            actor: access.actor(),
            now: access.now(),
            filter,
            sort: Sort::Newest,
            after: None,
            limit,
        }
    }

    async fn rows(&self, access: &Access<permit::ReadCases>) -> Result<Vec<CaseRow>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push("where ");
        self.push_conditions(&mut query)?;
        self.push_order(&mut query);
        // Written out: for a number that it does not know, PostgreSQL expects a tenth of the list, thinks a plan for these
        // very values so much better that it makes one each time, which was a third of what the page took.
        query.push(format_args!(" limit {}", self.limit));
        access
            .read_near(async |db| query.build_query_as().fetch_all(db).await)
            .await
    }

    fn push_conditions(&self, query: &mut QueryBuilder<Postgres>) -> Result<()> {
        View::of(self.actor).push(query);
        self.filter.push(query, self.now)?;
        if let Some(after) = &self.after {
            push_after(query, after);
        }
        Ok(())
    }

    fn push_order(&self, query: &mut QueryBuilder<Postgres>) {
        push_order(query, self.sort);
    }

    /// Those in which the words stand.
    async fn found(
        &self,
        db: &PgPool,
        words: &search::Query,
        scope: Scope,
    ) -> Result<Vec<CaseRow>> {
        let ids = self.found_ids(db, words, scope).await?;
        self.rows_of(db, ids).await
    }

    /// Those of the cases that the actor sees, in the order of the list.
    async fn rows_of(&self, db: &PgPool, ids: Vec<CaseId>) -> Result<Vec<CaseRow>> {
        let ids: Vec<Uuid> = ids.into_iter().map(|id| *id).collect();
        let mut query = QueryBuilder::new(SELECT);
        query
            .push("where c.id = any (")
            .push_bind(ids)
            .push(") and ");
        // Once more: it is another statement, and a case may have been given away in between.
        View::of(self.actor).push(&mut query);
        self.push_order(&mut query);
        Ok(query.build_query_as().fetch_all(db).await?)
    }

    /// The ids of those in which the words stand.
    ///
    /// A rare word is found by the index at once, and by walking the list never. A common one is soon found by walking; the
    /// index would first gather every case that has it. For what is in between, what was found so far tells how many days
    /// the index needs to be asked for.
    pub(super) async fn found_ids(
        &self,
        db: &PgPool,
        words: &search::Query,
        scope: Scope,
    ) -> Result<Vec<CaseId>> {
        if words.is_rare() {
            return self.ask_index(db, words, scope, Days::default()).await;
        }
        let (mut ids, seen) = self.walk(db, words, scope).await?;
        if ids.len() as i64 >= self.limit || seen < PROBE {
            ids.truncate(self.limit as usize);
            return Ok(ids);
        }
        let (mut seen, mut hits) = (seen, ids.len() as i64);
        loop {
            // Twice as far as it should take, as far as so few can tell: a word may just be out of use.
            let depth = (2 * self.limit * seen / hits.max(1)).min(FURTHER * seen);
            let end = self.day_at(db, depth).await?;
            let ids = self.ask_index(db, words, scope, self.days(end)).await?;
            if ids.len() as i64 >= self.limit || end.is_none() {
                return Ok(ids);
            }
            (seen, hits) = (depth, ids.len() as i64);
        }
    }

    /// The days of the list, up to this one.
    fn days(&self, end: Option<NaiveDate>) -> Days {
        let start = self.after.and_then(|after| after.at).map(tokyo_date);
        match self.sort {
            Sort::Newest => Days {
                from: end,
                to: start,
            },
            Sort::Oldest => Days {
                from: start,
                to: end,
            },
            Sort::Due => Days::default(),
        }
    }

    /// The day of the case at that place; none where the list is shorter, where that is so far that all days are soon asked
    /// for, and in the order of what is due, which says nothing of days.
    async fn day_at(&self, db: &PgPool, place: i64) -> Result<Option<NaiveDate>> {
        if place > FURTHEST || self.sort == Sort::Due {
            return Ok(None);
        }
        let mut query = QueryBuilder::new("select c.received_at from case_file c where ");
        self.push_conditions(&mut query)?;
        self.push_order(&mut query);
        query.push(" offset ").push_bind(place).push(" limit 1");
        let at: Option<DateTime<Utc>> = query.build_query_scalar().fetch_optional(db).await?;
        Ok(at.map(tokyo_date))
    }

    /// Looks at the first cases of the list, one by one. Returns those with the words, and how many there were.
    async fn walk(
        &self,
        db: &PgPool,
        words: &search::Query,
        scope: Scope,
    ) -> Result<(Vec<CaseId>, i64)> {
        let mut query = QueryBuilder::new(
            r#"
            with candidate as materialized (
                select c.id, c.received_at, c.due_at
                from case_file c
                where "#,
        );
        self.push_conditions(&mut query)?;
        self.push_order(&mut query);
        query.push(" limit ").push_bind(PROBE);
        query.push(") select coalesce(array_agg(c.id");
        self.push_order(&mut query);
        query.push(") filter (where ");
        words.push_condition(&mut query, scope);
        query.push("), '{}'), count(*) from candidate c");
        Ok(query.build_query_as().fetch_one(db).await?)
    }

    async fn ask_index(
        &self,
        db: &PgPool,
        words: &search::Query,
        scope: Scope,
        days: Days,
    ) -> Result<Vec<CaseId>> {
        let mut query =
            QueryBuilder::new("with found as materialized (select distinct f.case_id from ");
        words.push_found(&mut query, scope, days);
        query.push(
            r#" f (case_id))
            select c.id
            from found
            join case_file c on c.id = found.case_id
            where "#,
        );
        self.push_conditions(&mut query)?;
        self.push_order(&mut query);
        query.push(" limit ").push_bind(self.limit);
        // Planned for these very words: which of them is rare decides where to begin. In a transaction, because a pooler keeps a
        // statement without a name together with its parameters only there.
        let query = query.build_query_scalar().persistent(false);
        let mut db = db.begin().await?;
        let ids = query.fetch_all(&mut *db).await?;
        db.commit().await?;
        Ok(ids)
    }
}

fn push_order(query: &mut QueryBuilder<Postgres>, sort: Sort) {
    query.push(match sort {
        Sort::Newest => " order by c.received_at desc, c.id desc",
        Sort::Oldest => " order by c.received_at, c.id",
        Sort::Due => " order by coalesce(c.due_at, 'infinity'), c.id",
    });
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
