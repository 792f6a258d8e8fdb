use config::database::StoreError;
use config::problem::{Fault, Kind};

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
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownInstance { .. } | Self::UnknownService(_) => Kind::NotFound,
            Self::NobodyUp(_) | Self::Contended => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownInstance { .. } => "instance-not-found",
            Self::UnknownService(_) => "service-not-found",
            Self::NobodyUp(_) => "no-instance-up",
            Self::Contended => "contended",
            Self::Store(error) => error.code(),
        }
    }
}
