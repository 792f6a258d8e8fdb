//! The simulator's page, for people.

use crate::application::Challenge;

/// A page that asks the customer.
pub fn page(challenge: &Challenge) -> String {
    let body = match challenge.decided {
        true => "<p>This payment has been decided. You can close this page.</p>".to_owned(),
        false => format!(
            "<p>A shop asks for <strong>{}</strong>.</p>\
             <form method=\"post\" action=\"?decision=approve\"><button>Approve</button></form>\
             <form method=\"post\" action=\"?decision=deny\"><button>Deny</button></form>",
            challenge.amount,
        ),
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Confirm a payment</title>\
         <h1>Simulated bank</h1>{body}</html>"
    )
}
