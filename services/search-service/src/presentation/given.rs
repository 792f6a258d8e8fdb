//! A parameter that is read even when it is wrong, so that all wrong ones can be named at once. An empty one is as
//! good as none: forms send those.

use std::borrow::Cow;

use config::problem::Fields;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromParameter, ParseResult, Type};

/// What was given as a `T`; not yet known to be one.
#[derive(Debug)]
pub struct Given<T>(Result<Option<T>, String>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(Ok(None))
    }
}

impl<T> Given<T> {
    /// The value, if one was given and is right; otherwise it is remembered as wrong.
    pub fn check(self, field: &str, fields: &mut Fields) -> Option<T> {
        fields.check(field, self.0).flatten()
    }
}

impl<T: Type> Type for Given<T> {
    const IS_REQUIRED: bool = false;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().ok()?.as_ref()?.as_raw_value()
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        match &self.0 {
            Ok(Some(value)) => value.raw_element_iter(),
            Ok(None) | Err(_) => Box::new(std::iter::empty()),
        }
    }
}

impl<T: ParseFromParameter> ParseFromParameter for Given<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Self::parse_from_parameters([text])
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(texts: I) -> ParseResult<Self> {
        let texts: Vec<A> = texts.into_iter().filter(|text| !text.as_ref().trim().is_empty()).collect();
        if texts.is_empty() {
            return Ok(Self(Ok(None)));
        }
        let texts = texts.iter().map(|text| text.as_ref().trim());
        Ok(Self(T::parse_from_parameters(texts).map(Some).map_err(|_| rule(&T::name()))))
    }
}

/// What is asked of a value of a type of this name, such as `integer_int64`, `string_date-time` or `number(money)`.
fn rule(name: &str) -> String {
    match name.split_once(['_', '(']) {
        Some(("integer", _)) => "must be an integer".to_owned(),
        Some(("string", format)) => format!("must be a {format}"),
        Some((kind, _)) => format!("must be a {kind}"),
        None => format!("must be a {name}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use config::money::Amount;

    use super::*;

    fn told<T: ParseFromParameter>() -> String {
        let Ok(given) = Given::<T>::parse_from_parameter("x") else {
            panic!("it is read even when it is wrong")
        };
        let mut fields = Fields::default();
        assert!(given.check("it", &mut fields).is_none());
        fields.finish(|| None::<()>).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_one_is_told_in_words_what_it_must_be() {
        assert_eq!(told::<i64>(), "it must be an integer");
        assert_eq!(told::<f64>(), "it must be a number");
        assert_eq!(told::<Amount>(), "it must be a number");
        assert_eq!(told::<bool>(), "it must be a boolean");
        assert_eq!(told::<DateTime<Utc>>(), "it must be a date-time");
    }
}
