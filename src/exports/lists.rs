//! The lists that can be exported: their filters, their columns and where the values come from.
//!
//! Rows are read through a cursor in one read-only transaction: one moment of the database, a bounded number of rows in
//! memory, and no statement that runs for as long as the whole export does.

use super::{
    ExportKind, Scope,
    table::{Cell, Row, Table},
};
use crate::{
    access::{Actor, Permission},
    cases::{CaseFilter, Status},
    consultations::{self, ConsultationFilter},
    enterprises::EnterpriseFilter,
    error::{Error, FieldError, Result},
    figures::{self, FilterQuery},
    http,
    ids::*,
    japan::prefectures,
    programme::*,
    search::{Days, Scope as Where},
    settings::Settings,
    text::Phone,
};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, Transaction, postgres::PgRow};
use utoipa::ToSchema;

/// Rows that are read at a time.
const BATCH: usize = 500;

/// The beginning of every query.
const DECLARE: &str = "declare exported no scroll cursor for ";

/// What stands where something personal is left out.
const MASK: &str = "(非表示)";

impl ExportKind {
    /// What the list is called, for the sheet and the file.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cases => "案件一覧",
            Self::Sessions => "コンサルティング一覧",
            Self::Interactions => "対応記録一覧",
            Self::Enterprises => "企業一覧",
            Self::Figures => "集計表",
        }
    }

    /// Whoever reads the list may export it.
    pub fn permission(self) -> Permission {
        match self {
            Self::Cases | Self::Sessions | Self::Interactions => Permission::ReadCases,
            Self::Enterprises => Permission::ReadEnterprises,
            Self::Figures => Permission::ReadFigures,
        }
    }

    /// Of a list; figures make theirs themselves.
    fn columns(self) -> &'static [Column] {
        match self {
            Self::Cases => CASES,
            Self::Sessions => SESSIONS,
            Self::Interactions => INTERACTIONS,
            Self::Enterprises => ENTERPRISES,
            Self::Figures => &[],
        }
    }
}

/// Which interactions are exported.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionExportFilter {
    /// Of this desk's cases.
    pub desk_id: Option<DeskId>,
    /// By this means.
    pub kind: Option<ContactKind>,
    /// Begun by this side.
    pub direction: Option<Direction>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

/// Judges a filter before a job is made of it.
///
/// # Errors
/// 422 naming what is wrong below `/filter`.
pub(super) fn check(
    kind: ExportKind,
    filter: &Value,
    actor: &Actor,
    scope: Scope,
    (settings, now): (&Settings, DateTime<Utc>),
) -> Result<()> {
    match kind {
        ExportKind::Figures => {
            figures::table::check(&parse(filter, scope)?, settings, now).map_err(below_filter)
        }
        _ => query(kind, filter, actor, scope, now).map(drop),
    }
}

/// Opens a list as this actor sees it now.
///
/// # Errors
/// 422 for a filter that cannot be read; the database's.
pub(super) async fn open(
    db: &PgPool,
    kind: ExportKind,
    filter: &Value,
    actor: &Actor,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<Box<dyn Table>> {
    if kind == ExportKind::Figures {
        let query: FilterQuery = parse(filter, scope)?;
        let table = figures::table::table(db, &query, actor, now).await?;
        return Ok(Box::new(table));
    }
    let query = query(kind, filter, actor, scope, now)?;
    let listed = Listed::open(db, kind, query, scope.is_masked()).await?;
    Ok(Box::new(listed))
}

/// The filter as its type; what only pages a list has no meaning here.
fn parse<T: DeserializeOwned>(filter: &Value, scope: Scope) -> Result<T> {
    if !filter.is_object() {
        return Err(Error::invalid("/filter", "must be an object"));
    }
    let mut errors: Vec<FieldError> = Vec::new();
    let mut refuse = |name: &str, detail: &str| {
        if filter.get(name).is_some_and(|value| !value.is_null()) {
            errors.push(FieldError {
                pointer: format!("/filter/{name}"),
                detail: detail.into(),
            });
        }
    };
    for name in ["limit", "cursor"] {
        refuse(name, "is for pages; an export has all of them");
    }
    if scope.is_masked() {
        // Whoever may ask for names learns them from what is found, masked or not.
        for name in ["q", "phone", "corporate_number"] {
            refuse(name, "looks for what is masked in this export");
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    http::parse_value(filter.clone()).map_err(below_filter)
}

/// Pointers are into the request's body.
fn below_filter(error: Error) -> Error {
    match error {
        Error::Problem(mut problem) => {
            for field in &mut problem.errors {
                field.pointer.insert_str(0, "/filter");
            }
            Error::Problem(problem)
        }
        error => error,
    }
}

fn query(
    kind: ExportKind,
    filter: &Value,
    actor: &Actor,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<QueryBuilder<Postgres>> {
    match kind {
        ExportKind::Cases => cases(&parse(filter, scope)?, actor, scope, now).map_err(below_filter),
        ExportKind::Sessions => Ok(sessions(&parse(filter, scope)?, actor, scope)),
        ExportKind::Interactions => Ok(interactions(&parse(filter, scope)?, actor, scope)),
        ExportKind::Enterprises => {
            let filter: EnterpriseFilter = parse(filter, scope)?;
            filter
                .whole_query(DECLARE, scope.view())
                .map_err(below_filter)
        }
        ExportKind::Figures => Err(Error::Internal("figures are no list".into())),
    }
}

fn cases(
    filter: &CaseFilter,
    actor: &Actor,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<QueryBuilder<Postgres>> {
    let mut query = QueryBuilder::new(DECLARE);
    query.push(CASES_SQL).push(" where ");
    scope.view().push(&mut query);
    filter.push(&mut query, now)?;
    if let Some(words) = filter.all_words(actor)? {
        query.push(" and c.id in ");
        words.push_found(&mut query, Where::Any, Days::default());
    }
    filter.push_order(&mut query);
    Ok(query)
}

fn sessions(filter: &ConsultationFilter, actor: &Actor, scope: Scope) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(DECLARE);
    query.push(SESSIONS_SQL).push(" where ");
    match scope {
        Scope::Masked => drop(query.push("true")),
        Scope::Seen(_) => consultations::push_view(&mut query, actor),
    }
    filter.push(&mut query);
    query.push(" order by s.starts_at, s.id");
    query
}

fn interactions(
    filter: &InteractionExportFilter,
    actor: &Actor,
    scope: Scope,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(DECLARE);
    query.push(INTERACTIONS_SQL).push(" where ");
    scope.view().push(&mut query);
    if actor.manager().is_some() {
        // What somebody unknown sent is not for managers before a person has looked at it.
        query.push(" and i.is_for_managers");
    }
    if let Some(desk) = filter.desk_id {
        query.push(" and c.desk_id = ").push_bind(desk);
    }
    if let Some(kind) = filter.kind {
        query.push(" and i.kind = ").push_bind(kind.name());
    }
    if let Some(direction) = filter.direction {
        query
            .push(" and i.direction = ")
            .push_bind(direction.name());
    }
    if let Some(from) = filter.from {
        query.push(" and i.occurred_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and i.occurred_at < ").push_bind(to);
    }
    query.push(" order by i.occurred_at, i.id");
    query
}

// ------------------------------------------------------------------------------------------------------ the columns

/// How a value is read and written.
#[derive(Clone, Copy)]
enum As {
    Text,
    Whole,
    Yes,
    Time,
    Phone,
    Prefecture,
    /// A word of the programme, as people read it.
    Word(fn(&str) -> Option<&'static str>),
    /// Several of them.
    Words(fn(&str) -> Option<&'static str>),
}

struct Column {
    heading: &'static str,
    /// In the query.
    name: &'static str,
    what: As,
    /// Says who it is, or what they said.
    is_personal: bool,
}

const fn open_to_all(heading: &'static str, name: &'static str, what: As) -> Column {
    Column {
        heading,
        name,
        what,
        is_personal: false,
    }
}

const fn personal(heading: &'static str, name: &'static str, what: As) -> Column {
    Column {
        heading,
        name,
        what,
        is_personal: true,
    }
}

macro_rules! word {
    ($enum:ident) => {
        |name| $enum::from_name(name).map($enum::japanese)
    };
}

fn status(name: &str) -> Option<&'static str> {
    let status = Status::ALL.into_iter().find(|status| status.name() == name);
    status.map(Status::japanese)
}

fn report_state(name: &str) -> Option<&'static str> {
    match name {
        "draft" => Some("下書き"),
        "submitted" => Some("提出済"),
        "approved" => Some("承認済"),
        _ => None,
    }
}

const CASES: &[Column] = &[
    open_to_all("案件番号", "number", As::Text),
    open_to_all("年度", "fiscal_year", As::Whole),
    open_to_all("状態", "status", As::Word(status)),
    open_to_all("状態コード", "status", As::Text),
    open_to_all("受付日時", "received_at", As::Time),
    open_to_all("記録日時", "recorded_at", As::Time),
    open_to_all("受付経路", "channel", As::Word(word!(Channel))),
    open_to_all("受付経路コード", "channel", As::Text),
    personal("件名", "subject", As::Text),
    personal("相談内容", "description", As::Text),
    open_to_all("主な相談分野", "primary_topic", As::Word(word!(Topic))),
    open_to_all("主な相談分野コード", "primary_topic", As::Text),
    open_to_all("相談分野", "topics", As::Words(word!(Topic))),
    open_to_all(
        "テレワーク導入状況",
        "telework_status",
        As::Word(word!(TeleworkStatus)),
    ),
    open_to_all(
        "デジタル化の程度",
        "digital_level",
        As::Word(word!(DigitalLevel)),
    ),
    personal("認知経路", "how_heard", As::Text),
    open_to_all("希望する方法", "desired_mode", As::Word(word!(Mode))),
    open_to_all("企業ID", "enterprise_id", As::Text),
    open_to_all(
        "企業・団体の種別",
        "enterprise_kind",
        As::Word(word!(EnterpriseKind)),
    ),
    personal("企業・団体名", "enterprise", As::Text),
    personal("フリガナ", "kana", As::Text),
    personal("法人番号", "corporate_number", As::Text),
    open_to_all("業種コード", "industry_code", As::Text),
    open_to_all("従業員数", "employees", As::Whole),
    personal("事業所名", "site_name", As::Text),
    personal("郵便番号", "postal_code", As::Text),
    open_to_all("都道府県コード", "prefecture_code", As::Text),
    open_to_all("都道府県", "prefecture_code", As::Prefecture),
    open_to_all("市区町村コード", "municipality_code", As::Text),
    personal("所在地", "address", As::Text),
    personal("電話番号", "phone", As::Phone),
    personal("相談者", "contact", As::Text),
    personal("相談者の部署", "contact_department", As::Text),
    personal("相談者の電話番号", "contact_phone", As::Phone),
    personal("相談者のメールアドレス", "contact_email", As::Text),
    open_to_all("地域窓口", "desk", As::Text),
    open_to_all("担当専門家", "managers", As::Text),
    open_to_all("回数の上限", "session_limit", As::Whole),
    open_to_all("使用した回数", "sessions_used", As::Whole),
    open_to_all("実施した回数", "sessions_held", As::Whole),
    open_to_all("待ち", "waiting_on", As::Word(word!(WaitingOn))),
    open_to_all("次の期限", "due_kind", As::Word(word!(DueKind))),
    open_to_all("次の期限の日時", "due_at", As::Time),
    open_to_all("注意", "flags", As::Words(word!(Flag))),
    open_to_all("終了日時", "closed_at", As::Time),
    open_to_all("終了区分", "outcome", As::Word(word!(Outcome))),
    open_to_all("終了区分コード", "outcome", As::Text),
    personal("終了時のメモ", "close_note", As::Text),
    open_to_all("統合先の案件番号", "merged_into", As::Text),
    open_to_all("案件ID", "id", As::Text),
];

/// As the view of a case has it, flat.
const CASES_SQL: &str = r#"
    select c.number, c.fiscal_year::bigint as fiscal_year, c.status, c.received_at, c.recorded_at, c.channel, c.subject,
        c.description, c.primary_topic, c.topics, c.telework_status, c.digital_level, c.how_heard, c.desired_mode,
        e.id::text as enterprise_id, e.kind as enterprise_kind, e.name as enterprise, e.kana, e.corporate_number,
        e.industry_code, e.employees::bigint as employees, c.site_name,
        case when s.is_own then c.site_postal_code else e.postal_code end as postal_code,
        case when s.is_own then c.site_prefecture_code else e.prefecture_code end as prefecture_code,
        case when s.is_own then c.site_municipality_code else e.municipality_code end as municipality_code,
        case when s.is_own then c.site_address else e.address end as address,
        coalesce(c.site_phone, e.phone) as phone,
        k.name as contact, k.department as contact_department, k.phone as contact_phone, k.email as contact_email,
        d.name as desk,
        (
            select string_agg(m.name || '(' || case a.line when 'ict' then 'ICT' else '労務' end || ')', '、' order by a.line)
            from assignment a
            join manager m on m.id = a.manager_id
            where a.case_id = c.id and a.ended_at is null
        ) as managers,
        c.session_limit::bigint as session_limit, n.used as sessions_used, n.held as sessions_held, c.waiting_on, c.due_kind,
        c.due_at, array(select f.flag from case_flag f where f.case_id = c.id and f.settled_at is null order by f.flag) as flags,
        c.closed_at, c.outcome, c.close_note, g.number as merged_into, c.id::text as id
    from case_file c
    join enterprise e on e.id = c.enterprise_id
    cross join lateral (
        select num_nonnulls(c.site_postal_code, c.site_prefecture_code, c.site_municipality_code, c.site_address) > 0 as is_own
    ) s
    left join lateral (
        select k.name, k.department, k.phone, k.email
        from contact k
        where k.case_id = c.id
        order by k.position
        limit 1
    ) k on true
    cross join lateral (
        select count(*) filter (where u.live) as used, count(*) filter (where u.state = 'held') as held
        from consultation u
        where u.case_id = c.id
    ) n
    left join desk d on d.id = c.desk_id
    left join case_file g on g.id = c.merged_into
"#;

const SESSIONS: &[Column] = &[
    open_to_all("案件番号", "number", As::Text),
    personal("企業・団体名", "enterprise", As::Text),
    open_to_all("地域窓口", "desk", As::Text),
    open_to_all("回", "session", As::Whole),
    open_to_all("状態", "state", As::Word(word!(SessionState))),
    open_to_all("状態コード", "state", As::Text),
    open_to_all("支援段階", "stage", As::Word(word!(Stage))),
    open_to_all("予定の開始", "starts_at", As::Time),
    open_to_all("予定の終了", "ends_at", As::Time),
    open_to_all("方法", "mode", As::Word(word!(Mode))),
    personal("場所", "place", As::Text),
    open_to_all("担当専門家", "managers", As::Text),
    open_to_all("予約日時", "booked_at", As::Time),
    open_to_all("実際の開始", "held_from", As::Time),
    open_to_all("実際の終了", "held_until", As::Time),
    personal("出席者", "attendees", As::Text),
    open_to_all("窓口の同席", "desk_attended", As::Yes),
    open_to_all("不在の原因", "no_show_by", As::Word(word!(NoShowBy))),
    personal("理由", "reason", As::Text),
    open_to_all("無効にした日時", "voided_at", As::Time),
    open_to_all("報告書", "report", As::Word(report_state)),
    open_to_all("案件ID", "case_id", As::Text),
    open_to_all("コンサルティングID", "id", As::Text),
];

const SESSIONS_SQL: &str = r#"
    select c.number, e.name as enterprise, d.name as desk, s.session_place::bigint as session, s.state, s.stage, s.starts_at,
        s.ends_at, s.mode, s.location as place,
        (
            select string_agg(m.name, '、' order by m.name, m.id)
            from consultation_manager cm
            join manager m on m.id = cm.manager_id
            where cm.consultation_id = s.id
        ) as managers,
        s.booked_at, s.held_from, s.held_until, array_to_string(s.attendees, '、') as attendees, s.desk_attended, s.no_show_by,
        coalesce(s.void_reason, s.settle_reason) as reason, s.voided_at, r.state as report, c.id::text as case_id,
        s.id::text as id
    from consultation s
    join case_file c on c.id = s.case_id
    join enterprise e on e.id = c.enterprise_id
    left join desk d on d.id = c.desk_id
    left join report r on r.consultation_id = s.id
"#;

const INTERACTIONS: &[Column] = &[
    open_to_all("案件番号", "number", As::Text),
    open_to_all("地域窓口", "desk", As::Text),
    open_to_all("方法", "kind", As::Word(word!(ContactKind))),
    open_to_all("方法コード", "kind", As::Text),
    open_to_all("方向", "direction", As::Word(word!(Direction))),
    open_to_all("日時", "occurred_at", As::Time),
    open_to_all("記録日時", "recorded_at", As::Time),
    personal("相手", "counterpart", As::Text),
    open_to_all("結果", "result", As::Word(word!(InteractionResult))),
    personal("内容", "body", As::Text),
    open_to_all("折り返しの約束", "callback_at", As::Time),
    personal("記録者", "recorded_by", As::Text),
    open_to_all("案件ID", "case_id", As::Text),
    open_to_all("対応記録ID", "id", As::Text),
];

/// Contacts of people in either direction (延べ件数): what staff recorded, mails that people wrote, answers that left the house.
/// Acknowledgements, invitations and delivery reports are the program's own.
const INTERACTIONS_SQL: &str = r#"
    select c.number, d.name as desk, i.kind, i.direction, i.occurred_at, i.recorded_at, i.counterpart, i.result, i.body,
        i.callback_at, u.name as recorded_by, c.id::text as case_id, i.id::text as id
    from (
        select w.id, w.case_id, w.kind, w.direction, w.occurred_at, w.recorded_at, coalesce(k.name, w.counterpart) as counterpart,
            w.result, w.body, w.callback_at, w.recorded_by, true as is_for_managers
        from interaction w
        left join contact k on k.id = w.contact_id
        union all
        select m.id, m.case_id, 'email', 'inbound', m.received_at, m.received_at, coalesce(m.from_name, m.from_address),
            null, coalesce(m.reply_text, m.body_text), null, null, m.is_for_managers
        from inbound_mail m
        where m.case_id is not null and m.discarded_at is null and m.kind = 'normal'
        union all
        select o.id, o.case_id, 'email', 'outbound', o.sent_at, o.created_at, coalesce(o.to_name, o.to_address),
            null, o.body, null, o.created_by, true
        from message o
        where o.case_id is not null and o.state = 'sent' and o.kind = 'reply'
    ) i
    join case_file c on c.id = i.case_id
    left join desk d on d.id = c.desk_id
    left join app_user u on u.id = i.recorded_by
"#;

const ENTERPRISES: &[Column] = &[
    open_to_all("企業ID", "id", As::Text),
    open_to_all("種別", "kind", As::Word(word!(EnterpriseKind))),
    open_to_all("種別コード", "kind", As::Text),
    personal("企業・団体名", "name", As::Text),
    personal("フリガナ", "kana", As::Text),
    personal("屋号", "trade_name", As::Text),
    personal("代表者", "representative", As::Text),
    personal("法人番号", "corporate_number", As::Text),
    personal("登録番号", "invoice_number", As::Text),
    personal("郵便番号", "postal_code", As::Text),
    open_to_all("都道府県コード", "prefecture_code", As::Text),
    open_to_all("都道府県", "prefecture_code", As::Prefecture),
    open_to_all("市区町村コード", "municipality_code", As::Text),
    personal("所在地", "address", As::Text),
    open_to_all("業種コード", "industry_code", As::Text),
    open_to_all("従業員数", "employees", As::Whole),
    open_to_all("常時使用する労働者数", "employees_regular", As::Whole),
    personal("電話番号", "phone", As::Phone),
    open_to_all("更新日時", "updated_at", As::Time),
];

// --------------------------------------------------------------------------------------------------------- the rows

/// A list behind a cursor.
struct Listed {
    kind: ExportKind,
    is_masked: bool,
    /// Let go with the last row: the file is not finished yet then, and an idle transaction is ended by the server.
    db: Option<Transaction<'static, Postgres>>,
}

impl Listed {
    async fn open(
        pool: &PgPool,
        kind: ExportKind,
        mut query: QueryBuilder<Postgres>,
        is_masked: bool,
    ) -> Result<Self> {
        let mut db = pool.begin().await?;
        // All of it will be read: planned for the whole, not for the first rows. The first batch sorts everything.
        sqlx::query("select set_config('cursor_tuple_fraction', '1', true), set_config('statement_timeout', '600s', true)")
            .execute(&mut *db)
            .await?;
        // Planned for these very values.
        query.build().persistent(false).execute(&mut *db).await?;
        Ok(Self {
            kind,
            is_masked,
            db: Some(db),
        })
    }

    async fn read(&mut self) -> Result<Vec<Row>> {
        let Some(db) = &mut self.db else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("fetch {BATCH} from exported")))
            .persistent(false)
            .fetch_all(&mut **db)
            .await?;
        if rows.is_empty()
            && let Some(db) = self.db.take()
        {
            db.rollback().await?;
        }
        let columns = self.kind.columns();
        let cells = |row: &PgRow| {
            let cells = columns
                .iter()
                .map(|column| match self.is_masked && column.is_personal {
                    true => Ok(Cell::Text(MASK.into())),
                    false => cell(row, column),
                });
            cells.collect::<Result<Row>>()
        };
        rows.iter().map(cells).collect()
    }
}

impl Table for Listed {
    fn title(&self) -> &str {
        self.kind.title()
    }

    fn headings(&self) -> Vec<String> {
        let columns = self.kind.columns().iter();
        columns.map(|column| column.heading.to_owned()).collect()
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(self.read())
    }
}

fn cell(row: &PgRow, column: &Column) -> Result<Cell> {
    let name = column.name;
    // Ids and words come as they are; a uuid has no text of its own in the driver.
    let text = || -> Result<Option<String>> {
        match row.try_get::<Option<String>, _>(name) {
            Ok(text) => Ok(text),
            Err(_) => Ok(row
                .try_get::<Option<uuid::Uuid>, _>(name)?
                .map(|id| id.to_string())),
        }
    };
    Ok(match column.what {
        As::Text => Cell::text(text()?),
        As::Phone => Cell::text(text()?.map(|stored| national(&stored))),
        As::Prefecture => Cell::text(
            text()?
                .and_then(|code| prefectures::prefecture_of(&code))
                .map(|prefecture| prefecture.name),
        ),
        // A word that this program does not know stays as it is: a newer one wrote it.
        As::Word(japanese) => {
            Cell::text(text()?.map(|name| japanese(&name).map_or(name, str::to_owned)))
        }
        As::Words(japanese) => {
            let names: Option<Vec<String>> = row.try_get(name)?;
            let words = names.unwrap_or_default();
            let words: Vec<_> = words
                .iter()
                .map(|name| japanese(name).unwrap_or(name))
                .collect();
            Cell::text(Some(words.join("、")).filter(|words| !words.is_empty()))
        }
        As::Whole => whole(row, name)?,
        As::Yes => Cell::text(
            row.try_get::<Option<bool>, _>(name)?
                .map(|yes| if yes { "あり" } else { "なし" }),
        ),
        As::Time => Cell::moment(row.try_get(name)?),
    })
}

/// Of both sizes.
fn whole(row: &PgRow, name: &str) -> Result<Cell> {
    match row.try_get::<Option<i64>, _>(name) {
        Ok(number) => Ok(Cell::whole(number)),
        Err(_) => Ok(Cell::whole(
            row.try_get::<Option<i32>, _>(name)?.map(i64::from),
        )),
    }
}

fn national(stored: &str) -> String {
    Phone::parse(stored).map_or_else(|_| stored.to_owned(), |phone| phone.national())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What names people or what they said is masked; a column is forgotten easily.
    #[test]
    fn what_is_personal_is_marked() {
        let words = [
            "名",
            "電話",
            "メール",
            "所在地",
            "内容",
            "メモ",
            "相談者",
            "代表者",
            "出席者",
            "相手",
            "法人番号",
            "理由",
        ];
        let may_be_seen = ["従業員数", "常時使用する労働者数", "業種コード"];
        for kind in [
            ExportKind::Cases,
            ExportKind::Sessions,
            ExportKind::Interactions,
            ExportKind::Enterprises,
        ] {
            for column in kind.columns() {
                let speaks_of_people = words.iter().any(|word| column.heading.contains(word));
                if speaks_of_people && !may_be_seen.contains(&column.heading) {
                    assert!(column.is_personal, "{kind:?} {}", column.heading);
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_dialled() {
        assert_eq!(national("+81177221111"), "017-722-1111");
        assert_eq!(national("?"), "?");
    }
}
