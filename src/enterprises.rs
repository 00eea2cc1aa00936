//! enterprises
