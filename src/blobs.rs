//! Files outside the database: content-addressed, in a folder or in S3-compatible storage.
//!
//! A file's name is the SHA-256 of its bytes, under a folder of its first two letters. So the same bytes are kept once,
//! nothing that is there is ever overwritten by something else, and a file can be put before the transaction that
//! speaks of it: where that is rolled back, bytes stay behind that no row names, which costs space and nothing else.
//! The other order could lose a file that a committed row names.

use crate::error::{Error, Problem, ProblemType, Result};
use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart, aws::AmazonS3Builder,
    local::LocalFileSystem, memory::InMemory, path::Path as Key, prefix::PrefixStore,
};
use std::{fs, io, os::unix::fs::DirBuilderExt, path::Path, sync::Arc, time::Duration};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

/// The bytes of a file, as they come.
pub type Pieces = BoxStream<'static, object_store::Result<Bytes>>;

/// What is read of a file at a time.
const PIECE: usize = 256 * 1024;

/// Longest wait for an answer of S3-compatible storage, retries included: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

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

    /// In a folder, made when it is missing, that only its owner reads. A file is written beside its place, synced and
    /// renamed, so that what stands under its name is whole.
    ///
    /// # Errors
    /// A sentence for the operator: the folder cannot be used.
    pub fn folder(path: &Path) -> Result<Self, String> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let store = LocalFileSystem::new_with_prefix(path)
            .map_err(|error| error.to_string())?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// In S3-compatible storage: `s3://bucket` or `s3://bucket/prefix`. Keys, region and endpoint come from the usual
    /// variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`).
    ///
    /// # Errors
    /// A sentence for the operator: the address cannot be used.
    pub fn s3(url: &str) -> Result<Self, String> {
        let (bucket, prefix) = bucket_and_prefix(url)?;
        // The HTTP client takes the process's provider of cryptography. Another part of the program may have set the
        // same one before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let is_plain_http = std::env::var("AWS_ENDPOINT")
            .or_else(|_| std::env::var("AWS_ENDPOINT_URL"))
            .is_ok_and(|endpoint| endpoint.starts_with("http://"));
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(ClientOptions::new().with_timeout(PATIENCE))
            .with_allow_http(is_plain_http)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: PATIENCE,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            store: match prefix {
                "" => Arc::new(store),
                prefix => Arc::new(PrefixStore::new(store, prefix)),
            },
        })
    }

    /// Keeps these bytes. Cheap where they are kept already.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn put(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let key = digest.key();
        match self.store.head(&key).await {
            Ok(kept) if kept.size == bytes.len() as u64 => return Ok(digest),
            // A file of another length was damaged from outside: it is written anew.
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(unavailable(&error)),
        }
        self.store
            .put(&key, Bytes::copy_from_slice(bytes).into())
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(digest)
    }

    /// Deletes the bytes under that name, if they are kept.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn delete(&self, digest: &Digest) -> Result<()> {
        match self.store.delete(&digest.key()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Keeps a file that has these bytes. Read in pieces, so that its size does not matter.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer. A file that has other bytes is an error of ours, and not kept.
    pub async fn put_file(&self, digest: &Digest, path: &Path) -> Result<()> {
        let (found, _) = self.upload(&digest.key(), path, Some(digest)).await?;
        debug_assert_eq!(found, *digest);
        Ok(())
    }

    /// The bytes under that name in pieces, and how many they are; nothing where none are kept. Whoever reads them checks them.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn open(&self, digest: &Digest) -> Result<Option<(u64, Pieces)>> {
        self.stream(&digest.key()).await
    }

    /// Keeps the file of an export, under a name of its own: it is taken away again, which what is kept by its bytes may never
    /// be. Returns what its bytes are and how many.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn put_export(&self, id: Uuid, path: &Path) -> Result<(Digest, i64)> {
        self.upload(&export_key(id), path, None).await
    }

    /// The file of an export.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn open_export(&self, id: Uuid) -> Result<Option<(u64, Pieces)>> {
        self.stream(&export_key(id)).await
    }

    /// Takes the file of an export away; gone already is as good.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer.
    pub async fn delete_export(&self, id: Uuid) -> Result<()> {
        match self.store.delete(&export_key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn stream(&self, key: &Key) -> Result<Option<(u64, Pieces)>> {
        match self.store.get(key).await {
            Ok(found) => Ok(Some((found.meta.size, found.into_stream()))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Nothing is kept of what breaks off, or is not what it should be.
    async fn upload(
        &self,
        key: &Key,
        path: &Path,
        expected: Option<&Digest>,
    ) -> Result<(Digest, i64)> {
        use sha2::{Digest as _, Sha256};
        let unreadable =
            |error: io::Error| Error::Internal(format!("a file cannot be read: {error}").into());
        let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let upload = self.store.put_multipart(key).await;
        let mut upload = WriteMultipart::new(upload.map_err(|error| unavailable(&error))?);
        let mut sha256 = Sha256::new();
        let mut size = 0;
        let sent = async {
            loop {
                let mut piece = BytesMut::with_capacity(PIECE);
                if file.read_buf(&mut piece).await.map_err(unreadable)? == 0 {
                    return Ok(());
                }
                sha256.update(&piece);
                size += piece.len() as i64;
                let room = upload.wait_for_capacity(2).await;
                room.map_err(|error| unavailable(&error))?;
                upload.put(piece.freeze());
            }
        };
        let sent: Result<()> = sent.await;
        let digest = Digest(sha256.finalize().into());
        let result = sent.and_then(|()| match expected {
            Some(expected) if *expected != digest => Err(Error::Internal(
                format!("a file is {digest} instead of {expected}").into(),
            )),
            _ => Ok((digest, size)),
        });
        match &result {
            Ok(_) => drop(upload.finish().await.map_err(|error| unavailable(&error))?),
            // What was sent so far is the storage's to forget; the first error says more than one about that.
            Err(_) => drop(upload.abort().await),
        }
        result
    }

    /// The bytes under that name, or nothing where none are kept.
    ///
    /// # Errors
    /// 503 `unavailable`: the storage does not answer. Bytes that are not what their name says are an error of ours.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>> {
        let read = async { self.store.get(&digest.key()).await?.bytes().await };
        match read.await {
            Ok(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            Ok(_) => Err(Error::Internal(
                format!("the file {digest} was altered outside the program").into(),
            )),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

/// Beside the folders of two letters.
fn export_key(id: Uuid) -> Key {
    Key::from_iter(["exports".to_owned(), id.to_string()])
}

/// The parts of `s3://bucket/prefix`.
fn bucket_and_prefix(url: &str) -> Result<(&str, &str), String> {
    let rest = url
        .strip_prefix("s3://")
        .ok_or("it must look like s3://bucket/prefix")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    match bucket {
        "" => Err("the bucket is missing in s3://bucket/prefix".into()),
        bucket => Ok((bucket, prefix.trim_matches('/'))),
    }
}

/// The client hears that it is worth another try, the log why.
fn unavailable(error: &object_store::Error) -> Error {
    tracing::error!(%error, "the storage of files does not answer");
    Error::Problem(Box::new(Problem {
        kind: ProblemType::Unavailable,
        detail: "The storage of files does not answer. Try again.".into(),
        errors: Vec::new(),
        retry_after: Some(5),
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, gone with it.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new() -> Self {
            let name = format!("madoguchi-blobs-{}", uuid::Uuid::now_v7());
            Self(std::env::temp_dir().join(name))
        }

        fn path_of(&self, digest: &Digest) -> std::path::PathBuf {
            let name = digest.to_string();
            self.0.join(&name[..2]).join(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// What every storage keeps.
    async fn keeps_its_promises(blobs: &Blobs) {
        let absent = Digest::of(b"never put");
        assert!(blobs.get(&absent).await.unwrap().is_none());
        let large = vec![7_u8; 3 * 1024 * 1024];
        for bytes in [&b""[..], "在宅勤務規程".as_bytes(), &large] {
            let digest = blobs.put(bytes).await.unwrap();
            assert_eq!(digest, Digest::of(bytes));
            assert_eq!(blobs.get(&digest).await.unwrap().unwrap(), bytes);
            assert_eq!(blobs.put(bytes).await.unwrap(), digest);
        }
        let at_once = futures_util::future::join_all((0..8).map(|_| blobs.put(&large)));
        for digest in at_once.await {
            assert_eq!(digest.unwrap(), Digest::of(&large));
        }
        assert_eq!(
            blobs.get(&Digest::of(&large)).await.unwrap().unwrap(),
            large
        );
    }

    #[tokio::test]
    async fn memory() {
        keeps_its_promises(&Blobs::in_memory()).await;
    }

    #[tokio::test]
    async fn folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let blobs = Blobs::folder(&folder.0).unwrap();
        keeps_its_promises(&blobs).await;
        let mode = fs::metadata(&folder.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        // Another process over the same folder finds what this one put, and nothing is left beside it.
        let again = Blobs::folder(&folder.0).unwrap();
        let digest = Digest::of("在宅勤務規程".as_bytes());
        assert!(again.get(&digest).await.unwrap().is_some());
        let path = folder.path_of(&digest);
        let beside = fs::read_dir(path.parent().unwrap()).unwrap();
        for file in beside {
            assert_eq!(file.unwrap().file_name().len(), 64);
        }
    }

    /// `tests/python/s3.sh` starts one and runs this.
    #[tokio::test]
    #[ignore = "needs S3-compatible storage"]
    async fn s3() {
        let url = std::env::var("MADOGUCHI_STORAGE_URL").expect("it names the storage");
        keeps_its_promises(&Blobs::s3(&url).unwrap()).await;
    }

    #[tokio::test]
    async fn what_was_altered_is_not_given_out() {
        let folder = Folder::new();
        let blobs = Blobs::folder(&folder.0).unwrap();
        let digest = blobs.put(b"a report").await.unwrap();
        fs::write(folder.path_of(&digest), b"a rumour").unwrap();
        assert!(matches!(blobs.get(&digest).await, Err(Error::Internal(_))));
        fs::write(folder.path_of(&digest), b"cut").unwrap();
        assert!(blobs.get(&digest).await.is_err());
        // Another length is noticed when the same bytes come again.
        blobs.put(b"a report").await.unwrap();
        assert_eq!(&blobs.get(&digest).await.unwrap().unwrap()[..], b"a report");
    }

    #[tokio::test]
    async fn a_storage_that_is_away_is_503() {
        let folder = Folder::new();
        let blobs = Blobs::folder(&folder.0).unwrap();
        let digest = Digest::of(b"x");
        // A folder stands where the file should be.
        fs::create_dir_all(folder.path_of(&digest)).unwrap();
        let error = blobs.put(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ProblemType::Unavailable);
    }

    #[test]
    fn addresses_of_storage() {
        assert_eq!(bucket_and_prefix("s3://files"), Ok(("files", "")));
        assert_eq!(
            bucket_and_prefix("s3://files/madoguchi/one/"),
            Ok(("files", "madoguchi/one"))
        );
        for bad in ["", "files", "http://files", "s3://", "s3:///prefix"] {
            assert!(bucket_and_prefix(bad).is_err(), "{bad}");
        }
    }
}
