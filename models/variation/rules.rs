//! What the service documents of the universal upscaler's fields that depend on one another.

use super::CreateUniversalUpscalerJobRequest;
use crate::codec::{Checking, Encode};

pub(super) fn universal_upscaler(request: &CreateUniversalUpscalerJobRequest, checking: &mut Checking) {
    let images: [(&str, bool, &dyn Encode); 3] = [
        ("generatedImageId", request.generated_image_id.is_some(), &request.generated_image_id),
        ("initImageId", request.init_image_id.is_some(), &request.init_image_id),
        ("variationId", request.variation_id.is_some(), &request.variation_id),
    ];
    let is_there = |name| request.extra.contains_key(name);
    let mut named = images.iter().filter(|(name, is_set, _)| *is_set || is_there(*name));
    let bound = "must be the only image of generatedImageId, initImageId and variationId";
    match (named.next(), named.next()) {
        (None, _) => {
            let (name, _, value) = images[0];
            let bound = "is needed, unless initImageId or variationId is set";
            checking.refuse(name, value, bound, "set one of the three");
        }
        (Some(_), Some((name, _, value))) => checking.refuse(name, *value, bound, "leave the others out"),
        (Some(_), None) => {}
    }
    let ultra = &request.ultra_upscale_style;
    if ultra.is_some() && request.upscaler_style.is_some() {
        let advice = "leave one of the two out";
        checking.refuse("ultraUpscaleStyle", ultra, "cannot be sent beside upscalerStyle", advice);
    }
    if ultra.is_none() && !is_there("ultraUpscaleStyle") {
        for (field, value) in [("detailContrast", &request.detail_contrast), ("similarity", &request.similarity)] {
            if value.is_some() {
                checking.refuse(field, value, "needs ultraUpscaleStyle", "set ultraUpscaleStyle, or leave this out");
            }
        }
    }
}
