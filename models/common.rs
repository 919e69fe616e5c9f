//! What several groups have in common.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::ElementId;
use crate::codec::{Model, open_enum, text};
use crate::time::{self, SystemTime};

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

open_enum!(
    /// How a variation was made out of its image.
    #[default(Unknown)]
    pub enum VariationType {
        /// Extended beyond the edges.
        Outpaint = "OUTPAINT",
        /// Filled in.
        Inpaint = "INPAINT",
        /// Enlarged.
        Upscale = "UPSCALE",
        /// Zoomed out.
        Unzoom = "UNZOOM",
        /// Its background removed.
        Nobg = "NOBG",
    }
);

open_enum!(
    /// Where an image that work starts from comes from.
    pub enum InitImageType {
        /// The service made it.
        Generated = "GENERATED",
        /// The caller uploaded it.
        Uploaded = "UPLOADED",
    }
);

open_enum!(
    /// How large a video is: the shorter side in pixels. Which of them there are depends on the model.
    #[default(Unknown)]
    pub enum VideoResolution {
        /// 480 pixels.
        P480 = "RESOLUTION_480",
        /// 720 pixels.
        P720 = "RESOLUTION_720",
        /// 1080 pixels.
        P1080 = "RESOLUTION_1080",
    }
);

/// An element (LoRA) of the platform, to be applied.
///
/// Reading one from JSON refuses fields that it does not have.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct ElementInput {
    /// The element.
    #[model(name = "akUUID", required)]
    pub ak_uuid: ElementId,
    /// How much it counts; the service takes 1 when this is not sent.
    pub weight: Option<f64>,
}

impl ElementInput {
    /// Applies an element with the weight that the service gives it.
    pub fn new(element: impl Into<ElementId>) -> Self {
        Self { ak_uuid: element.into(), weight: None }
    }
}

/// An element (LoRA): a small addition to a model, for a style or a subject.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct Lora {
    /// The element's identifier.
    #[model(name = "akUUID")]
    pub ak_uuid: Option<ElementId>,
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Who made it.
    pub creator_name: Option<String>,
    /// A picture that shows what it does.
    pub url_image: Option<String>,
    /// The family of models that it goes with.
    pub base_model: Option<SdVersion>,
    /// The weight it has when none is given.
    pub weight_default: Option<f64>,
    /// The least weight.
    pub weight_min: Option<f64>,
    /// The greatest weight.
    pub weight_max: Option<f64>,
}

open_enum!(
    /// The kind of an image file that is going to be uploaded.
    pub enum ImageExtension {
        /// PNG.
        Png = "png",
        /// JPEG.
        Jpg = "jpg",
        /// JPEG, by its longer name.
        Jpeg = "jpeg",
        /// WebP.
        Webp = "webp",
    }
);

/// Text that is no known value of an enum; what `parse` of an enum fails with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    name: &'static str,
    text: String,
    known: &'static [&'static str],
}

impl UnknownValue {
    pub(crate) fn new(name: &'static str, text: &str, known: &'static [&'static str]) -> Self {
        Self { name, text: text.to_owned(), known }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values that are known.
    pub fn known(&self) -> &'static [&'static str] {
        self.known
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, text, known } = self;
        let letters = |text: &str| -> String {
            text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        write!(f, "{text:?} is no known {name}; ")?;
        match known.iter().find(|known| letters(known) == letters(text)) {
            Some(known) => write!(f, "did you mean {known}?"),
            None => write!(f, "known are {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownValue {}

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
    /// So many credits.
    pub fn credits(credits: u64) -> Self {
        Self { amount: credits.to_string(), unit: CostUnit::Credits }
    }

    /// So many dollars, a decimal such as `"0.05"`. It is not checked here.
    pub fn dollars(dollars: impl Into<String>) -> Self {
        Self { amount: dollars.into(), unit: CostUnit::Dollars }
    }

    /// The amount as a number, for display and rough sums. [`checked_add`](Self::checked_add) adds up money.
    pub fn amount_f64(&self) -> Option<f64> {
        self.amount.trim().parse().ok().filter(|amount: &f64| amount.is_finite())
    }

    /// The sum, exact to the last digit. `None` if the units differ, if an amount is not a decimal number such as `0.0147`, or
    /// beyond 38 digits.
    ///
    /// ```
    /// # #[cfg(feature = "models")] {
    /// use leonardo_ai::models::Cost;
    ///
    /// let cost = |json| serde_json::from_str::<Cost>(json);
    /// let sum = cost(r#"{"amount":"0.0147","unit":"DOLLARS"}"#)?.checked_add(&cost(r#"{"amount":"0.1","unit":"DOLLARS"}"#)?);
    /// assert_eq!(sum.unwrap().to_string(), "0.1147 DOLLARS");
    /// # }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        if self.unit != other.unit {
            return None;
        }
        let ((left, left_scale), (right, right_scale)) = (decimal(&self.amount)?, decimal(&other.amount)?);
        let scale = left_scale.max(right_scale);
        let scaled = |digits: i128, of: u32| digits.checked_mul(10_i128.checked_pow(scale - of)?);
        let sum = scaled(left, left_scale)?.checked_add(scaled(right, right_scale)?)?;
        let sign = if sum < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", sum.unsigned_abs(), width = scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        Some(Self { amount: format!("{sign}{whole}{point}{fraction}"), unit: self.unit.clone() })
    }
}

/// The digits of a decimal number as a whole number, and how many of them stand behind the point.
fn decimal(text: &str) -> Option<(i128, u32)> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !all_digits(digits) || !all_digits(fraction) {
        return None;
    }
    Some((format!("{whole}{fraction}").parse().ok()?, u32::try_from(fraction.len()).ok()?))
}

/// As in `0.0147 DOLLARS`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit.as_str() {
            "" => f.write_str(&self.amount),
            unit => write!(f, "{} {unit}", self.amount),
        }
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
/// [`unix_millis`](Self::unix_millis) for that; equality here is equality of the text. The order is that in time, and for the
/// same moment that of the texts; text that is no date comes first.
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

impl Timestamp {
    /// The same point in time, to the millisecond; `None` for text that is no date and time.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let millis = self.unix_millis()?;
        let apart = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { SystemTime::UNIX_EPOCH.checked_sub(apart) } else { SystemTime::UNIX_EPOCH.checked_add(apart) }
    }
}

/// To the millisecond, in UTC, in the form that webhooks have: `2023-11-09T00:42:22.707Z`.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time::written(time))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.unix_millis().cmp(&other.unix_millis()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Timestamp {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
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
    fn costs_add_up_exactly() {
        let cost = |amount: &str, unit: CostUnit| Cost { amount: amount.into(), unit };
        for (left, right, sum) in [
            ("0.1", "0.2", "0.3"),
            ("0.0147", "9.1", "9.1147"),
            ("4", "4", "8"),
            (" 0.50", "0.5", "1.00"),
            ("-0.5", "0.25", "-0.25"),
            ("-0.05", "0.05", "0.00"),
        ] {
            let total = cost(left, CostUnit::Dollars).checked_add(&cost(right, CostUnit::Dollars)).unwrap();
            assert_eq!(total, cost(sum, CostUnit::Dollars), "{left} + {right}");
        }
        let one = cost("1", CostUnit::Credits);
        for other in ["", "-", ".5", "1e3", "NaN", "1.2.3", "99999999999999999999999999999999999999999"] {
            assert_eq!(one.checked_add(&cost(other, CostUnit::Credits)), None, "{other:?}");
        }
        assert_eq!(one.checked_add(&cost("1", CostUnit::Dollars)), None);
        assert_eq!(cost("1.5", CostUnit::default()).to_string(), "1.5");
    }

    #[test]
    fn timestamps_order_by_time() {
        let mut times = ["2023-11-09T00:42:22.707Z", "2023-11-09T00:42:22", "now", "2023-11-09T10:12:21+09:30"]
            .map(Timestamp::from);
        times.sort();
        let sorted = ["now", "2023-11-09T10:12:21+09:30", "2023-11-09T00:42:22", "2023-11-09T00:42:22.707Z"];
        assert_eq!(times, sorted.map(Timestamp::from));
        for text in ["2023-11-09T00:42:22.707Z", "1969-12-31T23:59:59.999Z", "1900-01-01T00:00:00.000Z"] {
            let time = Timestamp::from(text).to_system_time().unwrap();
            assert_eq!(Timestamp::from(time), *text);
        }
        assert_eq!(Timestamp::from("now").to_system_time(), None);
    }

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
