//! The file or stdin, and what identifies its import.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};
use vcc_query::Zone;

use super::begun::{self, Begun, Options};
use super::file_format::FileFormat;
use super::kind::{self, NotRead};
use crate::commands::failure::{Failure, cannot};
use crate::commands::progress::Progress;

/// How many bytes are read at once.
pub(super) const BUFFER: usize = 256 * 1024;

pub(super) struct Source {
    path: PathBuf,
    file: Option<File>,
    length: Option<u64>,
}

/// What identifies an import.
#[derive(Clone)]
pub(super) struct Identity {
    /// The digest of the whole file.
    pub(super) digest: String,
    /// The digest with the options that change what is stored.
    pub(super) import: String,
    /// The same without the digest, and with `--map`.
    pub(super) begun: Begun,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let path = path.to_owned();
        if path.as_os_str() == "-" {
            return Ok(Self { path, file: None, length: None });
        }
        let file = File::open(&path).map_err(|error| cannot("read", &path, &error))?;
        let about = file.metadata().map_err(|error| cannot("read", &path, &error))?;
        let length = about.is_file().then_some(about.len());
        Ok(Self { path, file: Some(file), length })
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The name of the file for messages.
    pub(super) fn name(&self) -> String {
        match &self.file {
            None => "stdin".to_owned(),
            Some(_) => self.path.display().to_string(),
        }
    }

    /// What tells this import from others, so that an interrupted one is recognized: the hash of the
    /// whole file, since the part before the place where it resumes must be the same, and the options
    /// that change what is stored. `None` for a source that cannot be read twice. `options` are
    /// completed by the format of the file.
    pub(super) fn identity(
        &self,
        format: Option<FileFormat>,
        options: impl FnOnce(FileFormat) -> Options,
    ) -> Result<Option<Identity>, Failure> {
        let (Some(file), Some(_)) = (self.file.as_ref(), self.length) else {
            return Ok(None);
        };
        let read = || -> Result<Identity, NotRead> {
            // Naming the format that is recognized anyway changes nothing.
            let format = kind::open(Box::new(file), format)?.format;
            let mut reader = BufReader::with_capacity(BUFFER, file);
            reader.rewind()?;
            let mut hash = Sha256::new();
            loop {
                let read = match reader.fill_buf()? {
                    [] => break,
                    bytes => {
                        hash.update(bytes);
                        bytes.len()
                    }
                };
                reader.consume(read);
            }
            reader.rewind()?;
            let digest = hex(hash);
            let options = options(format);
            let zone = options.zone.as_ref().map(Zone::name);
            let import = begun::import(&digest, format, zone, options.update);
            Ok(Identity { digest, import, begun: Begun::new(&options) })
        };
        read().map(Some).map_err(|error| error.failure(&self.name()))
    }

    /// Opens the same file once more, if that is possible.
    pub(super) fn again(path: &Path) -> Option<Self> {
        let source = Self::open(path).ok()?;
        source.length.is_some().then_some(source)
    }

    /// Starts reading.
    pub(super) fn reader(self, progress: Progress) -> Raw {
        let once = self.length.is_none();
        let inner: Box<dyn Read> = match self.file {
            Some(file) => Box::new(file),
            None => Box::new(io::stdin()),
        };
        let hash = once.then(|| Rc::new(RefCell::new(Sha256::new())));
        Raw { inner, progress, hash }
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a source that is read only once.
pub(super) type Hash = Option<Rc<RefCell<Sha256>>>;

/// The hash in hexadecimal, if there is one.
pub(super) fn digest(hash: &Hash) -> Option<String> {
    hash.as_ref().map(|hash| hex(hash.borrow().clone()))
}

/// The bytes as they come. Advances the progress bar, and hashes a source that cannot be read twice.
pub(super) struct Raw {
    inner: Box<dyn Read>,
    progress: Progress,
    pub(super) hash: Hash,
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.progress.bytes(read as u64);
        if let Some(hash) = &self.hash {
            hash.borrow_mut().update(&into[..read]);
        }
        Ok(read)
    }
}
