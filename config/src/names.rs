//! Enums whose values have names of their own in columns, documents and messages.

/// A text that names none of an enum's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownName(String);

impl UnknownName {
    /// Of an enum with these names.
    pub fn among(names: &[&str]) -> Self {
        Self(names.join(", "))
    }
}

/// Declares an enum with a stable name for each value: what is stored and sent must not follow what the program calls
/// it.
///
/// ```
/// config::names! {
///     /// How a parcel travels.
///     Carriage {
///         Road = "road",
///         /// Not over the weekend.
///         Air = "air",
///     }
/// }
/// assert_eq!(Carriage::Air.as_str(), "air");
/// assert_eq!("road".parse(), Ok(Carriage::Road));
/// assert_eq!("sea".parse::<Carriage>().unwrap_err().to_string(), "must be one of road, air");
/// ```
#[macro_export]
macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $($(#[$value_meta:meta])* $value:ident = $name:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$value_meta])* $value),+
        }

        impl $type {
            /// Every value.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// Its stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::names::UnknownName::among(&[$($name),+])),
                }
            }
        }
    };
}
