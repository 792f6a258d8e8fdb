//! Who the shop's users are, and how they prove it.
//!
//! A login gives a short access token, which every service verifies with the public keys, and a refresh token,
//! which is used up by each use. What ends a login voids the access tokens in every service within seconds.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::EventSchema;
use config::service::{Context, Dependency, Job, Parts, Service};
use sqlx::migrate::Migrator;

use application::{
    AddressBook, Administer, AnnounceRevocations, ChangePassword, ChangeProfile, CheckPassword,
    DeleteAccount, ForgotPassword, LogIn, PrepareAccounts, Refresh, Register, ResetPassword, SignOut,
    TokenIssuer, VerifyEmail,
};
use infrastructure::{BcryptPasswords, RedisRevocationList, RedisThrottle};
use presentation::{AccountsApi, AddressesApi, SessionsApi};
pub use settings::UserSettings;

/// The service.
pub struct Users;

impl Service for Users {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8001;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Redis, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["user-events"];
    type Settings = UserSettings;
    type Api = (SessionsApi, AccountsApi, AddressesApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::UserRegistered,
            application::UserUpdated,
            application::UserDeactivated,
            application::UserDeleted,
            application::EmailVerificationRequested,
            application::PasswordResetRequested,
            application::PasswordChanged
        ]
    }

    async fn wire(ctx: &Context<UserSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let settings = &ctx.settings;
        let keys = settings.signing_keys(ctx.service.environment)?;
        let (db, clock) = (Arc::new(ctx.mysql().clone()), ctx.clock.clone());
        let passwords = Arc::new(BcryptPasswords::new(settings.bcrypt_cost()).await?);
        let throttle = Arc::new(RedisThrottle::new(ctx.redis(), settings.limits()));
        let check = CheckPassword::new(passwords.clone(), throttle.clone());
        let issuer = TokenIssuer::new(keys.signer());
        let list = Arc::new(RedisRevocationList::new(ctx.redis()));
        let revocations = AnnounceRevocations::new(db.clone(), list, clock.clone());
        let register = Register::new(db.clone(), passwords.clone(), clock.clone());
        let accounts = PrepareAccounts::new(db.clone(), register.clone());
        if let Some(registration) = settings.first_admin() {
            accounts.first_admin(registration.clone()).await?;
        }
        if ctx.service.demo_data {
            accounts.demo().await?;
        }

        let sessions = SessionsApi {
            log_in: LogIn::new(
                db.clone(),
                db.clone(),
                passwords.clone(),
                throttle.clone(),
                issuer.clone(),
                clock.clone(),
            ),
            refresh: Refresh::new(db.clone(), db.clone(), issuer, clock.clone()),
            sign_out: SignOut::new(db.clone(), db.clone(), revocations.clone(), clock.clone()),
            public_keys: serde_json::to_value(keys.public_keys())?,
        };
        let accounts = AccountsApi {
            register,
            users: db.clone(),
            profiles: ChangeProfile::new(db.clone(), db.clone(), check.clone(), clock.clone()),
            administer: Administer::new(db.clone(), revocations.clone(), clock.clone()),
            delete: DeleteAccount::new(db.clone(), revocations.clone(), clock.clone()),
            verify_email: VerifyEmail::new(db.clone(), db.clone(), clock.clone()),
            change_password: ChangePassword::new(
                db.clone(),
                db.clone(),
                passwords.clone(),
                check,
                revocations.clone(),
                clock.clone(),
            ),
            forgot_password: ForgotPassword::new(db.clone(), db.clone(), clock.clone()),
            reset_password: ResetPassword::new(
                db.clone(),
                db.clone(),
                passwords,
                throttle,
                revocations.clone(),
                clock.clone(),
            ),
        };
        let addresses = AddressesApi { book: AddressBook::new(db.clone(), clock.clone()), users: db.clone() };
        Ok(Parts::new((sessions, accounts, addresses))
            .public_keys(Arc::new(keys.public_keys()))
            .job(Job::every("announce-revocations", Duration::from_secs(2), move || {
                revocations.clone().run()
            }))
            .forgetting(infrastructure::FORGOTTEN))
    }
}
