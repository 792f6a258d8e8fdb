//! The templates in `templates/`, embedded in the binary.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;
use url::Url;

use super::MailSettings;
use crate::application::{Contact, Details, Due};

const SOURCES: [(&str, &str); 10] = [
    ("layout.html", include_str!("../../../templates/layout.html")),
    ("layout.txt", include_str!("../../../templates/layout.txt")),
    ("message.html", include_str!("../../../templates/message.html")),
    ("message.txt", include_str!("../../../templates/message.txt")),
    ("order.html", include_str!("../../../templates/order.html")),
    ("order.txt", include_str!("../../../templates/order.txt")),
    ("shipment.html", include_str!("../../../templates/shipment.html")),
    ("shipment.txt", include_str!("../../../templates/shipment.txt")),
    ("link.html", include_str!("../../../templates/link.html")),
    ("link.txt", include_str!("../../../templates/link.txt")),
];

/// The two parts of an e-mail.
#[derive(Debug)]
pub struct Rendered {
    pub text: String,
    pub html: String,
}

/// What the templates see.
#[derive(Serialize)]
struct Letter<'a> {
    shop: &'a str,
    /// May be empty.
    name: &'a str,
    title: &'a str,
    message: &'a str,
    details: &'a Details,
    link: Option<&'a str>,
}

/// Renders e-mails; what stands in HTML is escaped.
pub struct Templates {
    environment: Environment<'static>,
    shop: String,
    public_url: Url,
}

impl Templates {
    pub fn new(settings: &MailSettings) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment, shop: settings.shop_name.clone(), public_url: settings.public_url.clone() })
    }

    pub fn render(&self, to: &Contact, due: &Due) -> Result<Rendered, minijinja::Error> {
        let details = due.details.as_ref().unwrap_or(&Details::Message);
        let (template, link) = match details {
            Details::Message | Details::FormerAddress(_) => ("message", None),
            Details::Order(_) => ("order", None),
            Details::Shipment(_) => ("shipment", None),
            Details::Link(link) => ("link", Some(self.link(&link.path, &link.token))),
        };
        let letter = Letter {
            shop: &self.shop,
            name: &to.name,
            title: &due.notification.title,
            message: &due.notification.message,
            details,
            link: link.as_deref(),
        };
        let letter = Value::from(Serde(&letter));
        let render = |ending: &str| {
            self.environment.get_template(&format!("{template}.{ending}"))?.render(letter.clone())
        };
        Ok(Rendered { text: render("txt")?, html: render("html")? })
    }

    fn link(&self, path: &str, token: &str) -> String {
        let mut url = self.public_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url.query_pairs_mut().append_pair("token", token);
        url.into()
    }
}
