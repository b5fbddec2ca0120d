//! Whether a file was imported before, so that its records without keys would be there twice.

use vcc_store::{Batch, Checkpoint, Store, TenantId};

use super::begun::{self, Begun};
use super::source::Identity;
use super::{Import, Target, ended};
use crate::commands::failure::Failure;
use crate::commands::note;

/// Refuses a file that was imported to its end, or was begun with other options, if it would add records
/// twice. Returns what is known of an import that continues.
pub(super) async fn once(
    store: &dyn Store,
    tenant: TenantId,
    identity: &Identity,
    name: &str,
    again: bool,
) -> Result<Option<Begun>, Failure> {
    let Identity { digest, import, begun: now } = identity;
    let mut anew = false;
    if let Some(when) = ended::when(store, tenant, digest).await? {
        // In an empty store, nothing can be stored twice: everything was deleted, or a bulk load was
        // interrupted after its last record.
        if !again && store.count(tenant).await? > 0 {
            let when = ended::written(when);
            let failure = Failure::new(format!(
                "{name} was imported to its end at {when}, and holds records without transactionID \
                 and filename, which would be there twice"
            ));
            return Err(failure.hint(
                "what was left out then is added by importing the file of its rejects, once that is \
                 repaired (--dry-run --reject FILE makes it); --again adds all of this file again",
            ));
        }
        anew = true;
    }
    let mut begun = begun::of(store, tenant, digest).await?;
    let others = begun.map(|begun| begun.other_than(*now)).unwrap_or_default();
    if let Some(there) = begun.filter(|_| !others.is_empty()) {
        let others = others.join(", ");
        if there.keyless && !again {
            let failure = Failure::new(format!(
                "an import of {name} was begun with other options ({others}) and broken off: what it \
                 has stored holds records without transactionID and filename, which would be there twice"
            ));
            return Err(failure.hint(
                "with those options it goes on where it was; --again adds all of this file with these",
            ));
        }
        note(format_args!(
            "an import of {name} was begun with other options ({others}) and broken off: this one \
             begins with the first record"
        ));
        if let Some(other) = there.import(digest) {
            forget(store, tenant, &other).await?;
        }
        anew = true;
    }
    if anew {
        // It begins with its first record. From then on it can be resumed.
        forget(store, tenant, import).await?;
        begun::note(store, tenant, digest, begun, None).await?;
        begun = None;
        ended::forget(store, tenant, digest).await?;
    }
    Ok(begun)
}

async fn forget(store: &dyn Store, tenant: TenantId, import: &str) -> Result<(), Failure> {
    let after = store.checkpoint(tenant, import).await?;
    let checkpoint = Some(Checkpoint { source: import.to_owned(), after, records: 0 });
    store.import(tenant, Batch { checkpoint, ..Batch::default() }).await?;
    Ok(())
}

/// For a pipe, only the end shows that it was imported before.
pub(super) async fn say(store: &dyn Store, tenant: TenantId, digest: &str) -> Result<(), Failure> {
    if let Some(when) = ended::when(store, tenant, digest).await? {
        note(format_args!(
            "warning: the same bytes were imported at {}: their records without transactionID and \
             filename are there twice now",
            ended::written(when)
        ));
    }
    Ok(())
}

impl Import {
    /// Records the options of an import before it stores records.
    pub(super) async fn note_begun(
        &mut self,
        store: &dyn Store,
        begun: Option<Begun>,
    ) -> Result<(), Failure> {
        if let Some(identity) = &self.identity {
            begun::note(store, self.tenant, &identity.digest, self.begun, begun).await?;
            self.begun = begun;
        }
        Ok(())
    }

    /// What has to be recorded before a batch is stored, if it is not recorded yet.
    pub(super) fn beginning(&self, keyless: bool) -> Option<Begun> {
        let now = self.identity.as_ref()?.begun;
        let keyless = keyless || self.begun.is_some_and(|begun| begun.keyless);
        Some(now.keyless(keyless)).filter(|begun| self.begun != Some(*begun))
    }

    /// Records that it stopped at unknown names: more `--map` may follow.
    pub(super) async fn note_stop(&mut self, store: &dyn Store) -> Result<(), Failure> {
        match self.begun {
            Some(begun) => self.note_begun(store, Some(begun.stopped())).await,
            None => Ok(()),
        }
    }

    /// Ends an import whose records are all in the store. If it is killed anywhere in here, the same
    /// command neither begins again nor loses anything.
    pub(super) async fn end(&mut self, store: &dyn Store, keyless: bool) -> Result<(), Failure> {
        let digest = self.identity.as_ref().map(|identity| identity.digest.clone());
        let stores = matches!(self.target, Some(Target::Store(_) | Target::Bulk(_)));
        let digest = digest.filter(|_| stores && keyless);
        // This comes first: an import that is forgotten would begin with its first record.
        if let Some(digest) = &digest {
            ended::note(store, self.tenant, digest).await?;
        }
        match self.target.take() {
            Some(Target::Bulk(load)) => {
                let settled = self.settle(load, self.on_conflict).await;
                if let (Err(_), Some(digest)) = (&settled, &digest)
                    && store.count(self.tenant).await? == 0
                {
                    ended::forget(store, self.tenant, digest).await?;
                }
                settled
            }
            Some(Target::Store(_)) => {
                if let Some(identity) = self.identity.clone() {
                    forget(store, self.tenant, &identity.import).await?;
                    self.note_begun(store, None).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
