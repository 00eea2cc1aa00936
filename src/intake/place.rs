//! Understanding a mail and placing it: on the case it belongs to, as a new case, or before a person.
//!
//! The job reads the raw bytes, parses them apart from everything else and within a time, keeps the files, and then does
//! all the rest in one transaction: either the mail is placed with everything that follows from it, or it is pending as
//! before. A mail that cannot be read is no failed job: it is put before a person ([`CheckReason`]). Nothing is dropped.
//!
//! Who may do what with mail that was placed is in [`super::view`] and [`super::check`].

mod content;
mod open;
mod report;
pub(super) mod row;
mod thread;

use crate::{
    access::{Actor, OFFICE},
    attachments::{self, NewFile},
    audit::Event,
    auth::password_reset,
    cases::{self, Case, Status},
    error::Result,
    ids::*,
    mail::parse::{self, Envelope, ParsedAttachment, ParsedMail, TooMuch},
    messages::{self, acknowledge, notice, sender::is_own_address},
    programme::*,
    public_links,
    store::{Store, Tx},
};
use content::Content;
pub(crate) use content::{sender_address, sender_name};
use open::FirstMail;
pub(crate) use open::{open_by_hand, open_follow_up};
use row::{Mail, Placement};
use std::time::Duration;
use thread::Thread;

/// The time in which a mail is read. Thirty megabytes take about a second; what takes longer than this was made to.
const TIME_TO_READ: Duration = Duration::from_secs(20);

/// Places a mail. A second run finds it placed and changes nothing.
///
/// # Errors
/// The database or the storage of files is away: the job comes back.
pub async fn run(store: &Store, actor: &Actor, mail_id: MailId) -> Result<()> {
    let Some((bytes, envelope)) = load(store, mail_id).await? else {
        return Ok(());
    };
    let read = match read(bytes, envelope, TIME_TO_READ, parse::parse).await {
        Ok(mut mail) => {
            let files = keep_files(store, std::mem::take(&mut mail.attachments)).await?;
            Ok((Content::of(mail), files))
        }
        Err(unread) => Err(unread),
    };
    let placed = store
        .transaction(actor, async |tx| match &read {
            Ok((content, files)) => place(tx, mail_id, content, files).await,
            Err(unread) => place_unread(tx, mail_id, unread).await,
        })
        .await?;
    if let Some(placed) = placed {
        tell(mail_id, placed);
        if placed.because.is_some() {
            measure(store).await?;
        }
    }
    Ok(())
}

/// Places what is waiting now, for whoever must know of every mail that came before going on. Their jobs find it placed.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_waiting(store: &Store, actor: &Actor) -> Result<()> {
    let waiting = sqlx::query_scalar!(
        "select id from inbound_mail where state = 'pending' order by received_at, id"
    )
    .fetch_all(store.reader())
    .await?;
    for mail_id in waiting {
        run(store, actor, mail_id).await?;
    }
    Ok(())
}

/// The raw message of a mail that is pending.
async fn load(store: &Store, mail_id: MailId) -> Result<Option<(Vec<u8>, Envelope)>> {
    let mail = sqlx::query!(
        r#"
        select m.envelope_from, m.envelope_to, r.bytes
        from inbound_mail m
        join inbound_raw r on r.inbound_mail_id = m.id
        where m.id = $1 and m.state = 'pending'
        "#,
        *mail_id
    )
    .fetch_optional(store.reader())
    .await?;
    Ok(mail.map(|mail| {
        let envelope = Envelope {
            from: mail.envelope_from,
            to: mail.envelope_to,
        };
        (mail.bytes, envelope)
    }))
}

/// Why a mail could not be read.
#[derive(Clone, Debug, PartialEq)]
struct Unread(CheckReason, String);

/// Reads a mail on a thread of its own. One that takes too long is left to end by itself: the parser's own limits see to
/// that; nobody waits for it.
async fn read(
    bytes: Vec<u8>,
    envelope: Envelope,
    time: Duration,
    parse: impl Fn(&[u8], &Envelope) -> Result<ParsedMail, TooMuch> + Send + 'static,
) -> Result<ParsedMail, Unread> {
    let parsing = tokio::task::spawn_blocking(move || parse(&bytes, &envelope));
    let (because, told) = match tokio::time::timeout(time, parsing).await {
        Ok(Ok(Ok(mail))) => return Ok(mail),
        Ok(Ok(Err(TooMuch(limit)))) => (
            CheckReason::TooMuch,
            format!("読み取りの上限を超えています({limit})。"),
        ),
        Ok(Err(_)) => (CheckReason::Unreadable, "解析中に問題が起きました。".into()),
        Err(_) => (
            CheckReason::TooSlow,
            "解析に時間がかかりすぎました。".into(),
        ),
    };
    let warning = format!("{told}元のメールはそのまま保存しています。");
    Err(Unread(because, warning))
}

/// A file of the mail whose bytes are kept.
struct KeptFile {
    sha256: crate::blobs::Digest,
    size: u64,
    file: ParsedAttachment,
}

/// Keeps the bytes of the files, before the transaction: storage may be across a network.
async fn keep_files(store: &Store, files: Vec<ParsedAttachment>) -> Result<Vec<KeptFile>> {
    let announced: Vec<_> = files
        .iter()
        .map(|file| {
            (
                crate::blobs::Digest::of(&file.bytes),
                file.bytes.len() as u64,
            )
        })
        .collect();
    if !announced.is_empty() {
        attachments::disposal::announce(store, &announced).await?;
    }
    let mut kept = Vec::with_capacity(files.len());
    for mut file in files {
        let bytes = std::mem::take(&mut file.bytes);
        kept.push(KeptFile {
            sha256: store.blobs().put(&bytes).await?,
            size: bytes.len() as u64,
            file,
        });
    }
    Ok(kept)
}

async fn keep_attachments(
    tx: &mut Tx,
    mail_id: MailId,
    case_id: Option<CaseId>,
    files: &[KeptFile],
) -> Result<()> {
    let files: Vec<_> = files
        .iter()
        .map(|kept| NewFile {
            sha256: kept.sha256,
            size: kept.size,
            filename: &kept.file.filename,
            content_type: &kept.file.content_type,
            is_encrypted: kept.file.is_encrypted,
            is_inline: kept.file.is_inline,
        })
        .collect();
    attachments::keep_of_mail(tx, mail_id, case_id, &files).await?;
    Ok(())
}

/// What became of a mail, for the log and the metrics.
#[derive(Clone, Copy, Debug)]
struct Placed {
    kind: Option<MailKind>,
    because: Option<CheckReason>,
}

/// The mail, locked, if it still is to be placed.
async fn lock_pending(tx: &mut Tx, mail_id: MailId) -> Result<Option<Mail>> {
    let mail = row::lock(tx, mail_id).await?;
    if mail.state == MailState::Pending {
        return Ok(Some(mail));
    }
    // Another worker placed it, or this one did and could not say so.
    tx.unchanged();
    Ok(None)
}

async fn place_unread(tx: &mut Tx, mail_id: MailId, unread: &Unread) -> Result<Option<Placed>> {
    let Some(mail) = lock_pending(tx, mail_id).await? else {
        return Ok(None);
    };
    let Unread(because, warning) = unread;
    row::keep_unread(tx, mail.id, *because, warning).await?;
    tx.record(
        OFFICE,
        Event::MailQuarantined {
            mail_id,
            because: because.name().into(),
        },
    );
    Ok(Some(Placed {
        kind: None,
        because: Some(*because),
    }))
}

/// What is to be done with a mail.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    /// It goes on this case. Quiet: nothing follows from it.
    OnCase {
        case_id: CaseId,
        by: PlacedBy,
        is_known: Option<bool>,
        is_quiet: bool,
    },
    /// It is about this message of ours.
    AboutMessage(report::OwnMessage),
    /// It opens a case.
    NewCase { is_answered: bool },
    /// A person looks at it.
    ToCheck(CheckReason, Option<CaseId>),
}

async fn place(
    tx: &mut Tx,
    mail_id: MailId,
    content: &Content,
    files: &[KeptFile],
) -> Result<Option<Placed>> {
    let Some(mail) = lock_pending(tx, mail_id).await? else {
        return Ok(None);
    };
    // The closure of the transaction may run twice: what is added here is added to a copy.
    let mut content = content.clone();
    if let Some(key) = &content.from_key {
        row::lock_sender(tx, key, mail.received_at).await?;
    }
    if thread::has_twin(tx, mail.id, &content).await? {
        content.warn("同じMessage-IDのメールがほかにもあります。");
    }
    let identity = tx.mail().clone();
    if thread::addressed(&identity, &mail.envelope_to, &content).len() > 1 {
        content.warn("宛先に、ほかの案件の返信用アドレスもあります。");
    }
    let verdict = judge(tx, &mail, &mut content).await?;
    let placement = match verdict {
        Verdict::OnCase { .. } => put_on_case(tx, &mail, &content, verdict, files).await?,
        Verdict::AboutMessage(message) => put_beside(tx, &mail, &content, message, files).await?,
        Verdict::NewCase { is_answered } => {
            open_case(tx, &mail, &content, is_answered, files).await?
        }
        Verdict::ToCheck(because, suggested) => {
            put_before_a_person(tx, &mail, &content, (because, suggested), files).await?
        }
    };
    Ok(Some(Placed {
        kind: Some(content.kind),
        because: placement.because,
    }))
}

async fn judge(tx: &mut Tx, mail: &Mail, content: &mut Content) -> Result<Verdict> {
    // Our own mail has come back: by its Message-ID and its sender. Whoever we wrote to knows the former.
    let is_own = match content.address() {
        Some(address) => is_own_address(tx, &address).await?,
        None => false,
    };
    if is_own
        && let Some(message) = report::find(tx, content.message_id.as_deref().into_iter()).await?
    {
        content.kind = MailKind::Loop;
        return Ok(Verdict::AboutMessage(message));
    }
    match content.kind {
        MailKind::Normal => judge_normal(tx, mail, content, is_own).await,
        MailKind::AutoReply | MailKind::AutoReplySuspected => {
            judge_quiet(tx, mail, content, CheckReason::Automatic).await
        }
        MailKind::Loop => judge_quiet(tx, mail, content, CheckReason::Loop).await,
        MailKind::Bounce
        | MailKind::Delay
        | MailKind::DeliverySuccess
        | MailKind::Arf
        | MailKind::Mdn => judge_report(tx, mail, content).await,
    }
}

async fn judge_normal(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    is_own: bool,
) -> Result<Verdict> {
    let because = match thread::find(tx, mail, content).await? {
        Thread::Case {
            case_id,
            by,
            is_known,
        } => {
            return Ok(Verdict::OnCase {
                case_id,
                by,
                is_known: Some(is_known),
                is_quiet: false,
            });
        }
        Thread::Perhaps(case_id, because) => return Ok(Verdict::ToCheck(because, Some(case_id))),
        Thread::Nowhere if is_own => CheckReason::OwnAddress,
        Thread::Nowhere => match &content.from_key {
            None => CheckReason::NoSender,
            Some(key) if open::is_limit_reached(tx, mail, key).await? => CheckReason::SenderLimit,
            Some(_) => {
                let is_answered = !content.must_not_answer;
                return Ok(Verdict::NewCase { is_answered });
            }
        },
    };
    Ok(Verdict::ToCheck(because, None))
}

/// What no person wrote goes on a case that we know, and nothing follows; else a person looks at it.
async fn judge_quiet(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    because: CheckReason,
) -> Result<Verdict> {
    Ok(match thread::find(tx, mail, content).await? {
        Thread::Case {
            case_id,
            by,
            is_known,
        } => Verdict::OnCase {
            case_id,
            by,
            is_known: Some(is_known),
            is_quiet: true,
        },
        Thread::Perhaps(case_id, _) => Verdict::ToCheck(because, Some(case_id)),
        Thread::Nowhere => Verdict::ToCheck(because, None),
    })
}

async fn judge_report(tx: &mut Tx, mail: &Mail, content: &Content) -> Result<Verdict> {
    if let Some(message) = report::find(tx, report::about(content)).await? {
        return Ok(Verdict::AboutMessage(message));
    }
    let suggested = match thread::find(tx, mail, content).await? {
        Thread::Case { case_id, .. } | Thread::Perhaps(case_id, _) => Some(case_id),
        Thread::Nowhere => report::guess(tx, content, mail.received_at).await?,
    };
    Ok(Verdict::ToCheck(CheckReason::UnmatchedReport, suggested))
}

/// Locks the case that mail reaches; the survivor, where it was merged just now.
async fn lock_case(tx: &mut Tx, case_id: CaseId) -> Result<Case> {
    let case = cases::lock(tx, case_id).await?;
    match case.merged_into {
        Some(survivor) => cases::lock(tx, survivor).await,
        None => Ok(case),
    }
}

async fn put_on_case(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    verdict: Verdict,
    files: &[KeptFile],
) -> Result<Placement> {
    let Verdict::OnCase {
        case_id,
        by,
        is_known,
        is_quiet,
    } = verdict
    else {
        unreachable!("called for this verdict only");
    };
    let case = lock_case(tx, case_id).await?;
    let placement = Placement {
        case_id: Some(case.id),
        placed_by: Some(by),
        is_known,
        ..Placement::default()
    };
    keep(tx, mail, content, placement, files).await?;
    if !is_quiet {
        if is_known == Some(false) {
            raise_unverified(tx, case.id).await?;
        }
        follow(tx, &case, mail.id).await?;
    }
    Ok(placement)
}

async fn raise_unverified(tx: &mut Tx, case_id: CaseId) -> Result<()> {
    let reason = "案件の連絡先にないアドレスからのメールです。差出人を確認してください。";
    cases::raise_flag(tx, case_id, Flag::UnverifiedSender, Some(reason)).await
}

/// What follows from a mail that somebody wrote on a case.
pub(super) async fn follow(tx: &mut Tx, case: &Case, mail_id: MailId) -> Result<()> {
    match case.status {
        Status::Closed => cases::mail_after_close(tx, case, mail_id).await?,
        _ => cases::end_wait(tx, case, "mail").await?,
    }
    notice::mail_arrived(tx, case).await
}

/// A report, or our own mail come back: beside the message, on its case where it has one.
async fn put_beside(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    message: report::OwnMessage,
    files: &[KeptFile],
) -> Result<Placement> {
    let case = match message.case_id {
        Some(case_id) => Some(lock_case(tx, case_id).await?),
        None => None,
    };
    let by = match content.kind {
        MailKind::Loop => PlacedBy::MessageId,
        _ => PlacedBy::DeliveryReport,
    };
    let placement = Placement {
        case_id: case.as_ref().map(|case| case.id),
        placed_by: case.as_ref().map(|_| by),
        reported: Some(message.id),
        ..Placement::default()
    };
    password_reset::came_back(tx, message.id).await?;
    public_links::came_back(tx, message.id).await?;
    keep(tx, mail, content, placement, files).await?;
    if let Some(delivery) = report::delivery(content.kind) {
        let detail = report::detail(content);
        messages::reported(tx, message.id, mail.id, delivery, &detail).await?;
    }
    Ok(placement)
}

async fn open_case(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    is_answered: bool,
    files: &[KeptFile],
) -> Result<Placement> {
    let first = FirstMail::of(mail, content);
    let case_id = open::open(tx, &first).await?;
    let placement = Placement {
        case_id: Some(case_id),
        placed_by: Some(PlacedBy::NewCase),
        is_known: Some(true),
        ..Placement::default()
    };
    keep(tx, mail, content, placement, files).await?;
    let actor = tx.actor().clone();
    let case = cases::find(tx.db(), &actor, case_id).await?;
    if let (true, Some(address)) = (is_answered, content.address()) {
        let answered = acknowledge::FirstMail {
            mailbox_id: mail.mailbox_id,
            address: &address,
            name: content.from_name.as_deref(),
            subject: &content.subject,
            message_id: content.message_id.as_deref(),
            references: &content.references,
        };
        acknowledge::acknowledge(tx, &case, &answered).await?;
    }
    notice::mail_arrived(tx, &case).await?;
    Ok(placement)
}

async fn put_before_a_person(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    (because, suggested): (CheckReason, Option<CaseId>),
    files: &[KeptFile],
) -> Result<Placement> {
    let placement = Placement {
        because: Some(because),
        suggested,
        ..Placement::default()
    };
    keep(tx, mail, content, placement, files).await?;
    Ok(placement)
}

/// Writes the mail with its files where it was put, and records that.
async fn keep(
    tx: &mut Tx,
    mail: &Mail,
    content: &Content,
    placement: Placement,
    files: &[KeptFile],
) -> Result<()> {
    row::keep(tx, mail.id, content, placement).await?;
    keep_attachments(tx, mail.id, placement.case_id, files).await?;
    let mail_id = mail.id;
    if let Some(because) = placement.because {
        // On no case's chain: what is only suggested is told to nobody who sees the case.
        let because = because.name().into();
        tx.record(OFFICE, Event::MailQuarantined { mail_id, because });
        return Ok(());
    }
    let event = Event::MailPlaced {
        mail_id,
        mail: content.kind.name().into(),
        placed_by: placement.placed_by.map_or("", PlacedBy::name).into(),
        known_sender: placement.is_known == Some(true),
    };
    match placement.case_id {
        Some(case_id) => tx.record(case_id, event),
        None => tx.record(OFFICE, event),
    }
    Ok(())
}

/// Counts a mail, and raises the voice where a person is needed.
fn tell(mail_id: MailId, placed: Placed) {
    let kind = placed.kind.map_or("unread", MailKind::name);
    let state = match placed.because {
        Some(_) => MailState::Quarantined,
        None => MailState::Processed,
    };
    metrics::counter!("madoguchi_mails_total", "state" => state.name(), "kind" => kind)
        .increment(1);
    if let Some(because) = placed.because {
        tracing::warn!(mail.id = %mail_id, mail.kind = kind, mail.because = because.name(), "a mail is to be checked");
    }
}

/// How many mails are to be checked, for `/metrics`.
///
/// # Errors
/// The database.
pub(crate) async fn measure(store: &Store) -> Result<()> {
    let to_check = sqlx::query_scalar!(
        r#"select count(*) as "to_check!" from inbound_mail where state = 'quarantined' and discarded_at is null"#
    )
    .fetch_one(store.reader())
    .await?;
    metrics::gauge!("madoguchi_mails_to_check").set(to_check as f64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{content::tests::empty_mail, *};

    async fn read_within(
        time: Duration,
        parse: impl Fn(&[u8], &Envelope) -> Result<ParsedMail, TooMuch> + Send + 'static,
    ) -> Result<(), CheckReason> {
        read(Vec::new(), Envelope::default(), time, parse)
            .await
            .map(drop)
            .map_err(|Unread(because, warning)| {
                assert!(!warning.is_empty());
                because
            })
    }

    #[tokio::test]
    async fn a_parser_that_fails_in_any_way_is_no_failed_job() {
        // More than a backtrace takes on a busy machine.
        let long = Duration::from_secs(60);
        assert_eq!(read_within(long, |_, _| Ok(empty_mail())).await, Ok(()));
        assert_eq!(
            read_within(long, |_, _| Err(TooMuch("too deep"))).await,
            Err(CheckReason::TooMuch)
        );
        assert_eq!(
            read_within(long, |_, _| panic!("a bug of the parser")).await,
            Err(CheckReason::Unreadable)
        );
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let slow = read_within(Duration::from_millis(200), move |_, _| {
            // Until the test has its answer.
            let _ = wait.recv();
            Ok(empty_mail())
        });
        assert_eq!(slow.await, Err(CheckReason::TooSlow));
        drop(done);
    }
}
