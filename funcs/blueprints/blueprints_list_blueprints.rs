use crate::models::{Blueprints, ListBlueprintsRequest};
use crate::{Call, LeonardoCore, operations};

/// Reads a page of the blueprints: `GET /v1/blueprints`.
///
/// What is set in `request` goes into the body. Without anything, the first 10 that the API can run are listed.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. In a browser, which sends no
/// body with a GET, anything set is an [`InvalidRequest`](crate::Error::InvalidRequest).
pub fn blueprints_list_blueprints(core: &LeonardoCore, request: ListBlueprintsRequest) -> Call<Blueprints> {
    let call = Call::new(core, &operations::BLUEPRINTS_LIST_BLUEPRINTS);
    if request == ListBlueprintsRequest::default() { call } else { call.body(&request) }
}
