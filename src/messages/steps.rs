//! What staff do with a message that is written: take it back, have it sent again.

use super::{MessageView, chain, job, view};
use crate::{
    access::{Access, permit},
    audit::Event,
    erasure::wipe,
    error::{Error, Result},
    http::{Answer, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::post;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(take_back_message).service(retry_message);
}

/// Take a message back
///
/// While it waits: its writer, or who leads. It is never sent then.
#[utoipa::path(
    tag = "conversation",
    operation_id = "take_back_message",
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "The message", body = MessageView)),
    extensions(("x-permission" = json!("write_messages")))
)]
#[post("/messages/{id}/take-back")]
async fn take_back_message(
    access: Access<permit::WriteMessages>,
    Path(id): Path<MessageId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let message = lock(tx, id).await?;
            precondition.check(message.version)?;
            let author = message.created_by.as_ref().map(|author| author.id);
            if !view::may_take_back(tx.actor(), author) {
                return Err(Error::forbidden(
                    "Only who wrote a message, a supervisor or an admin takes it back.",
                ));
            }
            if !message.state.may_become(MessageState::TakenBack) {
                return Err(Error::conflict(match message.state {
                    MessageState::TakenBack => "The message was taken back before.",
                    _ => "It is too late: the message is no longer waiting.",
                }));
            }
            sqlx::query!(
                "update message set state = 'taken_back', next_attempt_at = null where id = $1",
                *id
            )
            .execute(tx.db())
            .await?;
            tx.record(
                chain(message.case_id),
                Event::MessageTakenBack { message_id: id },
            );
            answer(tx, id).await
        })
        .await
}

/// Send a message again
///
/// One that failed, or of which nobody knows whether it was taken: then the enterprise may get it twice, with the same
/// Message-ID. Ask them first.
#[utoipa::path(
    tag = "conversation",
    operation_id = "retry_message",
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "The message", body = MessageView)),
    extensions(("x-permission" = json!("write_messages")))
)]
#[post("/messages/{id}/retry")]
async fn retry_message(
    access: Access<permit::WriteMessages>,
    Path(id): Path<MessageId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let message = lock(tx, id).await?;
            precondition.check(message.version)?;
            if !view::is_repeatable(message.state) {
                return Err(Error::conflict(
                    "Only a message that failed, or whose sending is in doubt, is sent again.",
                ));
            }
            if !message.allowed_steps.contains(&"retry") {
                return Err(Error::forbidden("The desk owns this case now."));
            }
            if message.to_address == wipe::NO_ADDRESS {
                return Err(Error::conflict("Who it was for was erased."));
            }
            let now = tx.now();
            sqlx::query!(
                "update message set state = 'queued', attempts = 0, next_attempt_at = $2 where id = $1",
                *id,
                now,
            )
            .execute(tx.db())
            .await?;
            tx.record(
                chain(message.case_id),
                Event::MessageRetried { message_id: id },
            );
            tx.enqueue(job(id, now));
            answer(tx, id).await
        })
        .await
}

/// Locks a message, then loads it as it is after the wait, in the actor's view.
async fn lock(tx: &mut Tx, id: MessageId) -> Result<MessageView> {
    sqlx::query!(
        "select id from message where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    let actor = tx.actor().clone();
    view::find(tx.db(), &actor, id).await
}

async fn answer(tx: &mut Tx, id: MessageId) -> Result<Answer> {
    let actor = tx.actor().clone();
    let message = view::find(tx.db(), &actor, id).await?;
    Ok(Answer::ok(&message).version(message.version))
}
