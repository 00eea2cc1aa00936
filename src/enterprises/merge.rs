//! Joining two rows that turned out to be one enterprise.
//!
//! The cases of the one that goes, and with them its contacts, sites and sessions, become the other's, so that those of a
//! year are counted together from then on; a key in the database lets no case stay behind or come later. The row that
//! goes stays as a pointer: what it was known by still leads to the enterprise. There is no way back but a correction case
//! by case, which is why it is a supervisor's and has a reason.

use super::{
    Enterprise, EnterpriseView, find, lock, show,
    write::{erased, merged_away},
};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    cases, erasure,
    error::{Error, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    managers,
    programme::EnterpriseKind,
    routes::ServiceConfig,
    store::Tx,
    text::{CorporateNumber, InvoiceNumber, Reason},
};
use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(merge_enterprises);
}

/// The row that goes, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeEnterprisesRequest {
    /// The enterprise that is the same as this one; its cases become this one's.
    pub other_id: EnterpriseId,
    /// How that is known.
    pub reason: Reason,
}

impl Body for MergeEnterprisesRequest {}

/// Join an enterprise with another that is the same
///
/// The other's cases become this one's, with contacts, sites and used sessions; cases that are not the first of a fiscal
/// year any more are flagged. The other only points here from now on. It takes a number that only the other has; two
/// different numbers are two enterprises. Repeating it changes nothing.
#[utoipa::path(
    tag = "enterprises",
    operation_id = "merge_enterprises",
    params(("id" = Uuid, Path, description = "The enterprise that stays")),
    request_body = MergeEnterprisesRequest,
    responses((status = 200, description = "The enterprise", body = EnterpriseView)),
    extensions(("x-permission" = json!("merge_cases")))
)]
#[post("/enterprises/{id}/merge")]
async fn merge_enterprises(
    access: Access<permit::MergeCases>,
    Path(id): Path<EnterpriseId>,
    Json(body): Json<MergeEnterprisesRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (survivor, other) = lock_pair(tx, id, body.other_id).await?;
            precondition.check(survivor.version)?;
            if other.merged_into == Some(id) {
                tx.unchanged();
            } else {
                merge(tx, &survivor, &other, body.reason.as_str()).await?;
            }
            let view = show(tx, id).await?;
            Ok(Answer::ok(&view).version(view.version))
        })
        .await
}

/// Locks both, the smaller id first, whoever stays.
async fn lock_pair(
    tx: &mut Tx,
    id: EnterpriseId,
    other_id: EnterpriseId,
) -> Result<(Enterprise, Enterprise)> {
    if id == other_id {
        return Err(Error::invalid("/other_id", "must be another enterprise"));
    }
    let find_other = async |tx: &mut Tx| match find(tx.db(), other_id).await {
        Err(Error::Problem(_)) => Err(Error::invalid("/other_id", "is no enterprise")),
        result => result,
    };
    find(tx.db(), id).await?;
    find_other(tx).await?;
    lock(tx, id.min(other_id)).await?;
    lock(tx, id.max(other_id)).await?;
    Ok((find(tx.db(), id).await?, find_other(tx).await?))
}

async fn merge(tx: &mut Tx, survivor: &Enterprise, other: &Enterprise, reason: &str) -> Result<()> {
    require_joinable(survivor, other)?;
    let case_ids = cases::take_over(tx, survivor.id, other.id).await?;
    managers::conflicts::follow_merge(tx, survivor.id, other.id).await?;
    take_over_differences(tx, survivor.id, other.id).await?;
    erasure::memory::follow_merge(tx, survivor.id, other.id).await?;
    point(tx, survivor.id, other.id, reason).await?;
    take_number(tx, survivor, other).await?;
    tx.record(
        OFFICE,
        Event::EnterprisesMerged {
            enterprise_id: survivor.id,
            other_id: other.id,
            cases: case_ids,
        },
    );
    Ok(())
}

fn has_number(enterprise: &Enterprise) -> bool {
    enterprise.corporate_number.is_some() || enterprise.invoice_number.is_some()
}

fn require_joinable(survivor: &Enterprise, other: &Enterprise) -> Result<()> {
    use EnterpriseKind::*;
    if survivor.merged_into.is_some() || other.merged_into.is_some() {
        return Err(merged_away());
    }
    if survivor.erased_at.is_some() || other.erased_at.is_some() {
        return Err(erased());
    }
    if has_number(survivor) && has_number(other) {
        return Err(Error::conflict(
            "Both have a corporate or registration number: they are two enterprises. Correct the number that is wrong first.",
        ));
    }
    let is_nameless = survivor.name.is_none() && other.name.is_some();
    let cannot_have = other.corporate_number.is_some()
        && matches!(survivor.kind, SoleProprietor | Worker | Anonymous);
    let has_no_such = other.invoice_number.is_some()
        && !matches!(survivor.kind, SoleProprietor | Association | Other);
    if is_nameless || cannot_have || has_no_such {
        return Err(Error::conflict(
            "The other one has a name or number that this kind of enterprise has not: join them the other way round.",
        ));
    }
    Ok(())
}

/// Whom the other was told apart from, this one is told apart from; but not from each other any more.
async fn take_over_differences(
    tx: &mut Tx,
    survivor: EnterpriseId,
    other: EnterpriseId,
) -> Result<()> {
    sqlx::query!(
        r#"
        with gone as (
            delete from enterprise_different
            where enterprise_id = $2 or other_id = $2
            returning case when enterprise_id = $2 then other_id else enterprise_id end as third, confirmed_at
        )
        insert into enterprise_different (enterprise_id, other_id, confirmed_at)
        select least(third, $1), greatest(third, $1), confirmed_at
        from gone
        where third <> $1
        on conflict do nothing
        "#,
        *survivor,
        *other,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The other points to the survivor, and so does whatever pointed to the other.
async fn point(
    tx: &mut Tx,
    survivor: EnterpriseId,
    other: EnterpriseId,
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update enterprise set merged_into = $2, updated_at = $3 where merged_into = $1",
        *other,
        *survivor,
        now,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        r#"
        update enterprise
        set merged_into = $2, merged_at = $3, merge_reason = $4, updated_at = $3, corporate_number = null, invoice_number = null
        where id = $1
        "#,
        *other,
        *survivor,
        now,
        reason,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

async fn take_number(tx: &mut Tx, survivor: &Enterprise, other: &Enterprise) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update enterprise
        set corporate_number = coalesce(corporate_number, $2), invoice_number = coalesce(invoice_number, $3), updated_at = $4
        where id = $1
        "#,
        *survivor.id,
        other.corporate_number.as_ref().map(CorporateNumber::as_str),
        other.invoice_number.as_ref().map(InvoiceNumber::as_str),
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
