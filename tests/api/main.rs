//! The integration tests: one binary, a file per slice, the whole program over a database per test.

mod contract;
mod factory;
mod harness;

mod audit;
mod health;
