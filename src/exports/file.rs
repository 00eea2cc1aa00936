//! Writing a table into a file: a workbook or CSV, row by row, in memory that does not grow with the rows.
//!
//! What a cell says is never a formula: a workbook marks it as words, and in CSV a leading `= + - @`, tab or carriage return
//! gets an apostrophe before it (OWASP, CSV injection), which spreadsheets show and do not compute.

use super::{
    ExportEncoding, ExportFormat,
    table::{Cell, Row, Table},
};
use crate::error::{Error, Result};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use encoding_rs::{EncoderResult, SHIFT_JIS};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Rows of a sheet, its heading included (Excel specifications and limits).
const ROWS_PER_SHEET: u32 = 1_048_576;

/// Characters of a cell; Excel takes 32,767, and what is longer ends with a note.
const LONGEST: usize = 32_000;

/// Different characters that are counted one by one.
const MOST_UNCARRIED: usize = 1_000;

/// 〓 in CP932. It stands for a character that CP932 does not have: the mark that Japanese printers have always used for it.
const GETA: [u8; 2] = [0x81, 0xAC];

/// A finished file, deleted when it is dropped.
pub struct Made {
    path: TemporaryPath,
    /// Rows, without the headings.
    pub rows: i64,
    /// Characters that the encoding does not have, with how often they stood there.
    pub uncarried: BTreeMap<char, i64>,
}

impl Made {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path.0
    }
}

/// Writes the whole table into a temporary file that only its owner reads.
///
/// # Errors
/// The table's, and those of the disk.
pub async fn write(
    table: &mut dyn Table,
    format: ExportFormat,
    encoding: ExportEncoding,
) -> Result<Made> {
    write_in_sheets(table, format, encoding, ROWS_PER_SHEET).await
}

async fn write_in_sheets(
    table: &mut dyn Table,
    format: ExportFormat,
    encoding: ExportEncoding,
    rows_per_sheet: u32,
) -> Result<Made> {
    let (title, headings) = (table.title().to_owned(), table.headings());
    let mut writer = Writer::begin(&title, headings, format, encoding, rows_per_sheet)?;
    let mut rows = 0;
    loop {
        let batch = table.next().await?;
        if batch.is_empty() {
            break;
        }
        rows += batch.len() as i64;
        // Off the thread that answers requests.
        writer = blocking(move || {
            writer.write(&batch)?;
            Ok(writer)
        })
        .await?;
    }
    let (path, uncarried) = blocking(move || writer.finish()).await?;
    Ok(Made {
        path,
        rows,
        uncarried,
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(error.into()))?
}

/// A path in the folder for temporary files.
struct TemporaryPath(PathBuf);

impl TemporaryPath {
    /// A new file that only its owner reads.
    fn create() -> Result<(Self, File)> {
        let path = std::env::temp_dir().join(format!("madoguchi-export-{}", Uuid::new_v4()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(disk)?;
        Ok((Self(path), file))
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

fn disk(error: std::io::Error) -> Error {
    Error::Internal(format!("an export cannot be written: {error}").into())
}

fn workbook(error: XlsxError) -> Error {
    Error::Internal(format!("a workbook cannot be written: {error}").into())
}

enum Writer {
    Sheets(Box<Sheets>),
    Lines(Box<Lines>),
}

impl Writer {
    fn begin(
        title: &str,
        headings: Vec<String>,
        format: ExportFormat,
        encoding: ExportEncoding,
        rows_per_sheet: u32,
    ) -> Result<Self> {
        Ok(match format {
            ExportFormat::Xlsx => {
                Self::Sheets(Box::new(Sheets::begin(title, headings, rows_per_sheet)?))
            }
            ExportFormat::Csv => Self::Lines(Box::new(Lines::begin(&headings, encoding)?)),
        })
    }

    fn write(&mut self, rows: &[Row]) -> Result<()> {
        rows.iter().try_for_each(|row| match self {
            Self::Sheets(sheets) => sheets.write(row),
            Self::Lines(lines) => lines.write(row),
        })
    }

    fn finish(self) -> Result<(TemporaryPath, BTreeMap<char, i64>)> {
        match self {
            Self::Sheets(sheets) => sheets.finish(),
            Self::Lines(lines) => lines.finish(),
        }
    }
}

// ----------------------------------------------------------------------------------------------------- the workbook

struct Sheets {
    workbook: Workbook,
    title: String,
    headings: Vec<String>,
    rows_per_sheet: u32,
    /// Which sheet is being written.
    sheet: usize,
    /// The next row of it.
    row: u32,
    day: Format,
    time: Format,
}

impl Sheets {
    fn begin(title: &str, headings: Vec<String>, rows_per_sheet: u32) -> Result<Self> {
        let mut sheets = Self {
            workbook: Workbook::new(),
            title: title.to_owned(),
            headings,
            rows_per_sheet,
            sheet: 0,
            row: 0,
            day: Format::new().set_num_format("yyyy-mm-dd"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
        };
        sheets.add_sheet().map_err(workbook)?;
        Ok(sheets)
    }

    fn add_sheet(&mut self) -> Result<(), XlsxError> {
        let name = match self.sheet {
            0 => self.title.clone(),
            before => format!("{}({})", self.title, before + 1),
        };
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, heading) in (0_u16..).zip(&self.headings) {
            sheet.set_column_width(column, width_of(heading))?;
            sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    fn write(&mut self, row: &Row) -> Result<()> {
        if self.row == self.rows_per_sheet {
            self.sheet += 1;
            self.add_sheet().map_err(workbook)?;
        }
        let sheet = self
            .workbook
            .worksheet_from_index(self.sheet)
            .map_err(workbook)?;
        for (column, cell) in (0_u16..).zip(row) {
            write_cell(sheet, (self.row, column), cell, (&self.day, &self.time))
                .map_err(workbook)?;
        }
        self.row += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<(TemporaryPath, BTreeMap<char, i64>)> {
        let (path, file) = TemporaryPath::create()?;
        self.workbook
            .save_to_writer(BufWriter::new(file))
            .map_err(workbook)?;
        Ok((path, BTreeMap::new()))
    }
}

/// In characters of the standard font: room for the heading, and for a usual value.
fn width_of(heading: &str) -> f64 {
    let wide = heading.chars().count() as f64 * 2.0 + 2.0;
    wide.clamp(12.0, 40.0)
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (day, time): (&Format, &Format),
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, storable(text))?),
        Cell::Whole(number) => drop(sheet.write_number(row, column, *number as f64)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, *number)?),
        Cell::Day(date) => match excel_day(*date) {
            Some(value) => drop(sheet.write_datetime_with_format(row, column, &value, day)?),
            None => drop(sheet.write_string(row, column, date.to_string())?),
        },
        Cell::Time(moment) => match excel_time(*moment) {
            Some(value) => drop(sheet.write_datetime_with_format(row, column, &value, time)?),
            None => drop(sheet.write_string(row, column, moment.to_string())?),
        },
    }
    Ok(())
}

/// None before 1900, where Excel's days begin.
fn excel_day(date: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok()?;
    ExcelDateTime::from_ymd(year, date.month() as u8, date.day() as u8).ok()
}

fn excel_time(moment: NaiveDateTime) -> Option<ExcelDateTime> {
    let day = excel_day(moment.date())?;
    day.and_hms(
        moment.hour() as u16,
        moment.minute() as u8,
        f64::from(moment.second()),
    )
    .ok()
}

/// As a cell of a workbook takes it: no control characters, which XML 1.0 does not have, and not too long.
fn storable(text: &str) -> String {
    let text = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let mut stored = String::new();
    let mut length = 0;
    for c in text {
        length += c.len_utf16();
        if length > LONGEST {
            stored.push_str("…(以下省略)");
            break;
        }
        stored.push(c);
    }
    stored
}

// --------------------------------------------------------------------------------------------------------- the lines

struct Lines {
    path: TemporaryPath,
    csv: csv::Writer<BufWriter<File>>,
    encoding: ExportEncoding,
    uncarried: BTreeMap<char, i64>,
}

impl Lines {
    fn begin(headings: &[String], encoding: ExportEncoding) -> Result<Self> {
        let (path, file) = TemporaryPath::create()?;
        let mut file = BufWriter::new(file);
        if encoding == ExportEncoding::Utf8 {
            file.write_all("\u{FEFF}".as_bytes()).map_err(disk)?;
        }
        let mut lines = Self {
            path,
            csv: csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(file),
            encoding,
            uncarried: BTreeMap::new(),
        };
        let headings = headings.iter().map(|heading| Cell::Text(heading.clone()));
        lines.write(&headings.collect())?;
        Ok(lines)
    }

    fn write(&mut self, row: &Row) -> Result<()> {
        for cell in row {
            let text = plain(cell);
            // Quotes, commas and line breaks are no part of any two-byte character of CP932: what is encoded can be quoted.
            let field = match self.encoding {
                ExportEncoding::Utf8 => text.into_bytes(),
                ExportEncoding::Cp932 => cp932(&text, &mut self.uncarried),
            };
            self.csv
                .write_field(field)
                .map_err(|error| disk(error.into()))?;
        }
        let end = self.csv.write_record(None::<&[u8]>);
        end.map_err(|error| disk(error.into()))
    }

    fn finish(self) -> Result<(TemporaryPath, BTreeMap<char, i64>)> {
        let file = self.csv.into_inner();
        let file = file.map_err(|error| disk(std::io::Error::other(error.to_string())))?;
        // A disk that is full says so here.
        file.into_inner()
            .map_err(|error| disk(error.into_error()))?
            .sync_all()
            .map_err(disk)?;
        Ok((self.path, self.uncarried))
    }
}

/// As it stands in CSV.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => defused(text),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Day(date) => date.format("%Y-%m-%d").to_string(),
        Cell::Time(moment) => moment.format("%Y-%m-%d %H:%M").to_string(),
    }
}

/// Words that a spreadsheet does not take for a formula. Their full-width forms count as well: Excel in Japanese reads them.
fn defused(text: &str) -> String {
    match text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
    ]) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// Windows-31J. Where JIS and Windows have two code points for one sign (〜 and ~), the one that Windows has is meant.
fn cp932(text: &str, uncarried: &mut BTreeMap<char, i64>) -> Vec<u8> {
    let text: String = text.chars().map(as_windows_has_it).collect();
    let mut encoder = SHIFT_JIS.new_encoder();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut buffer = [0; 1024];
    loop {
        let (result, read, written) =
            encoder.encode_from_utf8_without_replacement(rest, &mut buffer, true);
        bytes.extend_from_slice(&buffer[..written]);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => {
                if uncarried.len() < MOST_UNCARRIED || uncarried.contains_key(&character) {
                    *uncarried.entry(character).or_default() += 1;
                }
                bytes.extend_from_slice(&GETA);
            }
        }
    }
}

fn as_windows_has_it(c: char) -> char {
    match c {
        '\u{301C}' => '\u{FF5E}',
        '\u{2016}' => '\u{2225}',
        '\u{2014}' => '\u{2015}',
        '\u{2212}' => '\u{FF0D}',
        '\u{00A2}' => '\u{FFE0}',
        '\u{00A3}' => '\u{FFE1}',
        '\u{00AC}' => '\u{FFE2}',
        // The encoder would make a backslash and a tilde of them.
        '\u{00A5}' => '\u{FFE5}',
        '\u{203E}' => '\u{FFE3}',
        // Of names of files and half-width text from the web.
        '\u{00A0}' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::table::Fixed;

    fn table(rows: Vec<Row>) -> Fixed {
        Fixed {
            title: "一覧".into(),
            headings: vec!["番号".into(), "内容".into()],
            rows,
        }
    }

    fn row(number: i64, text: &str) -> Row {
        vec![Cell::Whole(number), Cell::Text(text.into())]
    }

    async fn bytes_of(
        rows: Vec<Row>,
        format: ExportFormat,
        encoding: ExportEncoding,
    ) -> (Vec<u8>, BTreeMap<char, i64>) {
        let made = write_in_sheets(&mut table(rows), format, encoding, 4)
            .await
            .unwrap();
        let path = made.path().to_owned();
        let bytes = fs::read(&path).unwrap();
        let uncarried = made.uncarried.clone();
        drop(made);
        assert!(!path.exists(), "the file goes with its owner");
        (bytes, uncarried)
    }

    fn has(bytes: &[u8], text: &str) -> bool {
        memchr::memmem::find(bytes, text.as_bytes()).is_some()
    }

    #[tokio::test]
    async fn a_sheet_that_is_full_is_followed_by_another() {
        let sheets = async |count: i64| {
            let rows = (0..count).map(|n| row(n, "x")).collect();
            let (bytes, _) = bytes_of(rows, ExportFormat::Xlsx, ExportEncoding::Utf8).await;
            // Names of parts stand in the archive as they are.
            (1..9)
                .take_while(|n| has(&bytes, &format!("xl/worksheets/sheet{n}.xml")))
                .count()
        };
        // Three rows and a heading fit on a sheet of four.
        for (rows, expected) in [(0, 1), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)] {
            assert_eq!(sheets(rows).await, expected, "{rows}");
        }
    }

    #[tokio::test]
    async fn lines_are_as_spreadsheets_want_them() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let rows = vec![
            row(-1, "=1+1"),
            vec![
                Cell::Day(day),
                Cell::Time(day.and_hms_opt(9, 5, 0).unwrap()),
            ],
            vec![Cell::Number(0.5), Cell::Empty],
            row(2, "a,\"b\"\nc"),
        ];
        let (bytes, _) = bytes_of(rows, ExportFormat::Csv, ExportEncoding::Utf8).await;
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\u{FEFF}番号,内容\r\n-1,'=1+1\r\n2026-11-24,2026-11-24 09:05\r\n0.5,\r\n2,\"a,\"\"b\"\"\nc\"\r\n"
        );
    }

    #[test]
    fn what_looks_like_a_formula_is_words() {
        for text in [
            "=1",
            "+81",
            "-1",
            "@x",
            "\t=1",
            "\r=1",
            "\u{FF1D}1",
            "\u{FF0B}1",
        ] {
            assert_eq!(defused(text), format!("'{text}"));
        }
        for text in ["", "a=1", "1-2", "'=1", "株式会社"] {
            assert_eq!(defused(text), text);
        }
    }

    #[test]
    fn cp932_carries_what_windows_has() {
        let mut uncarried = BTreeMap::new();
        let text = "髙﨑①㈱〜‖—−¢£¬¥ 表ソ能 ｱ";
        let bytes = cp932(text, &mut uncarried);
        assert!(uncarried.is_empty(), "{uncarried:?}");
        let (back, _, has_errors) = SHIFT_JIS.decode(&bytes);
        assert!(!has_errors);
        assert_eq!(
            back,
            text.chars().map(as_windows_has_it).collect::<String>()
        );
        let bytes = cp932("𠮷野と𠮷田は🙂한", &mut uncarried);
        let (back, _, _) = SHIFT_JIS.decode(&bytes);
        assert_eq!(back, "〓野と〓田は〓〓");
        assert_eq!(uncarried, BTreeMap::from([('𠮷', 2), ('🙂', 1), ('한', 1)]));
        // Longer than the buffer.
        let long = "あ".repeat(5000);
        assert_eq!(cp932(&long, &mut uncarried).len(), 10_000);
    }

    #[test]
    fn cells_of_a_workbook_are_bounded_and_clean() {
        assert_eq!(storable("a\u{1}b\u{8}\r\nc\td"), "ab\nc\td");
        let long = storable(&"𠮷".repeat(20_000));
        assert!(long.encode_utf16().count() < 32_767 && long.ends_with("…(以下省略)"));
        assert!(excel_day(NaiveDate::from_ymd_opt(1899, 1, 1).unwrap()).is_none());
    }
}
