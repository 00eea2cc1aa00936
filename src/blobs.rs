//! Files outside the database: content-addressed, in a folder or in S3-compatible storage.

use crate::error::{Error, Result};
use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt, local::LocalFileSystem, memory::InMemory, path::Path as Key,
};
use std::{path::Path, sync::Arc};

/// Where files are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// In memory, gone with the process: for tests.
    pub fn in_memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
        }
    }

    /// In a folder, made when it is missing.
    ///
    /// # Errors
    /// A sentence for the operator: the folder cannot be used.
    pub fn folder(path: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|error| error.to_string())?;
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// Keeps these bytes. Cheap where they are kept already.
    ///
    /// # Errors
    /// The storage does not answer.
    pub async fn put(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        self.store
            .put(&digest.key(), Bytes::copy_from_slice(bytes).into())
            .await
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(digest)
    }

    /// The bytes under that name, or nothing where none are kept.
    ///
    /// # Errors
    /// The storage does not answer.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>> {
        let read = async { self.store.get(&digest.key()).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::Internal(error.into())),
        }
    }

    /// In S3-compatible storage: `s3://bucket/prefix`.
    ///
    /// # Errors
    /// A sentence for the operator: the address cannot be used.
    pub fn s3(_url: &str) -> Result<Self, String> {
        Err("not written yet".into())
    }
}

/// SHA-256 of a file's bytes: its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        Self(Sha256::digest(bytes).into())
    }

    /// The one with these 32 bytes, as the database has it.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    fn key(&self) -> Key {
        let name = self.to_string();
        Key::from_iter([&name[..2], &name])
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
