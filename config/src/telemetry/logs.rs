//! How spans stand in the log.

use std::fmt;

use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// A span's fields as they are when it begins. What it comes to know later is for its trace alone: for the log all
/// of the fields would be parsed and written anew each time, which is more work than many a request.
#[derive(Debug, Default)]
pub(super) struct AtFirst(JsonFields);

impl<'a> FormatFields<'a> for AtFirst {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }

    fn add_fields(&self, _: &'a mut FormattedFields<Self>, _: &Record<'_>) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Subscriber;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// A log that a test reads.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub fn subscriber(&self) -> impl Subscriber + Send + Sync {
            let writer = self.clone();
            tracing_subscriber::registry().with(super::super::json().with_writer(move || writer.clone()))
        }

        pub fn lines(&self) -> Vec<serde_json::Value> {
            let written = self.0.lock().unwrap();
            serde_json::Deserializer::from_slice(&written).into_iter().collect::<Result<_, _>>().unwrap()
        }
    }

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_what_its_span_began_with() {
        let written = Written::default();
        tracing::subscriber::with_default(written.subscriber(), || {
            let span = tracing::info_span!("request", request.id = "r-1", http.route = tracing::field::Empty);
            span.record("http.route", "/api/orders");
            span.in_scope(|| tracing::info!(order.id = 7, "placed"));
        });
        let [line] = &written.lines()[..] else { panic!("one line is written") };
        assert_eq!((&line["message"], &line["order.id"]), (&"placed".into(), &7.into()));
        assert_eq!(line["span"], serde_json::json!({ "name": "request", "request.id": "r-1" }));
    }
}
