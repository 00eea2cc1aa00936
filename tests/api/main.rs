//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;

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
mod interactions;
mod managers;
mod merge;
mod offers;
mod openapi;
mod permissions;
mod places;
mod races;
mod schema;
mod settings;
mod states;
