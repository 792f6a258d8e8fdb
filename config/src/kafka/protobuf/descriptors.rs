//! The events' contracts, as they were when this program was built.

use std::collections::HashSet;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, Value};

use crate::BoxError;

const PACKAGE: &str = "shop.events";

static CONTRACTS: LazyLock<Result<Contracts, String>> = LazyLock::new(|| {
    Contracts::read(include_bytes!(concat!(env!("OUT_DIR"), "/events.binpb")))
        .map_err(|error| error.to_string())
});

/// All contracts. The first call reads them.
pub fn contracts() -> Result<&'static Contracts, BoxError> {
    CONTRACTS.as_ref().map_err(|error| error.as_str().into())
}

pub struct Contracts {
    pool: DescriptorPool,
    /// Full names of fields. Asking the descriptors for their options each time would decode them each time.
    nullable: HashSet<String>,
    decimal: HashSet<String>,
}

impl Contracts {
    fn read(descriptors: &[u8]) -> Result<Self, BoxError> {
        let pool = DescriptorPool::decode(descriptors)?;
        let option = |name: &str| {
            pool.get_extension_by_name(&format!("{PACKAGE}.{name}"))
                .ok_or_else(|| format!("no option {name}"))
        };
        let (nullable, decimal) = (option("nullable")?, option("decimal")?);
        let those = |option: &ExtensionDescriptor| {
            let fields = pool.all_messages().filter(|message| message.package_name() == PACKAGE);
            let fields = fields.flat_map(|message| message.fields().collect::<Vec<_>>());
            let is_set =
                |field: &FieldDescriptor| *field.options().get_extension(option) == Value::Bool(true);
            fields.filter(is_set).map(|field| field.full_name().to_owned()).collect()
        };
        Ok(Self { nullable: those(&nullable), decimal: those(&decimal), pool: pool.clone() })
    }

    /// The message that tells an event of this type.
    pub fn of_event(&self, kind: &str) -> Option<MessageDescriptor> {
        self.by_name(&format!("{PACKAGE}.{}", camel_case(kind)))
    }

    pub fn by_name(&self, full_name: &str) -> Option<MessageDescriptor> {
        self.pool.get_message_by_name(full_name)
    }

    pub fn is_nullable(&self, field: &FieldDescriptor) -> bool {
        self.nullable.contains(field.full_name())
    }

    pub fn is_decimal(&self, field: &FieldDescriptor) -> bool {
        self.decimal.contains(field.full_name())
    }
}

/// `order_created` is told by `OrderCreated`.
fn camel_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    });
    words.collect()
}
