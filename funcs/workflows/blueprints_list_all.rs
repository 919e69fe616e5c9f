//! All blueprints, as a stream over the pages.

use std::future::IntoFuture as _;

use crate::LeonardoCore;
use crate::funcs::blueprints_list_blueprints;
use crate::models::{Blueprint, ListBlueprintsRequest};
use crate::paging::{CursorList, CursorPage};

/// Lists all blueprints that `request` asks for: `GET /v1/blueprints`, page after page.
///
/// Of `request`, platforms and categories count; where it begins and how much comes at once are said to the
/// [`CursorList`].
pub fn blueprints_list_all(core: &LeonardoCore, request: ListBlueprintsRequest) -> CursorList<Blueprint> {
    let (owned, request) = (core.clone(), ListBlueprintsRequest { last: None, before: None, ..request });
    CursorList::new(core, "blueprints_list_all", move |options, after, first| {
        let after = after.map(str::to_owned);
        let request = ListBlueprintsRequest { first: Some(first), after, ..request.clone() };
        let page = blueprints_list_blueprints(&owned, request).with_options(options).into_future();
        Box::pin(async move {
            let page = page.await?;
            let next = page.next_cursor();
            Ok(CursorPage { records: page.edges.into_iter().filter_map(|edge| edge.node).collect(), next })
        })
    })
}
