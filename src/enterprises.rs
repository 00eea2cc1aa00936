//! Enterprises (企業・団体): the legal persons who ask.
//!
//! Owns `enterprise` and `enterprise_different`. A corporate number (法人番号) belongs to one row, whoever enters it first, and
//! so does the registration number of who has none; names are compared by their folded keys and are never proof. Two rows
//! that turn out to be one enterprise are joined: the one that goes keeps no case and points to the other. Rule 8: the help center sees all enterprises; a desk may
//! look up any, but learns of other desks' cases only how many there are this fiscal year and how many sessions they
//! used; a manager sees the enterprises of their own cases. Rule 11 (the second case of a year) is the cases' matter,
//! which ask [`this_year`] and [`similar`].

pub mod callers;
mod domains;
mod input;
mod list;
mod look_up;
mod matching;
mod merge;
mod write;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    cases::View,
    error::{Error, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    japan::{self, folding},
    programme::EnterpriseKind,
    routes::ServiceConfig,
    store::Tx,
    text::{
        CorporateNumber, IndustryCode, InvoiceNumber, Kana, Line200, MunicipalityCode, Name, Phone,
        PostalCode, PrefectureCode, fold_enterprise,
    },
};
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
pub(crate) use input::check_place;
pub use input::{EditEnterpriseRequest, EnterpriseInput};
pub use list::{EnterpriseCase, EnterpriseFilter};
pub use matching::{Signals, Similar, queue_up, similar, words};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};
use std::collections::HashMap;
use utoipa::ToSchema;
use write::{edit, insert, merged_away, number_taken, separate};

/// Mounts `/enterprises` and `/callers`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(create_enterprise)
        .service(show_enterprise)
        .service(edit_enterprise)
        .service(confirm_different)
        .configure(list::mount)
        .configure(matching::mount)
        .configure(merge::mount)
        .configure(callers::mount);
}

/// Create an enterprise
///
/// A corporate number that is on record is a conflict: look that enterprise up. Opening a case takes it by itself.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "create_enterprise",
    request_body = EnterpriseInput,
    responses((status = 201, description = "The new enterprise", body = EnterpriseView)),
    extensions(("x-permission" = json!("write_enterprises")))
)]
#[post("/enterprises")]
async fn create_enterprise(
    access: Access<permit::WriteEnterprises>,
    Json(body): Json<EnterpriseInput>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let id = insert(tx, &body).await?.ok_or_else(number_taken)?;
            tx.record(OFFICE, Event::EnterpriseCreated { enterprise_id: id });
            let view = show(tx, id).await?;
            Ok(Answer::created(format!("/api/v1/enterprises/{id}"), &view).version(view.version))
        })
        .await
}

/// Show an enterprise
///
/// What `this_year` counts includes cases that the person does not see.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "show_enterprise",
    params(("id" = Uuid, Path, description = "The enterprise")),
    responses((status = 200, description = "The enterprise", body = EnterpriseView)),
    extensions(("x-permission" = json!("read_enterprises")))
)]
#[get("/enterprises/{id}")]
async fn show_enterprise(
    access: Access<permit::ReadEnterprises>,
    Path(id): Path<EnterpriseId>,
) -> Result<Answer> {
    let view = View::of(access.actor());
    let enterprise = find_looked_up(access.read(), view, id).await?;
    let mut years = this_year(access.read(), &[id], japan::fiscal_year(access.now())).await?;
    let version = enterprise.version;
    Ok(Answer::ok(&enterprise.view(years.remove(&id).unwrap_or_default())).version(version))
}

/// Change an enterprise
///
/// A desk changes those of its own cases.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "edit_enterprise",
    params(("id" = Uuid, Path, description = "The enterprise")),
    request_body = EditEnterpriseRequest,
    responses((status = 200, description = "The enterprise", body = EnterpriseView)),
    extensions(("x-permission" = json!("write_enterprises")))
)]
#[patch("/enterprises/{id}")]
async fn edit_enterprise(
    access: Access<permit::WriteEnterprises>,
    Path(id): Path<EnterpriseId>,
    Json(body): Json<EditEnterpriseRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            queue_up(tx, &body.as_input(), &Signals::default()).await?;
            lock(tx, id).await?;
            let view = View::of(tx.actor());
            let enterprise = find_own(tx.db(), view, id).await?;
            precondition.require(enterprise.version)?;
            edit(tx, enterprise, &body).await?;
            let view = show(tx, id).await?;
            Ok(Answer::ok(&view).version(view.version))
        })
        .await
}

/// Confirm that two enterprises are different
///
/// They are not proposed as duplicates of each other again. Repeating it changes nothing.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "confirm_different",
    params(("id" = Uuid, Path, description = "The enterprise")),
    request_body = ConfirmDifferentRequest,
    responses((status = 204, description = "Confirmed")),
    extensions(("x-permission" = json!("write_enterprises")))
)]
#[post("/enterprises/{id}/confirm-different")]
async fn confirm_different(
    access: Access<permit::WriteEnterprises>,
    Path(id): Path<EnterpriseId>,
    Json(body): Json<ConfirmDifferentRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let view = View::of(tx.actor());
            let enterprise = find_own(tx.db(), view, id).await?;
            if enterprise.merged_into.is_some() {
                return Err(merged_away());
            }
            separate(tx, id, body.other_id).await?;
            Ok(Answer::no_content())
        })
        .await
}

/// An enterprise as it is stored.
#[derive(Clone, Debug, FromRow)]
#[allow(missing_docs, reason = "as in EnterpriseView")]
pub struct Enterprise {
    pub id: EnterpriseId,
    pub kind: EnterpriseKind,
    pub name: Option<Name>,
    pub kana: Option<Kana>,
    pub trade_name: Option<Name>,
    pub representative: Option<Name>,
    pub corporate_number: Option<CorporateNumber>,
    pub invoice_number: Option<InvoiceNumber>,
    pub postal_code: Option<PostalCode>,
    pub prefecture_code: Option<PrefectureCode>,
    pub municipality_code: Option<MunicipalityCode>,
    pub address: Option<Line200>,
    pub industry_code: Option<IndustryCode>,
    pub employees: Option<i32>,
    pub employees_regular: Option<i32>,
    pub phone: Option<Phone>,
    /// The name as it is compared.
    name_key: Option<String>,
    pub merged_into: Option<EnterpriseId>,
    pub erased_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Enterprise`].
const COLUMNS: &str = r#"
    e.id, e.kind, e.name, e.kana, e.trade_name, e.representative, e.corporate_number, e.invoice_number,
        e.postal_code, e.prefecture_code, e.municipality_code, e.address, e.industry_code, e.employees,
        e.employees_regular, e.phone, e.name_key, e.merged_into, e.erased_at, e.version, e.updated_at
    "#;

/// A query for enterprises, up to the conditions on `enterprise e`.
fn select() -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!("select {COLUMNS} from enterprise e where "))
}

/// An enterprise.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnterpriseView {
    /// The enterprise.
    pub id: EnterpriseId,
    /// What kind of legal person.
    pub kind: EnterpriseKind,
    /// Its registered name; null for an anonymous one only.
    pub name: Option<Name>,
    /// The reading of the name.
    pub kana: Option<Kana>,
    /// What it is called where that is another name (屋号).
    pub trade_name: Option<Name>,
    /// Who represents it.
    pub representative: Option<Name>,
    /// 法人番号.
    pub corporate_number: Option<CorporateNumber>,
    /// 登録番号 of the invoice system, of those who have no corporate number.
    pub invoice_number: Option<InvoiceNumber>,
    /// Of its head office.
    pub postal_code: Option<PostalCode>,
    /// Of its head office.
    pub prefecture_code: Option<PrefectureCode>,
    /// The prefecture's name.
    #[schema(example = "青森県")]
    pub prefecture: Option<&'static str>,
    /// Of its head office.
    pub municipality_code: Option<MunicipalityCode>,
    /// Of its head office, without the prefecture.
    pub address: Option<Line200>,
    /// 日本標準産業分類.
    pub industry_code: Option<IndustryCode>,
    /// Everybody who works there.
    pub employees: Option<i32>,
    /// Those employed regularly (常時使用する労働者).
    pub employees_regular: Option<i32>,
    /// Its main number.
    pub phone: Option<Phone>,
    /// Its cases of this fiscal year, whosever they are.
    pub this_year: ThisYear,
    /// The enterprise that it turned out to be, and that has its cases now.
    pub merged_into: Option<EnterpriseId>,
    /// When it was erased: what said who it was is gone, and no case is opened on it.
    pub erased_at: Option<DateTime<Utc>>,
    /// The version behind the ETag.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Enterprise {
    fn view(self, this_year: ThisYear) -> EnterpriseView {
        EnterpriseView {
            id: self.id,
            kind: self.kind,
            name: self.name,
            kana: self.kana,
            trade_name: self.trade_name,
            representative: self.representative,
            corporate_number: self.corporate_number,
            invoice_number: self.invoice_number,
            postal_code: self.postal_code,
            prefecture: self.prefecture_code.as_ref().map(PrefectureCode::name),
            prefecture_code: self.prefecture_code,
            municipality_code: self.municipality_code,
            address: self.address,
            industry_code: self.industry_code,
            employees: self.employees,
            employees_regular: self.employees_regular,
            phone: self.phone,
            this_year,
            merged_into: self.merged_into,
            erased_at: self.erased_at,
            version: self.version,
            updated_at: self.updated_at,
        }
    }
}

/// What everybody may know of an enterprise's cases (rule 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct ThisYear {
    /// Cases received in the fiscal year, without merged ones and spam.
    pub cases: i64,
    /// Sessions used in them.
    pub sessions_used: i64,
}

/// The other of two enterprises.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmDifferentRequest {
    /// The enterprise that this one is not.
    pub other_id: EnterpriseId,
}

impl Body for ConfirmDifferentRequest {}

/// Which enterprise a request meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolved {
    /// The enterprise.
    pub id: EnterpriseId,
    /// How it was told; recording that it was created is the caller's, who knows the chain.
    pub how: How,
}

/// How a request told which enterprise it meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// By its id.
    Chosen,
    /// By its corporate number, or the registration number of who has none.
    Number,
    /// It is new: made for this request.
    Created,
}

/// The enterprise, whoever asks: for the program's own decisions.
///
/// # Errors
/// 404 when there is none.
pub async fn find(db: impl PgExecutor<'_>, id: EnterpriseId) -> Result<Enterprise> {
    find_own(db, View::All, id).await
}

/// An enterprise that a request names in a field; not one that was joined with another.
///
/// # Errors
/// 422 at the pointer when there is none.
pub async fn require(db: impl PgExecutor<'_>, id: EnterpriseId, pointer: &str) -> Result<()> {
    match survivor(db, id).await? {
        Some(current) if current == id => Ok(()),
        Some(_) => Err(Error::invalid(
            pointer,
            "was joined with another enterprise",
        )),
        None => Err(Error::invalid(pointer, "is no enterprise")),
    }
}

/// The enterprise itself, or the one that it was joined with. None where there is no such enterprise, or no more.
async fn survivor(db: impl PgExecutor<'_>, id: EnterpriseId) -> Result<Option<EnterpriseId>> {
    let survivor = sqlx::query_scalar!(
        r#"select coalesce(merged_into, id) as "id!: EnterpriseId" from enterprise where id = $1 and erased_at is null"#,
        *id
    )
    .fetch_optional(db)
    .await?;
    Ok(survivor)
}

/// Locks an enterprise; before every lock of a case.
///
/// # Errors
/// 404 when there is none.
pub async fn lock(tx: &mut Tx, id: EnterpriseId) -> Result<()> {
    let locked = sqlx::query!(
        "select id from enterprise where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    locked.map(drop).ok_or_else(Error::not_found)
}

/// Locks an enterprise, or the one that it was joined with, and says which.
///
/// # Errors
/// 404 when there is none. [`Error::Overtaken`] when it was joined while this waited: nobody may wait for a second
/// enterprise with the lock of a first that is greater, and this one's lock only goes with the transaction.
pub async fn lock_survivor(tx: &mut Tx, id: EnterpriseId) -> Result<EnterpriseId> {
    // After a wait, the row is what it has become.
    let locked = sqlx::query!(
        r#"
        select e.id as "id: EnterpriseId", e.merged_into is null and e.erased_at is null as "is_still!"
        from enterprise e
        where e.id = (select coalesce(merged_into, id) from enterprise where id = $1 and erased_at is null)
        for no key update of e
        "#,
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    match locked {
        None => Err(Error::not_found()),
        Some(row) if row.is_still => Ok(row.id),
        Some(_) => Err(Error::Overtaken),
    }
}

/// The enterprise that a new case is about, locked: the one with the given id, the one that has the corporate or
/// registration number, or a new one. Requests with one new number at the same moment get one enterprise.
///
/// # Errors
/// 422 at `/enterprise/id` for an id that is none.
pub async fn resolve(tx: &mut Tx, input: &EnterpriseInput) -> Result<Resolved> {
    let Resolved { id, how } = find_or_insert(tx, input).await?;
    match lock_survivor(tx, id).await {
        Err(Error::Problem(_)) if how == How::Chosen => {
            Err(Error::invalid("/enterprise/id", "is no enterprise"))
        }
        locked => locked.map(|id| Resolved { id, how }),
    }
}

async fn find_or_insert(tx: &mut Tx, input: &EnterpriseInput) -> Result<Resolved> {
    if let Some(id) = input.id {
        let how = How::Chosen;
        return Ok(Resolved { id, how });
    }
    let how = How::Number;
    if let Some(id) = find_by_number(tx.db(), input).await? {
        return Ok(Resolved { id, how });
    }
    if let Some(id) = insert(tx, input).await? {
        let how = How::Created;
        return Ok(Resolved { id, how });
    }
    // Somebody else's transaction entered the number since we looked; it has committed, or the insert would still wait.
    let id = find_by_number(tx.db(), input).await?;
    let id = id.expect("nothing but a number conflicts, and enterprises are never deleted");
    Ok(Resolved { id, how })
}

/// What everybody may know of these enterprises' cases in a fiscal year, with those of an erased enterprise that one was
/// recognised as; one without cases is absent.
pub async fn this_year(
    db: impl PgExecutor<'_>,
    ids: &[EnterpriseId],
    fiscal_year: i32,
) -> Result<HashMap<EnterpriseId, ThisYear>> {
    let ids: Vec<_> = ids.iter().map(|id| **id).collect();
    let rows = sqlx::query!(
        r#"
        with counted as (
            -- In sub-queries, the number of ids does not count for the plan, which is then made once and not every time.
            select id, id as of from unnest((select $1::uuid[])) as asked (id)
            union
            select m.erased_id, m.enterprise_id from erased_match m where m.enterprise_id = any ((select $1)::uuid[])
        )
        select x.of as "id!: EnterpriseId", count(*) as "cases!",
            sum((
                select count(*)
                from consultation s
                where s.case_id = c.id and s.live
            ))::bigint as "sessions_used!"
        from counted x
        join case_file c on c.enterprise_id = x.id
        where c.fiscal_year = $2
        and c.merged_into is null
        and c.outcome is distinct from 'spam'
        group by x.of
        "#,
        &ids,
        fiscal_year,
    )
    .fetch_all(db)
    .await?;
    let years = rows.into_iter().map(|row| {
        (
            row.id,
            ThisYear {
                cases: row.cases,
                sessions_used: row.sessions_used,
            },
        )
    });
    Ok(years.collect())
}

/// Adds the condition that the enterprise is one of the cases in view.
fn push_own(query: &mut QueryBuilder<Postgres>, view: View) {
    if view == View::All {
        query.push("true");
        return;
    }
    query.push("exists (select 1 from case_file c where c.enterprise_id = e.id and ");
    view.push(query);
    query.push(")");
}

/// Adds a query for the ids of the enterprises that a telephone number leads to.
fn push_reached_by_phone(query: &mut QueryBuilder<Postgres>, phone: &Phone) {
    let phone = phone.as_str();
    query
        .push("select coalesce(pe.merged_into, pe.id) from enterprise pe where pe.phone = ")
        .push_bind(phone.to_owned());
    query.push(" union select pc.enterprise_id from contact pk join case_file pc on pc.id = pk.case_id where pk.phone = ");
    query.push_bind(phone.to_owned());
    query
        .push(" union select ps.enterprise_id from case_file ps where ps.site_phone = ")
        .push_bind(phone.to_owned());
}

/// An enterprise that the person may look up: a desk any, a manager those of their own cases.
async fn find_looked_up(
    db: impl PgExecutor<'_>,
    view: View,
    id: EnterpriseId,
) -> Result<Enterprise> {
    let view = if matches!(view, View::Desk(_)) {
        View::All
    } else {
        view
    };
    find_own(db, view, id).await
}

/// An enterprise of the cases in view.
async fn find_own(db: impl PgExecutor<'_>, view: View, id: EnterpriseId) -> Result<Enterprise> {
    let mut query = select();
    query.push("e.id = ").push_bind(id).push(" and ");
    push_own(&mut query, view);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// The answer to a change in this transaction.
async fn show(tx: &mut Tx, id: EnterpriseId) -> Result<EnterpriseView> {
    let fiscal_year = japan::fiscal_year(tx.now());
    let enterprise = find(tx.db(), id).await?;
    let mut years = this_year(tx.db(), &[id], fiscal_year).await?;
    Ok(enterprise.view(years.remove(&id).unwrap_or_default()))
}

/// The enterprise that has the corporate or registration number of the input.
async fn find_by_number(
    db: impl PgExecutor<'_>,
    input: &EnterpriseInput,
) -> Result<Option<EnterpriseId>> {
    let id = sqlx::query_scalar!(
        r#"
        select coalesce(merged_into, id) as "id!: EnterpriseId"
        from enterprise
        where corporate_number = $1 or invoice_number = $2
        "#,
        input.corporate_number.as_ref().map(CorporateNumber::as_str),
        input.invoice_number.as_ref().map(InvoiceNumber::as_str),
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// How names are compared. As long as its column: a ligature may fold to many characters.
fn compared(name: &str) -> String {
    fold_enterprise(name).chars().take(800).collect()
}

/// How readings are compared.
fn compared_reading(kana: &str) -> String {
    compared(&folding::without_reading_form(kana))
}
