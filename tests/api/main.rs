//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;

mod audit;
mod auth;
mod calendar;
mod cases;
mod consultations;
mod database_rules;
mod deadlines;
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
mod races;
mod schema;
mod settings;
mod states;
