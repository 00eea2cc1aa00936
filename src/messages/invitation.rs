//! Invitations: what those who take part in a session are told when it is booked, moved or cancelled, with a calendar
//! entry, and the same entry for download.
//!
//! They go to the primary contact and to the managers, each alone: neither learns the other's address.

pub mod ics;

use super::{
    Draft, MessageKind,
    sender::{Sender, addressed, are_own},
    write,
};
use crate::{
    access::{Access, Actor, permit},
    cases::{self, Case},
    consultations,
    error::{Error, Result},
    http::Path,
    ids::*,
    japan::dates,
    programme::{Mode, SessionState, Stage, TemplatePurpose},
    routes::ServiceConfig,
    store::Tx,
    templates::{self, Placeholder, Values},
    text::EmailAddress,
};
use actix_web::{HttpResponse, get, http::header};
use chrono::{DateTime, Utc};
use ics::{Audience, Party};
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};

/// Mounts the download.
pub fn mount(config: &mut ServiceConfig) {
    config.service(show_invitation);
}

/// What happened to a session that lies ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum News {
    /// It was booked.
    Booked,
    /// It has other times than these.
    Moved(DateTime<Utc>, DateTime<Utc>),
    /// It will not take place.
    Cancelled,
}

/// A session, as those who take part need it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns of consultation, commented there")]
pub struct Session {
    pub id: ConsultationId,
    pub case_number: String,
    pub state: SessionState,
    pub stage: Stage,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub mode: Mode,
    pub location: Option<String>,
    pub meeting_url: Option<String>,
    pub note: Option<String>,
    pub sequence: i32,
    pub enterprise_name: Option<String>,
    /// Who gives it.
    pub managers: Vec<SessionManager>,
    /// The primary contact of the case.
    pub contact: Option<SessionContact>,
}

/// Who gives a session.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct SessionManager {
    pub name: String,
    pub firm: Option<String>,
    pub address: Option<EmailAddress>,
}

/// Who takes it.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct SessionContact {
    pub id: ContactId,
    pub name: Option<String>,
    pub address: Option<EmailAddress>,
}

/// One who is told.
struct Recipient<'a> {
    name: Option<&'a str>,
    address: &'a EmailAddress,
    contact_id: Option<ContactId>,
}

impl Session {
    async fn load(db: &mut PgConnection, id: ConsultationId) -> Result<Self> {
        let row = sqlx::query!(
            r#"
            select s.id, c.number, s.state as "state: SessionState", s.stage as "stage: Stage", s.starts_at, s.ends_at,
                s.mode as "mode: Mode", s.location, s.meeting_url, s.note, s.sequence, e.name as enterprise_name,
                (
                    select coalesce(json_agg(json_build_object('name', m.name, 'firm', m.firm, 'address', m.email)
                        order by m.name, m.id), '[]')
                    from consultation_manager cm
                    join manager m on m.id = cm.manager_id
                    where cm.consultation_id = s.id
                ) as "managers!: Json<Vec<SessionManager>>",
                (
                    select json_build_object('id', k.id, 'name', k.name, 'address', k.email)
                    from contact k
                    where k.case_id = s.case_id and k.role = 'primary'
                    order by k.email is null, k.position
                    limit 1
                ) as "contact: Json<SessionContact>"
            from consultation s
            join case_file c on c.id = s.case_id
            join enterprise e on e.id = c.enterprise_id
            where s.id = $1
            "#,
            *id
        )
        .fetch_one(db)
        .await?;
        Ok(Self {
            id: row.id,
            case_number: row.number,
            state: row.state,
            stage: row.stage,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            mode: row.mode,
            location: row.location,
            meeting_url: row.meeting_url,
            note: row.note,
            sequence: row.sequence,
            enterprise_name: row.enterprise_name,
            managers: row.managers.0,
            contact: row.contact.map(|contact| contact.0),
        })
    }

    /// Where it is given, also where nobody entered that.
    fn place(&self) -> String {
        let entered = match self.mode {
            Mode::Online => self.meeting_url.as_ref().or(self.location.as_ref()),
            Mode::Visit | Mode::Phone => self.location.as_ref(),
        };
        match (entered, self.mode) {
            (Some(place), _) => place.clone(),
            (None, Mode::Online) => "オンライン(URLは別途ご連絡します)".into(),
            (None, Mode::Phone) => "お電話(担当専門家からおかけします)".into(),
            (None, Mode::Visit) => "ご相談者の事業所".into(),
        }
    }

    /// 佐々木 健(みちのく社会保険労務士事務所)、…
    fn managers_in_words(&self) -> String {
        let names = self.managers.iter().map(|manager| match &manager.firm {
            Some(firm) => format!("{}({firm})", manager.name),
            None => manager.name.clone(),
        });
        names.collect::<Vec<_>>().join("、")
    }

    fn recipients(&self) -> Vec<Recipient<'_>> {
        let contact = self.contact.iter().filter_map(|contact| {
            Some(Recipient {
                name: contact.name.as_deref(),
                address: contact.address.as_ref()?,
                contact_id: Some(contact.id),
            })
        });
        let managers = self.managers.iter().filter_map(|manager| {
            Some(Recipient {
                name: Some(&manager.name),
                address: manager.address.as_ref()?,
                contact_id: None,
            })
        });
        contact.chain(managers).collect()
    }

    fn values(&self, news: News) -> Values {
        let before = match news {
            News::Moved(from, until) => Some(dates::span(from, until)),
            News::Booked | News::Cancelled => None,
        };
        Values::default()
            .with_some(Placeholder::EnterpriseName, self.enterprise_name.as_ref())
            .with(Placeholder::When, dates::span(self.starts_at, self.ends_at))
            .with_some(Placeholder::Before, before)
            .with(Placeholder::Mode, self.mode.japanese())
            .with(Placeholder::Place, self.place())
            .with(Placeholder::Stage, self.stage.japanese())
            .with(Placeholder::Managers, self.managers_in_words())
            .with_some(Placeholder::Note, self.note.as_ref())
    }
}

/// What a mail can say of a session.
///
/// # Errors
/// The database.
pub async fn values_of(db: &mut PgConnection, id: ConsultationId) -> Result<Values> {
    Ok(Session::load(db, id).await?.values(News::Booked))
}

/// Tells those who take part. Sessions entered afterwards are nobody's news.
///
/// # Errors
/// The database.
pub async fn tell(tx: &mut Tx, case: &Case, id: ConsultationId, news: News) -> Result<()> {
    let session = Session::load(tx.db(), id).await?;
    let purpose = match news {
        News::Booked => TemplatePurpose::Invitation,
        News::Moved(..) => TemplatePurpose::InvitationChanged,
        News::Cancelled => TemplatePurpose::InvitationCancelled,
    };
    let Some(template) = templates::active(tx, purpose).await? else {
        return Ok(());
    };
    let sender = Sender::of(tx, case, None).await?;
    let (mail, now) = (tx.mail().clone(), tx.now());
    // An answer to the calendar entry finds the case as an answer to the mail does.
    let address = mail.key.plus_address(sender.address.as_str(), case.id);
    let organizer = Party {
        name: &sender.name,
        address: &address,
    };
    let recipients = session.recipients();
    let addresses: Vec<_> = recipients.iter().map(|other| other.address).collect();
    let are_own = are_own(tx, &addresses).await?;
    let others = recipients.iter().zip(are_own).filter(|(_, is_own)| !is_own);
    for (recipient, _) in others {
        let values = sender
            .values(case)
            .and(session.values(news))
            .with(Placeholder::Recipient, addressed(recipient.name));
        let text = template.render(&values);
        let audience = Audience::Invited {
            name: recipient.name,
            address: recipient.address,
        };
        let event = ics::event(&session, &organizer, &audience, now);
        let draft = Draft {
            case: Some(case),
            kind: MessageKind::Invitation,
            mailbox_id: None,
            to: recipient.address,
            to_name: recipient.name,
            contact_id: recipient.contact_id,
            subject: &text.subject,
            body: &text.body,
            calendar: Some(&event),
            in_reply_to: None,
            references: &[],
            attachments: &[],
            is_held: false,
        };
        write(tx, &draft).await?;
    }
    Ok(())
}

/// Download a session as a calendar entry
///
/// iCalendar (RFC 5545), for the calendar of whoever may see the session; one that is off is a cancellation.
#[utoipa::path(
    tag = "consultations",
    operation_id = "show_invitation",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The calendar entry", body = String, content_type = "text/calendar")),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/consultations/{id}/invite.ics")]
async fn show_invitation(
    access: Access<permit::ReadCases>,
    Path(id): Path<ConsultationId>,
) -> Result<HttpResponse, Error> {
    let mail = access.store().mail().clone();
    let mut db = access.read().acquire().await?;
    let view = consultations::show(&mut db, access.actor(), access.now(), id).await?;
    // A manager keeps the session after release, when the case itself is out of view.
    let case = cases::find(&mut db, &Actor::system(), view.case_id).await?;
    let session = Session::load(&mut db, id).await?;
    let sender = Sender::read(&mut db, &mail, &case, access.now()).await?;
    let organizer = Party {
        name: &sender.name,
        address: sender.address.as_str(),
    };
    let event = ics::event(&session, &organizer, &Audience::Anybody, access.now());
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"invite.ics\"",
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(event))
}
