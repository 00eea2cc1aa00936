//! Which case a mail belongs to (design: Mail intake). What we signed counts most, then what we know, then what the
//! subject says; the address in From decides nothing alone.

use super::{
    content::Content,
    row::{self, Mail},
};
use crate::{
    cases,
    error::Result,
    ids::*,
    mail::MailIdentity,
    programme::{CheckReason, PlacedBy},
    store::Tx,
    text::CaseNumber,
};
use sqlx::PgConnection;
use unicode_normalization::UnicodeNormalization;

/// Where a mail belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Thread {
    /// To this case.
    Case {
        case_id: CaseId,
        by: PlacedBy,
        /// Whether the sender is one of its correspondents.
        is_known: bool,
    },
    /// Perhaps to this one: a person decides.
    Perhaps(CaseId, CheckReason),
    /// To none that we know.
    Nowhere,
}

/// Finds the case; the survivor where it was merged.
pub(super) async fn find(tx: &mut Tx, mail: &Mail, content: &Content) -> Result<Thread> {
    let identity = tx.mail().clone();
    for case_id in addressed(&identity, &mail.envelope_to, content) {
        if let Some(case_id) = cases::survivor(tx.db(), case_id).await? {
            return on(tx, content, case_id, PlacedBy::PlusAddress).await;
        }
    }
    for case_id in answered(content).filter_map(|id| case_of_signed(&identity, id)) {
        if let Some(case_id) = cases::survivor(tx.db(), case_id).await? {
            return on(tx, content, case_id, PlacedBy::MessageId).await;
        }
    }
    if let Some(case_id) = of_twin(tx, mail, content).await? {
        return on(tx, content, case_id, PlacedBy::SameMessageId).await;
    }
    let known = cases_of_known(tx.db(), content).await?;
    let numbered = cases_of_numbers(tx.db(), &content.subject).await?;
    for (candidates, by) in [
        (&known, PlacedBy::KnownMessageId),
        (&numbered, PlacedBy::Number),
    ] {
        for &case_id in candidates {
            if is_known(tx, content, case_id).await? {
                return Ok(Thread::Case {
                    case_id,
                    by,
                    is_known: true,
                });
            }
        }
    }
    Ok(match (numbered.first(), known.first()) {
        (Some(&case_id), _) => Thread::Perhaps(case_id, CheckReason::StrangerWithNumber),
        (None, Some(&case_id)) => Thread::Perhaps(case_id, CheckReason::StrangerInThread),
        (None, None) => Thread::Nowhere,
    })
}

/// The cases whose signed addresses it went to: those of the envelope first, each once.
pub(super) fn addressed(
    mail: &MailIdentity,
    envelope_to: &[String],
    content: &Content,
) -> Vec<CaseId> {
    let mut cases = Vec::new();
    for address in envelope_to.iter().chain(&content.recipients) {
        if let Some(case_id) = mail.key.read_plus_address(address)
            && !cases.contains(&case_id)
        {
            cases.push(case_id);
        }
    }
    cases
}

async fn on(tx: &mut Tx, content: &Content, case_id: CaseId, by: PlacedBy) -> Result<Thread> {
    let is_known = is_known(tx, content, case_id).await?;
    Ok(Thread::Case {
        case_id,
        by,
        is_known,
    })
}

async fn is_known(tx: &mut Tx, content: &Content, case_id: CaseId) -> Result<bool> {
    match &content.from_key {
        Some(key) => cases::is_correspondent(tx.db(), case_id, key).await,
        None => Ok(false),
    }
}

/// What a mail says it answers: In-Reply-To, then References from the newest on.
pub(super) fn answered(content: &Content) -> impl Iterator<Item = &str> {
    let references = content.references.iter().rev();
    content
        .in_reply_to
        .iter()
        .chain(references)
        .map(String::as_str)
}

fn case_of_signed(mail: &MailIdentity, id: &str) -> Option<CaseId> {
    mail.key
        .read_message_id(id)
        .and_then(|(case_id, _)| case_id)
}

/// Another mail with the same Message-ID from the same sender: a second copy by another way, or a program that numbers
/// its mails carelessly. It is kept beside the first, never instead of it. A desk that was written to has it on a case of
/// its own, though, where the first one's case is not the desk's: nobody else would tell the desk.
async fn of_twin(tx: &mut Tx, mail: &Mail, content: &Content) -> Result<Option<CaseId>> {
    let (Some(message_id), Some(from_key)) = (&content.message_id, &content.from_key) else {
        return Ok(None);
    };
    let desk_id = row::desk_of(tx.db(), mail.mailbox_id).await?;
    let twin = sqlx::query_scalar!(
        r#"
        select coalesce(c.merged_into, c.id) as "case_id!: CaseId"
        from inbound_mail m
        join case_file c on c.id = m.case_id
        left join case_file s on s.id = c.merged_into
        where m.message_id = $1 and m.from_key = $2 and m.id <> $3
        and ($4::uuid is null or coalesce(s.desk_id, c.desk_id) = $4)
        order by m.received_at, m.id
        limit 1
        "#,
        message_id,
        from_key,
        *mail.id,
        desk_id.map(|id| *id),
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(twin)
}

/// Whether the same Message-ID came before, from whomever.
pub(super) async fn has_twin(tx: &mut Tx, mail_id: MailId, content: &Content) -> Result<bool> {
    let Some(message_id) = &content.message_id else {
        return Ok(false);
    };
    let has_twin = sqlx::query_scalar!(
        r#"select exists (select 1 from inbound_mail where message_id = $1 and id <> $2) as "has_twin!""#,
        message_id,
        *mail_id,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(has_twin)
}

/// The cases of the mails and messages that it answers, in the order in which it names them.
async fn cases_of_known(db: &mut PgConnection, content: &Content) -> Result<Vec<CaseId>> {
    let ids: Vec<String> = answered(content).map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let cases = sqlx::query_scalar!(
        r#"
        with known as (
            select a.position, m.case_id
            from unnest($1::text[]) with ordinality as a (id, position)
            join inbound_mail m on m.message_id = a.id
            where m.case_id is not null
            union all
            select a.position, o.case_id
            from unnest($1::text[]) with ordinality as a (id, position)
            join message o on o.message_id = a.id
            where o.case_id is not null
        )
        select coalesce(c.merged_into, c.id) as "case_id!: CaseId"
        from known k
        join case_file c on c.id = k.case_id
        group by 1
        order by min(k.position)
        limit 10
        "#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(cases)
}

/// The cases whose numbers stand in a subject.
async fn cases_of_numbers(db: &mut PgConnection, subject: &str) -> Result<Vec<CaseId>> {
    let numbers: Vec<String> = numbers_in(subject)
        .into_iter()
        .map(|number| number.as_str().to_owned())
        .collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let cases = sqlx::query_scalar!(
        r#"
        select coalesce(c.merged_into, c.id) as "case_id!: CaseId"
        from unnest($1::text[]) with ordinality as a (number, position)
        join case_file c on c.number = a.number
        group by 1
        order by min(a.position)
        "#,
        &numbers,
    )
    .fetch_all(db)
    .await?;
    Ok(cases)
}

/// The case numbers in a text, in any writing: full-width letters and digits, any hyphen.
fn numbers_in(text: &str) -> Vec<CaseNumber> {
    let text: Vec<char> = text.nfkc().collect();
    let mut numbers = Vec::new();
    for start in 0..text.len() {
        let is_start = text[start].eq_ignore_ascii_case(&'t')
            && (start == 0 || !text[start - 1].is_ascii_alphanumeric());
        // TW-, a year, a hyphen, and 18 digits at most.
        let end = text.len().min(start + 26);
        if !is_start {
            continue;
        }
        // The longest that is a number and is not cut out of a longer one.
        let number = (start + 14..=end).rev().find_map(|end| {
            let is_whole = text.get(end).is_none_or(|next| !next.is_ascii_digit());
            let candidate: String = text[start..end].iter().collect();
            CaseNumber::parse(&candidate)
                .ok()
                .filter(|_| is_whole && !candidate.ends_with(char::is_whitespace))
        });
        numbers.extend(number.filter(|number| !numbers.contains(number)));
    }
    numbers.truncate(5);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<String> {
        numbers_in(text).into_iter().map(String::from).collect()
    }

    #[test]
    fn numbers_in_any_writing() {
        for subject in [
            "TW-2026-000123",
            "Re: [相談 TW-2026-000123] 在宅勤務",
            "Ｒｅ：［相談　ＴＷ－２０２６－０００１２３］",
            "tw-2026-000123の件",
            "案件TW‐2026‐000123",
            "TWの件、TW-2026-000123",
        ] {
            assert_eq!(numbers(subject), ["TW-2026-000123"], "{subject}");
        }
        assert_eq!(
            numbers("TW-2026-000002 と TW-2026-1000000 と TW-2026-000002"),
            ["TW-2026-000002", "TW-2026-1000000"]
        );
        for subject in [
            "",
            "TW-2026-00012",
            "XTW-2026-000123",
            "TW-2026-1234567890123456789",
            "TW2026000123",
            "在宅勤務について",
        ] {
            assert_eq!(numbers(subject), [""; 0], "{subject}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_subject_may_be_read(text in "([tTwWＴ0-9０-９ －-]|\\PC){0,60}") {
            proptest::prop_assert!(numbers_in(&text).len() <= 5);
        }
    }
}
