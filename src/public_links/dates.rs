//! Dates offered: staff propose times for a session, the enterprise chooses one by a link.
//!
//! The times are held softly: others see that they were offered ([`held`], [`held_times`]) and may book them all the same.
//! A choice is a booking like any other ([`consultations::book`]), so every rule holds; a time that has gone meanwhile is
//! shown as gone. Whoever wants another date says so in their own words, which become an interaction, and the case waits
//! for the desk.

mod choice;
mod view;

pub(super) use choice::{Choice, Page, answer, page};
pub use view::{DateProposal, OfferedSlot, ProposalManager};
use view::{find, load};

use super::{Addressee, addressee, ask, issue, revoke};
use crate::{
    access::{Access, Actor, permit},
    audit::Event,
    cases::{self, Case},
    consultations,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Items, Json, Path},
    ids::*,
    japan::dates as words,
    programme::*,
    routes::ServiceConfig,
    store::{Store, Tx},
    templates::{Placeholder, Values},
    text::{Line200, Reason, Url},
};
use actix_web::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;

/// Mounts the proposals of dates.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(propose_dates)
        .service(list_date_proposals)
        .service(revoke_dates);
}

/// A time to choose.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedSlotInput {
    /// When the session would begin.
    pub starts_at: DateTime<Utc>,
    /// When it would end, at most a day later.
    pub ends_at: DateTime<Utc>,
}

/// Times to offer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeDatesRequest {
    /// The times, as many as the setting `date_choice_slots` allows; each could be booked now.
    #[schema(min_items = 1, max_items = 20)]
    pub slots: Vec<OfferedSlotInput>,
    /// How the session would be given.
    pub mode: Mode,
    /// Who would give it; all live managers of the case where absent.
    #[schema(min_items = 1, max_items = 2)]
    pub manager_ids: Option<Vec<ManagerId>>,
    /// Where, for a visit.
    pub place: Option<Line200>,
    /// Where, online.
    pub meeting_url: Option<Url>,
    /// Which contact of the case is asked; the primary one with an address where absent.
    pub contact_id: Option<ContactId>,
    /// What those taking part should know; goes into the mails.
    pub note: Option<Reason>,
    /// Until when the times are held, at most until the last of them; `date_choice_days` business days where absent.
    pub answer_by: Option<DateTime<Utc>>,
}

impl Body for ProposeDatesRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            (1..=20).contains(&self.slots.len()),
            "/slots",
            "must be 1 to 20 times",
        );
        for (index, slot) in self.slots.iter().enumerate() {
            let length = slot.ends_at - slot.starts_at;
            fields.require(
                length > TimeDelta::zero() && length <= TimeDelta::hours(24),
                &format!("/slots/{index}/ends_at"),
                "must be after starts_at, at most 24 hours",
            );
            let is_repeated = self.slots[..index].contains(slot);
            fields.require(
                !is_repeated,
                &format!("/slots/{index}"),
                "stands there twice",
            );
        }
        let managers = self.manager_ids.as_deref().unwrap_or_default();
        fields.require(
            self.manager_ids.is_none() || (1..=2).contains(&managers.len()),
            "/manager_ids",
            "must name one manager or two",
        );
    }
}

/// Offer dates to an enterprise
///
/// Sends a mail with a link to a page on which the enterprise chooses one, or says that it would rather have another. The
/// times are held softly until it answers: free slots show them as held, and a booking by hand is warned. One proposal of a
/// case is open at a time, and the case waits for the enterprise meanwhile.
#[utoipa::path(
    tag = "answers",
    operation_id = "propose_dates",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = ProposeDatesRequest,
    responses((status = 201, description = "The proposal", body = DateProposal)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/cases/{id}/date-proposals")]
async fn propose_dates(
    access: Access<permit::BookConsultations>,
    Path(id): Path<CaseId>,
    Json(body): Json<ProposeDatesRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            let proposal_id = propose(tx, &case, &body).await?;
            let proposal = find(tx.db(), &case, proposal_id).await?;
            let location = format!("/api/v1/cases/{id}/date-proposals");
            Ok(Answer::created(location, &proposal).version(proposal.version))
        })
        .await
}

/// List the dates offered on a case
///
/// The newest proposal first.
#[utoipa::path(
    tag = "answers",
    operation_id = "list_date_proposals",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The proposals", body = Items<DateProposal>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/date-proposals")]
async fn list_date_proposals(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let items = load(&mut db, &case, None).await?;
    Ok(Answer::ok(&Items { items }))
}

/// Take dates back that were offered
///
/// The link no longer works, and the times are free again. Only while nobody answered.
#[utoipa::path(
    tag = "answers",
    operation_id = "revoke_dates",
    params(("id" = Uuid, Path, description = "The proposal")),
    responses((status = 200, description = "The proposal", body = DateProposal)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/date-proposals/{id}/revoke")]
async fn revoke_dates(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ProposalId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case_id =
                sqlx::query_scalar!("select case_id from date_proposal where id = $1", *id)
                    .fetch_optional(tx.db())
                    .await?
                    .ok_or_else(Error::not_found)?;
            let case = cases::lock(tx, case_id).await?;
            let proposal = find(tx.db(), &case, id).await?;
            precondition.check(proposal.version)?;
            if proposal.state != ProposalState::Open {
                return Err(Error::conflict(
                    "The proposal was answered, or is over already.",
                ));
            }
            end(tx, &case, id, ProposalState::Revoked).await?;
            if case.waiting_on == WaitingOn::Enterprise {
                cases::end_wait(tx, &case, "dates_revoked").await?;
            }
            let proposal = find(tx.db(), &case, id).await?;
            Ok(Answer::ok(&proposal).version(proposal.version))
        })
        .await
}

async fn propose(tx: &mut Tx, case: &Case, body: &ProposeDatesRequest) -> Result<ProposalId> {
    let (settings, now) = (tx.settings().await?, tx.now());
    if !settings.date_choice {
        return Err(Error::conflict(
            "The office has switched the choice of dates off (setting date_choice).",
        ));
    }
    let slots: Vec<_> = body
        .slots
        .iter()
        .map(|slot| (slot.starts_at, slot.ends_at))
        .collect();
    if slots.len() > settings.date_choice_slots as usize {
        let most = settings.date_choice_slots;
        return Err(Error::invalid(
            "/slots",
            format!("must be at most {most} times"),
        ));
    }
    let asked = body.manager_ids.as_deref();
    let managers = consultations::check_offered(tx, case, asked, &slots).await?;
    let to = recipient(tx, case, body.contact_id).await?;
    let answer_by = answer_by(tx, case, body, &slots).await?;
    expire(tx, case, now).await?;
    let id = insert(tx, case, body, &managers, to.id, answer_by).await?;
    let link_id = issue(tx, LinkPurpose::Dates, case.id, *id, answer_by).await?;
    let values = values(body, answer_by, now);
    let purpose = TemplatePurpose::DateProposal;
    if ask(tx, case, &to, purpose, link_id, values)
        .await?
        .is_none()
    {
        return Err(Error::conflict(
            "No mail can be written: its template is switched off, or the address is a mailbox of ours.",
        ));
    }
    tx.record(
        case.id,
        Event::DatesProposed {
            proposal_id: id,
            slots: slots.len() as i32,
            answer_by,
        },
    );
    let on = WaitingOn::Enterprise;
    cases::wait_for(tx, case, on, Some(answer_by), "日程候補への回答待ち").await?;
    Ok(id)
}

/// Who is asked: a contact of the case with an address. Nothing is told to an agent whose authority nobody confirmed.
async fn recipient(tx: &mut Tx, case: &Case, asked: Option<ContactId>) -> Result<Addressee> {
    let Some(contact_id) = asked else {
        let to = addressee(tx.db(), case.id).await?;
        return to.ok_or_else(|| {
            Error::invalid(
                "/contact_id",
                "the case has no primary contact with an address",
            )
        });
    };
    let to = sqlx::query_as!(
        Addressee,
        r#"
        select id, name, email as "address!: crate::text::EmailAddress"
        from contact
        where id = $1 and case_id = $2 and email is not null and (role <> 'agent' or authority_confirmed)
        "#,
        *contact_id,
        *case.id,
    )
    .fetch_optional(tx.db())
    .await?;
    to.ok_or_else(|| {
        Error::invalid(
            "/contact_id",
            "must be a contact of the case with an address, and an agent's authority be confirmed",
        )
    })
}

async fn answer_by(
    tx: &mut Tx,
    case: &Case,
    body: &ProposeDatesRequest,
    slots: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Result<DateTime<Utc>> {
    let (now, days) = (tx.now(), tx.settings().await?.date_choice_days);
    let last = slots.iter().map(|slot| slot.0).max().unwrap_or(now);
    match body.answer_by {
        Some(at) if at > now && at <= last => Ok(at),
        Some(_) => Err(Error::invalid(
            "/answer_by",
            "must lie in the future, at the latest when the last time begins",
        )),
        None => {
            let calendar = tx.calendar(case.desk_id).await?;
            Ok(calendar.deadline(now, days, &[]).min(last))
        }
    }
}

async fn insert(
    tx: &mut Tx,
    case: &Case,
    body: &ProposeDatesRequest,
    managers: &[ManagerId],
    contact_id: ContactId,
    answer_by: DateTime<Utc>,
) -> Result<ProposalId> {
    let (id, now, author) = (ProposalId::new(), tx.now(), tx.actor().user_id);
    let (starts, ends): (Vec<_>, Vec<_>) = body
        .slots
        .iter()
        .map(|slot| (slot.starts_at, slot.ends_at))
        .unzip();
    let managers: Vec<_> = managers.iter().map(|id| **id).collect();
    sqlx::query!(
        r#"
        with proposal as (
            insert into date_proposal (id, case_id, state, mode, location, meeting_url, note, contact_id, answer_by, created_at,
                created_by)
            values ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10)
        ),
        slots as (
            insert into date_proposal_slot (proposal_id, position, starts_at, ends_at)
            select $1, position, starts_at, ends_at
            from unnest($11::timestamptz[], $12::timestamptz[]) with ordinality as offered (starts_at, ends_at, position)
        )
        insert into date_proposal_manager (proposal_id, manager_id)
        select $1, id
        from unnest($13::uuid[]) as given (id)
        "#,
        *id,
        *case.id,
        body.mode.name(),
        body.place.as_ref().map(Line200::as_str),
        body.meeting_url.as_ref().map(Url::as_str),
        body.note.as_ref().map(Reason::as_str),
        *contact_id,
        answer_by,
        now,
        author.map(|id| *id),
        &starts,
        &ends,
        &managers,
    )
    .execute(tx.db())
    .await
    .on_constraint("date_proposal_open", || {
        Error::conflict("Dates were offered on this case already: revoke that proposal first.")
    })?;
    Ok(id)
}

/// What the mail says.
fn values(body: &ProposeDatesRequest, answer_by: DateTime<Utc>, now: DateTime<Utc>) -> Values {
    let slots: Vec<_> = body
        .slots
        .iter()
        .map(|slot| format!("    {}", words::span(slot.starts_at, slot.ends_at)))
        .collect();
    Values::default()
        .with(Placeholder::DatesOffered, slots.join("\n"))
        .with(Placeholder::Mode, body.mode.japanese())
        .with_some(Placeholder::Place, body.place.as_ref().map(Line200::as_str))
        .with_some(Placeholder::Note, body.note.as_ref().map(Reason::as_str))
        .with(Placeholder::AnswerUntil, words::moment(answer_by, now))
}

/// Ends an open proposal, without an answer.
async fn end(tx: &mut Tx, case: &Case, id: ProposalId, state: ProposalState) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update date_proposal set state = $2, ended_at = $3 where id = $1",
        *id,
        state.name(),
        now,
    )
    .execute(tx.db())
    .await?;
    revoke(tx, *id).await?;
    let event = match state {
        ProposalState::Expired => Event::DatesExpired { proposal_id: id },
        _ => Event::DatesRevoked { proposal_id: id },
    };
    tx.record(case.id, event);
    Ok(())
}

/// Takes back what was offered on a case that the caller has locked: with this manager, or with all.
///
/// # Errors
/// The database.
pub async fn revoke_of(tx: &mut Tx, case: &Case, manager: Option<ManagerId>) -> Result<()> {
    let open = sqlx::query_scalar!(
        r#"
        select id
        from date_proposal p
        where case_id = $1 and state = 'open'
        and ($2::uuid is null or exists (
            select from date_proposal_manager m where m.proposal_id = p.id and m.manager_id = $2
        ))
        "#,
        *case.id,
        manager.map(|id| *id),
    )
    .fetch_all(tx.db())
    .await?;
    for id in open {
        end(tx, case, id, ProposalState::Revoked).await?;
    }
    Ok(())
}

/// Ends the proposal of a locked case whose time to answer is over.
async fn expire(tx: &mut Tx, case: &Case, now: DateTime<Utc>) -> Result<bool> {
    let over = sqlx::query_scalar!(
        "select id from date_proposal where case_id = $1 and state = 'open' and answer_by <= $2",
        *case.id,
        now,
    )
    .fetch_optional(tx.db())
    .await?;
    if let Some(id) = over {
        end(tx, case, id, ProposalState::Expired).await?;
    }
    Ok(over.is_some())
}

/// Ends what nobody answered in time. The wait ends by its own deadline, at the same moment.
pub(super) async fn expire_due(store: &Store, system: &Actor) -> Result<()> {
    let due = sqlx::query_scalar!(
        "select case_id from date_proposal where state = 'open' and answer_by <= $1 order by answer_by limit 1000",
        store.now(),
    )
    .fetch_all(store.writer())
    .await?;
    for case_id in due {
        store
            .transaction(system, async |tx| {
                let (case, now) = (cases::lock(tx, case_id).await?, tx.now());
                if !expire(tx, &case, now).await? {
                    // Answered or taken back meanwhile.
                    tx.unchanged();
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// What to mind of a session at a time that one of its managers was offered for, in words for staff (Japanese). Not on
/// which case: that may be another desk's.
///
/// # Errors
/// The database.
pub async fn held(
    tx: &mut Tx,
    managers: &[ManagerId],
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<Option<String>> {
    let (now, managers) = (tx.now(), managers.iter().map(|id| **id).collect::<Vec<_>>());
    let until = sqlx::query_scalar!(
        r#"
        select max(p.answer_by)
        from date_proposal p
        join date_proposal_manager m on m.proposal_id = p.id
        join date_proposal_slot s on s.proposal_id = p.id
        where p.state = 'open' and p.answer_by > $4
        and m.manager_id = any ($1) and tstzrange(s.starts_at, s.ends_at) && tstzrange($2, $3)
        "#,
        &managers,
        starts_at,
        ends_at,
        now,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(until.map(|until| {
        let until = words::moment(until, now);
        format!("この時間は、日程候補として企業・団体に提示中です({until}まで回答待ち)。")
    }))
}

/// The times of a manager that were offered and not answered yet.
///
/// # Errors
/// The database.
pub async fn held_times(
    db: &PgPool,
    manager_id: ManagerId,
    now: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, DateTime<Utc>)>> {
    let held = sqlx::query!(
        r#"
        select s.starts_at, s.ends_at
        from date_proposal_manager m
        join date_proposal p on p.id = m.proposal_id
        join date_proposal_slot s on s.proposal_id = p.id
        where m.manager_id = $1 and p.state = 'open' and p.answer_by > $2
        "#,
        *manager_id,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(held
        .into_iter()
        .map(|slot| (slot.starts_at, slot.ends_at))
        .collect())
}
