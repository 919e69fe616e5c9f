//! All outputs of a run of a blueprint, as a stream over the pages.

use std::future::IntoFuture as _;

use crate::LeonardoCore;
use crate::funcs::blueprints_get_blueprint_execution_generations;
use crate::models::{BlueprintExecutionGeneration, BlueprintExecutionId, GetBlueprintExecutionGenerationsRequest};
use crate::paging::{CursorList, CursorPage};

/// Lists all outputs of a run of a blueprint: `GET /v1/blueprint-executions/{id}/generations`, page after page.
///
/// While the run goes on, outputs may be missing that are still to come: [wait](super::blueprints_wait_for_execution())
/// for it first. Of an unknown run there are none.
pub fn blueprints_list_outputs(
    core: &LeonardoCore,
    id: impl Into<BlueprintExecutionId>,
) -> CursorList<BlueprintExecutionGeneration> {
    let (owned, id) = (core.clone(), id.into());
    CursorList::new(core, "blueprints_list_outputs", move |options, after, first| {
        let after = after.map(str::to_owned);
        let request = GetBlueprintExecutionGenerationsRequest { first: Some(first), after, last: None, before: None };
        let page = blueprints_get_blueprint_execution_generations(&owned, id.clone(), request);
        let page = page.with_options(options).into_future();
        Box::pin(async move {
            let page = page.await?;
            let next = page.next_cursor();
            Ok(CursorPage { records: page.edges.into_iter().filter_map(|edge| edge.node).collect(), next })
        })
    })
}
