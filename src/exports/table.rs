//! What an export is made of: headings, and rows that come in batches.
//!
//! The seam for other slices: whatever can be shown as a table is exported by giving [`super::file::write`] a [`Table`]. A
//! figure that fits into memory is a [`Fixed`] one.

use crate::{error::Result, japan::JST};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use futures_util::future::BoxFuture;

/// The heading of a column.
pub type Heading = &'static str;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words. They stay words: what looks like a formula is none.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A day.
    Day(NaiveDate),
    /// A day and a time of day in Japan.
    Time(NaiveDateTime),
}

impl Cell {
    /// Words, or nothing.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    /// A moment, as the clocks in Japan show it.
    pub fn moment(moment: Option<DateTime<Utc>>) -> Self {
        moment.map_or(Self::Empty, |moment| {
            Self::Time(moment.with_timezone(&JST).naive_local())
        })
    }

    /// A number, or nothing.
    pub fn whole(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Whole)
    }
}

/// One row; as many cells as there are headings.
pub type Row = Vec<Cell>;

/// Rows that are read as they are written.
pub trait Table: Send {
    /// The name of the table, for the sheet.
    fn title(&self) -> &str;

    /// The headings, in the order of the cells.
    fn headings(&self) -> Vec<String>;

    /// The next rows; none when there are no more. A batch is held in memory: a thousand rows are plenty.
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Row>>>;
}

/// A table that is in memory already.
pub struct Fixed {
    /// The name of the table.
    pub title: String,
    /// The headings.
    pub headings: Vec<String>,
    /// The rows that were not given out yet.
    pub rows: Vec<Row>,
}

impl Table for Fixed {
    fn title(&self) -> &str {
        &self.title
    }

    fn headings(&self) -> Vec<String> {
        self.headings.clone()
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(std::future::ready(Ok(std::mem::take(&mut self.rows))))
    }
}
