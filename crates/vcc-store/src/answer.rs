//! What one request asks of a store: the credentials that it is checked against, and a page.

use vcc_query::Selection;

use crate::Credentials;

/// Decides what a request gets, once it is known which tenant it names and whether its token opens
/// that: [`Store::answer`](crate::Store::answer) calls it.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use chrono::DateTime;
/// use vcc_query::{Context, Query};
/// use vcc_store::{Credentials, Sqlite, Store as _, Token};
///
/// let store = Sqlite::in_memory()?;
/// let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
/// let tenant = store.add_tenant("acme", "America/Denver".parse().unwrap(), now).await?;
/// let token = Token::generate()?;
/// store.add_token(tenant.id, token.hash(), "first", now).await?;
///
/// let mut decide = |credentials: Option<Credentials>| {
///     let credentials = credentials?;
///     token.hash().find_among(credentials.token.as_slice())?;
///     let tenant_tz = credentials.tenant.zone;
///     let context = Context { now, tenant_tz, dialect: Default::default() };
///     Query::parse("d=today").ok()?.resolve(&context).ok()
/// };
/// let page = store.answer("acme", &token.hash(), &mut decide).await?;
/// assert!(page.is_some_and(|page| page.records.is_empty() && !page.more));
/// assert!(store.answer("globex", &token.hash(), &mut decide).await?.is_none());
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
///
/// It is called for an unknown tenant too:
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Credentials, Decide, Sqlite, Store as _, TokenHash};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let store = Sqlite::in_memory()?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// let mut asked = Vec::new();
/// let mut nothing = |credentials: Option<Credentials>| {
///     asked.push(credentials.map(|credentials| credentials.tenant.name));
///     None
/// };
/// let decide: &mut Decide<'_> = &mut nothing;
/// let token = TokenHash::of(b"secret");
/// assert!(store.answer("acme", &token, decide).await?.is_none());
/// // That takes the same work.
/// assert!(store.answer("nobody", &token, decide).await?.is_none());
/// assert_eq!(asked, [Some("acme".to_owned()), None]);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
pub type Decide<'a> = dyn FnMut(Option<Credentials>) -> Option<Selection> + Send + 'a;
