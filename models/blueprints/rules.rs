//! What the service documents of the inputs of a blueprint.

use super::{BlueprintInputValue, BlueprintSetting, ExecuteBlueprintRequest};
use crate::codec::Checking;

pub(super) fn execution(request: &ExecuteBlueprintRequest, checking: &mut Checking) {
    for (index, input) in request.input.node_inputs.iter().enumerate() {
        let is_list = matches!(input.value, BlueprintInputValue::Variables(_));
        let (bound, advice) = match (&input.setting_name, is_list) {
            (BlueprintSetting::TextVariables, false) => {
                ("must be a list of variables for textVariables", "make it with BlueprintNodeInput::text_variables")
            }
            (BlueprintSetting::Text | BlueprintSetting::ImageUrl, true) => {
                ("must be a text for text and imageUrl", "make it with BlueprintNodeInput::text or image_url")
            }
            _ => continue,
        };
        checking.within(format!("input.nodeInputs[{index}]."), |checking| {
            checking.refuse("value", &input.value, bound, advice);
        });
    }
}
