use config::database::StoreError;
use config::problem::{Facts, Fault, Kind};

use crate::domain::{InstanceId, ServiceName, UnknownInstance};

/// Why the registry didn't do as asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("{name} has no instance {id}; register again")]
    UnknownInstance { name: ServiceName, id: InstanceId },
    #[error("no instance of {0} is registered")]
    UnknownService(String),
    #[error("no instance of {0} takes requests")]
    NobodyUp(ServiceName),
    #[error("too many changes at once")]
    Contended,
    #[error("the registry can't be reached")]
    Store(#[from] StoreError),
}

impl RegistryError {
    pub(super) fn unknown(name: &ServiceName, id: &InstanceId) -> impl FnOnce(UnknownInstance) -> Self {
        move |UnknownInstance| Self::UnknownInstance { name: name.clone(), id: id.clone() }
    }
}

impl Fault for RegistryError {
    fn facts(&self) -> Facts {
        match self {
            Self::UnknownInstance { .. } => Kind::NotFound.coded("instance-not-found"),
            Self::UnknownService(_) => Kind::NotFound.coded("service-not-found"),
            Self::NobodyUp(_) => Kind::Unavailable.coded("no-instance-up"),
            Self::Contended => Kind::Unavailable.coded("contended"),
            Self::Store(error) => error.facts(),
        }
    }
}
