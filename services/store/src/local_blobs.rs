//! Files by content hash in a local folder.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{Error as ObjectError, ObjectStoreExt};
use sha2::{Digest, Sha256};

use crate::blobs::Blobs;
use crate::error::{StoreError, StoreResult};

/// Files by content hash in a local folder, spread over two levels of folders by the first characters of the hash. A
/// file is written under another name, flushed to the disk, and then renamed, as is its folder.
#[derive(Debug)]
pub struct LocalBlobs {
    files: LocalFileSystem,
}

impl LocalBlobs {
    /// Opens the folder, and makes it when it is not there.
    ///
    /// # Errors
    /// `Blob` when the folder cannot be made or read.
    pub fn new(folder: &Path) -> StoreResult<Self> {
        let refused = |problem: String| StoreError::Blob {
            hash: format!("folder {}", folder.display()),
            problem,
        };
        std::fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
        let folder: PathBuf = folder.canonicalize().map_err(|error| refused(error.to_string()))?;
        let files = LocalFileSystem::new_with_prefix(&folder).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            files: files.with_fsync(true),
        })
    }

    async fn read(&self, hash: &str) -> StoreResult<Option<Bytes>> {
        match self.files.get(&path_of(hash)?).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(|error| failure(hash, &error))?)),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure(hash, &error)),
        }
    }
}

#[async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, bytes: Bytes) -> StoreResult<String> {
        let (hash, bytes) = hash_of(bytes).await?;
        // Reading it back also heals a file that was damaged on the disk: it is written again.
        if self.read(&hash).await?.is_some_and(|stored| stored == bytes) {
            return Ok(hash);
        }
        self.files
            .put(&path_of(&hash)?, bytes.into())
            .await
            .map_err(|error| failure(&hash, &error))?;
        Ok(hash)
    }

    async fn get(&self, hash: &str) -> StoreResult<Option<Bytes>> {
        let Some(stored) = self.read(hash).await? else {
            return Ok(None);
        };
        let (actual, bytes) = hash_of(stored).await?;
        if actual == hash {
            Ok(Some(bytes))
        } else {
            Err(StoreError::Blob {
                hash: hash.to_owned(),
                problem: format!("the stored file is damaged: its hash is {actual}; import the original again"),
            })
        }
    }
}

fn path_of(hash: &str) -> StoreResult<ObjectPath> {
    let is_hash = hash.len() == 64
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match (is_hash, hash.get(..2), hash.get(2..4)) {
        (true, Some(first), Some(second)) => Ok(ObjectPath::from_iter([first, second, hash])),
        _ => Err(StoreError::Blob {
            hash: hash.chars().take(80).collect(),
            problem: "not a hash: expected 64 lower-case hexadecimal digits".to_owned(),
        }),
    }
}

async fn hash_of(bytes: Bytes) -> StoreResult<(String, Bytes)> {
    tokio::task::spawn_blocking(move || (hex::encode(Sha256::digest(&bytes)), bytes))
        .await
        .map_err(|error| StoreError::Blob {
            hash: "not computed".to_owned(),
            problem: error.to_string(),
        })
}

fn failure(hash: &str, error: &ObjectError) -> StoreError {
    StoreError::Blob {
        hash: hash.to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_bytes_under_their_hash() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::new(&folder.path().join("new/blobs")).unwrap();
        for content in [&b""[..], b"abc", &[0, 255, 10, 13], &vec![7; 3_000_000]] {
            let bytes = Bytes::copy_from_slice(content);
            let hash = blobs.put(bytes.clone()).await.unwrap();
            assert_eq!(hash, hex::encode(Sha256::digest(content)));
            assert_eq!(blobs.put(bytes.clone()).await.unwrap(), hash);
            assert_eq!(blobs.get(&hash).await.unwrap(), Some(bytes));
            let file = folder
                .path()
                .join("new/blobs")
                .join(&hash[..2])
                .join(&hash[2..4])
                .join(&hash);
            assert_eq!(std::fs::read(file).unwrap(), content);
        }
    }

    #[tokio::test]
    async fn knows_nothing_of_other_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::new(folder.path()).unwrap();
        assert_eq!(blobs.get(&"0".repeat(64)).await.unwrap(), None);
        for wrong in ["", "../../etc/passwd", &"A".repeat(64), &"é".repeat(32)] {
            assert!(
                matches!(blobs.get(wrong).await, Err(StoreError::Blob { .. })),
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn notices_damage_and_heals_it() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::new(folder.path()).unwrap();
        let hash = blobs.put(Bytes::from_static(b"invoice")).await.unwrap();
        let file = folder.path().join(&hash[..2]).join(&hash[2..4]).join(&hash);
        std::fs::write(&file, b"inv").unwrap();
        let error = blobs.get(&hash).await.unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
        blobs.put(Bytes::from_static(b"invoice")).await.unwrap();
        assert_eq!(blobs.get(&hash).await.unwrap(), Some(Bytes::from_static(b"invoice")));
    }

    #[tokio::test]
    async fn many_writers_of_the_same_file_agree() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = std::sync::Arc::new(LocalBlobs::new(folder.path()).unwrap());
        let writers: Vec<_> = (0..16)
            .map(|_| {
                let blobs = blobs.clone();
                tokio::spawn(async move { blobs.put(Bytes::from(vec![1; 100_000])).await.unwrap() })
            })
            .collect();
        let mut hashes = std::collections::BTreeSet::new();
        for writer in writers {
            hashes.insert(writer.await.unwrap());
        }
        assert_eq!(hashes.len(), 1);
        let hash = hashes.first().unwrap();
        assert!(blobs.get(hash).await.unwrap().is_some());
    }
}
