//! Tells people what has happened: in the shop, by e-mail, by webhook.
//!
//! Other services' events become notifications; a notification, its deliveries and its own event are one
//! transaction. Workers send what is due, at least once, and with the same message id at each attempt.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Environment, Job, Parts, Service};
use config::settings::{Env, Invalid, Settings};
use sqlx::migrate::Migrator;

use application::{
    Bell, Carrier, ChoosePreferences, Deliver, EmailCarrier, ManageWebhooks, ReadMarks, Resend, Tell,
    WebhookCarrier,
};
use domain::{AddressRule, Attempts, Channel};
use infrastructure::{HttpPoster, MailSettings, Post, Templates, Transport, Users};
use presentation::{Listener, Live, NotificationApi, news};

/// The service.
pub struct Notification;

/// Its own settings.
pub struct NotificationSettings {
    mail: MailSettings,
    attempts: Attempts,
    lease: Duration,
    unverified_per_day: u32,
}

impl Settings for NotificationSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let mail = MailSettings::read(env);
        let most = env.var("DELIVERY_ATTEMPTS", "attempts before a delivery is given up").default("15");
        let pause = env
            .var("DELIVERY_RETRY_SECONDS", "pause after the first failed attempt; it doubles")
            .default("5");
        let lease = env.var("DELIVERY_LEASE_SECONDS", "how long an attempt may take").default("60");
        let unverified = env
            .var("UNVERIFIED_EMAILS_PER_DAY", "e-mails a day to an address that nobody has verified")
            .default("20");
        let attempts = Attempts { most: most?, pause: pause? };
        Ok(Self { mail: mail?, attempts, lease: lease?, unverified_per_day: unverified? })
    }

    fn fit(&self, environment: Environment) -> Result<(), String> {
        self.mail.fit(environment)
    }
}

impl Service for Notification {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8011;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &[
        "notification-events",
        "user-events",
        "order-events",
        "payment-events",
        "shipping-events",
        "inventory-events",
        "favourite-events",
    ];
    type Settings = NotificationSettings;
    type Api = NotificationApi;

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![application::NotificationCreated]
    }

    async fn wire(ctx: &Context<NotificationSettings>) -> Result<Parts<NotificationApi>, BoxError> {
        let (store, clock, bell) = (Arc::new(ctx.mysql().clone()), ctx.clock.clone(), Bell::default());
        let address_rule = match ctx.service.environment {
            Environment::Production => AddressRule::Public,
            Environment::Development => AddressRule::Any,
        };
        let mail = &ctx.settings.mail;
        let email = EmailCarrier {
            mailer: Arc::new(Post {
                templates: Templates::new(mail)?,
                transport: Transport::new(mail).await?,
                from: mail.from.0.clone(),
                clock: clock.clone(),
            }),
            users: Arc::new(Users::new(ctx.registry.client("user-service"))),
            store: store.clone(),
            clock: clock.clone(),
            unverified_per_day: ctx.settings.unverified_per_day,
        };
        let webhook = WebhookCarrier {
            poster: Arc::new(HttpPoster::new(address_rule, clock.clone())?),
            reader: store.clone(),
        };
        let worker = |channel, carrier: Arc<dyn Carrier>| Deliver {
            channel,
            carrier,
            store: store.clone(),
            clock: clock.clone(),
            bell: bell.clone(),
            attempts: ctx.settings.attempts,
            lease: ctx.settings.lease,
        };
        let emails = worker(Channel::Email, Arc::new(email));
        let webhooks = worker(Channel::Webhook, Arc::new(webhook));
        let tell = Tell::new(store.clone(), clock.clone(), bell.clone());
        let listener = |topic, read| {
            let listener = Arc::new(Listener::new(tell.clone(), read));
            Consumer::new(topic, listener).at_once().unhurried()
        };
        let live = Live::new(ctx.closing.clone());
        let api = NotificationApi {
            tell: tell.clone(),
            marks: ReadMarks::new(store.clone(), clock.clone()),
            choose: ChoosePreferences::new(store.clone()),
            resend: Resend::new(store.clone(), clock.clone(), bell.clone()),
            webhooks: ManageWebhooks::new(store.clone(), clock, tell.clone()),
            reader: store,
            live: live.clone(),
            idempotency: ctx.idempotency(),
            address_rule,
        };
        Ok(Parts::new(api)
            .consumer(listener("user-events", news::users))
            .consumer(listener("order-events", news::orders))
            .consumer(listener("payment-events", news::payments))
            .consumer(listener("shipping-events", news::shipping))
            .consumer(listener("inventory-events", news::inventory))
            .consumer(listener("favourite-events", news::wishes))
            .consumer(Consumer::per_instance("notification-events", Arc::new(live)))
            .job(Job::new("emails", |shutdown| async move {
                emails.run(shutdown).await;
                Ok(())
            }))
            .job(Job::new("webhooks", |shutdown| async move {
                webhooks.run(shutdown).await;
                Ok(())
            }))
            .forgetting(infrastructure::FORGOTTEN))
    }
}
