//! What the enterprise does with the dates that were offered: the page, and the answer.

use super::{DateProposal, OfferedSlot, find};
use crate::{
    access::Actor,
    audit::Event,
    cases::{self, Case},
    consultations::{self, BookRequest},
    error::{Error, ProblemType, Result},
    ids::*,
    interactions,
    messages::notice,
    programme::*,
    public_links::Link,
    store::{Store, Tx},
    text::{Body, Line200, Reason, Url},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What an enterprise sees of a proposal.
#[derive(Clone, Debug)]
pub(in crate::public_links) struct Page {
    pub(in crate::public_links) mode: Mode,
    pub(in crate::public_links) answer_by: DateTime<Utc>,
    /// In the order of the offer; `is_free` as far as anybody knows now.
    pub(in crate::public_links) slots: Vec<OfferedSlot>,
    /// What was chosen, while it stands.
    pub(in crate::public_links) booked: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub(in crate::public_links) state: ProposalState,
}

/// What an enterprise answers.
#[derive(Clone, Debug)]
pub(in crate::public_links) enum Choice {
    /// The time at this place of the offer, counted from 0.
    Slot(usize),
    /// None of them; in their own words.
    Other(Body),
}

/// The page of a proposal.
///
/// # Errors
/// 404 where there is none; the database.
pub(in crate::public_links) async fn page(
    db: &mut PgConnection,
    case: &Case,
    id: ProposalId,
    now: DateTime<Utc>,
) -> Result<Page> {
    let proposal = find(db, case, id).await?;
    let booked = match proposal.consultation_id {
        Some(consultation_id) => sqlx::query!(
            "select starts_at, ends_at from consultation where id = $1 and state = 'booked'",
            *consultation_id
        )
        .fetch_optional(db)
        .await?
        .map(|session| (session.starts_at, session.ends_at)),
        None => None,
    };
    let mut slots = proposal.slots;
    for slot in &mut slots {
        slot.is_free &= slot.starts_at > now;
    }
    Ok(Page {
        mode: proposal.mode,
        answer_by: proposal.answer_by,
        slots,
        booked,
        state: proposal.state,
    })
}

/// Takes an answer, in the link's one transaction. False: the link does not count any more.
///
/// # Errors
/// 409 as for a booking: the time has gone, or no session can be booked at all. Then nothing has happened.
pub(in crate::public_links) async fn answer(
    store: &Store,
    link: &Link,
    choice: &Choice,
) -> Result<bool> {
    store
        .transaction(&Actor::system(), async |tx| {
            let mut case = cases::lock(tx, link.case_id).await?;
            let Some(link) = link.reload(tx).await? else {
                tx.unchanged();
                return Ok(false);
            };
            if link.is_used || link.is_over {
                // The first answer counts.
                tx.unchanged();
                return Ok(link.is_used);
            }
            let proposal = find(tx.db(), &case, ProposalId(link.subject_id)).await?;
            match choice {
                Choice::Slot(index) => choose(tx, &mut case, &proposal, *index).await?,
                Choice::Other(wish) => want_other(tx, &case, &proposal, wish).await?,
            }
            link.consume(tx).await?;
            notice::answered(tx, &case).await?;
            Ok(true)
        })
        .await
}

async fn choose(tx: &mut Tx, case: &mut Case, proposal: &DateProposal, index: usize) -> Result<()> {
    let slot = proposal.slots.get(index).ok_or_else(Error::not_found)?;
    if slot.starts_at <= tx.now() {
        return Err(Error::problem(
            ProblemType::CaseDoubleBooked,
            "The time is past.",
        ));
    }
    // Before the booking, which sees whom the case waits for.
    cases::end_wait(tx, case, "date_chosen").await?;
    let booking = booking(proposal, slot)?;
    let consultation_id = consultations::book(tx, case, &booking).await?;
    let now = tx.now();
    sqlx::query!(
        "update date_proposal set state = 'chosen', ended_at = $2, consultation_id = $3 where id = $1",
        *proposal.id,
        now,
        *consultation_id,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        case.id,
        Event::DateChosen {
            proposal_id: proposal.id,
            consultation_id,
        },
    );
    Ok(())
}

/// The booking that staff would have made.
fn booking(proposal: &DateProposal, slot: &OfferedSlot) -> Result<BookRequest> {
    let unread = |_| Error::Internal("a proposal was stored that is none".into());
    let managers = proposal.managers.iter().map(|manager| manager.id);
    let place = proposal.place.as_deref().map(Line200::parse).transpose();
    let meeting_url = proposal.meeting_url.as_deref().map(Url::parse).transpose();
    let note = proposal.note.as_deref().map(Reason::parse).transpose();
    Ok(BookRequest {
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        mode: proposal.mode,
        manager_ids: Some(managers.collect()),
        place: place.map_err(unread)?,
        meeting_url: meeting_url.map_err(unread)?,
        stage: None,
        note: note.map_err(unread)?,
        late_reason: None,
        override_reason: None,
    })
}

async fn want_other(tx: &mut Tx, case: &Case, proposal: &DateProposal, wish: &Body) -> Result<()> {
    let said = format!("日程候補以外の日を希望: {wish}");
    // What people type is far shorter than what an interaction holds.
    let said = Body::parse(&said).unwrap_or_else(|_| wish.clone());
    let interaction_id = interactions::record_by_link(tx, case, proposal.contact_id, said).await?;
    let now = tx.now();
    sqlx::query!(
        "update date_proposal set state = 'other_wanted', ended_at = $2, interaction_id = $3 where id = $1",
        *proposal.id,
        now,
        *interaction_id,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        case.id,
        Event::OtherDateWanted {
            proposal_id: proposal.id,
            interaction_id,
        },
    );
    crate::public_links::wait_for_desk(tx, case, "企業・団体が別の日程を希望しています").await
}
