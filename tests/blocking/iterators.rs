//! Lists and waits as iterators.

use leonardo_ai::funcs::{
    blueprints_list_all, image_create_generation, image_generate, image_list_generations, image_wait_for_generation,
};
use leonardo_ai::models::ListBlueprintsRequest;
use leonardo_ai::{Blocking as _, LeonardoCore};
use leonardo_ai_emulator::Emulator;
use serde_json::json;

use crate::common::{LONG, Reply};
use crate::{harbour, server, start};

fn generations(core: &LeonardoCore, count: usize) -> Vec<String> {
    let create = |_| image_create_generation(core, harbour()).send_blocking().unwrap().generation_id.to_string();
    let mut ids: Vec<_> = (0..count).map(create).collect();
    ids.reverse();
    ids
}

#[test]
fn a_list_gives_every_record_and_may_go_on_with_await() {
    let (runtime, emulator, core) = start(Emulator::builder());
    let ids = generations(&core, 9);
    let list = || image_list_generations(&core, emulator.user_id()).page_size(3);
    let listed: Vec<_> = list().iter_blocking().map(|record| record.unwrap().id.to_string()).collect();
    assert_eq!(listed, ids);
    let mut iterator = list().iter_blocking();
    assert_eq!(iterator.by_ref().take(4).count(), 4);
    assert_eq!(iterator.get_ref().position(), 4);
    let mut rest = iterator.into_inner();
    let fifth = runtime.block_on(rest.next()).unwrap().unwrap();
    assert_eq!(fifth.id.as_str(), ids[4]);
}

#[test]
fn an_iterator_that_is_dropped_ends_what_was_asked_for_ahead() {
    let row = |id: u32| json!({"id": format!("{id}"), "createdAt": "2024-03-01T08:00:00.123"});
    let page = json!({"generations": (0..50).map(row).collect::<Vec<_>>()});
    let (runtime, server) = server(vec![Reply::json(200, page.to_string()), Reply::Stall(Vec::new())]);
    let mut list = image_list_generations(&server.core(), "u-1").page_size(50).iter_blocking();
    // What is asked for ahead goes on whenever a record is taken, and the first time no connection may be free for it.
    for id in 0..50 {
        assert_eq!(list.next().unwrap().unwrap().id.as_str(), id.to_string());
        if server.count() == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    runtime.block_on(server.expect(2));
    drop(list);
    runtime.block_on(server.expect_left());
}

#[test]
fn a_list_by_cursor_ends_with_its_error() {
    let first = json!({"blueprints": {
        "edges": [{"cursor": "c", "node": {"akUUID": "a"}}],
        "pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "endCursor": "next"},
    }});
    let (_runtime, server) = server(vec![Reply::json(200, first.to_string()), Reply::json(404, "{}")]);
    let mut list = blueprints_list_all(&server.core(), ListBlueprintsRequest::default()).iter_blocking();
    assert_eq!(list.next().unwrap().unwrap().ak_uuid.as_str(), "a");
    assert!(list.next().unwrap().unwrap_err().is_not_found());
    assert!(list.next().is_none());
}

#[test]
fn states_and_progress_come_one_by_one() {
    let (_runtime, _emulator, core) = start(Emulator::builder());
    let id = generations(&core, 1).remove(0);
    let states: Vec<_> = image_wait_for_generation(&core, id).states().iter_blocking().collect();
    assert!(states.last().unwrap().as_ref().unwrap().is_complete());
    let steps = image_generate(&core, harbour()).deadline(LONG).progress().iter_blocking();
    assert!(steps.map(Result::unwrap).count() >= 2);
}
