//! Runs: what is over goes, in batches, by a job that may be interrupted at any moment and goes on where it was.
//!
//! Each batch is a transaction of its own that finds the next things, locks mails, enterprises and cases in the order in
//! which everybody locks them, and asks once more what is over. A run that is interrupted leaves whole batches behind;
//! the next one finds only what is left.

use super::{RetentionClass, cutoff, log};
use crate::{
    access::{Access, Actor, OFFICE, permit},
    attachments,
    audit::{self, Event, head::AuditHead},
    erasure::wipe,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    intake,
    interactions::Author,
    japan::{self, tokyo_date},
    jobs::{Job, Work},
    routes::ServiceConfig,
    settings::Settings,
    store::{Store, Tx},
};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection, QueryBuilder, types::Json as SqlJson};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(request_retention_run)
        .service(list_retention_runs)
        .service(show_retention_run)
        .service(show_certificate);
}

/// How much goes in one transaction: long enough to be quick, short enough that nobody waits for its locks.
pub const BATCH: i32 = 100;

/// What is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRunRequest {
    /// What is over on this day; not in the future.
    pub as_of: NaiveDate,
    /// Of these classes; `audit` is none of them, the trail is kept whole.
    #[schema(min_items = 1)]
    pub classes: Vec<RetentionClass>,
}

impl Body for RetentionRunRequest {
    fn check(&self, fields: &mut Fields) {
        let mut classes = self.classes.clone();
        classes.sort();
        classes.dedup();
        fields.require(
            !classes.is_empty() && classes.len() == self.classes.len(),
            "/classes",
            "must name at least one class, each once",
        );
        fields.require(
            !classes.contains(&RetentionClass::Audit),
            "/classes",
            "must not name audit: the audit trail is kept whole for as long as the database is",
        );
        let is_near = (2000..2900).contains(&chrono::Datelike::year(&self.as_of));
        fields.require(is_near, "/as_of", "must be a day of our time");
    }
}

/// Whether a run is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[allow(missing_docs, reason = "names say it")]
pub enum RunState {
    Running,
    Finished,
}

/// How many of a kind went under a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DisposalCount {
    /// The class.
    pub class: RetentionClass,
    /// What was counted: `case`, `mail`, `attachment`, `enterprise`, `view`.
    #[schema(example = "case")]
    pub kind: String,
    /// How many.
    pub count: i64,
}

/// A run.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct RetentionRunView {
    /// Its id.
    pub id: RunId,
    /// What was over on this day.
    pub as_of: NaiveDate,
    /// Of these classes.
    pub classes: Vec<RetentionClass>,
    /// The years of each class as they were set then.
    #[sqlx(json)]
    #[schema(value_type = Object, example = json!({"case": 5}))]
    pub years: BTreeMap<String, i32>,
    /// Whether it is finished.
    pub state: RunState,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    #[sqlx(json(nullable))]
    pub requested_by: Option<Author>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// What has gone so far.
    #[sqlx(json)]
    pub counts: Vec<DisposalCount>,
    /// SHA-256 over what went, in hex; once it is finished.
    pub digest: Option<String>,
}

const SELECT: &str = r#"
    select r.id, r.as_of, r.classes, r.years, r.state, r.requested_at, r.finished_at, encode(r.digest, 'hex') as digest,
        case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as requested_by,
        coalesce((
            select json_agg(json_build_object('class', d.class, 'kind', d.kind, 'count', d.count) order by d.class, d.kind)
            from (
                select class, kind, sum(count)::bigint as count
                from disposal
                where run_id = r.id
                group by class, kind
            ) d
        ), '[]'::json) as counts
    from retention_run r
    left join app_user u on u.id = r.requested_by
"#;

/// Dispose of what is over
///
/// A job does it, in batches. Each thing is judged once more when its turn comes: what was reopened, put under legal hold
/// or heard of since the preview is spared. A second run finds nothing left. One run at a time.
#[utoipa::path(
    tag = "data",
    operation_id = "request_retention_run",
    request_body = RetentionRunRequest,
    responses((status = 201, description = "The run", body = RetentionRunView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/retention/runs")]
async fn request_retention_run(
    access: Access<permit::ManageRetention>,
    Json(body): Json<RetentionRunRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            if body.as_of > tokyo_date(tx.now()) {
                return Err(Error::invalid("/as_of", "must not lie in the future"));
            }
            let run_id = begin(tx, &body).await?;
            let view = find(tx.db(), run_id).await?;
            Ok(Answer::created(
                format!("/api/v1/retention/runs/{run_id}"),
                &view,
            ))
        })
        .await
}

async fn begin(tx: &mut Tx, body: &RetentionRunRequest) -> Result<RunId> {
    let (run_id, now, actor) = (RunId::new(), tx.now(), tx.actor().user_id);
    let settings = tx.settings().await?;
    let classes: Vec<String> = body
        .classes
        .iter()
        .map(|class| class.name().into())
        .collect();
    let years: BTreeMap<&str, i32> = body
        .classes
        .iter()
        .map(|class| (class.name(), class.years(&settings)))
        .collect();
    sqlx::query!(
        r#"
        insert into retention_run (id, as_of, classes, years, state, requested_at, requested_by)
        values ($1, $2, $3, $4, 'running', $5, $6)
        "#,
        *run_id,
        body.as_of,
        &classes,
        SqlJson(&years) as _,
        now,
        actor.map(|id| *id),
    )
    .execute(tx.db())
    .await
    .on_constraint("retention_run_one", || {
        Error::conflict("Another run is not finished yet.")
    })?;
    tx.record(
        OFFICE,
        Event::RetentionRunRequested {
            run_id,
            as_of: body.as_of,
            classes,
        },
    );
    tx.enqueue(Job::now(Work::RunRetention { run_id }).once(format!("run_retention:{run_id}")));
    Ok(run_id)
}

async fn find(db: &mut PgConnection, id: RunId) -> Result<RetentionRunView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where r.id = ").push_bind(id);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RunFilter {
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List the runs
///
/// The newest first.
#[utoipa::path(
    tag = "data",
    operation_id = "list_retention_runs",
    params(RunFilter),
    responses((status = 200, description = "One page of runs", body = Page<RetentionRunView>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/runs")]
async fn list_retention_runs(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<RunFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, RunId) = cursor.keys()?;
        query
            .push("where (r.requested_at, r.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by r.requested_at desc, r.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<RetentionRunView> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.requested_at, item.id)
    })))
}

/// Show a run
///
/// With what has gone so far.
#[utoipa::path(
    tag = "data",
    operation_id = "show_retention_run",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RetentionRunView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/runs/{id}")]
async fn show_retention_run(
    access: Access<permit::ManageRetention>,
    Path(id): Path<RunId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    Ok(Answer::ok(&find(&mut db, id).await?))
}

/// One line of a printed certificate.
#[derive(Serialize, ToSchema)]
pub struct CertificateField {
    /// What it says.
    #[schema(example = "廃棄日時")]
    pub label: String,
    /// In words.
    pub value: String,
}

/// A certificate of disposal (廃棄証明).
#[derive(Serialize, ToSchema)]
pub struct Certificate {
    /// The run.
    pub run: RetentionRunView,
    /// The office.
    pub office: String,
    /// SHA-256 in hex over a line for each thing that went, `class kind id` and a line feed, in the order of these words
    /// and of the ids as text; views as `view view` and their number. The ids are in `/retention/disposals`.
    pub digest: String,
    /// Where the audit trail stood when the run was finished: what an auditor keeps outside proves the log of it.
    pub audit_head: AuditHead,
    /// The same for printing, in Japanese.
    pub fields: Vec<CertificateField>,
}

/// Show the certificate of a run
///
/// Once it is finished. Machine-readable, with the same in words for printing.
#[utoipa::path(
    tag = "data",
    operation_id = "show_certificate",
    params(("id" = Uuid, Path, description = "The run")),
    responses((status = 200, description = "The certificate", body = Certificate)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/runs/{id}/certificate")]
async fn show_certificate(
    access: Access<permit::ManageRetention>,
    Path(id): Path<RunId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let run = find(&mut db, id).await?;
    let (Some(digest), Some(finished_at)) = (run.digest.clone(), run.finished_at) else {
        return Err(Error::not_found());
    };
    let audit_head = sqlx::query_scalar!(
        r#"select audit_head as "audit_head!: SqlJson<AuditHead>" from retention_run where id = $1"#,
        *id
    )
    .fetch_one(&mut *db)
    .await?
    .0;
    let office = Settings::load(&mut *db).await?.office_name.to_string();
    let fields = printed(&run, &office, finished_at, &digest, &audit_head);
    Ok(Answer::ok(&Certificate {
        run,
        office,
        digest,
        audit_head,
        fields,
    }))
}

fn printed(
    run: &RetentionRunView,
    office: &str,
    finished_at: DateTime<Utc>,
    digest: &str,
    head: &AuditHead,
) -> Vec<CertificateField> {
    let field = |label: &str, value: String| CertificateField {
        label: label.to_owned(),
        value,
    };
    let mut fields = vec![
        field("作成者", office.to_owned()),
        field("廃棄の基準日", japan::wareki(run.as_of)),
        field("廃棄の完了日", japan::wareki(tokyo_date(finished_at))),
    ];
    for class in &run.classes {
        let years = run.years.get(class.name()).copied().unwrap_or_default();
        let counts = run.counts.iter().filter(|count| count.class == *class);
        let count: i64 = counts
            .filter(|count| count.kind != "enterprise")
            .map(|count| count.count)
            .sum();
        fields.push(field(
            class.japanese(),
            format!("{count}件(保存期間{years}年、終了した年度の翌年度4月1日から起算)"),
        ));
    }
    let by = run.requested_by.as_ref().map_or("", |by| by.name.as_str());
    fields.push(field("指示者", by.to_owned()));
    fields.push(field("廃棄した記録の要約値(SHA-256)", digest.to_owned()));
    if let Some(checkpoint) = &head.checkpoint {
        fields.push(field(
            "監査記録の検査点",
            format!("第{}号 {}", checkpoint.id, checkpoint.mac),
        ));
    }
    fields
}

/// The job: batch after batch until nothing is left.
///
/// # Errors
/// The database is away: the job comes back and goes on.
pub async fn go_on(store: &Store, actor: &Actor, run_id: RunId) -> Result<()> {
    let mut places = Places::new();
    while step(store, actor, run_id, BATCH, &mut places).await? {}
    Ok(())
}

/// The last item that was taken of each class: where the walk along what was closed goes on. A run that is taken up again
/// begins at the beginning, and finds there only what is left.
type Places = BTreeMap<RetentionClass, (DateTime<Utc>, Uuid)>;

/// The next batch of a run; false when it is finished.
///
/// # Errors
/// The database's.
pub async fn batch(store: &Store, actor: &Actor, run_id: RunId, most: i32) -> Result<bool> {
    step(store, actor, run_id, most, &mut Places::new()).await
}

async fn step(
    store: &Store,
    actor: &Actor,
    run_id: RunId,
    most: i32,
    places: &mut Places,
) -> Result<bool> {
    // A mail that was taken in spares its case, also where its own job has not come to it yet.
    intake::place::run_waiting(store, actor).await?;
    let before = &*places;
    let taken = store
        .transaction(actor, async |tx| {
            let run = sqlx::query!(
                r#"
                select as_of, classes as "classes: Vec<RetentionClass>", years as "years: SqlJson<BTreeMap<String, i32>>", state
                from retention_run
                where id = $1
                for no key update
                "#,
                *run_id
            )
            .fetch_one(tx.db())
            .await?;
            if run.state == "finished" {
                tx.unchanged_for_all();
                return Ok(None);
            }
            for class in RetentionClass::ALL {
                if !run.classes.contains(&class) {
                    continue;
                }
                let years = run.years.0.get(class.name()).copied();
                let years = years.expect("a run has the years of its classes");
                let walk = Walk {
                    class,
                    before: cutoff(run.as_of, years),
                    after: before.get(&class).copied(),
                    most,
                };
                if let Some(place) = take(tx, run_id, &walk).await? {
                    return Ok(Some((class, place)));
                }
            }
            finish(tx, run_id).await?;
            Ok(None)
        })
        .await?;
    places.extend(taken);
    Ok(taken.is_some())
}

/// Which things of a class are next.
struct Walk {
    class: RetentionClass,
    /// What ended before this moment is over.
    before: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    most: i32,
}

/// Takes the next things of a class, and says which was the last; none where there are none.
async fn take(tx: &mut Tx, run_id: RunId, walk: &Walk) -> Result<Option<(DateTime<Utc>, Uuid)>> {
    let class = walk.class;
    if class == RetentionClass::View {
        let is_any = take_views(tx, run_id, walk.before).await?;
        return Ok(is_any.then_some((walk.before, Uuid::nil())));
    }
    let found = items(tx, walk, None).await?;
    let Some(last) = found.last().map(|item| (item.ended_at, item.id)) else {
        return Ok(None);
    };
    lock(tx, &found).await?;
    // As they stand now that nobody can change them.
    let ids: Vec<Uuid> = found.iter().map(|item| item.id).collect();
    let still = items(tx, walk, Some(&ids)).await?;
    if still.is_empty() {
        tx.unchanged_for_all();
        return Ok(Some(last));
    }
    let going = Going {
        run_id,
        items: still,
    };
    match class {
        RetentionClass::RawMail => going.raw_mails(tx).await?,
        RetentionClass::Attachment => going.attachments(tx).await?,
        RetentionClass::Case => going.cases(tx).await?,
        RetentionClass::Audit | RetentionClass::View => {}
    }
    Ok(Some(last))
}

/// Something that is over.
struct Item {
    kind: String,
    id: Uuid,
    case_id: Option<CaseId>,
    number: Option<String>,
    ended_at: DateTime<Utc>,
}

async fn items(tx: &mut Tx, walk: &Walk, only: Option<&[Uuid]>) -> Result<Vec<Item>> {
    // What is locked is asked for by its ids, wherever it stands.
    let after = walk.after.filter(|_| only.is_none());
    Ok(sqlx::query_as!(
        Item,
        r#"
        select kind as "kind!", id as "id!", case_id as "case_id: CaseId", number, ended_at as "ended_at!"
        from retention_items($1, $2, $3, $4, $5, $6)
        "#,
        walk.class.name(),
        walk.before,
        only,
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        walk.most,
    )
    .fetch_all(tx.db())
    .await?)
}

/// Mails that belong to no case, then enterprises, then cases: the order in which everybody locks.
async fn lock(tx: &mut Tx, items: &[Item]) -> Result<()> {
    let strays: Vec<Uuid> = items
        .iter()
        .filter(|item| item.case_id.is_none())
        .map(|item| item.id)
        .collect();
    let cases: Vec<Uuid> = items
        .iter()
        .filter_map(|item| item.case_id.map(|id| *id))
        .collect();
    sqlx::query!(
        "select id from inbound_mail where id = any ($1) order by id for no key update",
        &strays
    )
    .fetch_all(tx.db())
    .await?;
    sqlx::query!(
        r#"
        select id
        from enterprise
        where id in (select enterprise_id from case_file where id = any ($1))
        order by id
        for no key update
        "#,
        &cases
    )
    .fetch_all(tx.db())
    .await?;
    // A case and what it was merged into are over together.
    sqlx::query!(
        r#"
        select id
        from case_file
        where id = any ($1) or id in (select merged_into from case_file where id = any ($1))
        order by id
        for no key update
        "#,
        &cases
    )
    .fetch_all(tx.db())
    .await?;
    Ok(())
}

/// What goes now.
struct Going {
    run_id: RunId,
    items: Vec<Item>,
}

impl Going {
    fn ids(&self, kind: &str) -> Vec<Uuid> {
        let of_kind = self.items.iter().filter(|item| item.kind == kind);
        of_kind.map(|item| item.id).collect()
    }

    /// How many of them each case has.
    fn per_case(&self) -> BTreeMap<Option<CaseId>, i64> {
        let mut counts = BTreeMap::new();
        for item in &self.items {
            *counts.entry(item.case_id).or_default() += 1;
        }
        counts
    }

    async fn note(&self, tx: &mut Tx, class: RetentionClass, kind: &str) -> Result<()> {
        let of_kind: Vec<_> = self.items.iter().filter(|item| item.kind == kind).collect();
        let entry = log::Entry {
            rule: log::Rule::Run(self.run_id),
            class,
            kind,
            ids: of_kind.iter().map(|item| item.id).collect(),
            case_numbers: of_kind
                .iter()
                .filter_map(|item| item.number.clone())
                .collect(),
        };
        log::write(tx, entry).await
    }

    async fn raw_mails(&self, tx: &mut Tx) -> Result<()> {
        wipe::raw_mails(tx, &self.ids("mail")).await?;
        for (case_id, mails) in self.per_case() {
            let event = Event::RawMailsDisposed {
                run_id: self.run_id,
                mails,
            };
            match case_id {
                Some(id) => tx.record(id, event),
                None => tx.record(OFFICE, event),
            }
        }
        self.note(tx, RetentionClass::RawMail, "mail").await
    }

    async fn attachments(&self, tx: &mut Tx) -> Result<()> {
        attachments::disposal::forget(tx, &self.ids("attachment")).await?;
        for (case_id, attachments) in self.per_case() {
            let case_id = case_id.expect("the class lists files of cases only");
            let event = Event::AttachmentsDisposed {
                run_id: self.run_id,
                attachments,
            };
            tx.record(case_id, event);
        }
        self.note(tx, RetentionClass::Attachment, "attachment")
            .await
    }

    async fn cases(&self, tx: &mut Tx) -> Result<()> {
        let (cases, mails) = (self.ids("case"), self.ids("mail"));
        wipe::cases(tx, &cases).await?;
        wipe::mails(tx, &mails).await?;
        let enterprises = wipe::enterprises_without_cases(tx, &cases).await?;
        for id in &cases {
            let run_id = self.run_id;
            tx.record(CaseId(*id), Event::CaseDisposed { run_id });
        }
        if !mails.is_empty() {
            let event = Event::RawMailsDisposed {
                run_id: self.run_id,
                mails: mails.len() as i64,
            };
            tx.record(OFFICE, event);
        }
        self.note(tx, RetentionClass::Case, "case").await?;
        self.note(tx, RetentionClass::Case, "mail").await?;
        let entry = log::Entry {
            rule: log::Rule::Run(self.run_id),
            class: RetentionClass::Case,
            kind: "enterprise",
            ids: enterprises,
            case_numbers: Vec::new(),
        };
        log::write(tx, entry).await
    }
}

/// Ten thousand entries at a time: they are small, and nobody waits for them.
async fn take_views(tx: &mut Tx, run_id: RunId, before: DateTime<Utc>) -> Result<bool> {
    let gone = sqlx::query_scalar!(r#"select dispose_of_views($1, 10000) as "gone!""#, before)
        .fetch_one(tx.db())
        .await?;
    if gone == 0 {
        return Ok(false);
    }
    log::write_views(tx, run_id, gone).await?;
    // What goes with the views is said by the run, whose end is recorded.
    tx.unchanged_for_all();
    Ok(true)
}

async fn finish(tx: &mut Tx, run_id: RunId) -> Result<()> {
    let digest = digest(tx, run_id).await?;
    let head = audit::head::show(tx.db()).await?;
    let now = tx.now();
    sqlx::query!(
        r#"
        update retention_run
        set state = 'finished', finished_at = $2, digest = $3, audit_head = $4
        where id = $1
        "#,
        *run_id,
        now,
        &digest[..],
        SqlJson(&head) as _,
    )
    .execute(tx.db())
    .await?;
    let digest = hex::encode(digest);
    tx.record(OFFICE, Event::RetentionRunFinished { run_id, digest });
    Ok(())
}

/// As [`Certificate::digest`] describes it.
async fn digest(tx: &mut Tx, run_id: RunId) -> Result<[u8; 32]> {
    let lines = sqlx::query_scalar!(
        r#"
        select line as "line!"
        from (
            select concat_ws(' ', d.class, d.kind, gone.id) as line
            from disposal d
            cross join unnest(d.subject_ids) as gone (id)
            where d.run_id = $1
            union all
            select concat_ws(' ', class, kind, sum(count))
            from disposal
            where run_id = $1 and kind = 'view'
            group by class, kind
        ) lines
        order by line collate "C"
        "#,
        *run_id
    )
    .fetch_all(tx.db())
    .await?;
    let mut sha = Sha256::new();
    for line in lines {
        sha.update(line.as_bytes());
        sha.update(b"\n");
    }
    Ok(sha.finalize().into())
}
