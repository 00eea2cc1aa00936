//! Full-text search over cases: what is written on them, in any writing, found by any piece of it.
//!
//! Owns `search_text` and `search_dirty`. [`index`] keeps the texts, [`terms`] says what they are found by, [`frequency`]
//! how common that is, [`passage`] shows where. What a person finds is what they may see (rule 8): the cases by [`crate::cases::View`], and on them the
//! mail that they may read. The index lags behind by a moment, so where a text stands is asked of its own table.

mod frequency;
mod index;
mod passage;
mod terms;

use crate::{
    access::{Access, Actor, Role, permit},
    cases::{self, CaseView},
    error::{Error, Result},
    http::{Answer, Cursor, Page, Query as QueryString, page_size},
    ids::CaseId,
    routes::ServiceConfig,
    views::Shown,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
pub(crate) use index::run;
pub use index::{Wrong, check, rebuild};
pub use passage::{Passage, Segment};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use terms::Phrase;
use utoipa::{IntoParams, ToSchema};

/// Mounts `/search`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(search_cases);
}

/// Longest query, in characters.
const MAX_QUERY: usize = 200;

/// Most words of one query.
const MAX_WORDS: usize = 10;

/// Where on a case the words must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Anywhere.
    Any,
    /// In what says which case it is: number, subject, site, enterprise, contacts.
    Head,
    /// Anywhere, but not all of them in the head.
    Rest,
}

/// The days in Japan, both ends included, on which cases were received.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Days {
    /// The first one.
    pub from: Option<NaiveDate>,
    /// The last one.
    pub to: Option<NaiveDate>,
}

impl Days {
    /// The condition on `search_text s`.
    fn push(self, query: &mut QueryBuilder<Postgres>) {
        if let Some(from) = self.from {
            query.push(" and s.case_received_on >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            query.push(" and s.case_received_on <= ").push_bind(to);
        }
    }
}

/// What somebody looks for: all words must stand on the case, or the name of its enterprise.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    words: Vec<Vec<Phrase>>,
    name: Option<Phrase>,
    is_manager: bool,
    is_rare: bool,
}

impl Query {
    /// Reads what was typed, and looks how common it is.
    ///
    /// # Errors
    /// 422 at `/q` for what is too long, or holds nothing that could be found.
    pub async fn read(typed: &str, access: &Access<permit::ReadCases>) -> Result<Self> {
        let mut query = Self::parse(typed, access.actor())?;
        query.is_rare =
            frequency::is_rare(access.read(), &query.words, query.name.as_ref()).await?;
        Ok(query)
    }

    /// Whether so few texts have it that the index is best asked for all of them at once.
    pub fn is_rare(&self) -> bool {
        self.is_rare
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(typed: &str, actor: &Actor) -> Result<Self> {
        if typed.chars().count() > MAX_QUERY {
            return Err(Error::invalid(
                "/q",
                format!("must have at most {MAX_QUERY} characters"),
            ));
        }
        let words = terms::words(typed);
        if words.is_empty() {
            return Err(Error::invalid("/q", "must have a letter or a digit"));
        }
        if words.len() > MAX_WORDS {
            return Err(Error::invalid(
                "/q",
                format!("must have at most {MAX_WORDS} words"),
            ));
        }
        let name = terms::enterprise_name(typed);
        let is_manager = actor.role == Some(Role::Manager);
        Ok(Self {
            words,
            name,
            is_manager,
            is_rare: false,
        })
    }

    /// Adds the condition on `case_file c` that it is found, for judging a few cases one by one: it asks for the texts of
    /// that case.
    pub fn push_condition(&self, query: &mut QueryBuilder<Postgres>, scope: Scope) {
        match scope {
            Scope::Rest => {
                self.push_condition(query, Scope::Any);
                query.push(" and not ");
                self.push_condition(query, Scope::Head);
            }
            scope => {
                let is_head = scope == Scope::Head;
                query.push("((");
                for (at, word) in self.words.iter().enumerate() {
                    query.push(if at == 0 { "" } else { " and " });
                    self.push_on_case(query, word, is_head, false);
                }
                query.push(")");
                if let Some(name) = &self.name {
                    query.push(" or ");
                    self.push_on_case(query, std::slice::from_ref(name), true, true);
                }
                query.push(")");
            }
        }
    }

    /// A scalar query, because `exists` would be turned into a join with all texts that have the word; and with a fence
    /// (`offset 0`), because the index on terms would be read again for each case: 5 s instead of 20 ms.
    fn push_on_case(
        &self,
        query: &mut QueryBuilder<Postgres>,
        word: &[Phrase],
        is_head: bool,
        is_name: bool,
    ) {
        query.push("coalesce((select true from (select * from search_text t where t.case_id = c.id offset 0) s where ");
        self.push_text(query, word, is_head, is_name);
        query.push(" limit 1), false)");
    }

    /// Adds a query for the ids of the cases that are found among those received on these days, for the index to answer.
    pub fn push_found(&self, query: &mut QueryBuilder<Postgres>, scope: Scope, days: Days) {
        if scope == Scope::Rest {
            query.push("(");
            self.push_found(query, Scope::Any, days);
            query.push(" except ");
            self.push_found(query, Scope::Head, days);
            query.push(")");
            return;
        }
        let is_head = scope == Scope::Head;
        query.push("(");
        match self.words.as_slice() {
            [word] => {
                query.push("select s.case_id from search_text s where ");
                self.push_text(query, word, is_head, false);
                days.push(query);
            }
            // From the rarest word on, as PostgreSQL sees it.
            words if self.is_rare => {
                query.push("select f.id from case_file f where true");
                for word in words {
                    query.push(" and f.id in (select s.case_id from search_text s where ");
                    self.push_text(query, word, is_head, false);
                    days.push(query);
                    query.push(")");
                }
            }
            // All are common, and often more so than PostgreSQL thinks: it would ask case by case, a hundred thousand times.
            words => {
                for (at, word) in words.iter().enumerate() {
                    query.push(if at == 0 { "" } else { " intersect " });
                    query.push("select s.case_id from search_text s where ");
                    self.push_text(query, word, is_head, false);
                    days.push(query);
                }
            }
        }
        if let Some(name) = &self.name {
            query.push(" union select s.case_id from search_text s where ");
            self.push_text(query, std::slice::from_ref(name), true, true);
            days.push(query);
        }
        query.push(")");
    }

    /// The condition on `search_text s`: one of the phrases stands in it, and the reader may know.
    fn push_text(
        &self,
        query: &mut QueryBuilder<Postgres>,
        word: &[Phrase],
        is_head: bool,
        is_name: bool,
    ) {
        query.push("(");
        for (at, phrase) in word.iter().enumerate() {
            query.push(if at == 0 { "(" } else { " or (" });
            query.push("s.folded like ").push_bind(phrase.pattern());
            query
                .push(" and s.terms @@ ")
                .push_bind(phrase.ts_query.clone());
            query.push("::tsquery)");
        }
        query.push(")");
        if is_head {
            query.push(" and s.is_head");
        }
        if is_name {
            query.push(" and s.kind = 'enterprise'");
            return;
        }
        if is_head {
            return;
        }
        query.push(
            r#"
            and (s.kind <> 'mail' or exists (
                select from inbound_mail sm
                where sm.id = s.subject_id and sm.case_id = s.case_id and sm.discarded_at is null"#,
        );
        if self.is_manager {
            query.push(" and sm.is_for_managers");
        }
        query.push(
            r#"
            ))
            and (s.kind <> 'report' or exists (
                select from consultation sc where sc.id = s.subject_id and sc.case_id = s.case_id
            ))"#,
        );
    }
}

/// What to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchFilter {
    /// Words, separated by spaces; all of them must stand somewhere on the case. At most 200 characters and ten words.
    #[param(required = true, min_length = 1, example = "就業規則 在宅")]
    pub q: Option<String>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// A case that was found, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// The case.
    pub case: CaseView,
    /// Up to three passages, the best and newest first.
    pub passages: Vec<Passage>,
}

/// Where a page ends.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct After {
    is_rest: bool,
    at: DateTime<Utc>,
    id: CaseId,
}

/// Search cases
///
/// In the number, subject and description, the enterprise, the site and the contacts, interactions, notes, mail in both
/// directions and reports. Writing does not matter: full and half width, hiragana and katakana, variants of kanji, capital
/// letters. Japanese is found by any piece of it, however short; ASCII words by their beginning. First come the cases whose
/// number, subject, enterprise, site or contacts have all the words, then the others; each newest first. A change is found
/// within a second.
#[utoipa::path(
    tag = "cases",
    operation_id = "search_cases",
    params(SearchFilter),
    responses((status = 200, description = "One page of cases with their passages", body = Page<Found>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/search")]
async fn search_cases(
    access: Access<permit::ReadCases>,
    QueryString(filter): QueryString<SearchFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let typed = filter.q.as_deref().unwrap_or_default();
    if typed.trim().is_empty() {
        return Err(Error::invalid("/q", "is required"));
    }
    let query = Query::read(typed, &access).await?;
    let after: Option<After> = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let mut found = Vec::new();
    for (is_rest, scope) in [(false, Scope::Head), (true, Scope::Rest)] {
        let wanted = limit + 1 - found.len() as i64;
        if wanted == 0 || after.is_some_and(|after| after.is_rest && !is_rest) {
            continue;
        }
        let after = after
            .filter(|after| after.is_rest == is_rest)
            .map(|after| (after.at, after.id));
        let cases = cases::search(&access, &query, scope, after, wanted).await?;
        found.extend(cases.into_iter().map(|case| (is_rest, case)));
    }
    let page = Page::new(found, limit, |(is_rest, case)| After {
        is_rest: *is_rest,
        at: case.received_at,
        id: case.id,
    });
    let ids: Vec<_> = page.items.iter().map(|(_, case)| case.id).collect();
    Shown::leave(access.request(), "search", ids.iter().copied(), []);
    let mut db = access.read().acquire().await?;
    let mut passages = passage::find(&mut db, &query, &ids).await?;
    let items = page
        .items
        .into_iter()
        .map(|(_, case)| Found {
            passages: passages.remove(&case.id).unwrap_or_default(),
            case,
        })
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}
