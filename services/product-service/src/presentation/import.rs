//! Files of products: CSV with a header row, or a JSON object a line.

use std::io::Cursor;

use bytes::Bytes;
use config::money::Currency;
use config::problem::{ApiError, InvalidFields, Kind};
use csv::StringRecord;
use serde_json::{Map, Value};

use super::file::ImportFile;
use super::patch::MergePatch;
use crate::application::Row;

const MAX_ROWS: usize = 50_000;
/// Bytes of a JSON object, which takes up to a hundred times as much when it is parsed.
const MAX_LINE: usize = 64 * 1024;
/// Between the pictures in a cell.
const SEPARATOR: char = '|';
/// Begins the names of columns that are attributes.
const ATTRIBUTE: &str = "attributes.";
const COLUMNS: [&str; 10] = [
    "sku",
    "name",
    "description",
    "price",
    "currency",
    "category",
    "stock",
    "images",
    "weight_grams",
    "status",
];

pub type Parsed = Result<Row, (u64, InvalidFields)>;
pub type Rows = Box<dyn Iterator<Item = Parsed> + Send>;

/// The rows of a file, parsed as they are taken.
pub fn rows(file: ImportFile, shop: Currency) -> Result<Rows, ApiError> {
    match file {
        ImportFile::Csv(file) => csv_rows(file.0, shop),
        ImportFile::Ndjson(file) => ndjson_rows(&file.0, shop),
    }
}

fn limit(rows: usize) -> Result<(), ApiError> {
    match rows <= MAX_ROWS {
        true => Ok(()),
        false => {
            Err(ApiError::new(Kind::TooLarge, "too-many-rows", format!("The file has over {MAX_ROWS} rows.")))
        }
    }
}

fn ndjson_rows(file: &Bytes, shop: Currency) -> Result<Rows, ApiError> {
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let lines: Vec<(u64, Bytes)> = file
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .filter(|(line, _)| !is_blank(line))
        .map(|(line, number)| (number, file.slice_ref(line)))
        .collect();
    limit(lines.len())?;
    Ok(Box::new(lines.into_iter().map(move |(number, line)| {
        if line.len() > MAX_LINE {
            let wrong = InvalidFields::one("line", "length", format!("must be at most {MAX_LINE} bytes"));
            return Err((number, wrong));
        }
        let product = serde_json::from_slice(&line).map_err(|error| {
            (number, InvalidFields::one("line", "malformed-json", format!("must be a JSON object: {error}")))
        })?;
        row(number, product, shop)
    })))
}

fn csv_rows(file: Bytes, shop: Currency) -> Result<Rows, ApiError> {
    let open = || csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(Cursor::new(file.clone()));
    limit(open().into_byte_records().count())?;
    let mut reader = open();
    let header = reader.headers().cloned().map_err(|error| {
        ApiError::new(Kind::Malformed, "malformed-csv", format!("The header can't be read: {error}."))
    })?;
    check_header(&header)?;
    let mut lines = Lines { file, read: 0, line: 1 };
    Ok(Box::new(reader.into_records().map(move |record| match record {
        Ok(record) => row(lines.at(record.position()), members(&header, &record), shop),
        Err(error) => {
            let wrong = InvalidFields::one("line", "malformed-csv", format!("can't be read: {error}"));
            Err((lines.at(error.position()), wrong))
        }
    })))
}

/// Counts lines as an editor does: the reader's own count lags behind where lines end in CR LF.
struct Lines {
    file: Bytes,
    read: usize,
    line: u64,
}

impl Lines {
    /// The line of a record; positions must ascend.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let Some(start) = position.and_then(|position| usize::try_from(position.byte()).ok()) else {
            return self.line;
        };
        let blank = self.file.iter().skip(start).take_while(|byte| byte.is_ascii_whitespace()).count();
        let passed = self.file.get(self.read..start + blank).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.read += passed.len();
        self.line
    }
}

fn check_header(header: &StringRecord) -> Result<(), InvalidFields> {
    let mut wrong = config::problem::Fields::default();
    if !header.iter().any(|column| column == "sku") {
        wrong.reject("sku", "required", "must be a column");
    }
    for (index, column) in header.iter().enumerate() {
        if !COLUMNS.contains(&column) && column.strip_prefix(ATTRIBUTE).is_none_or(str::is_empty) {
            let known = COLUMNS.join(", ");
            wrong.reject(
                format!("columns[{index}]"),
                "unknown",
                format!("must be one of {known}, attributes.NAME"),
            );
        }
        if header.iter().take(index).any(|other| other == column) {
            wrong.reject(format!("columns[{index}]"), "duplicate", "must be there once");
        }
    }
    wrong.finish(|| Some(()))
}

fn members(header: &StringRecord, record: &StringRecord) -> Value {
    let (mut product, mut attributes) = (Map::new(), Map::new());
    for (column, cell) in header.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        match column.strip_prefix(ATTRIBUTE) {
            Some(name) => attributes.insert(name.to_owned(), scalar(cell)),
            None => product.insert(column.to_owned(), member(column, cell)),
        };
    }
    if !attributes.is_empty() {
        product.insert("attributes".to_owned(), Value::Object(attributes));
    }
    Value::Object(product)
}

fn member(column: &str, cell: &str) -> Value {
    match column {
        "images" => cell.split(SEPARATOR).map(|url| Value::String(url.trim().to_owned())).collect(),
        "price" | "stock" | "weight_grams" => number(cell).unwrap_or_else(|| cell.into()),
        _ => cell.into(),
    }
}

fn number(cell: &str) -> Option<Value> {
    serde_json::from_str::<serde_json::Number>(cell).ok().map(Value::Number)
}

/// `true` and `16` are meant as they look; `0012` is a text.
fn scalar(cell: &str) -> Value {
    match cell {
        "true" => true.into(),
        "false" => false.into(),
        _ => number(cell).unwrap_or_else(|| cell.into()),
    }
}

fn row(line: u64, product: Value, shop: Currency) -> Parsed {
    let refuse = |wrong: &str| (line, InvalidFields::one("sku", "invalid", wrong));
    let sku = product.get("sku").and_then(Value::as_str).ok_or_else(|| refuse("is required, as a text"))?;
    let sku = sku.parse().map_err(refuse)?;
    Ok(Row { line, sku, edit: Box::new(MergePatch::new(product, shop)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rows: Result<Rows, ApiError>) -> Vec<Result<(u64, String), (u64, String)>> {
        let shown = |row: Parsed| match row {
            Ok(row) => Ok((row.line, row.sku.to_string())),
            Err((line, wrong)) => Err((line, wrong.all()[0].field.clone())),
        };
        rows.unwrap_or_else(|error| panic!("{error:?}")).map(shown).collect()
    }

    #[test]
    fn lines_are_told_apart_and_bad_ones_stop_nothing() {
        let file = "{\"sku\":\"A\"}\n\n{\"sku\":\n[]\n{\"sku\":\"B\"}";
        let rows = parse(ndjson_rows(&Bytes::from(file), Currency::USD));
        let bad = |line, field: &str| Err((line, field.to_owned()));
        assert_eq!(rows, [Ok((1, "A".to_owned())), bad(3, "line"), bad(4, "sku"), Ok((5, "B".to_owned()))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_parsed() {
        let file =
            format!("{{\"sku\":\"A\",\"images\":[{}0]}}\n{{\"sku\":\"B\"}}", "0,".repeat(MAX_LINE / 2));
        let rows = parse(ndjson_rows(&Bytes::from(file), Currency::USD));
        assert_eq!(rows, [Err((1, "line".to_owned())), Ok((2, "B".to_owned()))]);
    }

    #[test]
    fn a_spreadsheet_is_read_with_its_quirks() {
        let file = "\u{feff}sku,name,price,images,attributes.ram_gb,attributes.code\r\n\
                    A-1,\"Laptop, 14\"\"\",1499.99,https://a.example/1|https://a.example/2,16,0012\r\n\
                    A-2,too,few\r\n\
                    ,no sku,1,,,\r\n\
                    A-3,\"two\nlines\",1,,,\r\n\
                    A-4,,,,,\r\n";
        let rows = parse(csv_rows(Bytes::from(file), Currency::USD));
        let skus: Vec<_> =
            rows.iter().map(|row| row.as_ref().map(|(line, sku)| (*line, sku.as_str()))).collect();
        assert_eq!(skus[0], Ok((2, "A-1")));
        assert!(skus[1].is_err() && skus[2].is_err());
        assert_eq!((skus[3], skus[4]), (Ok((5, "A-3")), Ok((7, "A-4"))));
    }

    #[test]
    fn columns_that_mean_nothing_are_named() {
        let wrong = check_header(&StringRecord::from(vec!["name", "prise", "name"])).unwrap_err();
        let fields: Vec<_> = wrong.all().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["sku", "columns[1]", "columns[2]"]);
    }
}
