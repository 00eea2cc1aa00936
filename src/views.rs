//! Who saw whose data: a log beside the requests, and the questions asked of it.
//!
//! Owns `view_log`. A request that showed personal data is noted in memory when it has been answered ([`note`]), which
//! costs it a lock and a few words; about every second what was noted is written in one statement ([`run`]). While the
//! database is away it waits, up to [`MOST_WAITING`]; what comes beyond that is lost, counted
//! (`madoguchi_views_lost_total`) and told as an error. A clean stop writes what is left. A process that is killed loses the
//! last second.
//!
//! What is noted: one case with all its parts, one message, mail, file, offer, session or enterprise, and what a look-up of
//! a caller or a search showed. Not the queues and lists that everybody's page asks for all day: they say of a case no more
//! than that there is one.

use crate::{
    access::{Access, Actor, ActorKind, Role, permit},
    error::{Result, request_id},
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    routes::ServiceConfig,
    store::Store,
};
use actix_web::{HttpMessage, HttpRequest, get, http::Method, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, QueryBuilder};
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Most views that wait for the database: an hour of fifty busy people, in about 20 MB.
pub const MOST_WAITING: usize = 100_000;

/// How many are written at a time.
const BATCH: usize = 1000;

/// How long they wait where all is well.
const PAUSE: Duration = Duration::from_secs(1);

/// Mounts `/views`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(list_views);
}

/// What was shown, and by what it is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Case(Uuid),
    CaseNumber(String),
    Enterprise(Uuid),
    Consultation(Uuid),
    Message(Uuid),
    Mail(Uuid),
    Attachment(Uuid),
    Offer(Uuid),
}

/// The pattern of a request that shows somebody's data, the word it is noted by, and what its id is of.
type Showing = (&'static str, &'static str, fn(Uuid) -> Key);

/// All of them.
const SHOWING: &[Showing] = &[
    ("/api/v1/cases/{id}", "case", Key::Case),
    ("/api/v1/cases/{id}/timeline", "timeline", Key::Case),
    ("/api/v1/cases/{id}/interactions", "interactions", Key::Case),
    ("/api/v1/cases/{id}/notes", "notes", Key::Case),
    ("/api/v1/cases/{id}/messages", "messages", Key::Case),
    ("/api/v1/cases/{id}/attachments", "attachments", Key::Case),
    (
        "/api/v1/cases/{id}/consultations",
        "consultations",
        Key::Case,
    ),
    ("/api/v1/cases/{id}/offers", "offers", Key::Case),
    ("/api/v1/cases/{id}/flags", "flags", Key::Case),
    (
        "/api/v1/consultations/{id}",
        "consultation",
        Key::Consultation,
    ),
    (
        "/api/v1/consultations/{id}/report",
        "report",
        Key::Consultation,
    ),
    (
        "/api/v1/consultations/{id}/invite.ics",
        "consultation",
        Key::Consultation,
    ),
    ("/api/v1/messages/{id}", "message", Key::Message),
    ("/api/v1/intake/emails/{id}", "mail", Key::Mail),
    ("/api/v1/intake/emails/{id}/raw", "raw_mail", Key::Mail),
    ("/api/v1/attachments/{id}", "attachment", Key::Attachment),
    ("/api/v1/offers/{id}", "offer", Key::Offer),
    ("/api/v1/enterprises/{id}", "enterprise", Key::Enterprise),
    (
        "/api/v1/enterprises/{id}/cases",
        "enterprise",
        Key::Enterprise,
    ),
    (
        "/api/v1/enterprises/{id}/duplicates",
        "enterprise",
        Key::Enterprise,
    ),
];

/// What an answer showed that its address does not say: handlers of look-ups leave it with the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    what: &'static str,
    keys: Vec<Key>,
}

impl Shown {
    /// Cases and enterprises that a look-up showed.
    pub(crate) fn leave(
        request: &HttpRequest,
        what: &'static str,
        cases: impl IntoIterator<Item = CaseId>,
        enterprises: impl IntoIterator<Item = EnterpriseId>,
    ) {
        let cases = cases.into_iter().map(|id| Key::Case(*id));
        let enterprises = enterprises.into_iter().map(|id| Key::Enterprise(*id));
        let keys = cases.chain(enterprises).collect();
        request.extensions_mut().insert(Self { what, keys });
    }
}

/// Somebody saw something.
#[derive(Clone, Debug)]
struct Seen {
    at: DateTime<Utc>,
    user_id: UserId,
    by_token: bool,
    what: &'static str,
    key: Key,
    request_id: Uuid,
}

/// What was seen and is not written yet.
#[derive(Debug)]
pub struct ViewLog {
    waiting: Mutex<Vec<Seen>>,
    most: usize,
}

impl Default for ViewLog {
    fn default() -> Self {
        Self::with_room(MOST_WAITING)
    }
}

impl ViewLog {
    /// With room for so many.
    pub fn with_room(most: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            most,
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.waiting.lock().expect("no panic while it is held")
    }

    fn add(&self, seen: impl IntoIterator<Item = Seen>) {
        let mut waiting = self.lock();
        let mut lost = 0;
        for seen in seen {
            match waiting.len() < self.most {
                true => waiting.push(seen),
                false => lost += 1,
            }
        }
        drop(waiting);
        tell_lost(lost);
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.lock())
    }

    /// What could not be written goes before what came meanwhile.
    fn put_back(&self, mut seen: Vec<Seen>) {
        let mut waiting = self.lock();
        seen.append(&mut waiting);
        let lost = seen.len().saturating_sub(self.most);
        seen.truncate(self.most);
        *waiting = seen;
        drop(waiting);
        tell_lost(lost);
    }
}

fn tell_lost(count: usize) {
    if count > 0 {
        metrics::counter!("madoguchi_views_lost_total").increment(count as u64);
        tracing::error!(
            views.lost = count,
            "who saw what could not be kept: the database was away too long"
        );
    }
}

/// Notes what an answered request showed.
pub(crate) fn note(request: &HttpRequest) {
    if *request.method() != Method::GET {
        return;
    }
    let extensions = request.extensions();
    let Some((actor, user_id)) = extensions
        .get::<Actor>()
        .and_then(|actor| Some((actor, actor.user_id?)))
    else {
        return;
    };
    let (what, keys) = match extensions.get::<Shown>() {
        Some(shown) => (shown.what, shown.keys.clone()),
        None => match by_address(request) {
            Some((what, key)) => (what, vec![key]),
            None => return,
        },
    };
    let store = request
        .app_data::<Data<Store>>()
        .expect("the app is mounted with its store");
    let at = store.now();
    store.views().add(keys.into_iter().map(|key| Seen {
        at,
        user_id,
        by_token: actor.kind == ActorKind::Token,
        what,
        key,
        request_id: request_id(),
    }));
}

fn by_address(request: &HttpRequest) -> Option<(&'static str, Key)> {
    let pattern = request.match_pattern()?;
    if pattern == "/api/v1/cases/by-number/{number}" {
        let number = request.match_info().get("number")?.to_owned();
        return Some(("case", Key::CaseNumber(number)));
    }
    let (_, what, key) = SHOWING.iter().find(|(address, ..)| *address == pattern)?;
    let id = request.match_info().get("id")?.parse().ok()?;
    Some((what, key(id)))
}

/// Writes what was noted so far; what cannot be written is kept. How many entries there are more.
///
/// # Errors
/// The database is away.
pub async fn flush(store: &Store) -> Result<usize> {
    let mut waiting = store.views().take();
    // A page that asks for a case and its parts again and again within a second saw it once.
    let mut known = HashSet::new();
    waiting.retain(|seen| known.insert((seen.user_id, seen.by_token, seen.what, seen.key.clone())));
    let mut written = 0;
    while !waiting.is_empty() {
        let batch = &waiting[..waiting.len().min(BATCH)];
        let size = batch.len();
        if let Err(error) = write(store, batch).await {
            store.views().put_back(waiting);
            return Err(error);
        }
        waiting.drain(..size);
        written += size;
    }
    Ok(written)
}

async fn write(store: &Store, batch: &[Seen]) -> Result<()> {
    let column = |of: fn(&Key) -> Option<Uuid>| -> Vec<Option<Uuid>> {
        batch.iter().map(|seen| of(&seen.key)).collect()
    };
    let times: Vec<_> = batch.iter().map(|seen| seen.at).collect();
    let users: Vec<Uuid> = batch.iter().map(|seen| *seen.user_id).collect();
    let tokens: Vec<bool> = batch.iter().map(|seen| seen.by_token).collect();
    let whats: Vec<String> = batch.iter().map(|seen| seen.what.to_owned()).collect();
    let requests: Vec<Uuid> = batch.iter().map(|seen| seen.request_id).collect();
    let numbers: Vec<Option<String>> = batch
        .iter()
        .map(|seen| match &seen.key {
            Key::CaseNumber(number) => Some(number.clone()),
            _ => None,
        })
        .collect();
    let cases = column(|key| match key {
        Key::Case(id) => Some(*id),
        _ => None,
    });
    let enterprises = column(|key| match key {
        Key::Enterprise(id) => Some(*id),
        _ => None,
    });
    let subjects = column(|key| match key {
        Key::Consultation(id)
        | Key::Message(id)
        | Key::Mail(id)
        | Key::Attachment(id)
        | Key::Offer(id) => Some(*id),
        Key::Case(_) | Key::CaseNumber(_) | Key::Enterprise(_) => None,
    });
    // Ids are UUIDs of one space: at most one of the tables has it.
    sqlx::query!(
        r#"
        insert into view_log (seen_at, user_id, by_token, what, subject_id, case_id, enterprise_id, request_id)
        select s.seen_at, s.user_id, s.by_token, s.what, s.subject_id,
            coalesce(s.case_id, n.id, t.case_id, m.case_id, i.case_id, a.case_id, o.case_id), s.enterprise_id, s.request_id
        from unnest($1::timestamptz[], $2::uuid[], $3::bool[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::uuid[])
            with ordinality as s (seen_at, user_id, by_token, what, subject_id, case_id, number, enterprise_id, request_id, place)
        left join case_file n on n.number = s.number
        left join consultation t on t.id = s.subject_id
        left join message m on m.id = s.subject_id
        left join inbound_mail i on i.id = s.subject_id
        left join attachment a on a.id = s.subject_id
        left join offer o on o.id = s.subject_id
        order by s.place
        "#,
        &times,
        &users,
        &tokens,
        &whats,
        &subjects as _,
        &cases as _,
        &numbers as _,
        &enterprises as _,
        &requests,
    )
    .execute(store.writer())
    .await?;
    Ok(())
}

/// Writes what is noted, about every second, until `stop` resolves; then what is left, with a few tries.
pub async fn run(store: &Store, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut was_well = true;
    loop {
        let is_last = tokio::select! {
            () = &mut stop => true,
            () = tokio::time::sleep(PAUSE) => false,
        };
        let result = flush(store).await;
        if let Err(error) = &result
            && was_well
        {
            tracing::warn!(error.message = %error, views.waiting = store.views().waiting(), "who saw what cannot be written");
        }
        was_well = result.is_ok();
        if is_last {
            break;
        }
    }
    for _ in 0..5 {
        if store.views().waiting() == 0 || flush(store).await.is_ok() {
            return;
        }
        tokio::time::sleep(PAUSE / 5).await;
    }
    tell_lost(store.views().take().len());
}

/// Whose views, or of what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ViewFilter {
    /// Of this case and its parts.
    pub case_id: Option<CaseId>,
    /// Of this enterprise.
    pub enterprise_id: Option<EnterpriseId>,
    /// By this person.
    pub user_id: Option<UserId>,
    /// Seen at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Seen before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Who saw something.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in User")]
pub struct Viewer {
    pub id: UserId,
    pub name: String,
    pub role: Role,
}

/// Somebody saw something. The same within a second is one entry.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct ViewEntry {
    /// Its number.
    pub id: i64,
    /// When.
    pub seen_at: DateTime<Utc>,
    /// Who.
    #[sqlx(json(nullable))]
    pub user: Option<Viewer>,
    /// By an API token of theirs.
    pub by_token: bool,
    /// What: `case`, `timeline`, `interactions`, `notes`, `messages`, `attachments`, `consultations`, `offers`, `flags`,
    /// `consultation`, `report`, `message`, `mail`, `raw_mail`, `attachment`, `offer`, `enterprise`, `caller` (a look-up
    /// showed it), `search` (a search did).
    #[schema(example = "case")]
    pub what: String,
    /// The session, message, mail, file or offer; null for a case or an enterprise itself.
    pub subject_id: Option<Uuid>,
    /// The case.
    pub case_id: Option<CaseId>,
    /// Its number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
    /// The enterprise, where it was asked for itself.
    pub enterprise_id: Option<EnterpriseId>,
    /// The request, as it stands in the server's log.
    pub request_id: Uuid,
}

/// List who saw what
///
/// The newest first; a view is here about a second after it happened.
#[utoipa::path(
    tag = "data",
    operation_id = "list_views",
    params(ViewFilter),
    responses((status = 200, description = "One page of views", body = Page<ViewEntry>)),
    extensions(("x-permission" = json!("read_views")))
)]
#[get("/views")]
async fn list_views(
    access: Access<permit::ReadViews>,
    Query(filter): Query<ViewFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(
        r#"
        select v.id, v.seen_at, v.by_token, v.what, v.subject_id, v.case_id, c.number as case_number, v.enterprise_id,
            v.request_id,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name, 'role', u.role) end as "user"
        from view_log v
        left join app_user u on u.id = v.user_id
        left join case_file c on c.id = v.case_id
        where true"#,
    );
    if let Some(id) = filter.case_id {
        query.push(" and v.case_id = ").push_bind(id);
    }
    if let Some(id) = filter.enterprise_id {
        query.push(" and v.enterprise_id = ").push_bind(id);
    }
    if let Some(id) = filter.user_id {
        query.push(" and v.user_id = ").push_bind(id);
    }
    if let Some(from) = filter.from {
        query.push(" and v.seen_at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" and v.seen_at < ").push_bind(until);
    }
    if let Some(cursor) = &filter.cursor {
        let before: i64 = cursor.keys()?;
        query.push(" and v.id < ").push_bind(before);
    }
    query
        .push(" order by v.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<ViewEntry> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| item.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(number: u128) -> Seen {
        Seen {
            at: "2026-11-24T01:00:00Z".parse().unwrap(),
            user_id: UserId(Uuid::from_u128(1)),
            by_token: false,
            what: "case",
            key: Key::Case(Uuid::from_u128(number)),
            request_id: Uuid::nil(),
        }
    }

    fn cases(log: &ViewLog) -> Vec<Key> {
        log.take().into_iter().map(|seen| seen.key).collect()
    }

    #[test]
    fn what_has_no_room_is_lost_and_the_oldest_is_kept() {
        let log = ViewLog::with_room(3);
        log.add((1..=2).map(seen));
        let taken = log.take();
        log.add((3..=4).map(seen));
        // The database was away: what was taken comes back, before what came meanwhile.
        log.put_back(taken);
        assert_eq!(log.waiting(), 3);
        log.add([seen(5)]);
        let kept = cases(&log);
        assert_eq!(
            kept,
            [1, 2, 3].map(|number| Key::Case(Uuid::from_u128(number)))
        );
    }
}
