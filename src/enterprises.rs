//! Enterprises (企業・団体): the legal persons who ask.
//!
//! Owns `enterprise` and `enterprise_different`. A corporate number (法人番号) belongs to one row, whoever enters it first;
//! names are compared by their folded keys and are never proof. Rule 8: the help center sees all enterprises; a desk may
//! look up any, but learns of other desks' cases only how many there are this fiscal year and how many sessions they
//! used; a manager sees the enterprises of their own cases. Rule 11 (the second case of a year) is the cases' matter,
//! which ask [`this_year`] and [`similar`].

pub mod callers;
mod input;
mod list;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    cases::View,
    error::{Error, OnConstraint, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    japan,
    places::settle,
    programme::EnterpriseKind,
    store::Tx,
    text::{
        CorporateNumber, IndustryCode, Kana, Line200, MunicipalityCode, Name, Phone, PostalCode,
        PrefectureCode, fold_enterprise,
    },
};
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
pub(crate) use input::check_place;
pub use input::{EditEnterpriseRequest, EnterpriseInput};
pub use list::EnterpriseCase;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts `/enterprises` and `/callers`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(create_enterprise)
        .service(show_enterprise)
        .service(edit_enterprise)
        .service(confirm_different)
        .configure(list::mount)
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
            find_own(tx.db(), view, id).await?;
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
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Enterprise`], up to the conditions.
const SELECT: &str = r#"
    select e.id, e.kind, e.name, e.kana, e.trade_name, e.representative, e.corporate_number, e.postal_code,
        e.prefecture_code, e.municipality_code, e.address, e.industry_code, e.employees, e.employees_regular, e.phone,
        e.name_key, e.version, e.updated_at
    from enterprise e
    where "#;

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
    /// Whether it was made for this request; recording that is the caller's, who knows the chain.
    pub created: bool,
}

/// The enterprise, whoever asks: for the program's own decisions.
///
/// # Errors
/// 404 when there is none.
pub async fn find(db: impl PgExecutor<'_>, id: EnterpriseId) -> Result<Enterprise> {
    find_own(db, View::All, id).await
}

/// An enterprise that a request names in a field.
///
/// # Errors
/// 422 at the pointer when there is none.
pub async fn require(db: impl PgExecutor<'_>, id: EnterpriseId, pointer: &str) -> Result<()> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select 1 from enterprise where id = $1) as "exists!""#,
        *id
    )
    .fetch_one(db)
    .await?;
    if exists {
        Ok(())
    } else {
        Err(Error::invalid(pointer, "is no enterprise"))
    }
}

/// Locks an enterprise; the first of all locks.
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

/// The enterprise that a new case is about: the one with the given id, the one that has the corporate number, or a new
/// one. Requests with one new corporate number at the same moment get one enterprise.
///
/// # Errors
/// 422 at `/enterprise/id` for an id that is none.
pub async fn resolve(tx: &mut Tx, input: &EnterpriseInput) -> Result<Resolved> {
    if let Some(id) = input.id {
        require(tx.db(), id, "/enterprise/id").await?;
        return Ok(Resolved { id, created: false });
    }
    if let Some(number) = &input.corporate_number
        && let Some(id) = find_by_number(tx.db(), number).await?
    {
        return Ok(Resolved { id, created: false });
    }
    if let Some(id) = insert(tx, input).await? {
        return Ok(Resolved { id, created: true });
    }
    // Somebody else's transaction entered the number since we looked; it has committed, or the insert would still wait.
    let number = input
        .corporate_number
        .as_ref()
        .expect("nothing but a corporate number conflicts");
    let id = find_by_number(tx.db(), number)
        .await?
        .expect("enterprises are never deleted");
    Ok(Resolved { id, created: false })
}

/// Other enterprises that may be the same: equal name without legal form, or equal telephone number. Not those that staff
/// confirmed to be different, and not those whose corporate number is another one.
pub async fn similar(db: impl PgExecutor<'_>, id: EnterpriseId) -> Result<Vec<EnterpriseId>> {
    Ok(sqlx::query_scalar!(
        r#"
        with mine as (
            select id, name_key, phone, corporate_number
            from enterprise
            where id = $1
        ),
        candidate as (
            select o.id, o.corporate_number
            from mine
            join enterprise o on o.name_key = mine.name_key
            union
            select o.id, o.corporate_number
            from mine
            join enterprise o on o.phone = mine.phone
        )
        select c.id as "id!: EnterpriseId"
        from candidate c
        cross join mine
        where c.id <> mine.id
        and (c.corporate_number is null or mine.corporate_number is null)
        and not exists (
            select 1
            from enterprise_different d
            where d.enterprise_id = least(c.id, mine.id) and d.other_id = greatest(c.id, mine.id)
        )
        order by c.id
        "#,
        *id,
    )
    .fetch_all(db)
    .await?)
}

/// What everybody may know of these enterprises' cases in a fiscal year; one without cases is absent.
pub async fn this_year(
    db: impl PgExecutor<'_>,
    ids: &[EnterpriseId],
    fiscal_year: i32,
) -> Result<HashMap<EnterpriseId, ThisYear>> {
    let ids: Vec<_> = ids.iter().map(|id| **id).collect();
    let rows = sqlx::query!(
        r#"
        select c.enterprise_id as "id!: EnterpriseId", count(*) as "cases!",
            sum((
                select count(*)
                from consultation s
                where s.case_id = c.id and s.live
            ))::bigint as "sessions_used!"
        from case_file c
        where c.enterprise_id = any ($1) and c.fiscal_year = $2
        and c.merged_into is null
        and c.outcome is distinct from 'spam'
        group by c.enterprise_id
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
        .push("select pe.id from enterprise pe where pe.phone = ")
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
    let mut query = QueryBuilder::new(SELECT);
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

async fn find_by_number(
    db: impl PgExecutor<'_>,
    number: &CorporateNumber,
) -> Result<Option<EnterpriseId>> {
    let id = sqlx::query_scalar!(
        "select id from enterprise where corporate_number = $1",
        number.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// How names are compared. As long as its column: a ligature may fold to many characters.
fn compared(name: &str) -> String {
    fold_enterprise(name).chars().take(800).collect()
}

/// None when another enterprise has the corporate number.
async fn insert(tx: &mut Tx, input: &EnterpriseInput) -> Result<Option<EnterpriseId>> {
    let kind = input.kind.expect("checked with the body: no id, so a kind");
    let (prefecture, municipality) = settle(
        input.postal_code.as_ref(),
        input.prefecture_code.clone(),
        input.municipality_code.clone(),
    );
    let now = tx.now();
    let id = sqlx::query_scalar!(
        r#"
        insert into enterprise (id, kind, name, kana, trade_name, representative, corporate_number, postal_code,
            prefecture_code, municipality_code, address, industry_code, employees, employees_regular, phone,
            name_key, kana_key, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
        on conflict on constraint enterprise_corporate_number_key do nothing
        returning id
        "#,
        *EnterpriseId::new(),
        kind.name(),
        input.name.as_ref().map(Name::as_str),
        input.kana.as_ref().map(Kana::as_str),
        input.trade_name.as_ref().map(Name::as_str),
        input.representative.as_ref().map(Name::as_str),
        input.corporate_number.as_ref().map(CorporateNumber::as_str),
        input.postal_code.as_ref().map(PostalCode::as_str),
        prefecture.as_ref().map(PrefectureCode::as_str),
        municipality.as_ref().map(MunicipalityCode::as_str),
        input.address.as_ref().map(Line200::as_str),
        input.industry_code.as_ref().map(IndustryCode::as_str),
        input.employees,
        input.employees_regular,
        input.phone.as_ref().map(Phone::as_str),
        input.name.as_ref().map(|name| compared(name.as_str())),
        input.kana.as_ref().map(|kana| compared(kana.as_str())),
        now,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(id)
}

async fn edit(tx: &mut Tx, mut enterprise: Enterprise, body: &EditEnterpriseRequest) -> Result<()> {
    let fields = body.apply(&mut enterprise)?;
    if fields.is_empty() {
        tx.unchanged();
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        r#"
        update enterprise
        set kind = $2, name = $3, kana = $4, trade_name = $5, representative = $6, corporate_number = $7,
            postal_code = $8, prefecture_code = $9, municipality_code = $10, address = $11, industry_code = $12,
            employees = $13, employees_regular = $14, phone = $15, name_key = $16, kana_key = $17, updated_at = $18
        where id = $1
        "#,
        *enterprise.id,
        enterprise.kind.name(),
        enterprise.name.as_ref().map(Name::as_str),
        enterprise.kana.as_ref().map(Kana::as_str),
        enterprise.trade_name.as_ref().map(Name::as_str),
        enterprise.representative.as_ref().map(Name::as_str),
        enterprise.corporate_number.as_ref().map(CorporateNumber::as_str),
        enterprise.postal_code.as_ref().map(PostalCode::as_str),
        enterprise.prefecture_code.as_ref().map(PrefectureCode::as_str),
        enterprise.municipality_code.as_ref().map(MunicipalityCode::as_str),
        enterprise.address.as_ref().map(Line200::as_str),
        enterprise.industry_code.as_ref().map(IndustryCode::as_str),
        enterprise.employees,
        enterprise.employees_regular,
        enterprise.phone.as_ref().map(Phone::as_str),
        enterprise.name.as_ref().map(|name| compared(name.as_str())),
        enterprise.kana.as_ref().map(|kana| compared(kana.as_str())),
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("enterprise_corporate_number_key", number_taken)?;
    tx.record(
        OFFICE,
        Event::EnterpriseEdited {
            enterprise_id: enterprise.id,
            fields,
        },
    );
    Ok(())
}

fn number_taken() -> Error {
    Error::conflict("Another enterprise has this corporate number: look it up.")
}

/// Puts on record that two enterprises are different.
async fn separate(tx: &mut Tx, id: EnterpriseId, other_id: EnterpriseId) -> Result<()> {
    if id == other_id {
        return Err(Error::invalid("/other_id", "must be another enterprise"));
    }
    require(tx.db(), other_id, "/other_id").await?;
    let now = tx.now();
    let confirmed = sqlx::query!(
        r#"
        insert into enterprise_different (enterprise_id, other_id, confirmed_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        *id.min(other_id),
        *id.max(other_id),
        now,
    )
    .execute(tx.db())
    .await?;
    match confirmed.rows_affected() {
        0 => tx.unchanged(),
        _ => tx.record(
            OFFICE,
            Event::EnterpriseConfirmedDifferent {
                enterprise_id: id,
                other_id,
            },
        ),
    }
    Ok(())
}
