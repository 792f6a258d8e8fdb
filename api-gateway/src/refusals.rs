//! What Nginx itself answers when it can't pass a request on.

use serde::Serialize;

/// One of them.
#[derive(Serialize)]
pub(crate) struct Refusal {
    /// The statuses that Nginx has for it.
    on: &'static str,
    status: u16,
    title: &'static str,
    code: &'static str,
    detail: &'static str,
    /// Found before there is a path, and so where Nginx can't go to a named location.
    early: bool,
}

const fn refusal(
    on: &'static str,
    status: u16,
    title: &'static str,
    code: &'static str,
    detail: &'static str,
) -> Refusal {
    Refusal { on, status, title, code, detail, early: matches!(status, 400 | 414 | 431) }
}

/// 502 and 504 go out as 503: for a client they mean the same, try again later, and so they have one rule.
pub(crate) static REFUSALS: [Refusal; 9] = [
    refusal("400", 400, "Bad Request", "bad-request", "The request can not be read."),
    refusal("404", 404, "Not Found", "not-found", "There is nothing at this path."),
    refusal("405", 405, "Method Not Allowed", "method-not-allowed", "The path does not have this method."),
    refusal("413", 413, "Payload Too Large", "body-too-large", "The body is too large."),
    refusal("414", 414, "URI Too Long", "uri-too-long", "The address is too long."),
    refusal(
        "431 494",
        431,
        "Request Header Fields Too Large",
        "headers-too-large",
        "The headers are too large.",
    ),
    refusal("429", 429, "Too Many Requests", "too-many-requests", "Too many requests; please slow down."),
    refusal(
        "500 502 503",
        503,
        "Service Unavailable",
        "service-unavailable",
        "Nobody can answer this right now; please try again.",
    ),
    refusal(
        "504",
        503,
        "Service Unavailable",
        "service-timeout",
        "The answer takes too long; please try again.",
    ),
];
