//! Figures that reconcile: reports, the lists behind their numbers, closed periods (締め), times, capacity and targets.
//!
//! Owns `period`, `period_fact`, `case_time` and `adoption_target`; reads the tables of the other slices. Every number is
//! the count of a list that the same person can open, because both stand on the same statement ([`facts`]). What a person
//! sees is what [`crate::cases::View`] and the sessions' own condition say (rule 8); an auditor sees everything, masked: codes and
//! case numbers, no names and no words.
//!
//! Facts are codes and ids. Erasing a person's or an enterprise's names changes no figure, as long as the rows stay with what
//! [`facts`] reads: prefecture, industry, employees, topics, times.
//!
//! Closing a period copies its facts ([`periods`]); what changes later is found by comparing them with the record
//! ([`adjustments`]).

mod adjustments;
mod capacity;
mod catalogue;
mod count;
mod facts;
pub mod last_day;
mod overview;
mod periods;
mod rows;
mod selection;
pub(crate) mod table;
mod targets;
pub mod times;
mod times_report;
pub mod words;

use crate::access::{Actor, Role};
use crate::routes::ServiceConfig;
pub(crate) use selection::FilterQuery;
pub use words::UNSET;

/// Mounts the reports, the periods and the targets.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(catalogue::mount)
        .configure(rows::mount)
        .configure(count::mount)
        .configure(times_report::mount)
        .configure(capacity::mount)
        .configure(overview::mount)
        .configure(targets::mount)
        .configure(periods::mount)
        .configure(adjustments::mount);
}

/// Whether the actor reads figures without names and words.
fn is_masked(actor: &Actor) -> bool {
    actor.role == Some(Role::Auditor)
}
