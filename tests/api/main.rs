//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;
mod smtp;

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
mod ingest;
mod intake_doors;
mod intake_providers;
mod interactions;
mod mailboxes;
mod mail_crash;
mod managers;
mod merge;
mod messages;
mod offers;
mod openapi;
mod permissions;
mod races;
mod schema;
mod settings;
mod states;
mod templates;
