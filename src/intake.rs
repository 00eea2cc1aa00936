//! Mail that comes in.
//!
//! Owns `mailbox`, `inbound_mail`, `inbound_raw`, `mail_sender` and `mailgun_token`.
//!
//! Mail comes by the [`email`] door as it is, or by those of providers ([`postmark`], [`mailgun`], [`sendgrid`], [`ses`]),
//! each of which knows its provider's proof and its idea of what is sent again; or by [`ingest`] on standard input. All end
//! in [`receive`], which stores; [`place`] understands and places, in a job.

pub mod check;
pub mod door;
pub mod email;
pub mod ingest;
pub mod mailboxes;
pub mod mailgun;
pub mod place;
pub mod postmark;
pub mod receive;
pub mod sendgrid;
pub mod ses;
pub mod view;

mod form;
mod rebuild;

use crate::routes::ServiceConfig;
pub(crate) use check::settle_if_verified;
pub(crate) use place::open_follow_up;

/// Mounts the slice.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(email::mount)
        .configure(postmark::mount)
        .configure(mailgun::mount)
        .configure(sendgrid::mount)
        .configure(ses::mount)
        .configure(mailboxes::mount)
        .configure(view::mount)
        .configure(check::mount);
}
