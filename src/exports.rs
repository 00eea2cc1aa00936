//! Exports: lists as files for a spreadsheet, made by a job and downloaded once they are there.
//!
//! Owns `export`. The file holds what whoever asked for it sees when the job runs (rule 8), and nothing else: a desk its own
//! cases, the auditor all of them with what is personal masked. It is written row by row in bounded memory ([`file`]), lies in
//! the storage of files for a day, and only its maker gets it, while they still see what it was made of; each download is
//! recorded. What can be exported is in [`lists`]; other slices add theirs as a [`table::Table`].

pub mod file;
pub mod lists;
pub(crate) mod make;
pub mod table;

use crate::{
    access::{Access, Actor, OFFICE, Permission, Role, permit},
    audit::Event,
    cases::View,
    error::{Error, Fields, Result},
    http::{Answer, Body, Cursor, FileBytes, Json, Page, Path, Query, page_size},
    ids::*,
    japan::tokyo_date,
    jobs::{Job, Work},
    routes::ServiceConfig,
    settings::Settings,
    store::Tx,
};
use actix_web::{HttpResponse, body::SizedStream, get, http::header, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgExecutor, types::Json as SqlJson};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Exports of one person that may wait at a time: each takes a worker for as long as its list is long.
const MOST_WAITING: i64 = 5;

/// Mounts `/exports`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(create_export)
        .service(list_exports)
        .service(show_export)
        .service(download_export);
}

macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $of:literal])+ $variant:ident = $text:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "text", rename_all = "snake_case")]
        pub enum $name { $($(#[doc = $of])+ $variant,)+ }

        impl $name {
            /// The name as it is stored and sent.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    )+};
}

choices! {
    /// Which list is exported.
    ExportKind {
        /// 相談案件: those that `GET /cases` lists.
        Cases = "cases",
        /// コンサルティング: those that `GET /consultations` lists.
        Sessions = "sessions",
        /// 対応記録: calls, visits and faxes; mails of people that stand on a case, and answers that were sent.
        Interactions = "interactions",
        /// 企業・団体: those that `GET /enterprises` lists; of a desk and a manager those of their own cases only.
        Enterprises = "enterprises",
        /// 集計表: how many cases, contacts, enterprises and sessions, in all and by every dimension; what `/reports/…` count.
        Figures = "figures",
    }

    /// The kind of file.
    ExportFormat {
        /// A workbook (Office Open XML); a new sheet begins after 1,048,576 rows.
        Xlsx = "xlsx",
        /// Comma-separated values, RFC 4180.
        Csv = "csv",
    }

    /// How the characters of a CSV file are written.
    ExportEncoding {
        /// UTF-8 with a byte order mark, by which spreadsheets know it.
        Utf8 = "utf8",
        /// Windows-31J (Shift_JIS as Windows has it), for older programs; what it does not have becomes 〓 and is listed.
        Cp932 = "cp932",
    }

    /// Where an export stands.
    ExportState {
        /// A job makes it.
        Waiting = "waiting",
        /// It can be downloaded.
        Ready = "ready",
        /// There is none; `failure` says why.
        Failed = "failed",
        /// It was deleted.
        Expired = "expired",
    }
}

/// Under whose view an export is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything, what is personal masked: the auditor's.
    Masked,
    /// What the person sees.
    Seen(View),
}

impl Scope {
    /// The actor's for this list; none where they may not read it.
    pub fn of(actor: &Actor, kind: ExportKind) -> Option<Self> {
        if actor.role == Some(Role::Auditor) {
            return actor.may(Permission::MakeExports).then_some(Self::Masked);
        }
        let view = View::of(actor);
        (view != View::Nothing && actor.may(kind.permission())).then_some(Self::Seen(view))
    }

    /// Which cases are in it.
    pub fn view(self) -> View {
        match self {
            Self::Masked => View::All,
            Self::Seen(view) => view,
        }
    }

    /// Whether what is personal is left out.
    pub fn is_masked(self) -> bool {
        self == Self::Masked
    }

    /// As it is stored.
    pub fn name(self) -> String {
        match self {
            Self::Masked => "masked".into(),
            Self::Seen(View::All) => "all".into(),
            Self::Seen(View::Desk(desk)) => format!("desk:{desk}"),
            Self::Seen(View::Manager(manager)) => format!("manager:{manager}"),
            Self::Seen(View::Nothing) => "nothing".into(),
        }
    }

    /// Whether somebody with this view may read a file made under that one.
    fn covers(self, made_under: &str) -> bool {
        self == Self::Seen(View::All) || self.name() == made_under
    }
}

/// What is to be exported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateExportRequest {
    /// Which list.
    pub kind: ExportKind,
    /// As the query of the list has it, without `limit` and `cursor`: of `GET /cases` for `cases`, of `GET /consultations`
    /// for `sessions`, of `GET /enterprises` for `enterprises`, of `GET /reports/cases` (without `by`) for `figures`; for
    /// `interactions` see `InteractionExportFilter`. All where absent, of `figures` the fiscal year.
    #[schema(value_type = Option<Object>, example = json!({ "status": "open" }))]
    pub filter: Option<Value>,
    /// The kind of file.
    pub format: ExportFormat,
    /// For CSV only; UTF-8 where absent.
    pub encoding: Option<ExportEncoding>,
}

impl Body for CreateExportRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.format == ExportFormat::Csv || self.encoding.is_none(),
            "/encoding",
            "is for csv only",
        );
    }
}

/// A character that the encoding does not have.
#[derive(Serialize, ToSchema)]
pub struct UncarriedCharacter {
    /// The character.
    #[schema(example = "𠮷")]
    pub character: String,
    /// How often 〓 stands in its place.
    pub count: i64,
}

/// An export.
#[derive(Serialize, ToSchema)]
pub struct ExportView {
    /// Its id.
    pub id: ExportId,
    /// Which list.
    pub kind: ExportKind,
    /// Which part of it.
    #[schema(value_type = Object)]
    pub filter: Value,
    /// The kind of file.
    pub format: ExportFormat,
    /// How its characters are written.
    pub encoding: ExportEncoding,
    /// Where it stands.
    pub state: ExportState,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was made, or was given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// Until when it can be downloaded.
    pub expires_at: Option<DateTime<Utc>>,
    /// Rows, without the headings.
    pub rows: Option<i64>,
    /// In bytes.
    pub size: Option<i64>,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// As it is offered for saving.
    #[schema(example = "案件一覧_20261124.xlsx")]
    pub filename: String,
    /// What is personal is masked in it.
    pub is_masked: bool,
    /// Characters that CP932 does not have, the most frequent first; at most 200.
    pub uncarried_characters: Vec<UncarriedCharacter>,
    /// Why there is none, for people (Japanese).
    pub failure: Option<String>,
}

/// An export as it is stored.
pub(crate) struct Export {
    id: ExportId,
    made_by: UserId,
    kind: ExportKind,
    filter: Value,
    format: ExportFormat,
    encoding: ExportEncoding,
    state: ExportState,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    scope: Option<String>,
    row_count: Option<i64>,
    size: Option<i64>,
    sha256: Option<Vec<u8>>,
    file_id: Option<uuid::Uuid>,
    uncarried: SqlJson<BTreeMap<char, i64>>,
    failure: Option<String>,
}

impl Export {
    fn filename(&self) -> String {
        let date = tokyo_date(self.created_at).format("%Y%m%d");
        format!("{}_{date}.{}", self.kind.title(), self.format.name())
    }

    fn view(self) -> ExportView {
        let filename = self.filename();
        let mut uncarried: Vec<_> = self.uncarried.0.into_iter().collect();
        uncarried.sort_by_key(|(character, count)| (-count, *character));
        uncarried.truncate(200);
        ExportView {
            id: self.id,
            kind: self.kind,
            filter: self.filter,
            format: self.format,
            encoding: self.encoding,
            state: self.state,
            created_at: self.created_at,
            finished_at: self.finished_at,
            expires_at: self.expires_at,
            rows: self.row_count,
            size: self.size,
            sha256: self.sha256.map(hex::encode),
            filename,
            is_masked: self.scope.as_deref() == Some("masked"),
            uncarried_characters: uncarried
                .into_iter()
                .map(|(character, count)| UncarriedCharacter {
                    character: character.into(),
                    count,
                })
                .collect(),
            failure: self.failure,
        }
    }
}

/// Ask for an export
///
/// A job makes it, of what the person sees at that moment; ask for it again until it is `ready`. The auditor gets every list
/// with what is personal masked. At most 5 of one person wait at a time.
#[utoipa::path(
    tag = "exports",
    operation_id = "create_export",
    request_body = CreateExportRequest,
    responses((status = 201, description = "It waits to be made", body = ExportView)),
    extensions(("x-permission" = json!("make_exports")))
)]
#[post("/exports")]
async fn create_export(
    access: Access<permit::MakeExports>,
    Json(body): Json<CreateExportRequest>,
) -> Result<Answer> {
    let actor = access.actor();
    let scope = Scope::of(actor, body.kind)
        .ok_or_else(|| Error::forbidden("This list is not for your role."))?;
    let filter = body
        .filter
        .unwrap_or_else(|| Value::Object(Default::default()));
    let settings = Settings::load(access.read()).await?;
    lists::check(body.kind, &filter, actor, scope, (&settings, access.now()))?;
    access
        .transaction(async |tx| {
            let made_by = tx.actor().user_id.ok_or_else(Error::not_found)?;
            require_room(tx, made_by).await?;
            let id = ExportId::new();
            let encoding = body.encoding.unwrap_or(ExportEncoding::Utf8);
            let now = tx.now();
            sqlx::query!(
                r#"
                insert into export (id, made_by, list, filter, format, encoding, state, created_at)
                values ($1, $2, $3, $4, $5, $6, 'waiting', $7)
                "#,
                *id,
                *made_by,
                body.kind.name(),
                filter,
                body.format.name(),
                encoding.name(),
                now,
            )
            .execute(tx.db())
            .await?;
            tx.enqueue(Job::now(Work::MakeExport { export_id: id }));
            tx.record(
                OFFICE,
                Event::ExportRequested {
                    export_id: id,
                    list: body.kind.name().into(),
                },
            );
            let view = load(tx.db(), id).await?.view();
            Ok(Answer::created(format!("/api/v1/exports/{id}"), &view))
        })
        .await
}

async fn require_room(tx: &mut Tx, made_by: UserId) -> Result<()> {
    let waiting = sqlx::query_scalar!(
        r#"select count(*) as "count!" from export where made_by = $1 and state = 'waiting'"#,
        *made_by,
    )
    .fetch_one(tx.db())
    .await?;
    match waiting < MOST_WAITING {
        true => Ok(()),
        false => Err(Error::conflict(format!(
            "{MOST_WAITING} of your exports are still being made. Wait for one of them."
        ))),
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportPage {
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// List the own exports
///
/// The newest first; they are forgotten after 30 days.
#[utoipa::path(
    tag = "exports",
    operation_id = "list_exports",
    params(ExportPage),
    responses((status = 200, description = "One page of exports", body = Page<ExportView>)),
    extensions(("x-permission" = json!("make_exports")))
)]
#[get("/exports")]
async fn list_exports(
    access: Access<permit::MakeExports>,
    Query(page): Query<ExportPage>,
) -> Result<Answer> {
    let limit = page_size(page.limit)?;
    let after = page
        .cursor
        .as_ref()
        .map(Cursor::keys::<(DateTime<Utc>, ExportId)>)
        .transpose()?;
    let (at, id) = after.unzip();
    let exports = sqlx::query_as!(
        Export,
        r#"
        select id, made_by, list as "kind: ExportKind", filter, format as "format: ExportFormat",
            encoding as "encoding: ExportEncoding", state as "state: ExportState", created_at, finished_at, expires_at, scope,
            row_count, size, sha256, file_id, uncarried as "uncarried: SqlJson<BTreeMap<char, i64>>", failure
        from export
        where made_by = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
        order by created_at desc, id desc
        limit $4
        "#,
        access.actor().user_id.map(|id| *id),
        at,
        id.map(|id| *id),
        limit + 1,
    )
    .fetch_all(access.read())
    .await?;
    let page = Page::new(exports, limit, |export| (export.created_at, export.id));
    Ok(Answer::ok(&Page {
        items: page.items.into_iter().map(Export::view).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// Show an own export
#[utoipa::path(
    tag = "exports",
    operation_id = "show_export",
    params(("id" = Uuid, Path, description = "The export")),
    responses((status = 200, description = "Where it stands", body = ExportView)),
    extensions(("x-permission" = json!("make_exports")))
)]
#[get("/exports/{id}")]
async fn show_export(
    access: Access<permit::MakeExports>,
    Path(id): Path<ExportId>,
) -> Result<Answer> {
    let export = load_own(access.read(), access.actor(), id).await?;
    Ok(Answer::ok(&export.view()))
}

/// Download an own export
///
/// Recorded each time. 404 once it has expired, and where the person no longer sees what it was made of: they changed role,
/// desk or manager.
#[utoipa::path(
    tag = "exports",
    operation_id = "download_export",
    params(("id" = Uuid, Path, description = "The export")),
    responses((
        status = 200,
        description = "The file",
        content(
            (FileBytes = "text/csv"),
            (FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        ),
        headers(("Content-Disposition" = String, description = "`attachment`, with the name in both forms"))
    )),
    extensions(("x-permission" = json!("make_exports")))
)]
#[get("/exports/{id}/download")]
async fn download_export(
    access: Access<permit::MakeExports>,
    Path(id): Path<ExportId>,
) -> Result<HttpResponse, Error> {
    let export = load_own(access.read(), access.actor(), id).await?;
    let scope = Scope::of(access.actor(), export.kind);
    let (Some(file_id), Some(made_under), Some(expires_at), Some(scope)) =
        (export.file_id, &export.scope, export.expires_at, scope)
    else {
        return Err(Error::not_found());
    };
    if expires_at <= access.now() || !scope.covers(made_under) {
        return Err(Error::not_found());
    }
    let file = access.store().blobs().open_export(file_id).await?;
    let (size, bytes) = file.ok_or_else(|| {
        Error::Internal(format!("the file of export {id} is not in the storage").into())
    })?;
    // Before the first byte leaves.
    access
        .transaction_of(async |tx| {
            tx.record(OFFICE, Event::ExportDownloaded { export_id: id });
            Ok(())
        })
        .await?;
    let content_type = match export.format {
        ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ExportFormat::Csv if export.encoding == ExportEncoding::Cp932 => {
            "text/csv; charset=windows-31j"
        }
        ExportFormat::Csv => "text/csv; charset=utf-8",
    };
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((
            header::CONTENT_DISPOSITION,
            crate::attachments::disposition(&export.filename()),
        ))
        .insert_header((header::CONTENT_SECURITY_POLICY, crate::attachments::SANDBOX))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(SizedStream::new(size, bytes)))
}

pub(crate) async fn load(db: impl PgExecutor<'_>, id: ExportId) -> Result<Export> {
    sqlx::query_as!(
        Export,
        r#"
        select id, made_by, list as "kind: ExportKind", filter, format as "format: ExportFormat",
            encoding as "encoding: ExportEncoding", state as "state: ExportState", created_at, finished_at, expires_at, scope,
            row_count, size, sha256, file_id, uncarried as "uncarried: SqlJson<BTreeMap<char, i64>>", failure
        from export
        where id = $1
        "#,
        *id,
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(Error::not_found)
}

async fn load_own(db: impl PgExecutor<'_>, actor: &Actor, id: ExportId) -> Result<Export> {
    let export = load(db, id).await?;
    match actor.user_id == Some(export.made_by) {
        true => Ok(export),
        false => Err(Error::not_found()),
    }
}
