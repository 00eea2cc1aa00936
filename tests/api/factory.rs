//! Believable data.
