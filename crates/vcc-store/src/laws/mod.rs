//! The laws that every store keeps: what the trait [`Store`] promises and its types cannot say, as tests
//! for any engine.
//!
//! Each law is held against a new, empty store. It passes, or panics as an assertion of a test does. What a
//! store may refuse (exports, indexes for fields, how far a deletion reaches) is tested if it does not
//! refuse, and so are pages that it reads in pieces.
//!
//! In the tests of an engine, [`tests!`] makes one test of each law:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # mod engine {
//! use vcc_store::Sqlite;
//!
//! /// A new, empty store; `None` skips the tests, such as where there is no server.
//! async fn new_store() -> Option<Sqlite> {
//!     Some(Sqlite::in_memory().unwrap())
//! }
//!
//! vcc_store::laws::tests!(new_store);
//! # }
//! ```
//!
//! Elsewhere, [`ALL`] lists them:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use vcc_store::{Sqlite, laws};
//!
//! # let few = ["tenants_come_and_go", "a_label_is_one_line"];
//! for law in laws::ALL {
//!     # if !few.contains(&law.name()) { continue }
//!     println!("{law}");
//!     law.check(&Sqlite::in_memory()?).await;
//! }
//! # Ok::<(), vcc_store::StoreError>(())
//! # }).unwrap();
//! ```

mod deletions;
mod exports;
mod imports;
mod indexes;
mod pages;
mod pieces;
mod random;
mod samples;
mod tenants;
mod tokens;

use std::fmt;
use std::pin::Pin;

pub use self::samples::{everything, expected};
pub use self::tenants::{company_zones, zones_are_read_in_the_data_that_is_given};
use crate::Store;
#[doc(inline)]
pub use crate::store_law_tests as tests;

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    name: &'static str,
    says: &'static str,
    check: for<'a> fn(&'a dyn Store) -> Checked<'a>,
}

type Checked<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Law {
    /// The name of the law, as a test is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the law says, in a sentence.
    #[must_use]
    pub const fn says(&self) -> &'static str {
        self.says
    }

    /// Holds a store to the law. The store must be new and empty.
    ///
    /// # Panics
    ///
    /// The store breaks the law, or fails.
    pub async fn check(&self, store: &dyn Store) {
        (self.check)(store).await;
    }
}

impl fmt::Display for Law {
    /// Writes the name, and what the law says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.says)
    }
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Law").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The list of all laws, for a macro that takes them after what it is given.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_store_law {
    ($($then:ident)::+ ! $with:tt) => {
        $crate::$($then)::+! { $with
            tenants tenants_come_and_go
                "tenants are added once, listed by name, and removed with all that they have";
            tenants names_are_plain_and_look_like_no_other
                "a new tenant is not called what cannot be read or told from another (AUTH-7)";
            tenants of_two_names_that_look_alike_one_is_taken
                "of names that look alike, added at once, one is taken (AUTH-7)";
            tenants an_overview_counts_what_tenants_have
                "an overview has the numbers of recordings and tokens of every tenant";
            tenants the_zone_of_a_tenant_can_be_set
                "a tenant has its new zone from the next request on, and nothing else changes (DATE-3)";
            tokens tokens_are_many_and_go_one_by_one
                "a tenant has several tokens, whose numbers are never given twice (AUTH-5)";
            tokens a_token_opens_its_tenant_alone
                "a token opens its own tenant and no other, however many there are (AUTH-3, AUTH-5)";
            tokens a_label_is_one_line
                "a label is one line of at most 100 characters";
            tokens a_request_is_decided_upon_once
                "an answer asks once what to read, also for an unknown tenant";
            imports an_import_knows_what_is_there
                "an import adds, leaves alone, refuses or replaces by transactionID and filename";
            imports a_batch_knows_its_own
                "records of one batch are known to each other";
            imports an_import_that_was_broken_off_is_known
                "a checkpoint is kept with its batch, and forgotten at the end";
            imports of_two_imports_of_a_source_one_goes_on
                "an import goes on where its checkpoint is, and nowhere else";
            imports a_batch_with_conflicts_can_be_undone
                "a batch with conflicts can be undone as a whole";
            deletions deletions_take_what_they_say
                "a deletion takes the records that it names, of one tenant";
            pages pages_are_what_matching_in_memory_gives
                "a page has the records that match, in the order of the selection (PAGE-1, PAGE-5)";
            pages no_tenant_sees_the_records_of_another
                "a page has no record of another tenant (AUTH-4)";
            pages durations_compare_as_numbers
                "a duration compares as a number, however it is written (FIELD-4)";
            pages what_no_record_can_hold_finds_nothing
                "a text that no record can hold finds nothing, and fails nothing";
            pages a_number_that_no_list_reaches_finds_nothing
                "a number up to 2^64-1 is read, and finds nothing past the end (PAGE-4)";
            pages many_records_of_one_moment_are_pages_too
                "thousands of records that start at once are pages too (PAGE-5)";
            pages pages_begin_among_what_starts_at_once
                "a deep page begins at its record, however many start at once around it";
            pieces a_long_page_comes_in_pieces
                "a long page comes in pieces of at most 256 KiB of text";
            pieces a_page_in_pieces_stays_the_page_that_it_was
                "a page in pieces has the records that it had when it began, or fails";
            pieces the_rest_of_a_page_is_its_tenants
                "the rest of a page is not read for another tenant (AUTH-4)";
            exports an_export_is_the_list_without_pages
                "an export has all records that match, in the order of the selection";
            indexes indexes_come_and_go
                "an index that a field is given changes no answer";
        }
    };
}

/// Makes a `#[tokio::test]` of each [law](crate::laws). It is given the path of an async function without
/// parameters, which gives `Some` new, empty store, or `None` to skip the test. The caller needs `tokio` with
/// its features `macros` and `rt`.
#[doc(hidden)]
#[macro_export]
macro_rules! store_law_tests {
    ($open:path) => {
        $crate::__each_store_law!(store_law_tests!($open));
    };
    { ($open:path) $($theme:ident $law:ident $says:literal;)+ } => {
        $(
            #[doc = $says]
            #[tokio::test]
            async fn $law() {
                if let Some(store) = $open().await {
                    let law = $crate::laws::ALL.iter().find(|law| law.name() == stringify!($law));
                    law.expect("a law of this name").check(&store).await;
                }
            }
        )+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __all_store_laws {
    { () $($theme:ident $law:ident $says:literal;)+ } => {
        /// All laws:
        ///
        $(#[doc = concat!("* `", stringify!($law), "`: ", $says, ".")])+
        pub const ALL: &[Law] = &[
            $(Law {
                name: stringify!($law),
                says: $says,
                check: |store| Box::pin($theme::$law(store)),
            },)+
        ];
    };
}

__each_store_law!(__all_store_laws!());
