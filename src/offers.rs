//! Offers (打診) and assignments (担当専門家の決定): who helps on a case, per line.
//!
//! Owns `offer` and `assignment`. Keeps rule 4 (one live assignment and one open offer per case and line): two partial
//! unique indexes are the judges, and what is asked beforehand under the lock of the case is for a good message. An
//! offered manager sees no case yet, so answering goes by the offer: the case is locked by its id, and the offer says
//! whose it is. Whether a manager may be offered anything is for [`crate::managers`], the sessions of a manager who
//! leaves are for [`crate::consultations`].
//!
//! Every writer locks the case first, so an offer that is read under that lock stays as it is.

mod assignments;
mod view;

use crate::{
    access::{Access, Actor, permit},
    audit::Event,
    cases::{self, Case, deadlines},
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    managers,
    messages::notice,
    programme::*,
    routes::ServiceConfig,
    store::{Store, Tx},
    text::Reason,
};
use actix_web::post;
pub use assignments::end_all;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
pub use view::OfferView;

/// Mounts offers and assignments.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(view::mount)
        .service(make_offer)
        .service(accept_offer)
        .service(decline_offer)
        .service(revoke_offer)
        .configure(assignments::mount);
}

/// An offer as decisions need it.
#[derive(Clone, Debug)]
struct Offer {
    id: OfferId,
    manager_id: ManagerId,
    line: Line,
    state: OfferState,
    reply_by: DateTime<Utc>,
    is_overridden: bool,
}

impl Offer {
    /// Too late to be accepted, whether the worker has noted it or not.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.reply_by <= now
    }

    /// 409 where it was answered, taken back, or is too late.
    fn require_open(&self, now: DateTime<Utc>) -> Result<()> {
        let detail = match self.state {
            OfferState::Open if !self.is_over(now) => return Ok(()),
            OfferState::Open | OfferState::Expired => {
                "The time to answer this offer has passed. The desk may offer it anew."
            }
            OfferState::Accepted => "The offer was accepted already.",
            OfferState::Declined => "The offer was declined already.",
            OfferState::Revoked => "The desk took the offer back.",
        };
        Err(Error::conflict(detail))
    }
}

/// An offer to a manager, or an acceptance that they gave by phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRequest {
    /// The manager.
    pub manager_id: ManagerId,
    /// The line they would take.
    pub line: Line,
    /// What the desk has to say to them.
    pub note: Option<Reason>,
    /// Until when they answer, at most a year ahead; the set number of business days where absent.
    pub reply_by: Option<DateTime<Utc>>,
    /// The manager has accepted by phone: the assignment is made at once. An open offer of this line is accepted with
    /// it if it is theirs, and revoked if it is another's.
    #[serde(default)]
    pub accepted_by_phone: bool,
    /// Why the offer is made although the manager's capacity is used up, they are absent, not appointed, or have a
    /// conflict of interest.
    pub override_reason: Option<Reason>,
}

/// Why a manager declines.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineRequest {
    /// In their own words; for the desk.
    pub reason: Reason,
}

impl Body for OfferRequest {}
impl Body for DeclineRequest {}

/// Offer a case to a manager
///
/// One open offer and one live assignment per line. What speaks against the manager (capacity, absence, appointment,
/// conflict of interest) needs a reason. With `accepted_by_phone` the manager is assigned at once.
#[utoipa::path(
    tag = "offers",
    operation_id = "make_offer",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = OfferRequest,
    responses((status = 201, description = "The offer", body = OfferView)),
    extensions(("x-permission" = json!("offer_cases")))
)]
#[post("/cases/{id}/offers")]
async fn make_offer(
    access: Access<permit::OfferCases>,
    Path(id): Path<CaseId>,
    Json(body): Json<OfferRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let mut case = cases::lock(tx, id).await?;
            require_offerable(&case)?;
            let standing = clear_line(tx, &case, &body).await?;
            let offer = match standing {
                Some(standing) => standing,
                None => insert(tx, &case, &body).await?,
            };
            if body.accepted_by_phone {
                accept(tx, &mut case, &offer, true).await?;
            }
            let view = {
                let actor = tx.actor().clone();
                view::show(tx.db(), &actor, offer.id).await?
            };
            Ok(
                Answer::created(format!("/api/v1/offers/{}", offer.id), &view)
                    .version(view.version),
            )
        })
        .await
}

/// Accept an offer
///
/// It becomes the assignment, and the case is the manager's to see.
#[utoipa::path(
    tag = "offers",
    operation_id = "accept_offer",
    params(("id" = Uuid, Path, description = "The offer")),
    responses((status = 200, description = "The offer", body = OfferView)),
    extensions(("x-permission" = json!("answer_offers")))
)]
#[post("/offers/{id}/accept")]
async fn accept_offer(
    access: Access<permit::AnswerOffers>,
    Path(id): Path<OfferId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (mut case, offer) = lock_own(tx, id).await?;
            precondition.check(view::version_of(offer.state))?;
            offer.require_open(tx.now())?;
            require_acceptable(tx, &case, &offer).await?;
            accept(tx, &mut case, &offer, false).await?;
            view::answer(tx, offer.id).await
        })
        .await
}

/// Decline an offer
#[utoipa::path(
    tag = "offers",
    operation_id = "decline_offer",
    params(("id" = Uuid, Path, description = "The offer")),
    request_body = DeclineRequest,
    responses((status = 200, description = "The offer", body = OfferView)),
    extensions(("x-permission" = json!("answer_offers")))
)]
#[post("/offers/{id}/decline")]
async fn decline_offer(
    access: Access<permit::AnswerOffers>,
    Path(id): Path<OfferId>,
    Json(body): Json<DeclineRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, offer) = lock_own(tx, id).await?;
            precondition.check(view::version_of(offer.state))?;
            offer.require_open(tx.now())?;
            let reason = Some(body.reason.as_str());
            end(tx, &case, &offer, OfferState::Declined, reason).await?;
            // The offer stays the manager's to see, the case never was.
            tx.answer_is_own();
            view::answer(tx, offer.id).await
        })
        .await
}

/// Revoke an offer
#[utoipa::path(
    tag = "offers",
    operation_id = "revoke_offer",
    params(("id" = Uuid, Path, description = "The offer")),
    responses((status = 200, description = "The offer", body = OfferView)),
    extensions(("x-permission" = json!("offer_cases")))
)]
#[post("/offers/{id}/revoke")]
async fn revoke_offer(
    access: Access<permit::OfferCases>,
    Path(id): Path<OfferId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let case_id = sqlx::query_scalar!("select case_id from offer where id = $1", *id)
                .fetch_optional(tx.db())
                .await?
                .ok_or_else(Error::not_found)?;
            let case = cases::lock(tx, case_id).await?;
            let offer = lock_offer(tx, id).await?;
            precondition.check(view::version_of(offer.state))?;
            if offer.state != OfferState::Open {
                offer.require_open(tx.now())?;
            }
            end(tx, &case, &offer, OfferState::Revoked, None).await?;
            view::answer(tx, offer.id).await
        })
        .await
}

/// 409 where the desk does not have the case, or nobody knows who asks.
fn require_offerable(case: &Case) -> Result<()> {
    if !case.status.is_with_desk() {
        return Err(Error::illegal_move(format!(
            "A case that is {} is not offered to a manager: a desk accepts it first.",
            case.status.name()
        )));
    }
    if case.enterprise_kind == EnterpriseKind::Anonymous {
        return Err(Error::conflict(
            "The enterprise is anonymous: name it before an offer is made.",
        ));
    }
    Ok(())
}

/// Judges the manager and makes room on the line. Returns the open offer that an acceptance by phone answers.
async fn clear_line(tx: &mut Tx, case: &Case, body: &OfferRequest) -> Result<Option<Offer>> {
    let obstacles = judge_manager(tx, case, body).await?;
    assignments::require_none(tx, case, body.line).await?;
    let standing = open_offer(tx, case, body.line).await?;
    let is_theirs = |offer: &Offer| body.accepted_by_phone && offer.manager_id == body.manager_id;
    let was_overridden = standing
        .as_ref()
        .is_some_and(|offer| is_theirs(offer) && offer.is_overridden);
    let reason = body.override_reason.as_ref();
    managers::require_reason(tx.actor(), &obstacles, reason, was_overridden)?;
    let Some(offer) = standing else {
        return Ok(None);
    };
    if is_theirs(&offer) {
        return Ok(Some(amend(tx, offer, body).await?));
    }
    let state = match (offer.is_over(tx.now()), body.accepted_by_phone) {
        (true, _) => OfferState::Expired,
        (false, true) => OfferState::Revoked,
        (false, false) => return Err(one_open()),
    };
    end(tx, case, &offer, state, None).await?;
    Ok(None)
}

fn one_open() -> Error {
    Error::conflict("An offer of this line is open: wait for the answer, or revoke it.")
}

/// What speaks against the manager, judged while nobody else books or offers them.
///
/// # Errors
/// 422 for a manager who cannot be offered anything, or a time to answer that has passed.
async fn judge_manager(
    tx: &mut Tx,
    case: &Case,
    body: &OfferRequest,
) -> Result<Vec<OfferObstacle>> {
    let now = tx.now();
    let mut fields = Fields::default();
    if let Some(reply_by) = body.reply_by {
        let expected = "must lie in the future, at most a year ahead";
        let is_near = reply_by > now && reply_by <= now + TimeDelta::days(366);
        fields.require(is_near, "/reply_by", expected);
    }
    managers::lock(tx, &[body.manager_id]).await?;
    match managers::find_for_offer(tx.db(), body.manager_id).await {
        Ok(manager) => {
            fields.finish()?;
            managers::check_offer(tx.db(), &manager, case.enterprise_id, now).await
        }
        Err(Error::Problem(problem)) => {
            for error in problem.errors {
                fields.add(error.pointer, error.detail);
            }
            fields.finish()?;
            Err(Error::not_found())
        }
        Err(error) => Err(error),
    }
}

async fn open_offer(tx: &mut Tx, case: &Case, line: Line) -> Result<Option<Offer>> {
    let offer = sqlx::query_as!(
        Offer,
        r#"
        select id, manager_id, line as "line: Line", state as "state: OfferState", reply_by,
            override_reason is not null as "is_overridden!"
        from offer
        where case_id = $1 and line = $2 and state = 'open'
        for no key update
        "#,
        *case.id,
        line.name(),
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(offer)
}

/// What the desk wrote down with an acceptance by phone goes to the offer that it answers.
async fn amend(tx: &mut Tx, offer: Offer, body: &OfferRequest) -> Result<Offer> {
    sqlx::query!(
        r#"
        update offer
        set note = coalesce($2, note), override_reason = coalesce($3, override_reason)
        where id = $1
        "#,
        *offer.id,
        body.note.as_ref().map(Reason::as_str),
        body.override_reason.as_ref().map(Reason::as_str),
    )
    .execute(tx.db())
    .await?;
    Ok(Offer {
        is_overridden: offer.is_overridden || body.override_reason.is_some(),
        ..offer
    })
}

/// Makes the offer, with its deadline.
async fn insert(tx: &mut Tx, case: &Case, body: &OfferRequest) -> Result<Offer> {
    let days = tx.settings().await?.answer_offer_days;
    let now = tx.now();
    let offer = Offer {
        id: OfferId::new(),
        manager_id: body.manager_id,
        line: body.line,
        state: OfferState::Open,
        reply_by: match body.reply_by {
            Some(reply_by) => reply_by,
            None => deadlines::due_after(tx, case, DueKind::AnswerOffer, now, days).await?,
        },
        is_overridden: body.override_reason.is_some(),
    };
    sqlx::query!(
        r#"
        insert into offer (id, case_id, manager_id, line, state, note, reply_by, offered_at, override_reason)
        values ($1, $2, $3, $4, 'open', $5, $6, $7, $8)
        "#,
        *offer.id,
        *case.id,
        *offer.manager_id,
        offer.line.name(),
        body.note.as_ref().map(Reason::as_str),
        offer.reply_by,
        now,
        body.override_reason.as_ref().map(Reason::as_str),
    )
    .execute(tx.db())
    .await
    .on_constraint("offer_one_open", one_open)?;
    tx.record(
        case.id,
        Event::OfferMade {
            offer_id: offer.id,
            manager_id: offer.manager_id,
            line: offer.line.name().into(),
            reply_by: offer.reply_by,
            overridden: offer.is_overridden,
        },
    );
    if !body.accepted_by_phone {
        let due_at = offer.reply_by;
        deadlines::set(tx, case.id, DueKind::AnswerOffer, *offer.id, due_at).await?;
        notice::offered(tx, case, offer.id).await?;
    }
    Ok(offer)
}

/// Locks the case of an offer that the acting manager was made, then the offer, and loads both as they are after the
/// wait. The manager does not see the case yet: the offer gives the right to answer, nothing else.
async fn lock_own(tx: &mut Tx, id: OfferId) -> Result<(Case, Offer)> {
    let manager_id = tx.actor().manager().ok_or_else(Error::not_found)?;
    let case_id = sqlx::query_scalar!(
        "select case_id from offer where id = $1 and manager_id = $2",
        *id,
        *manager_id
    )
    .fetch_optional(tx.db())
    .await?
    .ok_or_else(Error::not_found)?;
    sqlx::query!(
        "select id from case_file where id = $1 for no key update",
        *case_id
    )
    .fetch_one(tx.db())
    .await?;
    managers::lock(tx, &[manager_id]).await?;
    let offer = lock_offer(tx, id).await?;
    let case = cases::find(tx.db(), &Actor::system(), case_id).await?;
    Ok((case, offer))
}

/// 409 where the appointment ended or a conflict of interest was declared since the offer was made.
async fn require_acceptable(tx: &mut Tx, case: &Case, offer: &Offer) -> Result<()> {
    if offer.is_overridden {
        return Ok(());
    }
    let now = tx.now();
    let manager = managers::find(tx.db(), offer.manager_id).await?;
    let obstacles = managers::check_acceptance(tx.db(), &manager, case.enterprise_id, now).await?;
    managers::require_reason(tx.actor(), &obstacles, None, false)
}

async fn lock_offer(tx: &mut Tx, id: OfferId) -> Result<Offer> {
    sqlx::query_as!(
        Offer,
        r#"
        select id, manager_id, line as "line: Line", state as "state: OfferState", reply_by,
            override_reason is not null as "is_overridden!"
        from offer
        where id = $1
        for no key update
        "#,
        *id,
    )
    .fetch_optional(tx.db())
    .await?
    .ok_or_else(Error::not_found)
}

/// Accepts an open offer: the manager is assigned, and a case that waited for one moves on.
async fn accept(tx: &mut Tx, case: &mut Case, offer: &Offer, by_phone: bool) -> Result<()> {
    sqlx::query!(
        "update offer set state = 'accepted', answered_at = $2, by_phone = $3 where id = $1",
        *offer.id,
        tx.now(),
        by_phone,
    )
    .execute(tx.db())
    .await?;
    deadlines::done(tx, case.id, &[DueKind::AnswerOffer], Some(*offer.id)).await?;
    tx.record(
        case.id,
        Event::OfferAccepted {
            offer_id: offer.id,
            manager_id: offer.manager_id,
            by_phone,
            overridden: offer.is_overridden,
        },
    );
    assignments::make(tx, case, offer).await
}

/// Ends an open offer without an assignment.
async fn end(
    tx: &mut Tx,
    case: &Case,
    offer: &Offer,
    state: OfferState,
    reason: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update offer set state = $2, answered_at = $3, decline_reason = $4 where id = $1",
        *offer.id,
        state.name(),
        tx.now(),
        reason,
    )
    .execute(tx.db())
    .await?;
    let (kinds, subject) = ([DueKind::AnswerOffer], Some(*offer.id));
    match state {
        // No is an answer too.
        OfferState::Declined => deadlines::done(tx, case.id, &kinds, subject).await?,
        _ => deadlines::cancel(tx, case.id, &kinds, subject).await?,
    };
    record_end(tx, case, offer.id, offer.manager_id, state).await
}

/// Notes how an offer ended, and tells the manager who did not end it.
async fn record_end(
    tx: &mut Tx,
    case: &Case,
    offer_id: OfferId,
    manager_id: ManagerId,
    state: OfferState,
) -> Result<()> {
    let event = match state {
        OfferState::Declined => Event::OfferDeclined {
            offer_id,
            manager_id,
        },
        OfferState::Expired => Event::OfferExpired {
            offer_id,
            manager_id,
        },
        _ => Event::OfferRevoked {
            offer_id,
            manager_id,
        },
    };
    tx.record(case.id, event);
    match state {
        OfferState::Revoked => notice::offer_revoked(tx, case, offer_id).await,
        OfferState::Expired => notice::offer_expired(tx, case, offer_id).await,
        _ => Ok(()),
    }
}

/// Expires the offers whose deadline has passed, one transaction each. Two workers at once expire each offer once: the
/// second finds it expired when it gets the lock of the case.
pub async fn expire_due(store: &Store, system: &Actor) -> Result<()> {
    let due = sqlx::query!(
        "select id, case_id from offer where state = 'open' and reply_by <= $1 order by reply_by limit 1000",
        store.now(),
    )
    .fetch_all(store.reader())
    .await?;
    for row in due {
        store
            .transaction(system, async |tx| {
                let case = cases::lock(tx, row.case_id).await?;
                let offer = lock_offer(tx, row.id).await?;
                if offer.state == OfferState::Open && offer.is_over(tx.now()) {
                    end(tx, &case, &offer, OfferState::Expired, None).await
                } else {
                    tx.unchanged();
                    Ok(())
                }
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_offer_in_time_can_be_answered() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let offer = |state, seconds| Offer {
            id: OfferId::new(),
            manager_id: ManagerId::new(),
            line: Line::Ict,
            state,
            reply_by: now + TimeDelta::seconds(seconds),
            is_overridden: false,
        };
        assert!(offer(OfferState::Open, 1).require_open(now).is_ok());
        assert!(offer(OfferState::Open, 0).require_open(now).is_err());
        for state in OfferState::ALL
            .iter()
            .filter(|state| **state != OfferState::Open)
        {
            assert!(offer(*state, 1).require_open(now).is_err());
        }
    }
}
