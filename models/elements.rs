//! Elements (LoRAs): those of one's own, and how they are trained.

use serde_json::{Map, Value};

use super::{Cost, DatasetId, JobStatus, Timestamp, UserElementId};
use crate::codec::{Model, Record, open_enum};

mod rules;

/// Asks for the training of an element.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::element)]
pub struct CreateElementRequest {
    /// The element's name.
    #[model(required)]
    pub name: String,
    /// What the element does.
    pub description: Option<String>,
    /// The pictures to train on: at least 10, and at most 50 for Flux Dev or 40 for the SDXL family.
    #[model(required, length = 1..)]
    pub dataset_id: DatasetId,
    /// The word that stands for the subject in prompts, rather a rare one such as `magicdonut`. Needed, except for
    /// Flux Dev with the focus style or object.
    #[model(name = "instance_prompt")]
    pub instance_prompt: Option<String>,
    /// What the element is about.
    #[model(name = "lora_focus", required)]
    pub lora_focus: ElementFocus,
    /// Whether the text encoder is trained too.
    #[model(name = "train_text_encoder", required)]
    pub train_text_encoder: bool,
    /// The side of the pictures in pixels: 1024 is the only one, and taken when this is not sent.
    #[model(one_of = [1024])]
    pub resolution: Option<u32>,
    /// The model that the element is for.
    #[model(name = "sd_version", required)]
    pub sd_version: ElementBaseModel,
    /// How often all pictures are gone through: 1 to 250, rather 100. For Flux Dev 30 to 120, rather 60, with the focus
    /// style; 120 to 220, rather 140, with object; 100 to 200, rather 135, with character.
    #[model(name = "num_train_epochs", required)]
    pub num_train_epochs: u32,
    /// How fast it learns: 1e-8 to 1e-5, rather 1e-6. For Flux Dev 1e-6 to 3e-5, rather 1e-5, with the focus style;
    /// with the others 1e-5 to 1e-3, rather 4e-4 with object and 5e-4 with character.
    #[model(name = "learning_rate", required)]
    pub learning_rate: f64,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateElementRequest {
    /// An element of the data set for that model, with the epochs and the learning rate that the service suggests for
    /// both, and with the text encoder trained too.
    ///
    /// ```
    /// # #[cfg(feature = "models")] {
    /// use leonardo_ai::models::{CreateElementRequest, ElementBaseModel, ElementFocus};
    ///
    /// let request = CreateElementRequest::new("Donuts", "d", ElementBaseModel::FluxDev, ElementFocus::Character);
    /// assert_eq!((request.num_train_epochs, request.learning_rate), (135, 5e-4));
    /// # }
    /// ```
    pub fn new(
        name: impl Into<String>,
        dataset: impl Into<DatasetId>,
        model: impl Into<ElementBaseModel>,
        focus: impl Into<ElementFocus>,
    ) -> Self {
        let (sd_version, lora_focus) = (model.into(), focus.into());
        let (num_train_epochs, learning_rate) = match (&sd_version, &lora_focus) {
            (ElementBaseModel::FluxDev, ElementFocus::Style) => (60, 1e-5),
            (ElementBaseModel::FluxDev, ElementFocus::Object) => (140, 4e-4),
            (ElementBaseModel::FluxDev, ElementFocus::Character) => (135, 5e-4),
            _ => (100, 1e-6),
        };
        Self {
            name: name.into(),
            dataset_id: dataset.into(),
            lora_focus,
            train_text_encoder: true,
            sd_version,
            num_train_epochs,
            learning_rate,
            ..Self::empty()
        }
    }
}

open_enum!(
    /// What an element is about.
    #[default(Unknown)]
    pub enum ElementFocus {
        /// Anything; not for Flux Dev.
        General = "General",
        /// A character.
        Character = "Character",
        /// A style.
        Style = "Style",
        /// A thing.
        Object = "Object",
    }
);

open_enum!(
    /// The model that an element is trained for.
    #[default(Unknown)]
    pub enum ElementBaseModel {
        /// Stable Diffusion XL 0.9.
        Sdxl0_9 = "SDXL_0_9",
        /// Stable Diffusion XL 1.0.
        Sdxl1_0 = "SDXL_1_0",
        /// Leonardo Diffusion XL.
        LeonardoDiffusionXl = "LEONARDO_DIFFUSION_XL",
        /// Leonardo Lightning XL.
        LeonardoLightningXl = "LEONARDO_LIGHTNING_XL",
        /// Leonardo Vision XL.
        VisionXl = "VISION_XL",
        /// Leonardo Kino XL.
        KinoXl = "KINO_XL",
        /// AlbedoBase XL.
        AlbedoXl = "ALBEDO_XL",
        /// Flux Dev. Such elements do not go with Flux Schnell.
        FluxDev = "FLUX_DEV",
    }
);

/// The job that trains an element.
///
/// By the time this arrives it is paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ElementTrainingJob {
    /// The number of the element, which it is read and applied by.
    #[model(required)]
    pub user_lora_id: UserElementId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the training is charged.
    pub cost: Option<Cost>,
}

/// An element of one's own.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct CustomElement {
    /// The number of the element.
    #[model(required)]
    pub id: UserElementId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// How far the training is.
    pub status: JobStatus,
    /// The model that it is for.
    pub base_model: ElementBaseModel,
    /// What it is about.
    pub focus: ElementFocus,
    /// The word that stands for the subject in prompts.
    pub instance_prompt: Option<String>,
    /// The side of the pictures in pixels.
    pub resolution: Option<u32>,
    /// How fast it learns.
    pub learning_rate: Option<f64>,
    /// How often all pictures are gone through.
    pub training_epoch: Option<u32>,
    /// Whether the text encoder is trained too.
    pub train_text_encoder: Option<bool>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
    /// When the element last changed, in UTC.
    pub updated_at: Option<Timestamp>,
}

impl CustomElement {
    /// Whether it is trained, and can be used.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether the training is over, without an element.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

/// An element of one's own that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedElement {
    /// The number that it had.
    #[model(required)]
    pub id: UserElementId,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json, to_value};

    use super::*;

    #[test]
    fn epochs_and_learning_rate_are_those_suggested_for_model_and_focus() {
        for (model, focus, epochs, rate) in [
            (ElementBaseModel::FluxDev, ElementFocus::Style, 60, 1e-5),
            (ElementBaseModel::FluxDev, ElementFocus::Object, 140, 4e-4),
            (ElementBaseModel::FluxDev, ElementFocus::Character, 135, 5e-4),
            (ElementBaseModel::KinoXl, ElementFocus::Character, 100, 1e-6),
            ("NEW".into(), "New".into(), 100, 1e-6),
        ] {
            let request = CreateElementRequest::new("n", "d", model, focus);
            assert_eq!((request.num_train_epochs, request.learning_rate), (epochs, rate), "{request:?}");
        }
        let request = CreateElementRequest::new("n", "d", "KINO_XL", "General");
        assert_eq!(
            to_value(request).unwrap(),
            json!({
                "name": "n", "datasetId": "d", "lora_focus": "General", "train_text_encoder": true,
                "sd_version": "KINO_XL", "num_train_epochs": 100, "learning_rate": 1e-6,
            })
        );
    }

    #[test]
    fn an_element_that_was_paid_for_has_a_number() {
        let job: ElementTrainingJob = from_str(r#"{"userLoraId":"12","cost":3}"#).unwrap();
        assert_eq!(job, ElementTrainingJob { user_lora_id: 12.into(), ..Default::default() });
        for json in ["{}", r#"{"userLoraId":null}"#, r#"{"userLoraId":0}"#, r#"{"userLoraId":"a"}"#] {
            assert!(from_str::<ElementTrainingJob>(json).is_err(), "{json}");
        }
    }
}
