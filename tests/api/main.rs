//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;
mod smtp;

mod acknowledgements;
mod attachments;
mod audit;
mod auth;
mod cases;
mod consultations;
mod database_rules;
mod demo;
mod desks;
mod enterprises;
mod errors;
mod generator;
mod health;
mod intake_doors;
mod interactions;
mod invitations;
mod mail_crash;
mod mailboxes;
mod managers;
mod merge;
mod messages;
mod notices;
mod offers;
mod openapi;
mod permissions;
mod races;
mod schema;
mod settings;
mod states;
mod templates;
