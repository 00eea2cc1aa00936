//! Reports about our own mail: it did not arrive, it is late, it arrived, it was read, it was called spam. And our own
//! mail itself, when it comes back.
//!
//! A report belongs to the message whose Message-ID it names, signed by us or stored. Where it names none, a person gets
//! it, with a guess.

use super::content::Content;
use crate::{
    error::Result,
    ids::*,
    programme::{Delivery, MailKind},
    store::Tx,
    text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a mail system may go on trying before it reports a failure: five days are usual (RFC 5321, 4.5.4.1), and the
/// report takes its time too.
const REPORT_WINDOW: TimeDelta = TimeDelta::days(7);

/// Characters of what the owner of the message reads.
const MAX_DETAIL: usize = 1000;

/// A message of ours, with the case that mail about it reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnMessage {
    pub id: MessageId,
    pub case_id: Option<CaseId>,
}

/// The first of our messages that these Message-IDs name.
pub(super) async fn find(
    tx: &mut Tx,
    message_ids: impl Iterator<Item = &str>,
) -> Result<Option<OwnMessage>> {
    let mail = tx.mail().clone();
    let message_ids: Vec<&str> = message_ids.collect();
    let named: Vec<String> = message_ids.iter().map(|id| (*id).to_owned()).collect();
    let signed: Vec<Option<MessageId>> = message_ids
        .iter()
        .map(|id| mail.key.read_message_id(id).map(|(_, id)| id))
        .collect();
    let signed: Vec<_> = signed.iter().map(|id| id.map(|id| *id)).collect();
    let found = sqlx::query!(
        r#"
        select o.id, coalesce(c.merged_into, c.id) as "case_id: CaseId"
        from unnest($1::text[], $2::uuid[]) with ordinality as a (message_id, id, position)
        join message o on o.id = a.id or o.message_id = a.message_id
        left join case_file c on c.id = o.case_id
        order by a.position
        limit 1
        "#,
        &named,
        &signed as _,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(found.map(|row| OwnMessage {
        id: row.id,
        case_id: row.case_id,
    }))
}

/// The Message-IDs that a report may be about: those of the mail it returns first.
pub(super) fn about(content: &Content) -> impl Iterator<Item = &str> {
    let returned = content
        .report
        .iter()
        .flat_map(|report| &report.original_message_ids)
        .map(String::as_str);
    returned.chain(super::thread::answered(content))
}

/// The case of the last message that went to a recipient whom the report names. Anybody can write such a report, so it
/// is a guess for a person.
pub(super) async fn guess(
    tx: &mut Tx,
    content: &Content,
    received_at: DateTime<Utc>,
) -> Result<Option<CaseId>> {
    let recipients: Vec<String> = content
        .report
        .iter()
        .flat_map(|report| &report.failed_recipients)
        .filter_map(|recipient| EmailAddress::parse(recipient).ok())
        .flat_map(|address| [address.key(), address.as_str().to_owned()])
        .collect();
    if recipients.is_empty() {
        return Ok(None);
    }
    let case_id = sqlx::query_scalar!(
        r#"
        select coalesce(c.merged_into, c.id) as "case_id!: CaseId"
        from message o
        join case_file c on c.id = o.case_id
        where o.to_address = any ($1) and o.created_at between $2 and $3
        order by o.created_at desc
        limit 1
        "#,
        &recipients,
        received_at - REPORT_WINDOW,
        received_at,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(case_id)
}

/// What a report means for the message; nothing where it is no report on its delivery.
pub(super) fn delivery(kind: MailKind) -> Option<Delivery> {
    match kind {
        MailKind::Bounce => Some(Delivery::Failed),
        MailKind::Delay => Some(Delivery::Delayed),
        MailKind::DeliverySuccess => Some(Delivery::Delivered),
        _ => None,
    }
}

/// What the report says, for whoever wrote the message.
pub(super) fn detail(content: &Content) -> String {
    let said = content.report.as_ref().map(|report| {
        let said = format!("{} {}", report.status, report.diagnostic);
        said.trim().to_owned()
    });
    let text = match said {
        Some(said) if !said.is_empty() => said,
        _ => content.subject.clone(),
    };
    text.chars().take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::content::tests::empty_mail, *};
    use crate::mail::parse::{DeliveryReport, ParsedMail};

    #[test]
    fn a_report_is_first_about_what_it_returns() {
        let content = Content::of(ParsedMail {
            in_reply_to: vec!["b@x".into()],
            references: vec!["d@x".into(), "c@x".into()],
            report: Some(DeliveryReport {
                original_message_ids: vec!["a@x".into()],
                ..DeliveryReport::default()
            }),
            ..empty_mail()
        });
        assert_eq!(
            about(&content).collect::<Vec<_>>(),
            ["a@x", "b@x", "c@x", "d@x"]
        );
    }

    #[test]
    fn the_detail_is_never_empty_where_there_is_a_subject() {
        let mut mail = ParsedMail {
            subject: "メールエラー通知".into(),
            ..empty_mail()
        };
        assert_eq!(detail(&Content::of(mail.clone())), "メールエラー通知");
        mail.report = Some(DeliveryReport::default());
        assert_eq!(detail(&Content::of(mail.clone())), "メールエラー通知");
        mail.report = Some(DeliveryReport {
            status: "5.1.1".into(),
            diagnostic: "User unknown".into(),
            ..DeliveryReport::default()
        });
        assert_eq!(detail(&Content::of(mail)), "5.1.1 User unknown");
    }
}
