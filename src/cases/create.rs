//! Opening a case: the operator's one request, by phone in under a minute.
//!
//! Everything of a new case is written in one statement, because round trips are what an intake costs.

use super::{
    Status, Step,
    moves::close_as,
    notice::{self, Notice},
    view::CaseView,
};
use crate::{
    access::{Access, Actor, permit},
    audit::Event,
    cases::{self, view},
    enterprises::{self, EnterpriseInput, How},
    erasure::memory,
    error::{Error, Fields, Result},
    figures::{last_day, times},
    http::{Answer, Body as RequestBody, Json},
    ids::*,
    interactions::{self, InteractionRequest},
    japan,
    places::settle,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::*,
};
use actix_web::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(create_case);
}

/// A call is written down while it lasts or just after; what is older than this is a late entry.
const CALL_LENGTH: TimeDelta = TimeDelta::minutes(30);

/// Most contacts of one case.
pub(super) const MAX_CONTACTS: usize = 20;

/// A new case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCaseRequest {
    /// How it arrived; `email` is the mail intake's own.
    pub channel: Channel,
    /// Who asks: an existing one by `id`, or a new one by `kind` and what is known.
    pub enterprise: EnterpriseInput,
    /// Where the matter is, if not at the enterprise's own place.
    pub site: Option<SiteInput>,
    /// Whom to talk to.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub contacts: Vec<ContactInput>,
    /// In a few words.
    pub subject: Option<Subject>,
    /// What the enterprise asks.
    pub description: Body,
    /// What it is about; at least one.
    #[schema(min_items = 1)]
    pub topics: Vec<Topic>,
    /// The one it is counted under; the first of `topics` where absent.
    pub primary_topic: Option<Topic>,
    /// How far the enterprise is with telework.
    pub telework_status: Option<TeleworkStatus>,
    /// How much of its work it does digitally.
    pub digital_level: Option<DigitalLevel>,
    /// How it heard of the programme.
    pub how_heard: Option<Line200>,
    /// How it would like the consultation to be given.
    pub desired_mode: Option<Mode>,
    /// What it agreed to.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub consents: Vec<ConsentInput>,
    /// When it asked; now where absent. The past needs a `late_reason`.
    pub received_at: Option<DateTime<Utc>>,
    /// Why it is entered only now (a system failure, a day at an event).
    pub late_reason: Option<Reason>,
    /// A call answered at once: opened and closed in one request.
    pub close_as: Option<CloseAs>,
}

/// A site (事業所).
#[derive(Deserialize, ToSchema, Default, Clone)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "names say it")]
pub struct SiteInput {
    pub name: Option<Name>,
    /// Fills prefecture and municipality where they are absent and it leaves no doubt about them.
    pub postal_code: Option<PostalCode>,
    /// That of `municipality_code` where absent.
    pub prefecture_code: Option<PrefectureCode>,
    pub municipality_code: Option<MunicipalityCode>,
    pub address: Option<Line200>,
    pub phone: Option<Phone>,
}

impl SiteInput {
    /// Notes what is wrong with it.
    pub(super) fn check(&self, fields: &mut Fields) {
        let (prefecture, municipality) = (
            self.prefecture_code.as_ref(),
            self.municipality_code.as_ref(),
        );
        enterprises::check_place(fields, "/site", prefecture, municipality);
    }

    /// With the place that its postal code tells.
    pub(super) fn settled(mut self) -> Self {
        (self.prefecture_code, self.municipality_code) = settle(
            self.postal_code.as_ref(),
            self.prefecture_code,
            self.municipality_code,
        );
        self
    }
}

/// A contact (相談者).
#[derive(Deserialize, ToSchema, Clone)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "names say it")]
pub struct ContactInput {
    /// Present when a contact that is there is kept or corrected; only for `PATCH`.
    pub id: Option<ContactId>,
    pub role: ContactRole,
    pub name: Option<Name>,
    pub kana: Option<Kana>,
    pub department: Option<Line200>,
    pub phone: Option<Phone>,
    pub email: Option<EmailAddress>,
    /// An agent's own firm.
    pub organisation: Option<Line200>,
    /// What the agent is to the enterprise (税理士, 社労士, bank).
    pub relation: Option<Line200>,
    /// Nothing of the history is told to an agent without it.
    #[serde(default)]
    pub authority_confirmed: bool,
}

/// A consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentInput {
    /// To what.
    pub kind: ConsentKind,
    /// Which wording of the notice.
    pub notice_version: Line80,
    /// By which means (told on the phone, signed).
    pub how: Line80,
}

/// How a case that is answered at once ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAs {
    /// How it ended.
    pub outcome: Outcome,
    /// What was said.
    pub note: Option<Reason>,
}

impl RequestBody for CreateCaseRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.channel != Channel::Email,
            "/channel",
            "email is what the mail intake opens by itself",
        );
        self.enterprise.check("/enterprise", fields);
        if let Some(site) = &self.site {
            site.check(fields);
        }
        check_topics(&self.topics, self.primary_topic, fields);
        check_contacts(&self.contacts, fields);
        for (index, contact) in self.contacts.iter().enumerate() {
            fields.require(
                contact.id.is_none(),
                &format!("/contacts/{index}/id"),
                "a new case has new contacts",
            );
        }
        fields.require(self.consents.len() <= 10, "/consents", "at most 10");
    }
}

pub(super) fn check_topics(topics: &[Topic], primary: Option<Topic>, fields: &mut Fields) {
    let mut unique = topics.to_vec();
    unique.sort();
    unique.dedup();
    fields.require(!topics.is_empty(), "/topics", "at least one");
    fields.require(unique.len() == topics.len(), "/topics", "each at most once");
    fields.require(
        primary.is_none_or(|topic| topics.contains(&topic)),
        "/primary_topic",
        "must be one of topics",
    );
}

pub(super) fn check_contacts(contacts: &[ContactInput], fields: &mut Fields) {
    fields.require(contacts.len() <= MAX_CONTACTS, "/contacts", "at most 20");
    let primaries = contacts
        .iter()
        .filter(|contact| contact.role == ContactRole::Primary)
        .count();
    fields.require(
        primaries <= 1,
        "/contacts",
        "at most one with the role primary",
    );
    for (index, contact) in contacts.iter().enumerate() {
        let reachable =
            contact.name.is_some() || contact.phone.is_some() || contact.email.is_some();
        fields.require(
            reachable,
            &format!("/contacts/{index}"),
            "needs a name, a phone number or an address",
        );
    }
}

/// Open a case
///
/// The enterprise's second case in a fiscal year is flagged, a possible duplicate too. A desk opens its own case at its
/// window: it is accepted by that desk at once. With `close_as` a call answered at once is one request.
#[utoipa::path(
    tag = "cases",
    operation_id = "create_case",
    request_body = CreateCaseRequest,
    responses((status = 201, description = "The new case", body = CaseView)),
    extensions(("x-permission" = json!("create_case")))
)]
#[post("/cases")]
async fn create_case(
    access: Access<permit::CreateCase>,
    Json(body): Json<CreateCaseRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let id = open(tx, &body).await?;
            let actor = tx.actor().clone();
            let view = view::show(tx.db(), &actor, id).await?;
            Ok(Answer::created(format!("/api/v1/cases/{id}"), &view).version(view.version))
        })
        .await
}

/// Opens a case for a person: the one way in for the API and the demonstration data.
///
/// # Errors
/// 422 for what cannot be; 409 where `close_as` does not fit.
pub async fn open(tx: &mut Tx, body: &CreateCaseRequest) -> Result<CaseId> {
    let now = tx.now();
    let received_at = body.received_at.unwrap_or(now);
    let is_late = check_received(received_at, now, body.late_reason.as_ref())?;
    let actor = tx.actor().clone();
    let entry = Entry {
        received_at,
        is_late,
        desk_id: actor.desk(),
    };
    let (id, contact_id) = enter(tx, body, entry).await?;
    record_intake(tx, id, body, received_at, contact_id).await?;
    if let Some(desk_id) = entry.desk_id {
        record_own_window(tx, id, desk_id);
    }
    if let Some(close) = &body.close_as {
        let mut case = cases::find(tx.db(), &actor, id).await?;
        close_as(
            tx,
            &mut case,
            close.outcome,
            close.note.as_ref().map(Reason::as_str),
        )
        .await?;
    }
    Ok(id)
}

/// How a case comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// When the enterprise asked.
    pub received_at: DateTime<Utc>,
    /// Whether it is a late entry.
    pub is_late: bool,
    /// Whose window it is: the case is accepted by that desk at once.
    pub desk_id: Option<DeskId>,
}

/// Writes a new case with what staff must notice on it.
pub(super) async fn enter(
    tx: &mut Tx,
    body: &CreateCaseRequest,
    entry: Entry,
) -> Result<(CaseId, Option<ContactId>)> {
    let fiscal_year = japan::fiscal_year(entry.received_at);
    let signals = notice::signals(body.site.as_ref(), &body.contacts);
    enterprises::queue_up(tx, &body.enterprise, &signals).await?;
    // One case of an enterprise at a time from here on: the second cannot be opened unnoticed.
    let resolved = enterprises::resolve(tx, &body.enterprise).await?;
    let enterprise_id = resolved.id;
    let id = CaseId::new();
    let reached = notice::reached(body.site.as_ref(), &body.contacts);
    let returned = memory::recognise(tx, id, enterprise_id, &reached, fiscal_year).await?;
    let year = notice::this_year(tx, enterprise_id, &returned, fiscal_year).await?;
    let similar = enterprises::similar(tx.db(), enterprise_id, &signals).await?;
    let mut flags = Vec::new();
    if year.cases > 0 {
        let how = notice::known_by(resolved.how, body.channel);
        let how = returned.first().map_or(how, |other| &other.how);
        flags.push(Notice::same_enterprise(year, fiscal_year, how));
    }
    flags.extend(notice::possible_duplicate(tx, &similar, fiscal_year).await?);
    if entry.is_late {
        flags.push(late_entry(body));
    }
    let settings = tx.settings().await?;
    if let Some(last) = last_day::passed_for_intake(&settings, entry.received_at) {
        flags.push(Notice::after_last_day(last));
    }
    let contact_id = insert(
        tx,
        body,
        &NewCase {
            id,
            entry,
            fiscal_year,
            enterprise_id,
            flags: &flags,
        },
    )
    .await?;
    tx.record(
        id,
        Event::CaseCreated {
            enterprise_id,
            channel: body.channel.name().into(),
            late: entry.is_late,
        },
    );
    if resolved.how == How::Created {
        tx.record(id, Event::EnterpriseCreated { enterprise_id });
    }
    for notice in flags {
        let flag = notice.flag.name().into();
        tx.record(id, Event::FlagRaised { flag });
    }
    if entry.desk_id.is_some() {
        times::accepted(tx, id, entry.received_at).await?;
    }
    Ok((id, contact_id))
}

fn late_entry(body: &CreateCaseRequest) -> Notice {
    let reason = body.late_reason.as_ref();
    Notice {
        flag: Flag::LateEntry,
        reason: reason.map(|reason| reason.as_str().to_owned()),
        detail: None,
    }
}

/// Whether it is a late entry.
fn check_received(
    received_at: DateTime<Utc>,
    now: DateTime<Utc>,
    late_reason: Option<&Reason>,
) -> Result<bool> {
    if received_at > now {
        return Err(Error::invalid("/received_at", "must not lie in the future"));
    }
    if received_at < now - TimeDelta::days(3660) {
        return Err(Error::invalid(
            "/received_at",
            "lies more than ten years back",
        ));
    }
    match (received_at < now - CALL_LENGTH, late_reason) {
        (true, None) => Err(Error::late_reason_required("/late_reason")),
        (late, _) => Ok(late),
    }
}

/// A desk's own case passes through all history rows in one act.
pub(super) fn record_own_window(tx: &mut Tx, id: CaseId, desk_id: DeskId) {
    let steps = [
        (Step::Route, Status::Received, Status::Routed),
        (Step::Accept, Status::Routed, Status::Accepted),
    ];
    for (seq, (step, from, to)) in (2..).zip(steps) {
        tx.record(
            id,
            Event::CaseMoved {
                step: step.name().into(),
                from: from.name().into(),
                to: to.name().into(),
                seq,
                desk_id: Some(desk_id),
                outcome: None,
            },
        );
    }
}

struct NewCase<'a> {
    id: CaseId,
    entry: Entry,
    fiscal_year: i32,
    enterprise_id: EnterpriseId,
    flags: &'a [Notice],
}

async fn insert(
    tx: &mut Tx,
    body: &CreateCaseRequest,
    new: &NewCase<'_>,
) -> Result<Option<ContactId>> {
    let settings = tx.settings().await?;
    let (id, now) = (new.id, tx.now());
    let actor: Actor = tx.actor().clone();
    let Entry {
        received_at,
        desk_id,
        ..
    } = new.entry;
    let status = if desk_id.is_some() {
        Status::Accepted
    } else {
        Status::Received
    };
    let status_seq = if desk_id.is_some() { 3 } else { 1 };
    // The desk's at its own window, the help center's otherwise.
    let calendar = tx.calendar(desk_id).await?;
    let first_contact = calendar.deadline(received_at, settings.first_contact_days, &[]);
    let route = desk_id
        .is_none()
        .then(|| calendar.deadline(now, settings.route_days, &[]));
    // The earliest of the two shows on the case.
    let (due_kind, due_at) = match route {
        Some(route) if route <= first_contact => (DueKind::Route, route),
        _ => (DueKind::FirstContact, first_contact),
    };
    let site = body.site.clone().unwrap_or_default().settled();
    let topics: Vec<String> = body
        .topics
        .iter()
        .map(|topic| topic.name().to_owned())
        .collect();
    let flags = new.flags.iter();
    let names: Vec<String> = flags
        .clone()
        .map(|notice| notice.flag.name().into())
        .collect();
    let reasons: Vec<_> = flags.clone().map(|notice| notice.reason.clone()).collect();
    let details: Vec<_> = flags
        .map(|notice| notice.detail.as_ref().map(ToString::to_string))
        .collect();
    sqlx::query!(
        r#"
        with history as (
            insert into case_history (case_id, seq, prev_seq, move, from_status, to_status, desk_id, actor_id, occurred_at)
            select $1, h.seq, h.prev_seq, h.move, h.from_status, h.to_status, h.desk_id, $2, $3
            from (values
                (1, null::int, 'create', null::text, 'received', null::uuid),
                (2, 1, 'route', 'received', 'routed', $4::uuid),
                (3, 2, 'accept', 'routed', 'accepted', $4::uuid)
            ) as h (seq, prev_seq, move, from_status, to_status, desk_id)
            where h.seq <= $5
        ),
        due as (
            insert into deadline (case_id, kind, subject_id, started_at, days, due_at, calendar_version)
            select $1, d.kind, $1, d.started_at, d.days, d.due_at, $34
            from (values
                ('route', $3::timestamptz, $35::int, $6::timestamptz),
                ('first_contact', $33::timestamptz, $36::int, $7::timestamptz)
            ) as d (kind, started_at, days, due_at)
            where d.due_at is not null
        ),
        flag as (
            insert into case_flag (case_id, flag, raised_at, reason, detail)
            select $1, f.flag, $3, f.reason, f.detail::jsonb
            from unnest($10::text[], $9::text[], $37::text[]) as f (flag, reason, detail)
        )
        insert into case_file (id, number, fiscal_year, status, status_seq, channel, enterprise_id, subject, description,
            topics, primary_topic, telework_status, digital_level, how_heard, desired_mode,
            site_name, site_postal_code, site_prefecture_code, site_municipality_code, site_address, site_phone,
            desk_id, session_limit, waiting_on, due_kind, due_at, received_at, recorded_at, late_reason, updated_at)
        values ($1, next_case_number($11), $11, $12, $5, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28,
            $4, $29, $30, $31, $32, $33, $3, $8, $3)
        "#,
        *id,
        actor.user_id.map(|id| *id),
        now,
        desk_id.map(|id| *id),
        status_seq,
        route,
        first_contact,
        body.late_reason.as_ref().map(Reason::as_str),
        &reasons as _,
        &names,
        new.fiscal_year,
        status.name(),
        body.channel.name(),
        *new.enterprise_id,
        body.subject.as_ref().map(Subject::as_str),
        body.description.as_str(),
        &topics,
        body.primary_topic.unwrap_or(body.topics[0]).name(),
        body.telework_status.map(TeleworkStatus::name),
        body.digital_level.map(DigitalLevel::name),
        body.how_heard.as_ref().map(Line200::as_str),
        body.desired_mode.map(Mode::name),
        site.name.as_ref().map(Name::as_str),
        site.postal_code.as_ref().map(PostalCode::as_str),
        site.prefecture_code.as_ref().map(PrefectureCode::as_str),
        site.municipality_code.as_ref().map(MunicipalityCode::as_str),
        site.address.as_ref().map(Line200::as_str),
        site.phone.as_ref().map(Phone::as_str),
        settings.session_limit,
        cases::waits_for(status).name(),
        due_kind.name(),
        due_at,
        received_at,
        calendar.version,
        settings.route_days.cast_signed(),
        settings.first_contact_days.cast_signed(),
        &details as _,
    )
    .execute(tx.db())
    .await?;
    let contact_ids = insert_contacts(tx, id, &body.contacts, 0).await?;
    insert_consents(tx, id, &body.consents).await?;
    Ok(contact_ids.first().copied())
}

/// The contact that opened the case is the first of its interactions.
async fn record_intake(
    tx: &mut Tx,
    id: CaseId,
    body: &CreateCaseRequest,
    occurred_at: DateTime<Utc>,
    contact_id: Option<ContactId>,
) -> Result<()> {
    let intake = InteractionRequest {
        kind: intake_kind(body.channel),
        direction: Direction::Inbound,
        occurred_at,
        contact_id,
        counterpart: None,
        result: InteractionResult::Reached,
        body: body.description.clone(),
        callback_at: None,
    };
    interactions::record_intake(tx, id, &intake).await?;
    Ok(())
}

/// By what means the first contact came; a letter and an event have no kind of their own.
fn intake_kind(channel: Channel) -> InteractionKind {
    match channel {
        Channel::Phone => InteractionKind::Phone,
        Channel::Visit => InteractionKind::Visit,
        Channel::Fax => InteractionKind::Fax,
        Channel::Web => InteractionKind::Web,
        Channel::Letter | Channel::Event | Channel::Email => InteractionKind::Other,
    }
}

/// Inserts contacts behind those that are there, in one statement.
pub(super) async fn insert_contacts(
    tx: &mut Tx,
    case_id: CaseId,
    contacts: &[ContactInput],
    after: i32,
) -> Result<Vec<ContactId>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    macro_rules! column {
        ($field:ident) => {
            contacts
                .iter()
                .map(|contact| contact.$field.as_ref().map(|text| text.as_str().to_owned()))
                .collect::<Vec<Option<String>>>()
        };
    }
    let contact_ids: Vec<_> = contacts.iter().map(|_| ContactId::new()).collect();
    let ids: Vec<Uuid> = contact_ids.iter().map(|id| **id).collect();
    let roles: Vec<String> = contacts
        .iter()
        .map(|contact| contact.role.name().to_owned())
        .collect();
    let email_keys: Vec<Option<String>> = contacts
        .iter()
        .map(|contact| contact.email.as_ref().map(EmailAddress::key))
        .collect();
    let authorities: Vec<bool> = contacts
        .iter()
        .map(|contact| contact.authority_confirmed)
        .collect();
    sqlx::query!(
        r#"
        insert into contact (id, case_id, role, name, kana, department, phone, email, email_key, organisation, relation,
            authority_confirmed, position)
        select k.id, $1, k.role, k.name, k.kana, k.department, k.phone, k.email, k.email_key, k.organisation, k.relation,
            k.authority_confirmed, $2 + k.position::int
        from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::text[], $13::bool[])
            with ordinality as k (id, role, name, kana, department, phone, email, email_key, organisation, relation,
                authority_confirmed, position)
        "#,
        *case_id,
        after,
        &ids,
        &roles,
        &column!(name) as _,
        &column!(kana) as _,
        &column!(department) as _,
        &column!(phone) as _,
        &column!(email) as _,
        &email_keys as _,
        &column!(organisation) as _,
        &column!(relation) as _,
        &authorities,
    )
    .execute(tx.db())
    .await?;
    Ok(contact_ids)
}

async fn insert_consents(tx: &mut Tx, case_id: CaseId, consents: &[ConsentInput]) -> Result<()> {
    let now = tx.now();
    for consent in consents {
        sqlx::query!(
            r#"
            insert into consent (id, case_id, kind, notice_version, how, recorded_at)
            values ($1, $2, $3, $4, $5, $6)
            "#,
            Uuid::now_v7(),
            *case_id,
            consent.kind.name(),
            consent.notice_version.as_str(),
            consent.how.as_str(),
            now,
        )
        .execute(tx.db())
        .await?;
    }
    Ok(())
}
