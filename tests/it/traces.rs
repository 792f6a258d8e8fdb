//! One order is one trace, from the gateway to the e-mail.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use prost::Message as _;
use reqwest::StatusCode;
use system_tests::{Shop, eventually, json_of};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Whoever has a part in an order.
const TELLING: [&str; 9] = [
    "api-gateway",
    "order-service",
    "payment-service",
    "inventory-service",
    "promotion-service",
    "shipping-service",
    "tax-service",
    "notification-service",
    "product-service",
];

#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    id: Vec<u8>,
    parent: Vec<u8>,
}

/// A collector that takes OTLP over HTTP, as Jaeger's does.
struct Collector(MockServer);

impl Collector {
    async fn start() -> Self {
        let server = MockServer::start().await;
        let traces = Mock::given(method("POST")).and(path("/v1/traces"));
        traces.respond_with(ResponseTemplate::new(200)).mount(&server).await;
        Self(server)
    }

    /// All that arrived of this trace.
    async fn spans(&self, trace: &[u8]) -> Vec<Span> {
        let mut spans = Vec::new();
        for request in self.0.received_requests().await.unwrap() {
            let told = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
            for resource in told.resource_spans {
                let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
                let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
                let Some(AnyValue::StringValue(service)) = name.and_then(|it| it.value?.value) else {
                    panic!("a span of nobody")
                };
                let found = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(found.filter(|span| span.trace_id == trace).map(|span| Span {
                    service: service.clone(),
                    name: span.name,
                    id: span.span_id,
                    parent: span.parent_span_id,
                }));
            }
        }
        spans
    }
}

/// The end of a way from parent to child, each step a service and how its span's name begins.
fn follow<'a>(spans: &'a [Span], from: &[u8], way: &[(&str, &str)]) -> Result<&'a Span, String> {
    let (step, rest) = way.split_first().expect("a way has steps");
    let is_next =
        |span: &&Span| span.parent == from && span.service == step.0 && span.name.starts_with(step.1);
    let mut trouble = format!("no child {step:?}");
    for span in spans.iter().filter(is_next) {
        if rest.is_empty() {
            return Ok(span);
        }
        match follow(spans, &span.id, rest) {
            Ok(end) => return Ok(end),
            Err(deeper) => trouble = deeper,
        }
    }
    Err(trouble)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_from_the_gateway_to_the_email() {
    let shop = Shop::alone().await;
    let collector = Collector::start().await;
    let telling = shop.restart_all_with(&TELLING, "OTEL_EXPORTER_OTLP_ENDPOINT", &collector.0.uri());
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let code = shop.ten_per_cent_off(None).await;
    // The page on which somebody checks out has begun the trace.
    let (trace, page) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let of_the_page =
        |request: reqwest::RequestBuilder| request.header("traceparent", format!("00-{trace}-{page}-01"));
    let order = json_of(of_the_page(shopper.order_with(&code, &[(&product, 1)]))).await;
    let (id, total) = (order["id"].as_u64().unwrap(), order["total_amount"].as_f64().unwrap());
    let paid = of_the_page(shopper.pay(id, total)).send().await.unwrap();
    assert_eq!(paid.status(), StatusCode::CREATED);
    shopper.order_becomes(id, &["paid"]).await;

    let hex = |digits: &str| -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    let (trace, page) = (hex(trace), hex(page));
    let placed = [("api-gateway", "POST order-service"), ("order-service", "POST /api/orders")];
    let paid = [("api-gateway", "POST payment-service"), ("payment-service", "POST /api/payments")];
    let heard = [
        ("payment-service", "payment-events publish"),
        ("order-service", "payment-events process"),
        ("order-service", "order-events publish"),
    ];
    let mut ways: Vec<Vec<(&str, &str)>> = Vec::new();
    for (call, answer) in [
        ("POST inventory-service", ("inventory-service", "POST ")),
        ("POST tax-service", ("tax-service", "POST ")),
        ("PUT promotion-service", ("promotion-service", "PUT ")),
    ] {
        ways.push([&placed[..], &[("order-service", call), answer]].concat());
    }
    for listener in ["inventory-service", "promotion-service", "notification-service"] {
        let event = [("order-service", "order-events publish"), (listener, "order-events process")];
        ways.push([&placed[..], &event].concat());
    }
    ways.push([&paid[..], &[("payment-service", "GET order-service"), ("order-service", "GET ")]].concat());
    for listener in ["inventory-service", "shipping-service", "notification-service"] {
        ways.push([&paid[..], &heard, &[(listener, "order-events process")]].concat());
    }
    let told = [("notification-service", "order-events process"), ("notification-service", "email send")];
    ways.push([&paid[..], &heard, &told].concat());
    for way in ways {
        eventually(&format!("{way:?}"), || async {
            let spans = collector.spans(&trace).await;
            follow(&spans, &page, &way).map(drop).map_err(|trouble| format!("{trouble}; {spans:#?}"))
        })
        .await;
    }
    drop(telling);
}
