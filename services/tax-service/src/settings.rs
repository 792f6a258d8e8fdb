//! The service's own settings.

use std::time::Duration;

use chrono::TimeDelta;
use config::names::UnknownName;
use config::place::{Country, NotACountry};
use config::settings::{Env, Invalid, Settings, Value};

use crate::domain::{Mode, Per, Rounding};

/// How taxes are rounded and kept in memory.
pub struct TaxSettings {
    pub(crate) rounding: Rounding,
    default_country: Option<DefaultCountry>,
    pub(crate) refresh: Duration,
    stale: Duration,
}

impl TaxSettings {
    pub(crate) fn default_country(&self) -> Option<Country> {
        self.default_country.as_ref().map(|default| default.0)
    }

    pub(crate) fn patience(&self) -> TimeDelta {
        TimeDelta::from_std(self.stale).unwrap_or(TimeDelta::MAX)
    }
}

impl Settings for TaxSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let per =
            env.var("TAX_ROUNDING", "what is rounded: the tax of each line, or of the order").default("line");
        let mode = env
            .var("TAX_ROUNDING_MODE", "what becomes of exact halves: half-up or half-even")
            .default("half-up");
        let default_country =
            env.var("TAX_DEFAULT_COUNTRY", "where goods go when the address doesn't say").optional();
        let refresh = env
            .var("TAX_REFRESH_SECONDS", "pause between looks whether another instance changed rates")
            .default("5");
        let stale = env
            .var("TAX_STALE_SECONDS", "how long rates in memory are good while the database is away")
            .default("3600");
        Ok(Self {
            rounding: Rounding { per: per?, mode: mode? },
            default_country: default_country?,
            refresh: refresh?,
            stale: stale?,
        })
    }
}

impl Value for Per {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: UnknownName| error.to_string())
    }
}

impl Value for Mode {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: UnknownName| error.to_string())
    }
}

struct DefaultCountry(Country);

impl Value for DefaultCountry {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map(Self).map_err(|error: NotACountry| error.to_string())
    }
}
