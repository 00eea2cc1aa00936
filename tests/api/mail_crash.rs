//! The worker is killed at random while it sends.
