//! What people do with mail that the intake could not place by itself (要確認メール), or placed wrongly.

use super::{
    place::{
        follow, open_by_hand,
        row::{self, Mail},
        sender_address, sender_name,
    },
    view,
};
use crate::{
    access::{Access, OFFICE, permit},
    attachments,
    audit::Event,
    cases::{self, Case},
    error::{Error, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    jobs::{Job, Work},
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::{EmailAddress, Reason},
};
use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(reprocess_email)
        .service(attach_email)
        .service(open_case_of_email)
        .service(confirm_sender)
        .service(discard_email);
}

/// Where a mail belongs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachRequest {
    /// The case; a closed one too. Of a merged one, the survivor.
    pub case_id: CaseId,
    /// Whether the sender becomes a contact of the case, and so is known there from now on.
    #[serde(default)]
    pub add_contact: bool,
}

/// Why a mail is put aside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardRequest {
    /// In one's own words.
    pub reason: Reason,
}

impl Body for AttachRequest {}
impl Body for DiscardRequest {}

const NO_ADDRESS: &str = "The mail has no sender whose address could be a contact's.";

/// The mail as it is now.
async fn answer(tx: &mut Tx, id: MailId) -> Result<Answer> {
    let actor = tx.actor().clone();
    let mail = view::show(tx.db(), &actor, id).await?;
    Ok(Answer::ok(&mail).version(mail.version))
}

fn require_read(mail: &Mail) -> Result<()> {
    match mail.state {
        MailState::Pending => Err(Error::conflict("The mail is still to be read and placed.")),
        _ => Ok(()),
    }
}

/// Read and place a mail again
///
/// For one that is to be checked (also after it was put aside), or whose job is dead.
#[utoipa::path(
    tag = "mail",
    operation_id = "reprocess_email",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The mail, pending again", body = view::MailView)),
    extensions(("x-permission" = json!("check_mail")))
)]
#[post("/intake/emails/{id}/reprocess")]
async fn reprocess_email(
    access: Access<permit::CheckMail>,
    Path(id): Path<MailId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mail = row::lock(tx, id).await?;
            precondition.check(mail.version)?;
            if mail.state == MailState::Processed {
                return Err(Error::conflict(
                    "The mail was placed: attach it where it belongs.",
                ));
            }
            if !row::has_bytes(tx, id).await? {
                return Err(Error::conflict(
                    "The mail as it came is gone: its time was over.",
                ));
            }
            row::begin_again(tx, id).await?;
            tx.record(OFFICE, Event::MailReprocessed { mail_id: id });
            let job = Job::now(Work::PlaceMail { mail_id: id });
            tx.enqueue(job.once(format!("place_mail:{id}")));
            answer(tx, id).await
        })
        .await
}

/// Attach a mail to a case
///
/// Also moves a mail that was placed wrongly; its files go with it. A closed case is not reopened: its owner is told.
#[utoipa::path(
    tag = "mail",
    operation_id = "attach_email",
    params(("id" = Uuid, Path, description = "The mail")),
    request_body = AttachRequest,
    responses((status = 200, description = "The mail", body = view::MailView)),
    extensions(("x-permission" = json!("check_mail")))
)]
#[post("/intake/emails/{id}/attach")]
async fn attach_email(
    access: Access<permit::CheckMail>,
    Path(id): Path<MailId>,
    Json(body): Json<AttachRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mail = row::lock(tx, id).await?;
            precondition.check(mail.version)?;
            require_read(&mail)?;
            let case = lock_target(tx, &mail, body.case_id).await?;
            let is_there = mail.case_id == Some(case.id);
            if !is_there {
                attach(tx, &mail, &case).await?;
            }
            let is_added = body.add_contact && add_sender(tx, &mail, &case).await?;
            if is_there && !is_added {
                tx.unchanged();
            }
            answer(tx, id).await
        })
        .await
}

/// Locks the case that a mail is to go to, and the one it leaves: two cases by id.
async fn lock_target(tx: &mut Tx, mail: &Mail, case_id: CaseId) -> Result<Case> {
    let Some(target) = cases::survivor(tx.db(), case_id).await? else {
        return Err(Error::invalid("/case_id", "is no case that you may see"));
    };
    match mail.case_id {
        Some(before) if before < target => {
            cases::lock(tx, before).await?;
            cases::lock(tx, target).await
        }
        Some(before) if before > target => {
            let case = cases::lock(tx, target).await?;
            cases::lock(tx, before).await?;
            Ok(case)
        }
        _ => cases::lock(tx, target).await,
    }
}

async fn attach(tx: &mut Tx, mail: &Mail, case: &Case) -> Result<()> {
    let is_known = match &mail.from_key {
        Some(key) => cases::is_correspondent(tx.db(), case.id, key).await?,
        None => false,
    };
    row::put_on_case(tx, mail.id, case.id, is_known).await?;
    attachments::move_with_mail(tx, mail.id, Some(case.id)).await?;
    tx.record(case.id, Event::MailAttached { mail_id: mail.id });
    if let Some(before) = mail.case_id {
        let moved = Event::MailMoved {
            mail_id: mail.id,
            other_id: case.id,
        };
        tx.record(before, moved);
        settle_if_verified(tx, before).await?;
    }
    match mail.kind {
        // Nobody wrote it. What it reports is the owner's to know, now that somebody says whose it is.
        Some(MailKind::Bounce) => {
            let reason = "この案件に関する不達通知です。宛先を確認し、電話などで連絡してください。";
            cases::raise_flag(tx, case.id, Flag::DeliveryFailed, Some(reason)).await
        }
        Some(MailKind::Normal) | None => follow(tx, case, mail.id).await,
        Some(_) => Ok(()),
    }
}

/// Makes the sender a contact, where a person asks for it; false where they were one.
async fn add_sender(tx: &mut Tx, mail: &Mail, case: &Case) -> Result<bool> {
    let Some(address) = sender_address(mail.from_address.as_deref()) else {
        return Err(Error::invalid("/add_contact", NO_ADDRESS));
    };
    if cases::is_correspondent(tx.db(), case.id, &address.key()).await? {
        return Ok(false);
    }
    confirm(tx, mail, case, &address).await?;
    Ok(true)
}

/// The sender is one of the contacts from now on, and known in all their mails on the case.
async fn confirm(tx: &mut Tx, mail: &Mail, case: &Case, address: &EmailAddress) -> Result<()> {
    let name = sender_name(mail.from_name.as_deref(), mail.from_address.as_deref());
    let contact_id = cases::add_contact(tx, case, name, address).await?;
    tx.record(
        case.id,
        Event::SenderConfirmed {
            mail_id: mail.id,
            contact_id,
        },
    );
    row::know_sender(tx, case.id, &address.key()).await?;
    settle_if_verified(tx, case.id).await
}

/// The flag goes with the last mail of somebody unknown. The caller has locked the case.
pub(crate) async fn settle_if_verified(tx: &mut Tx, case_id: CaseId) -> Result<()> {
    match row::has_unverified(tx, case_id).await? {
        true => Ok(()),
        false => cases::settle_by_itself(tx, case_id, Flag::UnverifiedSender, "差出人を確認").await,
    }
}

/// Open a case from a mail
///
/// For one that is on no case. It is opened as the intake would have done it, but nothing is acknowledged: whoever opens
/// it answers.
#[utoipa::path(
    tag = "mail",
    operation_id = "open_case_of_email",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((status = 201, description = "The new case", body = cases::CaseView)),
    extensions(("x-permission" = json!("check_mail")))
)]
#[post("/intake/emails/{id}/open-case")]
async fn open_case_of_email(
    access: Access<permit::CheckMail>,
    Path(id): Path<MailId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mail = row::lock(tx, id).await?;
            precondition.check(mail.version)?;
            require_read(&mail)?;
            if mail.case_id.is_some() {
                return Err(Error::conflict("The mail is on a case."));
            }
            let case_id = open_by_hand(tx, &mail).await?;
            let actor = tx.actor().clone();
            let case = cases::show(tx.db(), &actor, case_id).await?;
            let path = format!("/api/v1/cases/{case_id}");
            Ok(Answer::created(path, &case).version(case.version))
        })
        .await
}

/// Confirm the sender of a mail
///
/// The address becomes a contact (cc) of the case: its mails are known there from now on, and managers see them. The
/// flag `unverified_sender` is settled with the last such mail.
#[utoipa::path(
    tag = "mail",
    operation_id = "confirm_sender",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The mail", body = view::MailView)),
    extensions(("x-permission" = json!("edit_cases")))
)]
#[post("/intake/emails/{id}/confirm-sender")]
async fn confirm_sender(
    access: Access<permit::EditCases>,
    Path(id): Path<MailId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mail = row::lock(tx, id).await?;
            let actor = tx.actor().clone();
            view::require_visible(tx.db(), &actor, id).await?;
            precondition.check(mail.version)?;
            let Some(case_id) = mail.case_id else {
                return Err(Error::conflict("The mail is on no case yet."));
            };
            let case = cases::lock(tx, case_id).await?;
            if mail.is_known_sender != Some(false) {
                tx.unchanged();
                return answer(tx, id).await;
            }
            let Some(address) = sender_address(mail.from_address.as_deref()) else {
                return Err(Error::conflict(NO_ADDRESS));
            };
            confirm(tx, &mail, &case, &address).await?;
            answer(tx, id).await
        })
        .await
}

/// Put a mail aside
///
/// It is kept, and can be attached or run again later.
#[utoipa::path(
    tag = "mail",
    operation_id = "discard_email",
    params(("id" = Uuid, Path, description = "The mail")),
    request_body = DiscardRequest,
    responses((status = 200, description = "The mail", body = view::MailView)),
    extensions(("x-permission" = json!("check_mail")))
)]
#[post("/intake/emails/{id}/discard")]
async fn discard_email(
    access: Access<permit::CheckMail>,
    Path(id): Path<MailId>,
    Json(body): Json<DiscardRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let mail = row::lock(tx, id).await?;
            precondition.check(mail.version)?;
            if mail.state != MailState::Quarantined || mail.discarded_at.is_some() {
                return Err(Error::conflict(
                    "Only a mail that is to be checked is put aside.",
                ));
            }
            row::discard(tx, id, body.reason.as_str()).await?;
            tx.record(OFFICE, Event::MailDiscarded { mail_id: id });
            answer(tx, id).await
        })
        .await
}
