//! The service's own settings.

use std::time::Duration;

use config::names::UnknownName;
use config::service::Environment;
use config::settings::{Env, Invalid, Settings, Value};
use url::Url;

use crate::application::Patience;
use crate::domain::{Method, ProviderName};
use crate::infrastructure::{SimulatorSettings, StripeSettings};
use crate::transactions::TransactionSettings;

/// Who takes the money, and how long others are waited for.
pub struct PaymentSettings {
    pub(crate) provider: ProviderName,
    /// Whether somebody has chosen it.
    chosen: bool,
    /// Whether production may take the simulator's money, which is none.
    may_simulate: bool,
    /// How customers may pay.
    pub(crate) methods: Vec<Method>,
    pub(crate) patience: Patience,
    pub(crate) simulator: SimulatorSettings,
    /// Also where another provider begins payments now: Stripe's go on.
    pub(crate) stripe: Option<StripeSettings>,
    pub(crate) transactions: TransactionSettings,
}

/// The providers that payments can begin with.
struct Chosen(ProviderName);

impl Value for Chosen {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw.parse() {
            Ok(name @ (ProviderName::Simulator | ProviderName::Stripe)) => Ok(Self(name)),
            _ => Err("must be simulator or stripe".to_owned()),
        }
    }
}

impl Value for Method {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: UnknownName| error.to_string())
    }
}

impl Settings for PaymentSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let provider: Result<Option<Chosen>, _> = env
            .var("PAYMENT_PROVIDER", "who takes the money: simulator (the default in development) or stripe")
            .optional();
        let is_stripe = matches!(provider, Ok(Some(Chosen(ProviderName::Stripe))));
        let may_simulate =
            env.var("ALLOW_SIMULATED_PAYMENTS", "whether production may take no real money").default("false");
        let methods = methods(env);
        let patience: Result<Duration, _> = env
            .var("PROVIDER_TIMEOUT_SECONDS", "how long the payment provider is waited for")
            .default(if is_stripe { "20" } else { "5" });
        let customer: Result<Duration, _> = env
            .var("CONFIRMATION_SECONDS", "how long a customer may take to confirm a payment")
            .default("600");
        let slow: Result<Duration, _> = env
            .var("SIMULATOR_SLOW_SECONDS", "how long the simulated provider takes for tok_slow")
            .default("3");
        let secrets = env
            .var("SIMULATOR_WEBHOOK_SECRETS", "what the simulated provider signs its notices with")
            .default("");
        let public_url = env.var("PUBLIC_URL", "the shop's address, for links").optional();
        let stripe = stripe(env, is_stripe, patience.unwrap_or_default());
        let transactions = TransactionSettings::read(env);
        let provider = provider?;
        Ok(Self {
            chosen: provider.is_some(),
            provider: provider.map_or(ProviderName::Simulator, |Chosen(name)| name),
            may_simulate: may_simulate?,
            methods: methods?,
            patience: Patience { provider: patience?, customer: customer? },
            simulator: SimulatorSettings { slow: slow?, webhook_secrets: secrets?, public_url: public_url? },
            stripe: stripe?,
            transactions: transactions?,
        })
    }

    /// Nobody gives goods away because a setting was forgotten.
    fn fit(&self, environment: Environment) -> Result<(), String> {
        match self.provider {
            _ if environment == Environment::Development => Ok(()),
            _ if !self.chosen => {
                Err("PAYMENT_PROVIDER is not set, and has no default in production (stripe)".to_owned())
            }
            ProviderName::Simulator if !self.may_simulate => {
                let rule = "PAYMENT_PROVIDER must not be simulator in production, as that takes no money; where it is \
                            meant to, set ALLOW_SIMULATED_PAYMENTS=true";
                Err(rule.to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn methods(env: &mut Env) -> Result<Vec<Method>, Invalid> {
    let all = Method::ALL.map(Method::as_str).join(",");
    let methods: Vec<Method> = env.var("PAYMENT_METHODS", "how customers may pay, a list").default(&all)?;
    match methods.is_empty() {
        true => Err(env.refuse("PAYMENT_METHODS must name one method or more")),
        false => Ok(methods),
    }
}

fn stripe(env: &mut Env, required: bool, patience: Duration) -> Result<Option<StripeSettings>, Invalid> {
    let api_base: Result<Url, _> =
        env.var("STRIPE_API_BASE", "Stripe's API").default("https://api.stripe.com/");
    let key = env.var("STRIPE_SECRET_KEY", "Stripe's secret key, sk_…");
    let key = if required { key.required().map(Some) } else { key.optional() };
    let secrets =
        env.var("STRIPE_WEBHOOK_SECRETS", "what Stripe signs its notices with, whsec_…").default("");
    let return_url: Result<Option<Url>, _> = env
        .var(
            "STRIPE_RETURN_URL",
            "where a bank's page sends customers back to; none: Stripe's script confirms",
        )
        .optional();
    let (api_base, key, webhook_secrets, return_url) = (api_base?, key?, secrets?, return_url?);
    Ok(key.map(|secret_key| StripeSettings {
        api_base,
        secret_key,
        webhook_secrets,
        return_url,
        // A charge is two calls.
        time_limit: patience / 2,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Option<PaymentSettings>, Env) {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut env: Env = pairs.collect();
        (PaymentSettings::read(&mut env).ok(), env)
    }

    #[test]
    fn nobody_is_charged_by_a_provider_that_is_not_set_up() {
        let (settings, _) = read(&[]);
        let settings = settings.unwrap();
        assert_eq!(settings.provider, ProviderName::Simulator);
        assert!(settings.stripe.is_none());
        for wrong in ["cash", "paypal"] {
            let (settings, env) = read(&[("PAYMENT_PROVIDER", wrong)]);
            assert!(settings.is_none());
            assert!(env.problems()[0].contains("must be simulator or stripe"), "{:?}", env.problems());
        }
        let (settings, env) = read(&[("PAYMENT_PROVIDER", "stripe")]);
        assert!(settings.is_none());
        assert!(env.problems()[0].contains("STRIPE_SECRET_KEY is not set"), "{:?}", env.problems());
    }

    #[test]
    fn production_takes_simulated_money_only_where_somebody_says_so() {
        let fit = |pairs: &[(&str, &str)], environment| read(pairs).0.unwrap().fit(environment);
        let refused = |pairs: &[(&str, &str)]| fit(pairs, Environment::Production).unwrap_err();
        let simulator = ("PAYMENT_PROVIDER", "simulator");
        let allowed = ("ALLOW_SIMULATED_PAYMENTS", "true");
        assert_eq!(fit(&[], Environment::Development), Ok(()));
        assert!(refused(&[]).starts_with("PAYMENT_PROVIDER is not set"));
        assert!(refused(&[allowed]).starts_with("PAYMENT_PROVIDER is not set"));
        assert!(refused(&[simulator]).contains("ALLOW_SIMULATED_PAYMENTS=true"));
        assert_eq!(fit(&[simulator, allowed], Environment::Production), Ok(()));
        let stripe = [("PAYMENT_PROVIDER", "stripe"), ("STRIPE_SECRET_KEY", "sk_live_hush")];
        assert_eq!(fit(&stripe, Environment::Production), Ok(()));
    }

    #[test]
    fn customers_may_pay_in_every_way_unless_said_otherwise() {
        let methods = |pairs: &[(&str, &str)]| read(pairs).0.map(|settings| settings.methods);
        assert_eq!(methods(&[]).unwrap(), Method::ALL);
        let some = methods(&[("PAYMENT_METHODS", "credit_card, cod")]).unwrap();
        assert_eq!(some, [Method::CreditCard, Method::Cod]);
        for wrong in ["gold", "credit_card,gold", ","] {
            let (settings, env) = read(&[("PAYMENT_METHODS", wrong)]);
            assert!(settings.is_none() && env.problems()[0].starts_with("PAYMENT_METHODS must"), "{wrong}");
        }
    }

    #[test]
    fn the_shops_address_is_one() {
        let (settings, env) = read(&[("PUBLIC_URL", "shop.example")]);
        assert!(settings.is_none());
        assert!(env.problems()[0].starts_with("PUBLIC_URL must be a URL"), "{:?}", env.problems());
    }

    #[test]
    fn stripes_secrets_are_never_shown() {
        let (settings, env) = read(&[
            ("PAYMENT_PROVIDER", "stripe"),
            ("STRIPE_SECRET_KEY", "sk_live_hush"),
            ("STRIPE_WEBHOOK_SECRETS", "whsec_hush,whsec_hush_too"),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.patience.provider, Duration::from_secs(20), "banks take their time");
        let shown = format!("{}{:?}", env.describe(), settings.stripe);
        assert!(shown.contains("STRIPE_SECRET_KEY") && !shown.contains("hush"), "{shown}");
    }
}
