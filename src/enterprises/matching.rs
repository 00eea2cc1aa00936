//! Which enterprises may be the same: the reasons, and the list for the page that shows two side by side.
//!
//! Nothing here decides. A corporate or registration number decides, and [`super::resolve`] has done so already: two
//! with different ones are never proposed. What is left are reasons to ask, and staff answer by joining
//! (`/enterprises/{id}/merge`) or by `confirm-different`, after which the pair is not proposed again.
//!
//! The signals are those of the enterprise and those of its cases: contacts' telephone numbers and mail domains, the
//! sites' numbers. An agent's do not count: a tax accountant acts for many.

use super::{
    Enterprise, EnterpriseInput, EnterpriseView, compared, compared_reading, domains,
    find_looked_up, select, this_year,
};
use crate::{
    access::{Access, permit},
    cases::View,
    error::Result,
    http::{Answer, Items, Path},
    ids::*,
    japan,
    programme::MatchedBy,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::get;
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Most candidates that are looked at: whoever is like more than these is like everybody.
const MOST: i64 = 10;

/// A mail domain that leads to more enterprises than this is a provider's, or that of a shared office.
const MOST_OF_DOMAIN: i32 = 5;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_duplicates);
}

/// List possible duplicates of an enterprise
///
/// Each with why it may be the same, the one with most reasons first. Pairs that were confirmed to be different are left
/// out. Of other desks' cases there is nothing but the counts of the fiscal year.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "list_duplicates",
    params(("id" = Uuid, Path, description = "The enterprise")),
    responses((status = 200, description = "Enterprises that may be the same", body = Items<Duplicate>)),
    extensions(("x-permission" = json!("write_enterprises")))
)]
#[get("/enterprises/{id}/duplicates")]
async fn list_duplicates(
    access: Access<permit::WriteEnterprises>,
    Path(id): Path<EnterpriseId>,
) -> Result<Answer> {
    let fiscal_year = japan::fiscal_year(access.now());
    let mut db = access.read().acquire().await?;
    find_looked_up(&mut *db, View::of(access.actor()), id).await?;
    let similar = similar(&mut db, id, &Signals::default()).await?;
    let ids: Vec<_> = similar.iter().map(|other| other.id).collect();
    let mut query = select();
    query.push("e.id = any (").push_bind(ids.clone()).push(")");
    let rows: Vec<Enterprise> = query.build_query_as().fetch_all(&mut *db).await?;
    let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let years = this_year(&mut *db, &ids, fiscal_year).await?;
    let items = similar.into_iter().filter_map(|other| {
        let year = years.get(&other.id).copied().unwrap_or_default();
        let enterprise = rows.remove(&other.id)?.view(year);
        Some(Duplicate {
            enterprise,
            reason: words(&other.reasons),
            reasons: other.reasons,
        })
    });
    Ok(Answer::ok(&Items {
        items: items.collect(),
    }))
}

/// An enterprise that may be the same as another.
#[derive(Serialize, ToSchema)]
pub struct Duplicate {
    /// The other one.
    pub enterprise: EnterpriseView,
    /// What the two have in common.
    pub reasons: Vec<MatchedBy>,
    /// The same in words.
    #[schema(example = "名称・電話番号が同じ")]
    pub reason: String,
}

/// What is known besides the enterprise itself: of a case that is being opened.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// Telephone numbers in E.164.
    pub phones: BTreeSet<String>,
    /// Domains of mail addresses.
    domains: BTreeSet<String>,
}

impl Signals {
    /// Adds the domain of a mail address, if it is an enterprise's.
    pub fn add_domain(&mut self, domain: &str) {
        if domains::is_an_enterprises(domain) {
            self.domains.insert(domain.to_owned());
        }
    }

    /// Adds what the enterprise and its cases are known by.
    async fn add_stored(&mut self, db: &mut PgConnection, id: EnterpriseId) -> Result<()> {
        let stored = sqlx::query!(
            r#"
            select
                array(
                    select phone from enterprise where id = $1 and phone is not null
                    union
                    select k.phone from contact k join case_file c on c.id = k.case_id
                    where c.enterprise_id = $1 and k.role <> 'agent' and k.phone is not null
                    union
                    select c.site_phone from case_file c where c.enterprise_id = $1 and c.site_phone is not null
                    limit 50
                ) as "phones!: Vec<String>",
                array(
                    select k.email_domain from contact k join case_file c on c.id = k.case_id
                    where c.enterprise_id = $1 and k.role <> 'agent' and k.email_domain is not null
                    group by k.email_domain
                    limit 50
                ) as "domains!: Vec<String>"
            "#,
            *id
        )
        .fetch_one(db)
        .await?;
        self.phones.extend(stored.phones);
        for domain in stored.domains {
            self.add_domain(&domain);
        }
        Ok(())
    }
}

/// An enterprise that may be the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    /// The other one.
    pub id: EnterpriseId,
    /// What the two have in common.
    pub reasons: Vec<MatchedBy>,
}

/// The reasons in words.
pub fn words(reasons: &[MatchedBy]) -> String {
    let words: Vec<_> = reasons.iter().map(|reason| reason.japanese()).collect();
    format!("{}が同じ", words.join("・"))
}

/// Makes those wait for each other who write down an enterprise that may be the same one, until the end of the
/// transaction: otherwise each of two at the same moment would find nobody. Comes before every other lock of enterprises
/// and cases.
///
/// # Errors
/// The database.
pub async fn queue_up(tx: &mut Tx, input: &EnterpriseInput, signals: &Signals) -> Result<()> {
    let names = [&input.name, &input.trade_name];
    let mut keys: BTreeSet<String> = names
        .into_iter()
        .flatten()
        .map(|name| compared(name.as_str()))
        .collect();
    let kana = input.kana.as_ref();
    keys.extend(kana.map(|kana| compared_reading(kana.as_str())));
    keys.extend(input.phone.as_ref().map(|phone| phone.as_str().to_owned()));
    keys.extend(signals.phones.iter().cloned());
    keys.extend(signals.domains.iter().cloned());
    let keys: Vec<String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(());
    }
    // In the order of the numbers, so that two never wait for each other.
    sqlx::query!(
        r#"
        select pg_advisory_xact_lock(number)
        from (
            select distinct hashtextextended('enterprise ' || key, 0) as number
            from unnest($1::text[]) as key
            order by 1
        ) numbers
        "#,
        &keys
    )
    .fetch_all(tx.db())
    .await?;
    Ok(())
}

/// Other enterprises that may be the same. The same telephone number, mail domain or name are reasons, and the same trade
/// name or reading in one prefecture; the name of a person is one only beside another (佐藤一郎 is the name of many). Not those that
/// staff confirmed to be different, and not those with another corporate or registration number.
///
/// # Errors
/// The database.
pub async fn similar(
    db: &mut PgConnection,
    id: EnterpriseId,
    more: &Signals,
) -> Result<Vec<Similar>> {
    let mut signals = more.clone();
    signals.add_stored(db, id).await?;
    let phones: Vec<_> = signals.phones.into_iter().collect();
    let domains: Vec<_> = signals.domains.into_iter().collect();
    let rows = sqlx::query!(
        r#"
        -- What is given stands in sub-queries: how much it is does not count for the plan, which is then made once and not
        -- every time. Making it takes three times as long as following it.
        with mine as materialized (
            select *, kind in ('sole_proprietor', 'worker') as is_person
            from enterprise
            where id = $1
        ),
        named as (
            -- Wherever it is: a branch rings from another prefecture than its head office, which may be on record without
            -- a number.
            (
                select o.id, 'name' as reason, mine.is_person or o.kind in ('sole_proprietor', 'worker') as is_weak
                from mine
                join enterprise o on o.name_key = mine.name_key
                order by 3, o.prefecture_code is distinct from mine.prefecture_code
                limit 50
            )
            union all
            (
                select o.id, 'kana',
                    mine.is_person or o.kind in ('sole_proprietor', 'worker')
                        or o.prefecture_code is distinct from mine.prefecture_code or o.prefecture_code is null
                from mine
                join enterprise o on o.kana_key = mine.kana_key
                order by 3
                limit 50
            )
            union all
            (
                select o.id, 'trade_name', o.prefecture_code <> mine.prefecture_code
                from mine
                join enterprise o on o.trade_key = any (array[mine.trade_key, mine.name_key])
                order by 3
                limit 50
            )
            union all
            (
                select o.id, 'trade_name', o.prefecture_code <> mine.prefecture_code
                from mine
                join enterprise o on o.name_key = mine.trade_key
                order by 3
                limit 50
            )
        ),
        reached as (
            (
                select o.id, 'phone' as reason
                from enterprise o
                where o.phone = any ((select $2::text[])::text[])
                limit 50
            )
            union all
            (
                select c.enterprise_id, 'contact_phone'
                from (
                    select case_id
                    from contact
                    where phone = any ((select $2::text[])::text[]) and role <> 'agent'
                    limit 200
                ) k
                join case_file c on c.id = k.case_id
            )
            union all
            (
                select c.enterprise_id, 'site_phone'
                from case_file c
                where c.site_phone = any ((select $2::text[])::text[])
                limit 200
            )
            union all
            select d.id, 'mail_domain'
            from unnest((select $3::text[])) as domain
            cross join lateral (
                select array_agg(distinct c.enterprise_id) as ids
                from (
                    select case_id
                    from contact
                    where email_domain = domain and role <> 'agent'
                    limit 1000
                ) k
                join case_file c on c.id = k.case_id
                where c.enterprise_id <> $1
            ) other
            cross join unnest(other.ids) as d (id)
            where cardinality(other.ids) <= $5
        ),
        candidate as (
            select id, reason, coalesce(is_weak, false) as is_weak from named
            union all
            select id, reason, false from reached
            where id <> $1
        )
        select o.id as "id!: EnterpriseId", array_agg(distinct x.reason) as "reasons!: Vec<MatchedBy>"
        from candidate x
        -- One by one, as they are few: the plan expects as many as the limits allow, and would read all enterprises.
        cross join lateral (select coalesce(merged_into, id) as id from enterprise where id = x.id limit 1) found
        cross join lateral (select id, corporate_number, invoice_number from enterprise where id = found.id limit 1) o
        cross join mine
        where o.id <> mine.id
        and (o.corporate_number is null or mine.corporate_number is null)
        and (o.invoice_number is null or mine.invoice_number is null)
        and not exists (
            select 1
            from enterprise_different d
            where d.enterprise_id = least(o.id, mine.id) and d.other_id = greatest(o.id, mine.id)
        )
        group by o.id
        having bool_or(not x.is_weak)
        order by count(distinct x.reason) desc, o.id
        limit $4
        "#,
        *id,
        &phones,
        &domains,
        MOST,
        MOST_OF_DOMAIN,
    )
    .fetch_all(db)
    .await?;
    let similar = rows.into_iter().map(|row| {
        let mut reasons = row.reasons;
        reasons.sort();
        Similar {
            id: row.id,
            reasons,
        }
    });
    Ok(similar.collect())
}
