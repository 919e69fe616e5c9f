//! Lists of every kind as streams: what they ask for, where they end, and how to go on.

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, LeonardoCore};
use serde_json::{Value, json};

use crate::common::{Reply, Server};

fn core(server: &Server) -> LeonardoCore {
    server.builder().build().unwrap()
}

fn reply(body: &Value) -> Reply {
    Reply::json(200, body.to_string())
}

/// A page of a connection, with the cursor after it.
fn page(field: &str, nodes: &[&str], next: Option<&str>) -> Reply {
    let edges: Vec<_> = nodes.iter().map(|id| json!({"cursor": format!("c-{id}"), "node": {"akUUID": id}})).collect();
    reply(&json!({(field): {
        "edges": edges,
        "pageInfo": {"hasNextPage": next.is_some(), "hasPreviousPage": false, "endCursor": next},
    }}))
}

#[tokio::test]
async fn blueprints_are_listed_by_their_cursors() {
    let pages = vec![
        page("blueprints", &["a", "b"], Some("two")),
        page("blueprints", &[], Some("three")),
        page("blueprints", &["c"], None),
    ];
    let server = Server::script(pages).await;
    let request = ListBlueprintsRequest::default().categories(["Portraits".to_owned()]).last(3_u32).before("x");
    let mut list = blueprints_list_all(&core(&server), request).page_size(2).header("x-request-source", "nightly");
    let mut ids = Vec::new();
    assert_eq!(list.cursor(), None);
    while let Some(blueprint) = list.next().await {
        ids.push(blueprint.unwrap().ak_uuid.to_string());
    }
    assert!(list.next().await.is_none());
    assert_eq!(ids, ["a", "b", "c"]);
    let requests = server.expect(3).await;
    let asked: Vec<Value> = requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!(asked[0], json!({"first": 2, "categories": ["Portraits"]}));
    assert_eq!(asked[1], json!({"first": 2, "after": "two", "categories": ["Portraits"]}));
    assert_eq!(asked[2]["after"], "three");
    assert!(requests.iter().all(|request| request.header("x-request-source") == Some("nightly")));
}

#[tokio::test]
async fn outputs_are_listed_by_their_cursors_and_a_failed_page_can_be_resumed() {
    let field = "blueprintExecutionGenerations";
    let server = Server::script(vec![page(field, &["a"], Some("two")), Reply::json(404, "{}")]).await;
    let mut list = blueprints_list_outputs(&core(&server), "run");
    assert_eq!(list.next().await.unwrap().unwrap().ak_uuid, "a");
    let error = list.next().await.unwrap().unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(list.next().await.is_none());
    let cursor = list.cursor().unwrap().to_owned();
    let server = Server::script(vec![page(field, &["b"], None)]).await;
    let mut list = blueprints_list_outputs(&core(&server), "run").after(cursor);
    assert_eq!(list.next().await.unwrap().unwrap().ak_uuid, "b");
    assert!(list.next().await.is_none());
    let target = &server.expect(1).await[0].target;
    assert!(target.ends_with("/blueprint-executions/run/generations?first=50&after=two"), "{target}");
    // Of a run that nobody knows there are none.
    let server = Server::script(vec![page(field, &[], None)]).await;
    assert!(blueprints_list_outputs(&core(&server), "run").next().await.is_none());
}

#[tokio::test]
async fn a_page_that_is_followed_by_itself_ends_the_list() {
    let server = Server::always(page("blueprints", &["a"], Some("same"))).await;
    let mut list = blueprints_list_all(&core(&server), ListBlueprintsRequest::default());
    assert!(list.next().await.unwrap().is_ok());
    assert!(matches!(list.next().await, Some(Err(Error::InvalidRequest(_)))));
    assert!(list.next().await.is_none());
    server.expect(2).await;
    // Where the end is not told, the cursor of the last is taken.
    let edge = json!({"cursor": "c", "node": {"akUUID": "a"}});
    let first = json!({"blueprints": {"edges": [edge], "pageInfo": {"hasNextPage": true, "endCursor": null}}});
    let server = Server::script(vec![reply(&first), page("blueprints", &["b"], None)]).await;
    let mut list = blueprints_list_all(&core(&server), ListBlueprintsRequest::default());
    while let Some(blueprint) = list.next().await {
        blueprint.unwrap();
    }
    let asked: Value = serde_json::from_slice(&server.expect(2).await[1].body).unwrap();
    assert_eq!(asked, json!({"first": 50, "after": "c"}));
}

#[tokio::test]
async fn models_and_textures_are_listed_by_their_offsets() {
    let record = |id: &str| json!({"id": id, "createdAt": "2023-11-09T00:42:22.707"});
    let page =
        |field: &str, ids: &[&str]| reply(&json!({(field): ids.iter().map(|id| record(id)).collect::<Vec<_>>()}));
    for (field, path) in
        [("model_assets", "/models-3d/user/u"), ("model_asset_texture_generations", "/generations-texture/model/m")]
    {
        let pages = vec![page(field, &["c", "b"]), page(field, &["b", "a"]), page(field, &["a"]), page(field, &[])];
        let server = Server::script(pages).await;
        let core = core(&server);
        let mut ids = Vec::new();
        if field == "model_assets" {
            let mut list = three_d_model_assets_list_3d_models(&core, "u").page_size(2);
            while let Some(model) = list.next().await {
                ids.push(model.unwrap().id.to_string());
            }
        } else {
            let mut list = texture_list_texture_generations(&core, "m").page_size(2);
            while let Some(texture) = list.next().await {
                ids.push(texture.unwrap().id.to_string());
            }
        }
        assert_eq!(ids, ["c", "b", "a"], "{field}");
        let requests = server.expect(4).await;
        assert!(requests[0].target.contains(path) && requests[0].target.contains("offset=0"), "{}", requests[0].target);
        assert!(requests[1].target.contains("offset=1"), "{}", requests[1].target);
    }
}
