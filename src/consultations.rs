//! consultations
