use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::{StoreError, StoreErrorKind};

/// A secret that opens one tenant's recordings (AUTH-5).
///
/// It is shown once, when it is made; a store keeps its [`TokenHash`] only. `Debug` does not print
/// it.
///
/// ```
/// use vcc_store::Token;
///
/// let token = Token::from_secret("ac12343934687a:839cf");
/// assert_eq!(token.reveal(), "ac12343934687a:839cf");
/// assert_eq!(format!("{token:?}"), "Token(…)");
/// // 256 bits are 43 characters, for there is no padding.
/// assert_eq!(Token::generate()?.reveal().len(), 43);
/// # Ok::<(), vcc_store::StoreError>(())
/// ```
pub struct Token(String);

impl Token {
    /// A new token: 256 bits from the operating system's generator, as 43 characters of base64url.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            StoreError::new(StoreErrorKind::Internal, "the system gives no random bytes")
                .with_source(error)
        })?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token that was issued elsewhere. Any text is one, also with `:` in it: in Basic
    /// credentials the first `:` ends the tenant's name, which has none (AUTH-5).
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
/// use vcc_store::{Token, TokenHash};
///
/// let known = [Token::from_secret("old").hash(), Token::from_secret("new").hash()];
/// assert!(TokenHash::of(b"old").is_among(&known));
/// assert!(!TokenHash::of(b"Old").is_among(&known));
/// // Nothing is among none.
/// assert!(!TokenHash::of(b"old").is_among(&[]));
/// // What is kept are the 32 bytes of the hash.
/// assert!(TokenHash::from_bytes(*known[0].as_bytes()).is_among(&known));
/// ```
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
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

    /// Whether this hash is one of `known`. Every one is compared, each in constant time, so that
    /// the time tells neither where a difference is nor which one was right (AUTH-5).
    #[must_use]
    pub fn is_among(&self, known: &[TokenHash]) -> bool {
        // Without a token to compare with, as for an unknown tenant, the same work is done once.
        let mut found = Choice::from(0);
        for hash in known {
            found |= self.0.ct_eq(&hash.0);
        }
        if known.is_empty() {
            found &= self.0.ct_eq(&[0; 32]);
        }
        found.into()
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
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_eq!(one.reveal().len(), 43);
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(one.reveal()).unwrap().len(), 32);
    }

    #[test]
    fn a_token_is_known_by_its_hash() {
        let token = Token::from_secret("with:colon");
        let other = TokenHash::of(b"other");
        assert!(token.hash().is_among(&[other, TokenHash::of(b"with:colon")]));
        assert!(!token.hash().is_among(&[other]));
        assert!(!token.hash().is_among(&[]));
        assert!(!TokenHash::from_bytes([0; 32]).is_among(&[]));
    }

    #[test]
    fn nothing_prints_a_secret() {
        let token = Token::from_secret("sesame");
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(…) TokenHash(…)");
    }
}
