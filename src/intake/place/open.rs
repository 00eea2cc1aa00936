//! A mail opens a case.

use super::{
    content::{Content, sender_address, sender_name},
    row::{self, Mail},
};
use crate::{
    attachments,
    audit::Event,
    cases,
    cases::MailCase,
    error::{Error, Result},
    ids::*,
    japan,
    programme::*,
    store::Tx,
    text::{Body, EmailAddress, Name, Subject, clean},
};
use chrono::{DateTime, TimeDelta, Utc};

/// A second first mail of one sender within this time is probably of the same matter: a file forgotten, the password of
/// the file before, a second click on "send". Whoever has another matter rarely writes again so soon.
const SAME_MATTER: TimeDelta = TimeDelta::minutes(10);

/// And with the same subject within this time.
const SAME_SUBJECT: TimeDelta = TimeDelta::hours(24);

/// The time over which cases per sender are counted (setting `mail_cases_per_sender`).
const LIMIT_PERIOD: TimeDelta = TimeDelta::hours(24);

/// Stands for a text that is empty or cannot be shown.
const NO_TEXT: &str = "(本文なし。添付ファイルと元のメールをご覧ください。)";

/// Stands behind a text that was cut.
const CUT: &str = "\n\n(長いため途中まで。全文は受信メールにあります。)";

/// What opens a case: a mail that was just read, or one that a person looked at.
pub(super) struct FirstMail<'a> {
    pub mail_id: MailId,
    pub mailbox_id: Option<MailboxId>,
    pub received_at: DateTime<Utc>,
    pub from_key: Option<&'a str>,
    pub from_address: Option<&'a str>,
    pub from_name: Option<&'a str>,
    pub subject: &'a str,
    pub reply_text: &'a str,
    pub text: &'a str,
}

impl<'a> FirstMail<'a> {
    pub fn of(mail: &Mail, content: &'a Content) -> Self {
        Self {
            mail_id: mail.id,
            mailbox_id: mail.mailbox_id,
            received_at: mail.received_at,
            from_key: content.from_key.as_deref(),
            from_address: content.from_address.as_deref(),
            from_name: content.from_name.as_deref(),
            subject: &content.subject,
            reply_text: &content.reply_text,
            text: &content.text,
        }
    }

    pub fn of_row(mail: &'a Mail) -> Self {
        Self {
            mail_id: mail.id,
            mailbox_id: mail.mailbox_id,
            received_at: mail.received_at,
            from_key: mail.from_key.as_deref(),
            from_address: mail.from_address.as_deref(),
            from_name: mail.from_name.as_deref(),
            subject: mail.subject.as_deref().unwrap_or_default(),
            reply_text: mail.reply_text.as_deref().unwrap_or_default(),
            text: mail.body_text.as_deref().unwrap_or_default(),
        }
    }

    pub fn address(&self) -> Option<EmailAddress> {
        sender_address(self.from_address)
    }

    pub fn name(&self) -> Option<Name> {
        sender_name(self.from_name, self.from_address)
    }

    fn description(&self) -> Body {
        let text = [self.reply_text, self.text]
            .into_iter()
            .find_map(|text| clean::mend_block(text, usize::MAX))
            .unwrap_or_else(|| NO_TEXT.into());
        let text = match text.chars().count() <= Body::MAX_CHARS {
            true => text,
            false => {
                let length = Body::MAX_CHARS - CUT.chars().count();
                let cut = clean::mend_block(&text, length).unwrap_or_default();
                format!("{cut}{CUT}")
            }
        };
        Body::parse(&text).unwrap_or_else(|_| Body::parse(NO_TEXT).expect("a text of ours"))
    }

    fn subject(&self) -> Option<Subject> {
        let line = clean::mend_line(self.subject, Subject::MAX_CHARS)?;
        Subject::parse(&line).ok()
    }
}

/// Opens the case, and makes sure that a second one of the same matter is noticed. The caller has locked the sender.
pub(super) async fn open(tx: &mut Tx, mail: &FirstMail<'_>) -> Result<CaseId> {
    let enterprise_id = match mail.from_key {
        Some(key) => cases::enterprise_of_sender(tx.db(), key).await?,
        None => None,
    };
    let earlier = earlier_case(tx, mail).await?;
    let desk_id = row::desk_of(tx.db(), mail.mailbox_id).await?;
    let id = enter(tx, mail, enterprise_id, desk_id).await?;
    if let Some(earlier) = earlier {
        let reason =
            "同じ差出人から、近い時刻または同じ件名のメールで別の案件が受け付けられています。";
        cases::raise_flag(tx, id, Flag::PossibleDuplicate, Some(reason)).await?;
        cases::link(tx, id, earlier, LinkKind::Related).await?;
    }
    Ok(id)
}

async fn enter(
    tx: &mut Tx,
    mail: &FirstMail<'_>,
    enterprise_id: Option<EnterpriseId>,
    desk_id: Option<DeskId>,
) -> Result<CaseId> {
    let new = MailCase {
        enterprise_id,
        name: mail.name(),
        address: mail.address(),
        subject: mail.subject(),
        description: mail.description(),
        desk_id,
        // A clock that ran ahead when the mail came may have been put right since: no case is older than its entry.
        received_at: mail.received_at.min(tx.now()),
    };
    cases::open_for_mail(tx, new).await
}

/// The newest case that a mail of the same sender opened a short while before or after, or under the same subject.
async fn earlier_case(tx: &mut Tx, mail: &FirstMail<'_>) -> Result<Option<CaseId>> {
    let Some(key) = mail.from_key else {
        return Ok(None);
    };
    let opened = sqlx::query!(
        r#"
        select coalesce(c.merged_into, c.id) as "case_id!: CaseId", m.received_at, m.subject
        from inbound_mail m
        join case_file c on c.id = m.case_id
        where m.from_key = $1 and m.id <> $2 and m.received_at between $3 and $4
        and c.channel = 'email' and c.received_at = least(m.received_at, c.recorded_at)
        order by m.received_at desc, m.id desc
        limit 200
        "#,
        key,
        *mail.mail_id,
        mail.received_at - SAME_SUBJECT,
        mail.received_at + SAME_SUBJECT,
    )
    .fetch_all(tx.db())
    .await?;
    let subject = bare_subject(mail.subject);
    let earlier = opened.into_iter().find(|other| {
        let is_near = (mail.received_at - other.received_at).abs() <= SAME_MATTER;
        is_near || bare_subject(other.subject.as_deref().unwrap_or_default()) == subject
    });
    Ok(earlier.map(|other| other.case_id))
}

/// A subject as it is compared: folded, without the marks of answers and forwards in front.
fn bare_subject(subject: &str) -> String {
    let folded = japan::fold(subject);
    let mut rest = folded.as_str();
    while let Some((mark, behind)) = rest.split_once(':') {
        let mark = mark.split('[').next().unwrap_or(mark).trim();
        // As fold writes them: 返信 and 転送 stay, full-width letters became narrow.
        if !["re", "fw", "fwd", "aw", "返信", "返", "転送"].contains(&mark) {
            break;
        }
        rest = behind.trim_start();
    }
    rest.to_owned()
}

/// Whether the sender has opened as many cases by mail as one may in a day.
pub(super) async fn is_limit_reached(tx: &mut Tx, mail: &Mail, key: &str) -> Result<bool> {
    let most = tx.settings().await?.mail_cases_per_sender;
    let opened = sqlx::query_scalar!(
        r#"
        select count(*) as "opened!"
        from inbound_mail
        where from_key = $1 and placed_by = 'new_case' and received_at > $2
        "#,
        key,
        mail.received_at - LIMIT_PERIOD,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(opened >= most)
}

/// Opens a case because a person says so, for a mail that is on none. The caller has locked the mail.
pub(crate) async fn open_by_hand(tx: &mut Tx, mail: &Mail) -> Result<CaseId> {
    if let Some(key) = &mail.from_key {
        row::lock_sender(tx, key, mail.received_at).await?;
    }
    let id = open(tx, &FirstMail::of_row(mail)).await?;
    row::put_on_case(tx, mail.id, id, true).await?;
    attachments::move_with_mail(tx, mail.id, Some(id)).await?;
    tx.record(id, Event::MailAttached { mail_id: mail.id });
    Ok(id)
}

/// Opens a case for the mails that came for a closed one, and links it as its follow-up; they go with it. It is of the
/// same enterprise. A desk that decides so takes it at its own window; else the mailbox says whose it is.
///
/// # Errors
/// 404 where the case is not there or not theirs, 409 where there is no such mail on it any more.
pub(crate) async fn open_follow_up(tx: &mut Tx, earlier_id: CaseId) -> Result<CaseId> {
    let actor = tx.actor().clone();
    let earlier = cases::find(tx.db(), &actor, earlier_id).await?;
    let mut mails = Vec::new();
    let mut ids = cases::mails_after_close(tx.db(), earlier_id).await?;
    ids.sort();
    for id in ids {
        let mail = row::lock(tx, id).await?;
        if mail.case_id == Some(earlier_id) {
            mails.push(mail);
        }
    }
    let Some(first) = mails.first().map(FirstMail::of_row) else {
        return Err(Error::conflict(
            "No mail that came after closing is on this case any more.",
        ));
    };
    let desk_id = match actor.desk() {
        Some(desk_id) => Some(desk_id),
        None => row::desk_of(tx.db(), first.mailbox_id).await?,
    };
    // The people are those of the earlier case: whoever else wrote to it is no contact by that.
    let nobody = FirstMail {
        from_address: None,
        from_name: None,
        ..first
    };
    let id = enter(tx, &nobody, Some(earlier.enterprise_id), desk_id).await?;
    cases::take_contacts(tx, id, earlier_id).await?;
    let mut has_unknown = false;
    for mail in &mails {
        let is_known = match &mail.from_key {
            Some(key) => cases::is_correspondent(tx.db(), id, key).await?,
            None => false,
        };
        has_unknown |= !is_known;
        row::take_along(tx, mail.id, id, is_known).await?;
        attachments::move_with_mail(tx, mail.id, Some(id)).await?;
        tx.record(id, Event::MailAttached { mail_id: mail.id });
        tx.record(
            earlier_id,
            Event::MailMoved {
                mail_id: mail.id,
                other_id: id,
            },
        );
    }
    if has_unknown {
        super::raise_unverified(tx, id).await?;
    }
    cases::link(tx, id, earlier_id, LinkKind::FollowUp).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail<'a>(subject: &'a str, reply_text: &'a str, text: &'a str) -> FirstMail<'a> {
        FirstMail {
            mail_id: MailId::new(),
            mailbox_id: None,
            received_at: Utc::now(),
            from_key: None,
            from_address: None,
            from_name: None,
            subject,
            reply_text,
            text,
        }
    }

    #[test]
    fn subjects_are_compared_without_marks() {
        for subject in [
            "在宅勤務について",
            "Re: 在宅勤務について",
            "RE：Fwd: 在宅勤務について",
            "Re[2]: 返信: 転送：在宅勤務について ",
        ] {
            assert_eq!(
                bare_subject(subject),
                bare_subject("在宅勤務について"),
                "{subject}"
            );
        }
        assert_ne!(bare_subject("件名: 一"), bare_subject("一"));
        assert_eq!(bare_subject("Re:"), "");
    }

    #[test]
    fn a_description_is_what_is_new() {
        assert_eq!(
            mail("", "新しい文\0", "全部").description().as_str(),
            "新しい文"
        );
        assert_eq!(
            mail("", " \u{200B}", "> 引用").description().as_str(),
            "> 引用"
        );
        assert_eq!(mail("", "", "").description().as_str(), NO_TEXT);
        let long = "あ".repeat(30_000);
        let description = mail("", &long, "").description();
        assert_eq!(description.as_str().chars().count(), Body::MAX_CHARS);
        assert!(description.as_str().ends_with(CUT));
        assert_eq!(mail("\r\n", "", "").subject(), None);
        let subject = mail(&long, "", "").subject().unwrap();
        assert_eq!(subject.as_str().chars().count(), Subject::MAX_CHARS);
    }
}
