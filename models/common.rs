//! What several groups have in common.

use std::fmt;

use crate::codec::{Model, open_enum, text};
use crate::time;

open_enum!(
    /// How far a job has come.
    #[default(Unknown)]
    pub enum JobStatus {
        /// Accepted; the result is still to come.
        Pending = "PENDING",
        /// Done, and the result is there.
        Complete = "COMPLETE",
        /// Over, without a result.
        Failed = "FAILED",
    }
);

open_enum!(
    /// The family that a model belongs to. The default is Stable Diffusion 1.5.
    #[default(V1_5)]
    pub enum SdVersion {
        /// Stable Diffusion 1.5.
        V1_5 = "v1_5",
        /// Stable Diffusion 2.1.
        V2 = "v2",
        /// Stable Diffusion 3.
        V3 = "v3",
        /// Stable Diffusion XL 0.8.
        Sdxl0_8 = "SDXL_0_8",
        /// Stable Diffusion XL 0.9.
        Sdxl0_9 = "SDXL_0_9",
        /// Stable Diffusion XL 1.0.
        Sdxl1_0 = "SDXL_1_0",
        /// Stable Diffusion XL, the fast variety.
        SdxlLightning = "SDXL_LIGHTNING",
        /// Phoenix.
        Phoenix = "PHOENIX",
        /// Flux.
        Flux = "FLUX",
        /// Flux, the development variety.
        FluxDev = "FLUX_DEV",
        /// Kino 2.0.
        Kino2_0 = "KINO_2_0",
    }
);

/// What an operation was charged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Cost {
    /// How much, with every digit that the service sent; usually a decimal such as `0.0147`.
    #[model(required)]
    pub amount: String,
    /// What the amount is counted in.
    pub unit: CostUnit,
}

impl Cost {
    /// The amount as a number, for display and rough sums. Add up money from [`amount`](Self::amount) instead.
    pub fn amount_f64(&self) -> Option<f64> {
        self.amount.trim().parse().ok().filter(|amount: &f64| amount.is_finite())
    }
}

open_enum!(
    /// What a cost is counted in.
    #[default(Unknown)]
    pub enum CostUnit {
        /// API credits.
        Credits = "CREDITS",
        /// US dollars; only for accounts that pay as they go.
        Dollars = "DOLLARS",
    }
);

/// A point in time, as text in the form in which the service sent it.
///
/// `2023-11-09T00:42:22.707` and `2023-11-09T00:42:22.707Z` are the same moment: without a zone, UTC is meant. Compare
/// [`unix_millis`](Self::unix_millis) for that; equality here is equality of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

text! { Timestamp }

impl Timestamp {
    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Milliseconds since the beginning of 1970 (UTC), negative before it.
    ///
    /// Digits beyond the millisecond are cut off. `None` for text that is no date and time: the form is
    /// `YYYY-MM-DDTHH:MM:SS`, then at will a fraction (`.707`), then at will a zone (`Z` or `+hh:mm`).
    pub fn unix_millis(&self) -> Option<i64> {
        time::unix_millis(self.0.as_bytes())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Timestamp {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(all(test, feature = "models"))]
mod tests {
    use super::*;

    #[test]
    fn costs() {
        let of = |json: &str| serde_json::from_str::<Cost>(json);
        for (json, amount, number, unit) in [
            (r#"{"amount":"0.0147","unit":"DOLLARS"}"#, "0.0147", Some(0.0147), CostUnit::Dollars),
            (r#"{"unit":"CREDITS","more":{},"amount":"9.10"}"#, "9.10", Some(9.1), CostUnit::Credits),
            (r#"{"amount":9,"unit":"BEANS"}"#, "9", Some(9.0), CostUnit::Unknown("BEANS".to_owned())),
            (r#"{"amount":0.0147,"unit":null}"#, "0.0147", Some(0.0147), CostUnit::default()),
            (r#"{"amount":"NaN"}"#, "NaN", None, CostUnit::default()),
        ] {
            let cost = of(json).unwrap();
            assert_eq!((cost.amount.as_str(), cost.amount_f64(), cost.unit), (amount, number, unit));
        }
        for json in ["{}", "3", "[]", "null", r#"{"amount":null}"#, r#"{"amount":{}}"#] {
            assert!(of(json).is_err(), "{json}");
        }
        let cost = of(r#"{"amount":"1","unit":"DOLLARS"}"#).unwrap();
        assert_eq!(serde_json::to_string(&cost).unwrap(), r#"{"amount":"1","unit":"DOLLARS"}"#);
    }
}
