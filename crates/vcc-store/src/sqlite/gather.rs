//! Records of a page, gathered by an SQL function. A statement gives it all columns of a row at
//! once; fetching one after another takes longer than finding the row.

use std::cell::RefCell;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::Type;
use rusqlite::{Connection, Error};
use vcc_types::Field;

use crate::StoredRecord;
use crate::record::TextsBuilder;
use crate::rest::LIMIT;

thread_local! {
    /// What the statement that runs on this thread has gathered.
    static GATHERED: RefCell<TextsBuilder> = RefCell::default();
}

/// The most records that are gathered: a statement that sorts may gather more than it returns.
pub(super) const MOST: usize = 2_000;

/// Memory with more text than this, in bytes, is not kept for the next statement.
const KEPT: usize = 1 << 16;

fn is_full(gathered: &TextsBuilder) -> bool {
    gathered.len() >= MOST || gathered.size() > LIMIT
}

/// Gives a connection the SQL function `gather`, which takes the start and the texts of a record,
/// keeps them, and returns the position of the record.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    let columns = Field::COUNT as i32;
    connection.create_scalar_function("gather", columns, flags, |context| {
        GATHERED.with_borrow_mut(|gathered| {
            if is_full(gathered) {
                return Err(Error::UserFunctionError("too many records to gather".into()));
            }
            let text = |index| context.get_raw(index + 1).as_bytes();
            gathered.add(context.get_raw(0).as_i64()?, text)?;
            Ok(gathered.len() as i64 - 1)
        })
    })
}

/// Runs a statement that gathers, which gives the positions of records, and returns these records.
/// `None` if there were too many.
pub(super) fn gathered(
    run: impl FnOnce() -> rusqlite::Result<Vec<usize>>,
) -> rusqlite::Result<Option<Vec<StoredRecord>>> {
    // A statement that failed may have left something.
    GATHERED.with_borrow_mut(TextsBuilder::clear);
    let ran = run();
    GATHERED.with_borrow_mut(|gathered| {
        let records = match ran {
            // Also if the last record was too much.
            _ if is_full(gathered) => Ok(None),
            Err(error) => Err(error),
            Ok(places) => {
                // A statement that does not sort returns what it gathers.
                let in_order = places.iter().copied().eq(0..gathered.len());
                let records =
                    if in_order { gathered.build() } else { gathered.pick(&places).build() };
                match records {
                    Some(records) => Ok(Some(StoredRecord::all(records).collect())),
                    None => Err(Error::InvalidColumnType(0, "a text".into(), Type::Text)),
                }
            }
        };
        if gathered.size() > KEPT {
            *gathered = TextsBuilder::default();
        }
        records
    })
}
