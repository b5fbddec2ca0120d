//! Tokens, and what a store keeps of them.

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use vcc_types::TokenForm;

use crate::{StoreError, StoreErrorKind};

/// A secret that opens one tenant's recordings (AUTH-5).
///
/// It is shown once, when it is made; a store keeps only its [`TokenHash`]. `Debug` does not print
/// it.
///
/// ```
/// use vcc_store::Token;
/// use vcc_types::TokenForm;
///
/// let token = Token::from_secret("ac12343934687a:839cf");
/// assert_eq!(token.reveal(), "ac12343934687a:839cf");
/// assert_eq!(format!("{token:?}"), "Token(…)");
/// // A token that was made here can be checked for typing errors.
/// assert_eq!(TokenForm::of(Token::generate()?.reveal()), TokenForm::Whole);
/// # Ok::<(), vcc_store::StoreError>(())
/// ```
pub struct Token(String);

impl Token {
    /// A new token: 256 bits from the operating system's generator, as 54 characters that scanners for
    /// secrets find and that a [`TokenForm`] checks.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let no_bytes =
            || StoreError::new(StoreErrorKind::Internal, "the system gives no random bytes");
        let mut secret = String::with_capacity(TokenForm::SECRET);
        while secret.len() < TokenForm::SECRET {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| no_bytes().with_source(error))?;
            let missing = TokenForm::SECRET - secret.len();
            secret.extend(bytes.into_iter().filter_map(TokenForm::digit).take(missing));
        }
        TokenForm::write(&secret).map(Self).ok_or_else(no_bytes)
    }

    /// A token that was issued elsewhere. It may be any text, also one with `:`: in Basic
    /// credentials the first `:` ends the name of the tenant, which has none (AUTH-5).
    #[must_use]
    pub fn from_secret(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a store keeps of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The SHA-256 hash of a token.
///
/// A plain, fast hash is enough: a slow one protects secrets that can be guessed, and 256 random
/// bits cannot.
///
/// ```
/// use vcc_store::{KnownToken, Token, TokenHash};
///
/// let known = |id, secret: &str| KnownToken { id, hash: Token::from_secret(secret).hash() };
/// let known = [known(1, "old"), known(7, "new")];
/// assert_eq!(TokenHash::of(b"new").find_among(&known), Some(7));
/// assert_eq!(TokenHash::of(b"New").find_among(&known), None);
/// // Without known tokens there is nothing to find.
/// assert_eq!(TokenHash::of(b"old").find_among(&[]), None);
/// // A store keeps the 32 bytes of the hash.
/// let kept = TokenHash::from_bytes(*known[0].hash.as_bytes());
/// assert_eq!(kept.find_among(&known), Some(1));
/// ```
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of no known token.
    pub(crate) const NONE: Self = Self([0; 32]);

    /// The hash of a token's bytes.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// A hash that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The number of the token among `known` that has this hash. Each is compared in constant time,
    /// so the time reveals neither where a difference is nor which one matched (AUTH-5).
    #[must_use]
    pub fn find_among(&self, known: &[KnownToken]) -> Option<i64> {
        let (mut found, mut number) = (Choice::from(0), 0_i64);
        for token in known {
            let equal = self.0.ct_eq(&token.hash.0);
            number.conditional_assign(&token.id, equal);
            found |= equal;
        }
        // Without known tokens, as for an unknown tenant, the same work is done once.
        if known.is_empty() {
            found &= self.0.ct_eq(&Self::NONE.0);
        }
        bool::from(found).then_some(number)
    }
}

/// A token that opens a tenant, as a store knows it.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, TokenHash};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let made = store.add_token(tenant.id, TokenHash::of(b"secret"), "reporting", now).await?;
/// let known = store.credentials("acme", &TokenHash::of(b"secret")).await?.unwrap().token.unwrap();
/// assert_eq!(known.id, made.id);
/// assert_eq!(format!("{known:?}"), "KnownToken { id: 1, hash: TokenHash(…) }");
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KnownToken {
    /// The number by which it is listed and revoked.
    pub id: i64,
    /// The hash that is kept of it.
    pub hash: TokenHash,
}

/// What a list of tokens says of one.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, TokenHash};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let first = store.add_token(tenant.id, TokenHash::of(b"one"), "night shift", now).await?;
/// assert_eq!((first.id, first.label.as_str(), first.created), (1, "night shift", now));
/// store.revoke_token(tenant.id, first.id).await?;
/// // The number of a revoked token is never used again.
/// let second = store.add_token(tenant.id, TokenHash::of(b"two"), "", now).await?;
/// assert_eq!(second.id, 2);
/// assert_eq!(store.tokens(tenant.id).await?, [second]);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// The number by which it is revoked.
    pub id: i64,
    /// The label that it was given.
    pub label: String,
    /// When it was made.
    pub created: DateTime<Utc>,
}

impl TokenInfo {
    /// Refuses a label that is not one line of at most 100 characters, without control and format
    /// characters.
    ///
    /// ```
    /// use vcc_store::TokenInfo;
    ///
    /// assert!(TokenInfo::check_label("night shift").is_ok());
    /// let error = TokenInfo::check_label("night\nshift").unwrap_err();
    /// assert!(error.to_string().contains("holds U+000A: expected one line"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Refused`](StoreErrorKind::Refused), and the message says what would be accepted.
    pub fn check_label(label: &str) -> Result<(), StoreError> {
        crate::label::check(label)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_256_random_bits() {
        let made: Vec<_> = (0..200).map(|_| Token::generate().unwrap()).collect();
        let mut texts: Vec<_> = made.iter().map(Token::reveal).collect();
        assert!(texts.iter().all(|text| TokenForm::of(text) == TokenForm::Whole), "{texts:?}");
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 200);
        // Every digit, in the first place and in the last.
        for place in [TokenForm::PREFIX.len(), TokenForm::PREFIX.len() + TokenForm::SECRET - 1] {
            let mut digits: Vec<_> = texts.iter().map(|text| text.as_bytes()[place]).collect();
            digits.sort_unstable();
            digits.dedup();
            assert!(digits.len() > 40, "{digits:?}");
        }
    }

    #[test]
    fn a_token_is_known_by_its_hash() {
        let token = Token::from_secret("with:colon");
        let known = |id, secret: &str| KnownToken { id, hash: TokenHash::of(secret.as_bytes()) };
        let (one, two) = (known(1, "other"), known(2, "with:colon"));
        assert_eq!(token.hash().find_among(&[one, two]), Some(2));
        assert_eq!(token.hash().find_among(&[two, one]), Some(2));
        assert_eq!(token.hash().find_among(&[one]), None);
        assert_eq!(token.hash().find_among(&[]), None);
        assert_eq!(TokenHash::from_bytes([0; 32]).find_among(&[]), None);
    }

    #[test]
    fn nothing_prints_a_secret() {
        let token = Token::from_secret("sesame");
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(…) TokenHash(…)");
    }
}
