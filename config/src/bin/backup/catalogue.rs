//! The catalogue's database: each collection as a file of BSON documents, as `mongodump` writes them.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;

use config::BoxError;
use config::database::{MongoSettings, connect_mongo};
use config::settings::{Env, Settings as _};
use futures_util::TryStreamExt as _;
use mongodb::Database;
use mongodb::bson::RawDocumentBuf;

/// Documents sent at once.
const BATCH: usize = 500;
/// Who sends the outbox now is nothing to keep.
const LEFT_OUT: &str = "leases";

pub fn settings(env: &mut Env) -> super::Read<MongoSettings> {
    MongoSettings::read(env)
}

pub struct Catalogue(Database);

impl Catalogue {
    pub async fn connect(settings: &MongoSettings) -> Result<Self, BoxError> {
        Ok(Self(connect_mongo(settings).await?))
    }

    pub async fn save(&self, folder: &Path) -> Result<usize, BoxError> {
        std::fs::create_dir(folder)?;
        let mut count = 0;
        for name in self.0.list_collection_names().await? {
            if name == LEFT_OUT || name.starts_with("system.") {
                continue;
            }
            let mut file = BufWriter::new(File::create(folder.join(format!("{name}.bson")))?);
            let mut documents = self.0.collection::<RawDocumentBuf>(&name).find(Default::default()).await?;
            while let Some(document) = documents.try_next().await? {
                file.write_all(document.as_bytes())?;
                count += 1;
            }
            file.into_inner()?.sync_all()?;
        }
        Ok(count)
    }

    /// The indexes are made by the service when it starts.
    pub async fn restore(&self, folder: &Path) -> Result<usize, BoxError> {
        self.0.drop().await?;
        let mut count = 0;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a file without a name")?;
            let collection = self.0.collection::<RawDocumentBuf>(name);
            let mut documents = documents(&path)?;
            count += documents.len();
            while !documents.is_empty() {
                let rest = documents.split_off(BATCH.min(documents.len()));
                collection.insert_many(std::mem::replace(&mut documents, rest)).await?;
            }
        }
        Ok(count)
    }
}

/// Each begins with its length, as BSON says.
fn documents(file: &Path) -> Result<Vec<RawDocumentBuf>, BoxError> {
    let mut file = std::io::BufReader::new(File::open(file)?);
    let mut documents = Vec::new();
    let mut length = [0; 4];
    loop {
        match file.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(documents),
            Err(error) => return Err(error.into()),
        }
        let rest = usize::try_from(u32::from_le_bytes(length))?.checked_sub(4).ok_or("no BSON document")?;
        let mut document = length.to_vec();
        let read = (&mut file).take(rest as u64).read_to_end(&mut document)?;
        if read < rest {
            return Err("the file ends within a document".into());
        }
        documents.push(RawDocumentBuf::from_bytes(document)?);
    }
}
