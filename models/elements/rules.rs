//! What the service documents of an element's training that depends on its base and its focus.

use super::{CreateElementRequest, ElementBaseModel, ElementFocus};
use crate::codec::Checking;

pub(super) fn element(request: &CreateElementRequest, checking: &mut Checking) {
    let (base, focus) = (&request.sd_version, &request.lora_focus);
    let is_flux = *base == ElementBaseModel::FluxDev;
    let (epochs, rate, of) = match focus {
        _ if !base.is_known() => return,
        _ if !is_flux => ((1.0, 250.0), (1e-8, 1e-5), "with this base"),
        ElementFocus::Style => ((30.0, 120.0), (1e-6, 3e-5), "for a style on Flux Dev"),
        ElementFocus::Object => ((120.0, 220.0), (1e-5, 1e-3), "for an object on Flux Dev"),
        ElementFocus::Character => ((100.0, 200.0), (1e-5, 1e-3), "for a character on Flux Dev"),
        ElementFocus::General => {
            let advice = "take Character, Style or Object";
            return checking.refuse("lora_focus", focus, "cannot be General on Flux Dev", advice);
        }
        ElementFocus::Unknown(_) => return,
    };
    checking.range("num_train_epochs", Some(request.num_train_epochs.into()), epochs, of);
    checking.range("learning_rate", Some(request.learning_rate), rate, of);

    let is_needed = !is_flux || *focus == ElementFocus::Character;
    let is_blank = request.instance_prompt.as_deref().is_none_or(|prompt| prompt.trim().is_empty());
    if is_needed && is_blank && !request.extra.contains_key("instance_prompt") {
        let bound = format!("is needed {of}");
        let advice = "set the word that stands for the subject in prompts";
        checking.refuse("instance_prompt", &request.instance_prompt, bound, advice);
    }
}
