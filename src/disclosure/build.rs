//! Making the package: what belongs to somebody, as JSON with the files beside it.

use super::{DAYS, mask::Masks};
use crate::{
    access::{Actor, OFFICE},
    attachments,
    blobs::Digest,
    erasure::{ErasureScope, scope::Scope, wipe::Rows},
    error::{Error, Result},
    ids::*,
    store::Store,
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, types::Json as SqlJson};
use std::io::{Cursor, Write};
use uuid::Uuid;
use zip::{ZipWriter, write::SimpleFileOptions};

/// Most bytes of files in a package, which is made in memory; files beyond that are listed only.
const MOST_BYTES: i64 = 200 * 1024 * 1024;

/// What is in `disclosure.json`.
#[derive(Serialize)]
struct Package {
    /// Of what kind: `contact` or `enterprise`.
    about: &'static str,
    made_at: DateTime<Utc>,
    cases: Value,
    contacts: Value,
    enterprises: Value,
    interactions: Value,
    notes: Value,
    mails: Value,
    messages: Value,
    sessions: Value,
    reports: Value,
    /// What was answered on pages that a link of a mail leads to.
    answers: Value,
    consents: Value,
    files: Vec<File>,
}

/// A file of the package.
#[derive(Serialize)]
struct File {
    /// Where it is in the package; null where it is listed only.
    path: Option<String>,
    filename: String,
    content_type: String,
    size: i64,
    created_at: DateTime<Utc>,
    #[serde(skip)]
    sha256: Vec<u8>,
}

/// The job. A second run finds it made and changes nothing; the subject may be gone by then.
///
/// # Errors
/// The database or the storage is away: the job comes back.
pub(crate) async fn run(store: &Store, actor: &Actor, id: DisclosureId) -> Result<()> {
    let asked = sqlx::query!(
        r#"
        select contact_ids as "contact_ids: Vec<Uuid>", enterprise_id as "enterprise_id: Uuid", with_staff_names
        from disclosure
        where id = $1 and state = 'pending'
        "#,
        *id
    )
    .fetch_optional(store.reader())
    .await?;
    let Some(asked) = asked else {
        return Ok(());
    };
    let mut db = store.reader().acquire().await?;
    let (kind, subject) = match (asked.enterprise_id, asked.contact_ids.first()) {
        (Some(id), _) => (ErasureScope::Enterprise, id),
        (None, Some(id)) => (ErasureScope::Contact, *id),
        (None, None) => return Err(Error::Internal("a disclosure of nobody".into())),
    };
    let scope = Scope::find(&mut db, kind, subject).await?;
    let masks = masks(&mut db, &scope, kind, asked.with_staff_names).await?;
    let mut package = gather(&mut db, &scope, kind, store.now()).await?;
    drop(db);
    mask(&mut package, &masks);
    let bytes = write(store, &package).await?;
    let digest = Digest::of(&bytes);
    attachments::disposal::announce(store, &[(digest, bytes.len() as u64)]).await?;
    store.blobs().put(&bytes).await?;
    let mut counts = scope.counts();
    counts.insert("files".into(), package.files.len() as i64);
    store
        .transaction(actor, async |tx| {
            let now = tx.now();
            let made = sqlx::query!(
                r#"
                with used as (
                    update blob set unused_since = null where sha256 = $2
                )
                update disclosure
                set state = 'ready', sha256 = $2, size = $3, ready_at = $4, expires_at = $5, counts = $6
                where id = $1 and state = 'pending'
                "#,
                *id,
                &digest.0,
                bytes.len() as i64,
                now,
                now + TimeDelta::days(DAYS),
                SqlJson(&counts) as _,
            )
            .execute(tx.db())
            .await?;
            match made.rows_affected() {
                0 => tx.unchanged(),
                _ => tx.record(OFFICE, crate::audit::Event::DisclosureMade { disclosure_id: id }),
            }
            Ok(())
        })
        .await
}

/// Everybody on the same cases who is somebody else, and staff where they are not to be named.
async fn masks(
    db: &mut PgConnection,
    scope: &Scope,
    kind: ErasureScope,
    with_staff: bool,
) -> Result<Masks> {
    let people = sqlx::query!(
        r#"
        select k.name, k.kana, k.phone, k.email, k.organisation,
            case when $3 then k.role <> 'agent' else k.id = any ($2) end as "is_own!"
        from contact k
        where k.case_id = any ($1)
        "#,
        &scope.cases,
        &scope.rows.contacts,
        kind == ErasureScope::Enterprise,
    )
    .fetch_all(&mut *db)
    .await?;
    let (mut others, mut own) = (Masks::default(), Masks::default());
    for person in people {
        let masks = if person.is_own { &mut own } else { &mut others };
        for name in [person.name, person.kana].into_iter().flatten() {
            masks.add_name(&name);
        }
        if let Some(phone) = person.phone {
            masks.add_phone(&phone);
        }
        for text in [person.email, person.organisation].into_iter().flatten() {
            masks.add(&text);
        }
    }
    if !with_staff {
        let staff = sqlx::query_scalar!(
            r#"select name as "name!" from app_user union select name from manager"#
        )
        .fetch_all(db)
        .await?;
        staff.iter().for_each(|name| others.add_name(name));
    }
    others.spare(&own);
    Ok(others)
}

fn mask(package: &mut Package, masks: &Masks) {
    for part in [
        &mut package.cases,
        &mut package.interactions,
        &mut package.notes,
        &mut package.mails,
        &mut package.messages,
        &mut package.sessions,
        &mut package.reports,
        &mut package.answers,
    ] {
        masks.apply(part);
    }
    for file in &mut package.files {
        file.filename = masks.mask(&file.filename);
    }
}

async fn gather(
    db: &mut PgConnection,
    scope: &Scope,
    kind: ErasureScope,
    made_at: DateTime<Utc>,
) -> Result<Package> {
    let rows = &scope.rows;
    let is_enterprise = kind == ErasureScope::Enterprise;
    let parts = sqlx::query!(
        r#"
        select
            coalesce((
                select json_agg(json_build_object('number', number, 'received_at', received_at, 'channel', channel,
                    'status', status, 'closed_at', closed_at, 'outcome', outcome, 'topics', topics,
                    'subject', case when $2 or id = any ($3) then subject end,
                    'description', case when $2 or id = any ($3) then description end,
                    'close_note', case when $2 or id = any ($3) then close_note end) order by received_at)
                from case_file where id = any ($1)
            ), '[]') as "cases!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'role', k.role, 'name', k.name, 'kana', k.kana,
                    'department', k.department, 'phone', k.phone, 'email', k.email, 'organisation', k.organisation,
                    'relation', k.relation) order by c.received_at)
                from contact k join case_file c on c.id = k.case_id
                where k.id = any ($4) and not ($2 and k.role = 'agent')
            ), '[]') as "contacts!",
            coalesce((
                select json_agg(json_build_object('kind', kind, 'name', name, 'kana', kana, 'trade_name', trade_name,
                    'representative', representative, 'corporate_number', corporate_number, 'invoice_number', invoice_number,
                    'postal_code', postal_code, 'address', address, 'phone', phone, 'industry_code', industry_code,
                    'employees', employees))
                from enterprise where $2 and id = any ($5)
            ), '[]') as "enterprises!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'kind', n.kind, 'agreed_at', n.recorded_at,
                    'notice_version', n.notice_version, 'how', n.how) order by n.recorded_at)
                from consent n join case_file c on c.id = n.case_id
                where n.case_id = any ($1)
            ), '[]') as "consents!"
        "#,
        &scope.cases,
        is_enterprise,
        &rows.cases,
        &rows.contacts,
        &scope.enterprises,
    )
    .fetch_one(&mut *db)
    .await?;
    let [interactions, notes, mails, messages] = conversation(db, rows).await?;
    let [sessions, reports] = support(db, scope).await?;
    Ok(Package {
        about: match is_enterprise {
            true => "enterprise",
            false => "contact",
        },
        made_at,
        cases: parts.cases,
        contacts: parts.contacts,
        enterprises: parts.enterprises,
        interactions,
        notes,
        mails,
        messages,
        sessions,
        reports,
        answers: answers(db, scope, is_enterprise).await?,
        consents: parts.consents,
        files: files(db, rows).await?,
    })
}

/// What was said and written.
async fn conversation(db: &mut PgConnection, rows: &Rows) -> Result<[Value; 4]> {
    let parts = sqlx::query!(
        r#"
        select
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'at', i.occurred_at, 'kind', i.kind,
                    'direction', i.direction, 'with', i.counterpart, 'body', i.body) order by i.occurred_at)
                from interaction i join case_file c on c.id = i.case_id where i.id = any ($1)
            ), '[]') as "interactions!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'at', n.recorded_at, 'body', n.body) order by n.recorded_at)
                from note n join case_file c on c.id = n.case_id where n.id = any ($2)
            ), '[]') as "notes!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'at', m.received_at, 'from', m.from_address,
                    'name', m.from_name, 'subject', m.subject, 'body', m.body_text) order by m.received_at)
                from inbound_mail m left join case_file c on c.id = m.case_id where m.id = any ($3)
            ), '[]') as "mails!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'at', m.created_at, 'sent_at', m.sent_at,
                    'to', m.to_address, 'subject', m.subject, 'body', m.body) order by m.created_at)
                from message m left join case_file c on c.id = m.case_id where m.id = any ($4)
            ), '[]') as "messages!"
        "#,
        &rows.interactions,
        &rows.notes,
        &rows.mails,
        &rows.messages,
    )
    .fetch_one(db)
    .await?;
    Ok([parts.interactions, parts.notes, parts.mails, parts.messages])
}

/// The sessions of the cases, and the reports that are theirs.
async fn support(db: &mut PgConnection, scope: &Scope) -> Result<[Value; 2]> {
    let parts = sqlx::query!(
        r#"
        select
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
                    'state', s.state, 'stage', s.stage, 'mode', s.mode, 'attendees', s.attendees) order by s.starts_at)
                from consultation s join case_file c on c.id = s.case_id where s.case_id = any ($1)
            ), '[]') as "sessions!",
            coalesce((
                select json_agg(json_build_object('case_number', c.number, 'session_at', s.starts_at, 'situation', r.situation,
                    'advice', r.advice, 'next_steps', r.next_steps, 'enterprise_tasks', r.enterprise_tasks) order by s.starts_at)
                from report r
                join consultation s on s.id = r.consultation_id
                join case_file c on c.id = s.case_id
                where r.consultation_id = any ($2) and r.state = 'approved'
            ), '[]') as "reports!"
        "#,
        &scope.cases,
        &scope.rows.reports,
    )
    .fetch_one(db)
    .await?;
    Ok([parts.sessions, parts.reports])
}

/// Surveys and what was said about sessions: of a contact, what came of the mails to them.
async fn answers(db: &mut PgConnection, scope: &Scope, is_enterprise: bool) -> Result<Value> {
    let answers = sqlx::query_scalar!(
        r#"
        with answered as (
            select v.case_id, v.id as subject_id, 'survey' as about, v.ended_at as at,
                json_build_object('purpose_achieved', v.purpose_achieved, 'telework', v.telework, 'why_not', v.why_not) as answer
            from survey v
            where v.case_id = any ($1) and v.state = 'answered' and ($2 or v.contact_id = any ($3))
            union all
            select s.case_id, s.id, case q.kind when 'reminder' then 'session' else 'evaluation' end, q.answered_at,
                json_build_object('session_at', s.starts_at, 'answer', q.answer, 'score', q.score)
            from session_question q
            join consultation s on s.id = q.consultation_id
            where s.case_id = any ($1) and q.answered_at is not null
            and ($2 or q.link_id in (select m.link_id from public_link_mail m where m.message_id = any ($4)))
        )
        select coalesce(
            json_agg(json_build_object('case_number', c.number, 'about', a.about, 'at', a.at, 'answer', a.answer,
                'texts', (
                    select json_agg(t.written order by t.written_at)
                    from free_text t
                    where t.subject_id = a.subject_id and t.source = a.about and t.written is not null
                )) order by a.at),
            '[]'
        ) as "answers!"
        from answered a
        join case_file c on c.id = a.case_id
        "#,
        &scope.cases,
        is_enterprise,
        &scope.rows.contacts,
        &scope.rows.messages,
    )
    .fetch_one(db)
    .await?;
    Ok(answers)
}

async fn files(db: &mut PgConnection, rows: &Rows) -> Result<Vec<File>> {
    let found = sqlx::query!(
        r#"
        select filename, content_type, size, created_at, sha256
        from attachment
        where id = any ($1) or inbound_mail_id = any ($2)
        order by created_at, id
        "#,
        &rows.attachments,
        &rows.mails,
    )
    .fetch_all(db)
    .await?;
    let mut total = 0;
    let files = (1..).zip(found).map(|(number, file)| {
        total += file.size;
        File {
            path: (total <= MOST_BYTES).then(|| format!("files/{number:03}")),
            filename: file.filename,
            content_type: file.content_type,
            size: file.size,
            created_at: file.created_at,
            sha256: file.sha256,
        }
    });
    Ok(files.collect())
}

/// The package: `disclosure.json`, and the files under plain names, because theirs are anything.
async fn write(store: &Store, package: &Package) -> Result<Vec<u8>> {
    let json = serde_json::to_vec_pretty(package).expect("a package is plain data");
    let mut parts = vec![("disclosure.json".to_owned(), Bytes::from(json))];
    for file in &package.files {
        if let Some(path) = &file.path {
            let digest = Digest::from_slice(&file.sha256).expect("the column takes 32 bytes");
            let bytes = store.blobs().get(&digest).await?;
            // Forgotten since it was listed.
            parts.extend(bytes.map(|bytes| (path.clone(), bytes)));
        }
    }
    tokio::task::spawn_blocking(move || zipped(&parts))
        .await
        .map_err(|error| Error::Internal(Box::new(error)))?
        .map_err(|error| Error::Internal(Box::new(error)))
}

fn zipped(parts: &[(String, Bytes)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in parts {
        let options = SimpleFileOptions::default().large_file(false);
        zip.start_file(path.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
