//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;

mod desks;
mod enterprises;
mod database_rules;
mod health;
mod managers;
mod auth;
mod cases;
mod consultations;
mod health;
mod interactions;
mod merge;
mod offers;
mod openapi;
mod races;
mod permissions;
mod schema;
mod states;
