//! Rule 11: the second case of an enterprise in a fiscal year is noticed, and so is the case of an enterprise that may be
//! the same as another.
//!
//! What is written down has no names in it: a desk may read that there is a case of somebody else's and how many sessions
//! it used (rule 8); who the other may be is looked up at `/enterprises/{id}/duplicates`. A pair that was named on a case
//! once is not named there again, whatever was answered.

use super::{
    create::{ContactInput, SiteInput},
    settle_by_itself,
};
use crate::{
    audit::Event,
    enterprises::{self, How, Signals, Similar, ThisYear},
    erasure::memory::{self, Reached, Recognised},
    error::Result,
    ids::*,
    japan,
    programme::*,
    store::Tx,
    text::EmailAddress,
};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::HashMap;

/// What staff must notice on a case.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub flag: Flag,
    /// Why, in words.
    pub reason: Option<String>,
    /// Ids and counts.
    pub detail: Option<Value>,
}

impl Notice {
    /// That the enterprise has other cases in the fiscal year.
    pub fn same_enterprise(year: ThisYear, fiscal_year: i32, how: &str) -> Self {
        let ThisYear {
            cases,
            sessions_used,
        } = year;
        Self {
            flag: Flag::SameEnterpriseThisYear,
            reason: Some(format!(
                "{fiscal_year}年度にすでに{cases}件の案件があり、無料の支援を{sessions_used}回利用しています({how})。"
            )),
            detail: Some(json!({ "cases": cases, "sessions_used": sessions_used })),
        }
    }

    /// That it was asked after the last day of the fiscal year for that.
    pub fn after_last_day(last: NaiveDate) -> Self {
        Self {
            flag: Flag::AfterLastDay,
            reason: Some(format!(
                "今年度の受付最終日({})を過ぎて受け付けました。支援が翌年度になることがあります。",
                japan::wareki(last)
            )),
            detail: Some(json!({ "last_day": last })),
        }
    }
}

/// How the enterprise of a new case was known to be the same.
pub(super) fn known_by(how: How, channel: Channel) -> &'static str {
    match (how, channel) {
        (How::Number, _) => "法人番号または登録番号が同じ",
        (_, Channel::Email) => "差出人のメールアドレスが登録済み",
        _ => "登録済みの企業・団体",
    }
}

/// What a case is known by, besides its enterprise. An agent acts for many and counts for nobody.
pub(super) fn signals(site: Option<&SiteInput>, contacts: &[ContactInput]) -> Signals {
    let mut signals = Signals::default();
    let site = site.and_then(|site| site.phone.as_ref());
    let own = contacts
        .iter()
        .filter(|contact| contact.role != ContactRole::Agent);
    for contact in own {
        let phone = contact.phone.as_ref();
        signals
            .phones
            .extend(phone.map(|phone| phone.as_str().to_owned()));
        if let Some(email) = &contact.email {
            signals.add_domain(email.domain());
        }
    }
    signals
        .phones
        .extend(site.map(|phone| phone.as_str().to_owned()));
    signals
}

/// What a case that is being opened is known by, for the memory of who was erased. An agent counts for nobody here either.
pub(super) fn reached(site: Option<&SiteInput>, contacts: &[ContactInput]) -> Reached {
    let own = contacts
        .iter()
        .filter(|contact| contact.role != ContactRole::Agent);
    let site = site.and_then(|site| site.phone.as_ref());
    let phones = own.clone().filter_map(|contact| contact.phone.as_ref());
    Reached {
        phones: phones
            .chain(site)
            .map(|phone| phone.as_str().to_owned())
            .collect(),
        emails: own
            .filter_map(|contact| contact.email.as_ref())
            .map(EmailAddress::key)
            .collect(),
    }
}

/// The cases of an enterprise in a fiscal year, with those of enterprises that a person was erased of and that this one
/// is; enterprises that were erased themselves are counted with it anyhow.
pub(super) async fn this_year(
    tx: &mut Tx,
    enterprise_id: EnterpriseId,
    returned: &[Recognised],
    fiscal_year: i32,
) -> Result<ThisYear> {
    let mut ids = vec![enterprise_id];
    let others = returned.iter().filter(|other| !other.is_erased);
    ids.extend(others.map(|other| other.id));
    let years = enterprises::this_year(tx.db(), &ids, fiscal_year).await?;
    let mut sum = ThisYear::default();
    for year in years.values() {
        sum.cases += year.cases;
        sum.sessions_used += year.sessions_used;
    }
    Ok(sum)
}

/// The enterprise of a case, or what it is known by, was changed: whether it is one that was erased. The caller has locked
/// the case.
async fn notice_returned(
    tx: &mut Tx,
    case_id: CaseId,
    enterprise_id: EnterpriseId,
    fiscal_year: i32,
) -> Result<()> {
    let reached = Reached::default();
    let mut returned = memory::recognise(tx, case_id, enterprise_id, &reached, fiscal_year).await?;
    // One that lives is named when a case is opened, and not with every change after that.
    returned.retain(|other| other.is_erased);
    let Some(first) = returned.first() else {
        return Ok(());
    };
    let mut year = this_year(tx, enterprise_id, &returned, fiscal_year).await?;
    // Without this one, which is counted by now.
    year.cases -= 1;
    year.sessions_used -= sqlx::query_scalar!(
        r#"select count(*) as "count!" from consultation where case_id = $1 and live"#,
        *case_id
    )
    .fetch_one(tx.db())
    .await?;
    match year.cases {
        ..=0 => Ok(()),
        _ => {
            raise(
                tx,
                case_id,
                &Notice::same_enterprise(year, fiscal_year, &first.how),
            )
            .await
        }
    }
}

/// That the enterprise may be the same as these; none where there are none.
pub(super) async fn possible_duplicate(
    tx: &mut Tx,
    similar: &[Similar],
    fiscal_year: i32,
) -> Result<Option<Notice>> {
    if similar.is_empty() {
        return Ok(None);
    }
    let ids: Vec<_> = similar.iter().map(|other| other.id).collect();
    let years = enterprises::this_year(tx.db(), &ids, fiscal_year).await?;
    Ok(Some(describe(similar, &years, fiscal_year)))
}

fn describe(
    similar: &[Similar],
    years: &HashMap<EnterpriseId, ThisYear>,
    fiscal_year: i32,
) -> Notice {
    let (mut lines, mut others) = (Vec::new(), Vec::new());
    for other in similar {
        let ThisYear {
            cases,
            sessions_used,
        } = years.get(&other.id).copied().unwrap_or_default();
        lines.push(format!(
            "{}企業・団体がほかに登録されています({fiscal_year}年度の案件{cases}件、利用済み{sessions_used}回)。",
            enterprises::words(&other.reasons)
        ));
        others.push(json!({
            "id": other.id, "reasons": other.reasons, "cases": cases, "sessions_used": sessions_used,
        }));
    }
    Notice {
        flag: Flag::PossibleDuplicate,
        reason: Some(lines.join("\n")),
        detail: Some(json!({ "enterprises": others })),
    }
}

/// Raises a flag, or adds to it what it does not say yet. The caller has locked the case.
pub(super) async fn raise(tx: &mut Tx, case_id: CaseId, notice: &Notice) -> Result<()> {
    let now = tx.now();
    let is_new = sqlx::query_scalar!(
        r#"
        insert into case_flag (case_id, flag, raised_at, reason, detail)
        values ($1, $2, $3, $4, $5)
        on conflict (case_id, flag, settled_key) do update
        set reason = left(concat_ws(E'\n', case_flag.reason, excluded.reason), 2000),
            detail = case
                when excluded.detail ? 'enterprises' then coalesce(case_flag.detail, '{}') || jsonb_build_object('enterprises',
                    coalesce(case_flag.detail->'enterprises', '[]') || (excluded.detail->'enterprises'))
                else coalesce(excluded.detail, case_flag.detail)
            end
        where position(excluded.reason in coalesce(case_flag.reason, '')) = 0
        returning (xmax = 0) as "is_new!"
        "#,
        *case_id,
        notice.flag.name(),
        now,
        notice.reason,
        notice.detail,
    )
    .fetch_optional(tx.db())
    .await?;
    if is_new == Some(true) {
        tx.record(
            case_id,
            Event::FlagRaised {
                flag: notice.flag.name().into(),
            },
        );
    }
    Ok(())
}

/// Rule 11 holds for a case that gets another enterprise as for a new one. The caller has locked both; the case still
/// has the enterprise it had.
pub(super) async fn other_cases(
    tx: &mut Tx,
    case_id: CaseId,
    enterprise_id: EnterpriseId,
    fiscal_year: i32,
) -> Result<()> {
    let mut years = enterprises::this_year(tx.db(), &[enterprise_id], fiscal_year).await?;
    let year = years.remove(&enterprise_id).unwrap_or_default();
    if year.cases > 0 {
        let how = known_by(How::Chosen, Channel::Phone);
        let notice = Notice::same_enterprise(year, fiscal_year, how);
        raise(tx, case_id, &notice).await?;
    }
    Ok(())
}

/// The enterprise of a case, or what it is known by, was changed: whom it may be the same as now. The caller has locked
/// the case.
pub(super) async fn similar_to(
    tx: &mut Tx,
    case_id: CaseId,
    enterprise_id: EnterpriseId,
    fiscal_year: i32,
) -> Result<()> {
    notice_returned(tx, case_id, enterprise_id, fiscal_year).await?;
    let similar = enterprises::similar(tx.db(), enterprise_id, &Signals::default()).await?;
    name_new(tx, case_id, similar, fiscal_year).await
}

/// Flags those that were not named on the case before.
async fn name_new(
    tx: &mut Tx,
    case_id: CaseId,
    mut similar: Vec<Similar>,
    fiscal_year: i32,
) -> Result<()> {
    let named = sqlx::query_scalar!(
        r#"
        select distinct other->>'id' as "id!"
        from case_flag f
        cross join jsonb_array_elements(f.detail->'enterprises') other
        where f.case_id = $1 and f.flag = 'possible_duplicate'
        "#,
        *case_id
    )
    .fetch_all(tx.db())
    .await?;
    similar.retain(|other| !named.contains(&other.id.to_string()));
    match possible_duplicate(tx, &similar, fiscal_year).await? {
        Some(notice) => raise(tx, case_id, &notice).await,
        None => Ok(()),
    }
}

/// An enterprise was changed: its open cases say whom it may be the same as now. The caller has locked it.
///
/// # Errors
/// The database.
pub async fn notice_similar_enterprises(tx: &mut Tx, id: EnterpriseId) -> Result<()> {
    let similar = enterprises::similar(tx.db(), id, &Signals::default()).await?;
    let cases = sqlx::query!(
        r#"
        select id, fiscal_year
        from case_file
        where enterprise_id = $1 and status <> 'closed'
        order by id
        for no key update
        "#,
        *id
    )
    .fetch_all(tx.db())
    .await?;
    for case in cases {
        notice_returned(tx, case.id, id, case.fiscal_year).await?;
        name_new(tx, case.id, similar.clone(), case.fiscal_year).await?;
    }
    Ok(())
}

/// The cases of an enterprise become those of the one it is joined with; which they are. The caller has locked both.
///
/// # Errors
/// The database.
pub async fn take_over(
    tx: &mut Tx,
    survivor: EnterpriseId,
    other: EnterpriseId,
) -> Result<Vec<CaseId>> {
    sqlx::query!(
        "select id from case_file where enterprise_id = any (array[$1::uuid, $2::uuid]) order by id for no key update",
        *survivor,
        *other,
    )
    .fetch_all(tx.db())
    .await?;
    let now = tx.now();
    let mut moved = sqlx::query_scalar!(
        "update case_file set enterprise_id = $1, updated_at = $3 where enterprise_id = $2 returning id",
        *survivor,
        *other,
        now,
    )
    .fetch_all(tx.db())
    .await?;
    moved.sort();
    for id in &moved {
        let fields = vec!["enterprise_id".to_owned()];
        tx.record(*id, Event::CaseEdited { fields });
    }
    notice_later_cases(tx, survivor).await?;
    settle_answered(tx, survivor, other).await?;
    Ok(moved)
}

/// Flags the cases that are not the first of their fiscal year any more. What was closed in earlier years is history.
async fn notice_later_cases(tx: &mut Tx, id: EnterpriseId) -> Result<()> {
    let fiscal_year = japan::fiscal_year(tx.now());
    let later = sqlx::query!(
        r#"
        with counted as (
            select c.id, c.fiscal_year, c.status, c.recorded_at,
                (select count(*) from consultation s where s.case_id = c.id and s.live) as used
            from case_file c
            where c.enterprise_id = $1
            and c.merged_into is null
            and c.outcome is distinct from 'spam'
        ),
        ranked as (
            select id, fiscal_year, status,
                row_number() over (partition by fiscal_year order by recorded_at, id) as number,
                count(*) over (partition by fiscal_year) - 1 as cases,
                (sum(used) over (partition by fiscal_year) - used)::bigint as used
            from counted
        )
        select r.id as "id!: CaseId", r.fiscal_year as "fiscal_year!", r.cases as "cases!", r.used as "sessions_used!"
        from ranked r
        where r.number > 1
        and (r.status <> 'closed' or r.fiscal_year = $2)
        and not exists (select 1 from case_flag f where f.case_id = r.id and f.flag = 'same_enterprise_this_year')
        order by r.id
        "#,
        *id,
        fiscal_year,
    )
    .fetch_all(tx.db())
    .await?;
    for case in later {
        let year = ThisYear {
            cases: case.cases,
            sessions_used: case.sessions_used,
        };
        let notice = Notice::same_enterprise(year, case.fiscal_year, "同じ企業・団体として統合");
        raise(tx, case.id, &notice).await?;
    }
    Ok(())
}

/// Flags that named nobody but the two that are one now have their answer.
async fn settle_answered(tx: &mut Tx, survivor: EnterpriseId, other: EnterpriseId) -> Result<()> {
    let answered = sqlx::query_scalar!(
        r#"
        select f.case_id
        from case_flag f
        join case_file c on c.id = f.case_id
        where c.enterprise_id = $1
        and f.flag = 'possible_duplicate'
        and f.settled_at is null
        and jsonb_array_length(f.detail->'enterprises') > 0
        and not exists (
            select 1
            from jsonb_array_elements(f.detail->'enterprises') named
            where named->>'id' not in ($1::uuid::text, $2::uuid::text)
        )
        order by f.case_id
        "#,
        *survivor,
        *other,
    )
    .fetch_all(tx.db())
    .await?;
    for case_id in answered {
        let answer = "同じ企業・団体として統合";
        settle_by_itself(tx, case_id, Flag::PossibleDuplicate, answer).await?;
    }
    Ok(())
}
