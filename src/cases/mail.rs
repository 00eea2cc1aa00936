//! What the mail intake does to cases: opens one, finds out whose address it is, tells the owner of a closed one.
//!
//! The address in From proves nothing. It decides which enterprise a new case is entered under and who counts as a
//! known correspondent where something else already points at the case, and nothing more.

use super::{
    Case,
    create::{
        self, ContactInput, CreateCaseRequest, Entry, MAX_CONTACTS, SiteInput, enter,
        insert_contacts,
    },
    raise_flag,
};
use crate::{
    audit::Event,
    enterprises::EnterpriseInput,
    error::{Error, Result},
    ids::*,
    japan::places::{Place, address::in_text, municipality_of},
    programme::*,
    store::Tx,
    text::{Body, EmailAddress, Line200, Name, Subject},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A case that a mail opens.
pub struct MailCase {
    /// Whose it is; nobody's known where absent.
    pub enterprise_id: Option<EnterpriseId>,
    /// Who wrote: the primary contact. At least one of name and address, or there is no contact.
    pub name: Option<Name>,
    /// Their address, where it is one that can be answered.
    pub address: Option<EmailAddress>,
    /// Its subject.
    pub subject: Option<Subject>,
    /// What is new in it.
    pub description: Body,
    /// The desk whose mailbox it came to: accepted by it at once.
    pub desk_id: Option<DeskId>,
    /// When we received it, whatever its Date header says.
    pub received_at: DateTime<Utc>,
}

/// Opens a case for a mail. The mail itself is its first contact, so no interaction is recorded; and a mail is never a
/// late entry, however long it waited for a worker or for a person.
///
/// # Errors
/// The database.
pub async fn open_for_mail(tx: &mut Tx, mail: MailCase) -> Result<CaseId> {
    let entry = Entry {
        received_at: mail.received_at,
        is_late: false,
        desk_id: mail.desk_id,
    };
    let site = guessed_site(tx.db(), &mail).await?;
    let is_guessed = site.is_some();
    let (id, _) = enter(tx, &request(mail, site), entry).await?;
    if is_guessed {
        let reason = "所在地はメールの署名の住所から推定しました。確認してください。";
        raise_flag(tx, id, Flag::AddressGuessed, Some(reason)).await?;
    }
    if let Some(desk_id) = entry.desk_id {
        create::record_own_window(tx, id, desk_id);
    }
    Ok(id)
}

/// The place that the address in a mail tells, where it tells one alone and not the enterprise's own: a guess, as the writer
/// may sit elsewhere than the matter.
async fn guessed_site(db: &mut PgConnection, mail: &MailCase) -> Result<Option<SiteInput>> {
    let Some(guess) = in_text(mail.description.as_str()) else {
        return Ok(None);
    };
    let [place] = guess.places[..] else {
        return Ok(None);
    };
    if let Some(id) = mail.enterprise_id
        && is_own_place(db, id, place).await?
    {
        return Ok(None);
    }
    let address = guess.address.as_deref();
    Ok(Some(SiteInput {
        postal_code: guess.postal_code,
        prefecture_code: Some(place.prefecture.into()),
        municipality_code: place.municipality.map(Into::into),
        address: address.and_then(|address| Line200::parse(address).ok()),
        ..SiteInput::default()
    }))
}

/// Whether an enterprise is known to be there, or at a closer place there.
async fn is_own_place(db: &mut PgConnection, id: EnterpriseId, place: Place) -> Result<bool> {
    let codes = sqlx::query!(
        "select prefecture_code, municipality_code from enterprise where id = $1",
        *id
    )
    .fetch_one(db)
    .await?;
    let is_there = codes.prefecture_code.as_deref() == Some(place.prefecture.code);
    let own = codes.municipality_code.as_deref().and_then(municipality_of);
    Ok(match (own, place.municipality) {
        (Some(own), Some(guessed)) => own == guessed || own.lies_in(guessed),
        (Some(_), None) => is_there,
        (None, _) => false,
    })
}

fn request(mail: MailCase, site: Option<SiteInput>) -> CreateCaseRequest {
    let enterprise = match mail.enterprise_id {
        Some(id) => EnterpriseInput {
            id: Some(id),
            ..EnterpriseInput::default()
        },
        None => EnterpriseInput {
            kind: Some(EnterpriseKind::Anonymous),
            ..EnterpriseInput::default()
        },
    };
    let is_reachable = mail.name.is_some() || mail.address.is_some();
    let contact = contact(ContactRole::Primary, mail.name, mail.address);
    CreateCaseRequest {
        channel: Channel::Email,
        enterprise,
        site,
        contacts: is_reachable.then_some(contact).into_iter().collect(),
        subject: mail.subject,
        description: mail.description,
        topics: vec![Topic::Other],
        primary_topic: None,
        telework_status: None,
        digital_level: None,
        how_heard: None,
        desired_mode: None,
        consents: Vec::new(),
        received_at: Some(mail.received_at),
        late_reason: None,
        close_as: None,
    }
}

/// Gives a case the contacts of another one.
pub async fn take_contacts(tx: &mut Tx, id: CaseId, of: CaseId) -> Result<()> {
    let contacts = sqlx::query_scalar!("select id from contact where case_id = $1", *of)
        .fetch_all(tx.db())
        .await?;
    let contacts: Vec<Uuid> = contacts.into_iter().map(|id| *id).collect();
    let new: Vec<Uuid> = contacts.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        r#"
        insert into contact (
            id, case_id, role, name, kana, department, phone, email, email_key, organisation, relation, authority_confirmed,
            position
        )
        select n.id, $1, c.role, c.name, c.kana, c.department, c.phone, c.email, c.email_key, c.organisation, c.relation,
            c.authority_confirmed, c.position
        from unnest($2::uuid[], $3::uuid[]) as n (of, id)
        join contact c on c.id = n.of
        "#,
        *id,
        &contacts,
        &new,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

fn contact(role: ContactRole, name: Option<Name>, email: Option<EmailAddress>) -> ContactInput {
    ContactInput {
        id: None,
        role,
        name,
        kana: None,
        department: None,
        phone: None,
        email,
        organisation: None,
        relation: None,
        authority_confirmed: false,
    }
}

/// The case that mail to this one reaches: itself, or the survivor of a merge. None where there is no such case.
///
/// # Errors
/// The database.
pub async fn survivor(db: &mut PgConnection, id: CaseId) -> Result<Option<CaseId>> {
    let survivor = sqlx::query_scalar!(
        r#"select coalesce(merged_into, id) as "id!: CaseId" from case_file where id = $1"#,
        *id
    )
    .fetch_optional(db)
    .await?;
    Ok(survivor)
}

/// Whether an address is one of the case's contacts, whatever their role; those of cases merged into it count.
///
/// # Errors
/// The database.
pub async fn is_correspondent(db: &mut PgConnection, id: CaseId, key: &str) -> Result<bool> {
    let is_known = sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from contact k
            join case_file c on c.id = k.case_id
            where k.email_key = $2 and (c.id = $1 or c.merged_into = $1)
        ) as "is_known!"
        "#,
        *id,
        key,
    )
    .fetch_one(db)
    .await?;
    Ok(is_known)
}

/// The enterprise that an address leads to, if it is one alone. An agent's address does not count: a tax accountant
/// writes for many.
///
/// # Errors
/// The database.
pub async fn enterprise_of_sender(
    db: &mut PgConnection,
    key: &str,
) -> Result<Option<EnterpriseId>> {
    let enterprises = sqlx::query_scalar!(
        r#"
        select distinct c.enterprise_id
        from contact k
        join case_file c on c.id = k.case_id
        where k.email_key = $1 and k.role <> 'agent'
        limit 2
        "#,
        key,
    )
    .fetch_all(db)
    .await?;
    Ok(match enterprises[..] {
        [only] => Some(only),
        _ => None,
    })
}

/// Adds somebody who wrote to the contacts of a case that the caller has locked; the contact that has the address
/// already is taken.
///
/// # Errors
/// 409 where the case has as many contacts as it may have.
pub async fn add_contact(
    tx: &mut Tx,
    case: &Case,
    name: Option<Name>,
    address: &EmailAddress,
) -> Result<ContactId> {
    let contacts = sqlx::query!(
        "select id, email_key, position from contact where case_id = $1 order by position",
        *case.id
    )
    .fetch_all(tx.db())
    .await?;
    let key = address.key();
    if let Some(there) = contacts
        .iter()
        .find(|contact| contact.email_key.as_deref() == Some(&key))
    {
        return Ok(there.id);
    }
    if contacts.len() >= MAX_CONTACTS {
        return Err(Error::conflict(
            "The case has as many contacts as it may have: take one out first.",
        ));
    }
    let last = contacts.last().map_or(0, |contact| contact.position);
    let new = contact(ContactRole::Cc, name, Some(address.clone()));
    let ids = insert_contacts(tx, case.id, &[new], last).await?;
    sqlx::query!(
        "update case_file set updated_at = $2 where id = $1",
        *case.id,
        tx.now()
    )
    .execute(tx.db())
    .await?;
    tx.record(
        case.id,
        Event::CaseEdited {
            fields: vec!["contacts".into()],
        },
    );
    Ok(ids[0])
}

/// A mail came for a case that is closed: its owner decides what becomes of it (see the settling of flags). The flag
/// remembers the mails.
///
/// # Errors
/// The database.
pub async fn mail_after_close(tx: &mut Tx, case: &Case, mail_id: MailId) -> Result<()> {
    raise_flag(tx, case.id, Flag::MailAfterClose, None).await?;
    sqlx::query!(
        r#"
        update case_flag
        set detail = jsonb_build_object('mail_ids', coalesce(detail->'mail_ids', '[]') || to_jsonb($2::text))
        where case_id = $1 and flag = 'mail_after_close' and settled_at is null
        "#,
        *case.id,
        mail_id.to_string(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The mails that the open flag [`Flag::MailAfterClose`] is about.
///
/// # Errors
/// The database.
pub async fn mails_after_close(db: &mut PgConnection, id: CaseId) -> Result<Vec<MailId>> {
    let ids = sqlx::query_scalar!(
        r#"
        select m.id::uuid as "id!: MailId"
        from case_flag f
        cross join jsonb_array_elements_text(f.detail->'mail_ids') as m (id)
        where f.case_id = $1 and f.flag = 'mail_after_close' and f.settled_at is null
        "#,
        *id
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

/// Settles a flag because its reason is gone; nothing where it is not open. The caller has locked the case.
///
/// # Errors
/// The database.
pub async fn settle_by_itself(tx: &mut Tx, id: CaseId, flag: Flag, answer: &str) -> Result<()> {
    let settled = sqlx::query!(
        r#"
        update case_flag
        set settled_at = $3, settled_key = $4, answer = $5
        where case_id = $1 and flag = $2 and settled_at is null
        "#,
        *id,
        flag.name(),
        tx.now(),
        Uuid::now_v7(),
        answer,
    )
    .execute(tx.db())
    .await?;
    if settled.rows_affected() == 1 {
        tx.record(
            id,
            Event::FlagSettled {
                flag: flag.name().into(),
                answer: "by_itself".into(),
            },
        );
    }
    Ok(())
}

/// The two cases of a link as they are stored: the earlier case of a follow-up first, otherwise the smaller id, so that
/// there is one row per pair.
pub(super) fn pair(id: CaseId, other_id: CaseId, kind: LinkKind) -> (CaseId, CaseId) {
    match kind {
        LinkKind::FollowUp => (other_id, id),
        _ => (id.min(other_id), id.max(other_id)),
    }
}

/// Links two cases that belong together; for `follow_up` the other is the earlier one. False where they were already.
///
/// # Errors
/// The database.
pub async fn link(tx: &mut Tx, id: CaseId, other_id: CaseId, kind: LinkKind) -> Result<bool> {
    let (first, second) = pair(id, other_id, kind);
    let linked = sqlx::query!(
        "insert into case_link (case_id, other_id, kind, linked_at) values ($1, $2, $3, $4) on conflict do nothing",
        *first,
        *second,
        kind.name(),
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    if linked.rows_affected() == 0 {
        return Ok(false);
    }
    for (case_id, other_id) in [(id, other_id), (other_id, id)] {
        let link = kind.name().into();
        tx.record(case_id, Event::CaseLinked { other_id, link });
    }
    Ok(true)
}
