//! The memory of used sessions: an enterprise that was erased and comes again in the same fiscal year is recognised.
//!
//! What is kept are keyed digests of its corporate or registration number, its name with its prefecture, its telephone
//! numbers and mail addresses, each for a fiscal year in which it has cases, until [`MONTHS`] after the end of that year.
//! The key is the one that signs mail addresses and stands outside the database. An enterprise that is recognised is
//! another row than the erased one, which stays nameless; but from then on the cases of both are counted together
//! ([`crate::enterprises::this_year`]), so that rule 11 holds.

use super::scope::Scope;
use crate::{
    audit::Event, error::Result, ids::*, japan::tokyo_date, mail::token::MailKey, store::Tx,
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Months after the end of a fiscal year in which late entries for it still come: until the end of June, a month after
/// the books of the year are closed (出納整理期間, 地方自治法 235条の5).
const MONTHS: u32 = 3;

/// One thing by which an enterprise is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trait {
    kind: &'static str,
    text: String,
}

impl Trait {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    fn digest(&self, key: &MailKey) -> Vec<u8> {
        key.digest(&format!("erased {}", self.kind), &self.text)
            .to_vec()
    }
}

/// By what these enterprises are known, and their cases' contacts and sites.
async fn traits_of(tx: &mut Tx, ids: &[Uuid]) -> Result<BTreeSet<Trait>> {
    let rows = sqlx::query!(
        r#"
        select name_key, kana_key, trade_key, prefecture_code, corporate_number, invoice_number, phone, kind
        from enterprise
        where id = any ($1) or merged_into = any ($1)
        "#,
        ids
    )
    .fetch_all(tx.db())
    .await?;
    let mut traits = BTreeSet::new();
    for row in rows {
        let numbers = [row.corporate_number, row.invoice_number];
        traits.extend(
            numbers
                .into_iter()
                .flatten()
                .map(|number| Trait::new("number", number)),
        );
        traits.extend(row.phone.map(|phone| Trait::new("phone", phone)));
        let place = row.prefecture_code.unwrap_or_default();
        for name in [row.name_key, row.kana_key, row.trade_key]
            .into_iter()
            .flatten()
        {
            traits.insert(Trait::new("name", format!("{name}\n{place}")));
            // Where the place is not told when it comes again. The name of a person is that of many.
            if !matches!(row.kind.as_str(), "sole_proprietor" | "worker") {
                traits.insert(Trait::new("name", format!("{name}\n")));
            }
        }
    }
    let reached = sqlx::query!(
        r#"
        select k.phone, k.email_key
        from contact k
        join case_file c on c.id = k.case_id
        where c.enterprise_id = any ($1) and k.role <> 'agent'
        union
        select site_phone, null from case_file where enterprise_id = any ($1)
        "#,
        ids
    )
    .fetch_all(tx.db())
    .await?;
    for row in reached {
        traits.extend(row.phone.map(|phone| Trait::new("phone", phone)));
        traits.extend(row.email_key.map(|email| Trait::new("email", email)));
    }
    Ok(traits)
}

/// Until when a fiscal year is remembered.
fn keep_until(fiscal_year: i32) -> NaiveDate {
    let last = NaiveDate::from_ymd_opt(fiscal_year + 1, 3 + MONTHS, 30);
    last.expect("a thirtieth of June")
}

/// Keeps by what an enterprise was known, before that goes. Of a person: their number and address, which may be all that
/// the enterprise of their cases is known by.
///
/// # Errors
/// The database.
pub(super) async fn remember(tx: &mut Tx, scope: &Scope) -> Result<()> {
    let today = tokyo_date(tx.now());
    for enterprise in &scope.enterprises {
        let years = sqlx::query_scalar!(
            "select distinct fiscal_year from case_file where enterprise_id = $1 order by 1",
            enterprise
        )
        .fetch_all(tx.db())
        .await?;
        let traits = match scope.whole_cases.is_empty() {
            true => traits_of_person(tx, scope, *enterprise).await?,
            false => traits_of(tx, &[*enterprise]).await?,
        };
        for year in years.into_iter().filter(|year| keep_until(*year) >= today) {
            keep(tx, *enterprise, year, &traits).await?;
        }
    }
    Ok(())
}

async fn traits_of_person(tx: &mut Tx, scope: &Scope, enterprise: Uuid) -> Result<BTreeSet<Trait>> {
    let people = sqlx::query!(
        r#"
        select k.phone, k.email_key
        from contact k
        join case_file c on c.id = k.case_id
        where k.id = any ($1) and k.role <> 'agent' and c.enterprise_id = $2
        "#,
        &scope.rows.contacts,
        enterprise,
    )
    .fetch_all(tx.db())
    .await?;
    let mut traits = BTreeSet::new();
    for person in people {
        traits.extend(person.phone.map(|phone| Trait::new("phone", phone)));
        traits.extend(person.email_key.map(|email| Trait::new("email", email)));
    }
    Ok(traits)
}

async fn keep(
    tx: &mut Tx,
    enterprise: Uuid,
    fiscal_year: i32,
    traits: &BTreeSet<Trait>,
) -> Result<()> {
    let mail = tx.mail().clone();
    let digests: Vec<Vec<u8>> = traits.iter().map(|known| known.digest(&mail.key)).collect();
    let kinds: Vec<String> = traits.iter().map(|known| known.kind.to_owned()).collect();
    sqlx::query!(
        r#"
        insert into erased_key (digest, kind, enterprise_id, fiscal_year, keep_until)
        select k.digest, k.kind, $3, $4, $5
        from unnest($1::bytea[], $2::text[]) as k (digest, kind)
        on conflict do nothing
        "#,
        &digests,
        &kinds,
        enterprise,
        fiscal_year,
        keep_until(fiscal_year),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What a case that is being opened says besides its enterprise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached {
    /// Telephone numbers in E.164.
    pub phones: Vec<String>,
    /// Addresses as they are compared.
    pub emails: Vec<String>,
}

/// An enterprise of the memory that is the same.
#[derive(Clone, Debug)]
pub(crate) struct Recognised {
    /// The enterprise that was erased, or a person of which was.
    pub id: EnterpriseId,
    /// Whether it was erased itself.
    pub is_erased: bool,
    /// By what, in words.
    pub how: String,
}

/// The enterprises of the memory that this one is, in a fiscal year: what is recognised for the first time. From here on
/// those that were erased are counted with it. The caller has locked the enterprise.
///
/// # Errors
/// The database.
pub(crate) async fn recognise(
    tx: &mut Tx,
    chain: CaseId,
    enterprise_id: EnterpriseId,
    reached: &Reached,
    fiscal_year: i32,
) -> Result<Vec<Recognised>> {
    let is_empty = sqlx::query_scalar!(
        r#"select not exists (select from erased_key where fiscal_year = $1) as "is_empty!""#,
        fiscal_year
    )
    .fetch_one(tx.db())
    .await?;
    if is_empty {
        return Ok(Vec::new());
    }
    let mut traits = traits_of(tx, &[*enterprise_id]).await?;
    let phones = reached.phones.iter();
    traits.extend(phones.map(|phone| Trait::new("phone", phone)));
    let emails = reached.emails.iter();
    traits.extend(emails.map(|email| Trait::new("email", email)));
    let mail = tx.mail().clone();
    let digests: Vec<Vec<u8>> = traits.iter().map(|known| known.digest(&mail.key)).collect();
    let found = sqlx::query!(
        r#"
        select k.enterprise_id as "id!: EnterpriseId", array_agg(distinct k.kind) as "kinds!: Vec<String>",
            e.erased_at is not null as "is_erased!"
        from erased_key k
        join enterprise e on e.id = k.enterprise_id
        where k.digest = any ($1) and k.fiscal_year = $2
        and k.enterprise_id <> $3
        and e.merged_into is distinct from $3
        and not exists (
            select from erased_match m where m.enterprise_id = $3 and m.erased_id = k.enterprise_id
        )
        group by k.enterprise_id, e.erased_at
        order by k.enterprise_id
        "#,
        &digests,
        fiscal_year,
        *enterprise_id,
    )
    .fetch_all(tx.db())
    .await?;
    let mut recognised = Vec::with_capacity(found.len());
    for other in found {
        if other.is_erased {
            link(tx, chain, enterprise_id, other.id).await?;
        }
        recognised.push(Recognised {
            id: other.id,
            is_erased: other.is_erased,
            how: words(&other.kinds),
        });
    }
    Ok(recognised)
}

fn words(kinds: &[String]) -> String {
    let words: Vec<_> = kinds
        .iter()
        .map(|kind| match kind.as_str() {
            "number" => "法人番号または登録番号",
            "name" => "名称と所在地",
            "phone" => "電話番号",
            _ => "メールアドレス",
        })
        .collect();
    format!("消去された記録と{}が一致", words.join("・"))
}

async fn link(
    tx: &mut Tx,
    chain: CaseId,
    enterprise_id: EnterpriseId,
    erased_id: EnterpriseId,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into erased_match (enterprise_id, erased_id, matched_at) values ($1, $2, $3) on conflict do nothing",
        *enterprise_id,
        *erased_id,
        now,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        chain,
        Event::EnterpriseReturned {
            enterprise_id,
            erased_id,
        },
    );
    Ok(())
}

/// Two enterprises are one now: whom the other was recognised as, the survivor is.
///
/// # Errors
/// The database.
pub(crate) async fn follow_merge(
    tx: &mut Tx,
    survivor: EnterpriseId,
    other: EnterpriseId,
) -> Result<()> {
    sqlx::query!(
        r#"
        with gone as (
            delete from erased_match where enterprise_id = $2 returning erased_id, matched_at
        )
        insert into erased_match (enterprise_id, erased_id, matched_at)
        select $1, erased_id, matched_at
        from gone
        where erased_id <> $1
        on conflict do nothing
        "#,
        *survivor,
        *other,
    )
    .execute(tx.db())
    .await?;
    // What was kept of a person of the other stands for the survivor's cases now.
    sqlx::query!(
        r#"
        with gone as (
            delete from erased_key where enterprise_id = $2 returning digest, kind, fiscal_year, keep_until
        )
        insert into erased_key (digest, kind, enterprise_id, fiscal_year, keep_until)
        select digest, kind, $1, fiscal_year, keep_until
        from gone
        on conflict do nothing
        "#,
        *survivor,
        *other,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Forgets what is of no use any more.
///
/// # Errors
/// The database.
pub(crate) async fn forget(db: &PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from erased_key where keep_until < $1",
        tokyo_date(now)
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_remembered_until_its_books_are_closed() {
        assert_eq!(keep_until(2026), "2027-06-30".parse::<NaiveDate>().unwrap());
    }

    #[test]
    fn a_digest_says_nothing_and_depends_on_the_key_and_the_kind() {
        let (key, other) = (MailKey::new(b"one key"), MailKey::new(b"another key"));
        let phone = Trait::new("phone", "+81177340001");
        assert_eq!(phone.digest(&key), phone.digest(&key));
        assert_ne!(phone.digest(&key), phone.digest(&other));
        assert_ne!(
            phone.digest(&key),
            Trait::new("email", "+81177340001").digest(&key)
        );
    }
}
