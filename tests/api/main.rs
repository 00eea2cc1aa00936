//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;

mod cases;
mod consultations;
mod auth;
mod health;
mod merge;
mod races;
mod interactions;
mod offers;
mod openapi;
mod schema;
mod states;
