//! The story of a conversion: how it was attributed and computed, as it is stored, and a fingerprint by which two are
//! compared without being read.

use crate::{StoreError, decode};
use domain::settle::Conversion;
use sha2::{Digest, Sha256};

/// Two documents, as JSON.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// The bind.
    pub(super) attribution: Option<String>,
    /// Candidates, decision and arithmetic.
    pub(super) explanation: String,
}

impl Story {
    /// That of a conversion.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which everything that is computed can.
    pub(super) fn of(conversion: &Conversion) -> Result<Self, StoreError> {
        let attribution = conversion.bind.as_ref().map(serde_json::to_string).transpose().map_err(decode)?;
        let explanation = serde_json::to_string(&conversion.explanation).map_err(decode)?;
        Ok(Self { attribution, explanation })
    }

    /// Of 64 bits: of two versions of one story, no two that differ will have the same.
    pub(super) fn fingerprint(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.attribution.as_deref().unwrap_or_default());
        hash.update([0]);
        hash.update(&self.explanation);
        let hash: [u8; 32] = hash.finalize().into();
        hash.first_chunk().copied().map_or(0, i64::from_be_bytes)
    }
}
