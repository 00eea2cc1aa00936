//! Staff write to an enterprise.
//!
//! A mail to the wrong person is a leak that must be reported (個人情報保護法 26条), so it goes to the contacts of the case;
//! to any other address only when the writer says that they mean it, and every message waits a while in which it can be
//! taken back.

use super::{Draft, MessageView, may_write, view, write};
use crate::{
    access::{Access, permit},
    cases::{self, Case},
    error::{Error, Fields, Result},
    http::{Answer, Body as RequestBody, Json, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::{Body, EmailAddress, Subject},
};
use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

/// Most files of a message.
const MAX_FILES: usize = 20;

/// Most bytes of its files together: base64 makes a third more of them, and many servers take 30 MB.
const MAX_BYTES: i64 = 20 * 1024 * 1024;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(write_message);
}

/// A mail to the enterprise. To the contact `contact_id`, or to the address `to`; to the case's primary contact where
/// neither is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// To which contact of the case.
    pub contact_id: Option<ContactId>,
    /// To which address. One that is no contact's needs `confirmed`.
    pub to: Option<EmailAddress>,
    /// The address in `to` is meant, although it is no contact's, or an agent's whose authority is not confirmed: a mail
    /// to the wrong person is a leak.
    #[serde(default)]
    pub confirmed: bool,
    /// Where absent, `Re:` with the subject of the mail that is answered, or of the case, and the case's number.
    pub subject: Option<Subject>,
    /// Plain text.
    pub body: Body,
    /// Files of this case, at most 20 and 20 MiB together.
    #[serde(default)]
    pub attachment_ids: Vec<AttachmentId>,
    /// The mail of this case that it answers, so that mail programs show them together; where absent, the newest that
    /// came from this address.
    pub in_reply_to_mail_id: Option<MailId>,
}

impl RequestBody for MessageRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.contact_id.is_none() || self.to.is_none(),
            "/to",
            "goes without contact_id: name one of them",
        );
        fields.require(
            self.attachment_ids.len() <= MAX_FILES,
            "/attachment_ids",
            "must be at most 20",
        );
        for (index, id) in self.attachment_ids.iter().enumerate() {
            if self.attachment_ids[..index].contains(id) {
                fields.add(format!("/attachment_ids/{index}"), "is there twice");
            }
        }
    }
}

/// Write to the enterprise
///
/// The mail waits for the time set in `message_hold_seconds`, in which it can be taken back; then it is sent. Also on a
/// closed case.
#[utoipa::path(
    tag = "conversation",
    operation_id = "write_message",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = MessageRequest,
    responses((status = 201, description = "The message", body = MessageView)),
    extensions(("x-permission" = json!("write_messages")))
)]
#[post("/cases/{id}/messages")]
async fn write_message(
    access: Access<permit::WriteMessages>,
    Path(id): Path<CaseId>,
    Json(body): Json<MessageRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            if !may_write(tx.actor(), case.status) {
                return Err(Error::forbidden("The desk owns this case now."));
            }
            let mut fields = Fields::default();
            let recipient = recipient(tx, &case, &body, &mut fields).await?;
            check_files(tx, &case, &body.attachment_ids, &mut fields).await?;
            let answered = answered(tx, &case, &body, recipient.as_ref(), &mut fields).await?;
            fields.finish()?;
            let recipient = recipient.expect("its absence is a faulty field");
            let subject = match &body.subject {
                Some(subject) => subject.as_str().to_owned(),
                None => default_subject(tx, &case, answered.subject.as_deref()).await?,
            };
            let draft = Draft {
                case: Some(&case),
                kind: MessageKind::Reply,
                mailbox_id: None,
                to: &recipient.address,
                to_name: recipient.name.as_deref(),
                contact_id: recipient.contact_id,
                subject: &subject,
                body: body.body.as_str(),
                calendar: None,
                in_reply_to: answered.message_id.as_deref(),
                references: &answered.references,
                attachments: &body.attachment_ids,
                is_held: true,
            };
            let message_id = write(tx, &draft).await?;
            let actor = tx.actor().clone();
            let message = view::find(tx.db(), &actor, message_id).await?;
            let location = format!("/api/v1/messages/{message_id}");
            Ok(Answer::created(location, &message).version(message.version))
        })
        .await
}

struct Recipient {
    address: EmailAddress,
    name: Option<String>,
    contact_id: Option<ContactId>,
}

/// Whom it goes to; where that is nobody, the faulty field says why.
async fn recipient(
    tx: &mut Tx,
    case: &Case,
    body: &MessageRequest,
    fields: &mut Fields,
) -> Result<Option<Recipient>> {
    let contacts = sqlx::query!(
        r#"
        select id, role as "role: ContactRole", name, email as "email: EmailAddress", email_key, authority_confirmed
        from contact
        where case_id = $1
        order by position
        "#,
        *case.id,
    )
    .fetch_all(tx.db())
    .await?;
    let mut contacts = contacts.into_iter();
    let contact = match (&body.to, body.contact_id) {
        (Some(to), _) => {
            let key = to.key();
            contacts.find(|contact| contact.email_key.as_ref() == Some(&key))
        }
        (None, Some(id)) => contacts.find(|contact| contact.id == id),
        (None, None) => contacts.find(|contact| contact.role == ContactRole::Primary),
    };
    if let Some(contact) = &contact
        && contact.role == ContactRole::Agent
        && !contact.authority_confirmed
    {
        fields.require(
            body.confirmed,
            "/confirmed",
            "must be true: this agent's authority is not confirmed, and nothing of the history is told without it",
        );
    }
    let (name, contact_id, email) = match contact {
        Some(contact) => (contact.name, Some(contact.id), contact.email),
        None => (None, None, None),
    };
    let address = match (&body.to, email) {
        (Some(to), Some(_)) => Some(to.clone()),
        (Some(to), None) => {
            fields.require(
                body.confirmed,
                "/confirmed",
                "must be true: the address in to is no contact's of this case, and a mail to the wrong person is a leak",
            );
            Some(to.clone())
        }
        (None, Some(email)) => Some(email),
        (None, None) => {
            let detail = match (body.contact_id, contact_id) {
                (Some(_), Some(_)) => "has no e-mail address",
                (Some(_), None) => "is no contact of this case",
                (None, _) => {
                    "is required: the case has no primary contact with an e-mail address; name another contact, or an address in to"
                }
            };
            fields.add("/contact_id", detail);
            None
        }
    };
    Ok(address.map(|address| Recipient {
        address,
        name,
        contact_id,
    }))
}

async fn check_files(
    tx: &mut Tx,
    case: &Case,
    files: &[AttachmentId],
    fields: &mut Fields,
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = files.iter().map(|id| **id).collect();
    let found = sqlx::query!(
        r#"
        select a.id, a.size
        from attachment a
        left join inbound_mail m on m.id = a.inbound_mail_id
        where a.id = any ($1) and a.case_id = $2
        and (not $3 or m.id is null or m.is_for_managers)
        "#,
        &ids,
        *case.id,
        tx.actor().manager().is_some(),
    )
    .fetch_all(tx.db())
    .await?;
    for (index, id) in files.iter().enumerate() {
        fields.require(
            found.iter().any(|file| file.id == *id),
            &format!("/attachment_ids/{index}"),
            "is no attachment of this case",
        );
    }
    fields.require(
        found.iter().map(|file| file.size).sum::<i64>() <= MAX_BYTES,
        "/attachment_ids",
        "are more than 20 MiB together",
    );
    Ok(())
}

/// What the mail that is answered says of itself.
#[derive(Default)]
struct Answered {
    message_id: Option<String>,
    references: Vec<String>,
    subject: Option<String>,
}

async fn answered(
    tx: &mut Tx,
    case: &Case,
    body: &MessageRequest,
    recipient: Option<&Recipient>,
    fields: &mut Fields,
) -> Result<Answered> {
    let mail = sqlx::query!(
        r#"
        select message_id, subject,
            case when reference_ids = '{}' then in_reply_to else reference_ids end as "references!"
        from inbound_mail
        where case_id = $1 and (id = $2 or $2 is null and kind = 'normal' and from_key = $3)
        and (not $4 or is_for_managers)
        order by received_at desc, id desc
        limit 1
        "#,
        *case.id,
        body.in_reply_to_mail_id.map(|id| *id),
        recipient.map(|recipient| recipient.address.key()),
        tx.actor().manager().is_some(),
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(mail) = mail else {
        fields.require(
            body.in_reply_to_mail_id.is_none(),
            "/in_reply_to_mail_id",
            "is no mail of this case",
        );
        return Ok(Answered::default());
    };
    Ok(Answered {
        message_id: mail.message_id,
        references: mail.references,
        subject: mail.subject,
    })
}

async fn default_subject(tx: &mut Tx, case: &Case, answered: Option<&str>) -> Result<String> {
    if let Some(subject) = answered {
        return Ok(answer_subject(subject, &case.number));
    }
    let subject = sqlx::query_scalar!("select subject from case_file where id = $1", *case.id)
        .fetch_one(tx.db())
        .await?;
    Ok(answer_subject(
        subject.as_deref().unwrap_or_default(),
        &case.number,
    ))
}

/// `Re:` before a subject, once, with the case's number for people to read: what finds the case is the signed address.
fn answer_subject(subject: &str, number: &str) -> String {
    let mut rest = subject.trim();
    while let Some(shorter) = without_prefix(rest) {
        rest = shorter;
    }
    let hint = format!("[{number}]");
    let subject = match (rest, rest.contains(&hint)) {
        ("", _) => format!("{hint} ご相談について"),
        (_, true) => rest.to_owned(),
        (_, false) => format!("{hint} {rest}"),
    };
    format!("Re: {subject}")
}

/// The subject without the mark that some mail program put before it.
fn without_prefix(subject: &str) -> Option<&str> {
    let (mark, rest) = subject.split_once([':', '：'])?;
    let mark = crate::text::fold(mark.trim());
    let mark = mark.split(['[', '(']).next().unwrap_or_default();
    ["re", "aw", "fw", "fwd", "返信", "返", "転送"]
        .contains(&mark.trim())
        .then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::answer_subject;

    #[test]
    fn one_re_and_one_number() {
        for (subject, answer) in [
            ("在宅勤務について", "Re: [TW-2026-000123] 在宅勤務について"),
            (
                "Re: 在宅勤務について",
                "Re: [TW-2026-000123] 在宅勤務について",
            ),
            (
                "Ｒｅ：RE: 返信: Re[2]: 在宅: 規程",
                "Re: [TW-2026-000123] 在宅: 規程",
            ),
            (
                "Re: [TW-2026-000123] 在宅勤務について",
                "Re: [TW-2026-000123] 在宅勤務について",
            ),
            ("  ", "Re: [TW-2026-000123] ご相談について"),
            ("Re:", "Re: [TW-2026-000123] ご相談について"),
        ] {
            assert_eq!(
                answer_subject(subject, "TW-2026-000123"),
                answer,
                "{subject}"
            );
        }
    }
}
