//! Taking mail in: stored first, understood afterwards.
//!
//! Every door ends in [`receive`], which keeps the bytes as they came, the envelope and their SHA-256 in one
//! transaction together with the job that places the mail. Nothing here looks into the message, so that nothing in it
//! can change the answer: what was answered with 2xx is safe, and a repetition changes nothing (rule 7).

use crate::{
    error::Result,
    ids::{MailId, MailboxId},
    jobs::{Job, Work},
    mail::{parse::Envelope, token::without_plus},
    store::Tx,
    text::EmailAddress,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use utoipa::ToSchema;

/// Longest address that is kept of an envelope, in characters; SMTP allows 254 (RFC 5321, 4.5.3.1.3).
const MAX_ADDRESS: usize = 1000;

/// Most recipients of one delivery that are kept; SMTP servers take 100 at least (RFC 5321, 4.5.3.1.8).
const MAX_RECIPIENTS: usize = 1000;

/// Longest delivery id that is kept, in characters.
const MAX_DELIVERY_ID: usize = 300;

/// By which door a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say it")]
pub enum Provider {
    Raw,
    Postmark,
    Mailgun,
    Sendgrid,
    Ses,
    Ingest,
}

impl Provider {
    /// The name as it is stored and counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Postmark => "postmark",
            Self::Mailgun => "mailgun",
            Self::Sendgrid => "sendgrid",
            Self::Ses => "ses",
            Self::Ingest => "ingest",
        }
    }
}

/// A mail at the door.
pub struct Delivery<'a> {
    /// The message; never empty.
    pub bytes: &'a [u8],
    /// From whom to whom, as SMTP has it.
    pub envelope: &'a Envelope,
    /// By which door.
    pub provider: Provider,
    /// The provider's own name for this delivery.
    pub delivery_id: Option<&'a str>,
    /// False where the provider rebuilt the message.
    pub is_original: bool,
}

/// What the sender is told: the mail is safe.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The mail.
    pub id: MailId,
    /// SHA-256 of what is kept, in hex.
    pub sha256: String,
    /// Whether it was here before.
    pub duplicate: bool,
}

/// Keeps a mail, once per mailbox, and lets it be placed by a job.
///
/// A recipient that is no mailbox of ours, or one that is not active, counts as the help center's, and so does a mail
/// without recipients. Each row has the recipients that led to it: a signed address meant for one mailbox says nothing
/// about the copy of another.
///
/// # Errors
/// The database; then nothing is kept, and the sender tries again.
pub async fn receive(tx: &mut Tx, delivery: &Delivery<'_>) -> Result<Receipt> {
    let sha256: [u8; 32] = Sha256::digest(delivery.bytes).into();
    let recipients = tidy_all(&delivery.envelope.to);
    let Known {
        mailboxes,
        of_desks,
    } = mailboxes_of(tx, &recipients).await?;
    let first = recipients
        .first()
        .and_then(|recipient| mailboxes[&keys(recipient)[0]]);
    // By mailbox and not as the recipients stand: two deliveries at once take the rows in the same order.
    let mut copies: BTreeMap<Option<MailboxId>, Vec<&str>> = BTreeMap::from([(first, Vec::new())]);
    for recipient in &recipients {
        let copy = copies.entry(mailboxes[&keys(recipient)[0]]).or_default();
        copy.push(recipient);
    }
    let mut ids = HashMap::new();
    let mut duplicate = true;
    // A desk's copy is placed before the help center's: the case is the desk's then, and the help center sees it.
    let mut in_order: Vec<_> = copies.iter().collect();
    in_order.sort_by_key(|(mailbox_id, _)| !mailbox_id.is_some_and(|id| of_desks.contains(&id)));
    for (mailbox_id, to) in in_order {
        let (id, is_new) = keep(tx, delivery, &sha256, *mailbox_id, to).await?;
        if is_new {
            duplicate = false;
            tx.enqueue(Job::now(Work::PlaceMail { mail_id: id }));
        }
        ids.insert(*mailbox_id, id);
    }
    // No audit event: what arrived is judged, placed and recorded by the job, and until then nobody has done anything
    // about any case. The row itself is the proof of receipt.
    tx.unchanged_for_all();
    Ok(Receipt {
        id: ids[&first],
        sha256: hex::encode(sha256),
        duplicate,
    })
}

/// Stores one copy, and says whether it is new.
async fn keep(
    tx: &mut Tx,
    delivery: &Delivery<'_>,
    sha256: &[u8; 32],
    mailbox_id: Option<MailboxId>,
    to: &[&str],
) -> Result<(MailId, bool)> {
    let id = MailId::new();
    let now = tx.now();
    let provider = delivery.provider.name();
    let delivery_id = delivery
        .delivery_id
        .map(|id| shortened(id, MAX_DELIVERY_ID))
        .filter(|id| !id.is_empty());
    let from = delivery.envelope.from.as_deref().map(tidy);
    let size = i32::try_from(delivery.bytes.len())
        .expect("the largest mail is half a gigabyte: MADOGUCHI_MAIL_MAX_BYTES");
    // A parallel delivery of the same mail waits here until the first one is safe or gone.
    let stored = sqlx::query!(
        r#"
        with mail as (
            insert into inbound_mail (
                id, mailbox_id, sha256, size, provider, delivery_id, envelope_from, envelope_to, is_original,
                received_at, state
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending')
            on conflict do nothing
            returning id
        )
        insert into inbound_raw (inbound_mail_id, bytes)
        select id, $11 from mail
        "#,
        *id,
        mailbox_id.map(|id| *id),
        sha256.as_slice(),
        size,
        provider,
        delivery_id,
        from,
        &to[..to.len().min(MAX_RECIPIENTS)] as _,
        delivery.is_original,
        now,
        delivery.bytes,
    )
    .execute(tx.db())
    .await?;
    if stored.rows_affected() == 1 {
        return Ok((id, true));
    }
    let first = sqlx::query_scalar!(
        r#"
        select id
        from inbound_mail
        where mailbox_id is not distinct from $1
        and (sha256 = $2 or (provider = $3 and delivery_id = $4))
        order by sha256 = $2 desc
        limit 1
        "#,
        mailbox_id.map(|id| *id),
        sha256.as_slice(),
        provider,
        delivery_id,
    )
    .fetch_one(tx.db())
    .await?;
    Ok((first, false))
}

/// The mailboxes of an envelope.
struct Known {
    /// By recipient, folded; none for an address that has no mailbox.
    mailboxes: HashMap<String, Option<MailboxId>>,
    /// Those of them that are a desk's.
    of_desks: HashSet<MailboxId>,
}

/// Whose mailbox each recipient is, by the first of its [`keys`].
async fn mailboxes_of(tx: &mut Tx, recipients: &[String]) -> Result<Known> {
    let wanted: Vec<String> = recipients.iter().flat_map(|to| keys(to)).collect();
    let rows = match wanted.is_empty() {
        true => Vec::new(),
        false => sqlx::query!(
            "select address_key, id, desk_id from mailbox where active and address_key = any($1)",
            &wanted
        )
        .fetch_all(tx.db())
        .await?,
    };
    let of_desks = rows
        .iter()
        .filter(|row| row.desk_id.is_some())
        .map(|row| row.id)
        .collect();
    let known: HashMap<String, MailboxId> = rows
        .into_iter()
        .map(|row| (row.address_key, row.id))
        .collect();
    let found = recipients.iter().map(|recipient| {
        let keys = keys(recipient);
        let mailbox = keys.iter().find_map(|key| known.get(key).copied());
        let [key, _] = keys;
        (key, mailbox)
    });
    Ok(Known {
        mailboxes: found.collect(),
        of_desks,
    })
}

/// How a recipient is looked up: as it is, and without what stands after a plus.
fn keys(recipient: &str) -> [String; 2] {
    let folded = |address: &str| match EmailAddress::parse(address) {
        Ok(address) => address.key(),
        Err(_) => address.to_lowercase(),
    };
    [folded(recipient), folded(&without_plus(recipient))]
}

/// The recipients as they are kept: each once, the empty ones not at all.
fn tidy_all(recipients: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    recipients
        .iter()
        .map(|recipient| tidy(recipient))
        .filter(|recipient| !recipient.is_empty() && seen.insert(recipient.clone()))
        .collect()
}

/// An address of an envelope as it is kept: without angle brackets and control characters, which PostgreSQL or a
/// terminal would not stand. Empty for the null sender `<>`.
fn tidy(address: &str) -> String {
    let address = shortened(address, MAX_ADDRESS);
    let address = address.trim();
    let inner = address
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    inner.unwrap_or(address).trim().to_owned()
}

fn shortened(text: &str, most: usize) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_an_envelope() {
        for (given, kept) in [
            ("<sodan@example.jp>", "sodan@example.jp"),
            (" sodan@example.jp\r\n", "sodan@example.jp"),
            ("<>", ""),
            ("", ""),
            ("a\0b@example.jp", "ab@example.jp"),
            ("<half", "<half"),
        ] {
            assert_eq!(tidy(given), kept, "{given:?}");
        }
        assert_eq!(tidy(&"長".repeat(5000)).chars().count(), MAX_ADDRESS);
    }

    #[test]
    fn recipients_are_kept_once() {
        let given = ["<a@example.jp>", "a@example.jp", "", "<>", "b@example.jp"].map(String::from);
        assert_eq!(tidy_all(&given), ["a@example.jp", "b@example.jp"]);
        let many: Vec<_> = (0..2000).map(|n| format!("{n}@example.jp")).collect();
        assert_eq!(tidy_all(&many).len(), 2000);
    }

    #[test]
    fn recipients_are_looked_up_folded_and_without_plus() {
        assert_eq!(
            keys("Sodan+abc.DEF@Example.JP"),
            ["sodan+abc.def@example.jp", "sodan@example.jp"]
        );
        assert_eq!(keys("no address"), ["no address", "no address"]);
    }
}
