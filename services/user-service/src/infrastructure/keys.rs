//! The folder of the keys that sign access tokens.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use config::BoxError;
use config::jwt_auth::Signer;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::jwk::JwkSet;

/// What is made in development when there is no key.
const FIRST_KEY: &str = "development.pem";

/// The private keys: one signs, all verify.
pub struct SigningKeys {
    signer: Signer,
    public_keys: JwkSet,
}

impl SigningKeys {
    /// The `*.pem` files of the folder, Ed25519 in PKCS#8; the last by name signs. Without any, one is made if
    /// `may_create`.
    pub fn load(folder: &Path, may_create: bool) -> Result<Self, BoxError> {
        if files(folder)?.is_empty() {
            if !may_create {
                let folder = folder.display();
                return Err(
                    format!("JWT_KEYS_DIR={folder} has no *.pem file with an Ed25519 private key").into()
                );
            }
            create(folder)?;
        }
        let mut signers = Vec::new();
        for file in files(folder)? {
            let bad =
                |error: &dyn std::fmt::Display| format!("the key {} can't be used: {error}", file.display());
            let pem = std::fs::read(&file).map_err(|error| bad(&error))?;
            signers.push(Signer::from_pem(&pem).map_err(|error| bad(&error))?);
        }
        let public_keys = JwkSet { keys: signers.iter().map(|signer| signer.public_key().clone()).collect() };
        let signer = signers.pop().ok_or("the signing keys have vanished while they were read")?;
        Ok(Self { signer, public_keys })
    }

    pub fn signer(&self) -> Signer {
        self.signer.clone()
    }

    pub fn public_keys(&self) -> JwkSet {
        self.public_keys.clone()
    }
}

/// By name, ascending; none when there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, BoxError> {
    let unreadable =
        |error: std::io::Error| format!("JWT_KEYS_DIR={} can't be read: {error}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "pem") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Several instances may do this at once: one key wins, whole.
fn create(folder: &Path) -> Result<(), BoxError> {
    // The older form without the public half is what every reader of PKCS#8 knows, as openssl writes it.
    let pem = KeypairBytes { secret_key: rand::random(), public_key: None }.to_pkcs8_pem(LineEnding::LF)?;
    std::fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{}.draft", uuid::Uuid::now_v7()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, folder.join(FIRST_KEY));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => {
            tracing::warn!(folder = %folder.display(), "a key that signs access tokens was made, for development");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn ids(keys: &SigningKeys) -> Vec<String> {
        keys.public_keys.keys.iter().filter_map(|key| key.common.key_id.clone()).collect()
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("keys");
        let made: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> =
                (0..8).map(|_| scope.spawn(|| ids(&SigningKeys::load(&inner, true).unwrap()))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|ids| ids.len() == 1 && *ids == made[0]), "{made:?}");
        let mode = std::fs::metadata(inner.join(FIRST_KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn production_makes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        for folder in [folder.path(), &folder.path().join("absent")] {
            let error = SigningKeys::load(folder, false).err().unwrap().to_string();
            assert!(error.contains("JWT_KEYS_DIR"), "{error}");
        }
    }

    #[test]
    fn the_newest_key_signs_and_all_verify() {
        let folder = tempfile::tempdir().unwrap();
        create(folder.path()).unwrap();
        std::fs::rename(folder.path().join(FIRST_KEY), folder.path().join("2026-01-01.pem")).unwrap();
        let old = ids(&SigningKeys::load(folder.path(), false).unwrap());
        create(folder.path()).unwrap();
        std::fs::rename(folder.path().join(FIRST_KEY), folder.path().join("2026-02-01.pem")).unwrap();
        let both = SigningKeys::load(folder.path(), false).unwrap();
        assert_eq!(ids(&both)[..1], old);
        assert_eq!(both.signer.public_key().common.key_id.as_ref(), ids(&both).last());
        std::fs::write(folder.path().join("2026-03-01.pem"), "rubbish").unwrap();
        let error = SigningKeys::load(folder.path(), false).err().unwrap().to_string();
        assert!(error.contains("2026-03-01.pem"), "{error}");
    }
}
