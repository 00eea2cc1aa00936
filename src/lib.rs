//! Madoguchi (窓口), the case-management backend of a one-stop consultation programme.
//!
//! The path of a request: [`app`] mounts the slices; the middleware in [`auth`] says who asks; [`access::Access`] says
//! whether that role may, and is the only way to the [`store`]; a slice's handler loads the row for this actor, decides
//! purely, writes, and records what happened ([`audit`]); the store commits; [`http::Answer`] goes out, or an
//! [`error::Error`] as a problem document.
//!
//! The slices, each owning its tables: [`cases`], [`enterprises`], [`desks`], [`managers`], [`offers`],
//! [`consultations`], [`interactions`], [`intake`] (mail that comes in), [`messages`] (mail that goes out), [`templates`],
//! [`public_links`] (what enterprises say by one-time links), [`attachments`], [`search`], [`settings`], [`users`],
//! [`figures`] (reports, closed periods, targets), [`exports`], [`webhooks`], [`retention`], [`erasure`], [`disclosure`],
//! [`views`] (who saw what); [`places`], [`routing`], [`samples`] (masked, for auditors) and [`events`] (live news) own
//! none. [`handover`] takes everything out and in. Below them: [`routes`] (where handlers are mounted), [`mail`] (reading
//! and writing mail), [`blobs`] (files), [`text`], [`japan`] and [`ids`] (what values may look like), [`calendar`], [`jobs`]
//! (work after commit), [`database`] (connecting, or the private server), [`replica`] (for figures, exports and search).
//! Beside them: [`pages`] (the web front end).

pub mod access;
pub mod app;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod blobs;
pub mod calendar;
pub mod cases;
pub mod config;
pub mod consultations;
pub mod database;
pub mod demo;
pub mod desks;
pub mod disclosure;
pub mod enterprises;
pub mod erasure;
pub mod error;
pub mod events;
pub mod exports;
pub mod figures;
pub mod handover;
pub mod health;
pub mod http;
pub mod ids;
pub mod intake;
pub mod interactions;
pub mod japan;
pub mod jobs;
pub mod mail;
pub mod managers;
pub mod messages;
pub mod offers;
pub mod pages;
pub mod places;
pub mod programme;
pub mod public_links;
pub mod replica;
pub mod retention;
pub mod routes;
pub mod routing;
pub mod samples;
pub mod search;
pub mod serve;
pub mod settings;
pub mod store;
pub mod templates;
pub mod text;
pub mod users;
pub mod views;
pub mod webhooks;
