//! The files of the certificate and the key of `serve`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vcc_server::Tls;

use super::failure::{Failure, cannot};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A certificate and its key in files that may change while they are used.
pub(super) struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    /// The content of both when they were last read. Content is compared, because a copy may keep the time
    /// of its original.
    seen: [Option<Vec<u8>>; 2],
    tls: Tls,
}

impl CertificateFiles {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, Failure> {
        let content = [read(certificate)?, read(key)?];
        let tls = tls(certificate, key, &content)?;
        let seen = content.map(Some);
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), seen, tls })
    }

    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Follows changes of the files. Open connections stay open.
    pub(super) async fn follow(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.look().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("the certificate was read again"),
                // Half written, or only one of the two so far. The rest will be another change.
                Err(error) => tracing::warn!(%error, "the certificate changed and cannot be used"),
            }
        }
    }

    /// Uses new content, if there is some, and says whether.
    async fn look(&mut self) -> Result<bool, Failure> {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        // Reading from a dead mount or a pipe may block for ever. So another thread does it.
        let reading = tokio::task::spawn_blocking(move || (read(&certificate), read(&key)));
        let (certificate, key) = reading.await.map_err(|error| Failure::new(error.to_string()))?;
        let seen = [&certificate, &key].map(|content| content.as_ref().ok().cloned());
        if seen == self.seen {
            return Ok(false);
        }
        self.seen = seen;
        self.tls.replace(&tls(&self.certificate, &self.key, &[certificate?, key?])?);
        Ok(true)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| cannot("read", path, &error))
}

fn tls(certificate: &Path, key: &Path, content: &[Vec<u8>; 2]) -> Result<Tls, Failure> {
    Tls::from_pem(&content[0], &content[1]).map_err(|error| {
        let (certificate, key) = (certificate.display(), key.display());
        Failure::new(format!("{certificate} with {key}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_changed_since_it_was_read_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["certificate", "key"].map(|name| folder.path().join(name));
        let pem = || {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let ((old, old_key), (new, new_key)) = (pem(), pem());
        std::fs::write(&certificate, old).unwrap();
        std::fs::write(&key, old_key).unwrap();
        let mut files = CertificateFiles::read(&certificate, &key).unwrap();
        // Before the first look.
        std::fs::write(&certificate, new).unwrap();
        let error = files.look().await.unwrap_err().to_string();
        assert!(error.contains("the certificate and key cannot be used"), "{error}");
        assert!(!files.look().await.unwrap());
        std::fs::write(&key, new_key).unwrap();
        assert!(files.look().await.unwrap());
        assert!(!files.look().await.unwrap());
        std::fs::remove_file(&key).unwrap();
        assert!(files.look().await.unwrap_err().to_string().starts_with("cannot read "));
    }
}
