//! What the service documents of a model's training.

use super::CreateModelRequest;
use crate::codec::Checking;
use crate::models::SdVersion;

pub(super) fn model(request: &CreateModelRequest, checking: &mut Checking) {
    let is_refused = |base: &SdVersion| base.is_known() && !matches!(base, SdVersion::V1_5 | SdVersion::V2);
    if request.sd_version.as_ref().is_some_and(is_refused) {
        checking.refuse("sd_version", &request.sd_version, "must be v1_5 or v2", "take one of these, or leave it out");
    }
}
