//! What goes over the wire, beyond what the golden files show: headers, ids, queries, servers, and odd responses.

use std::collections::BTreeMap;
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::Method;
use leonardo_ai::models::{
    ControlnetInput, CreateGenerationRequest, ElementInput, GenerationId, GetGenerationsByUserIdRequest, PresetStyle,
    Scheduler,
};
use leonardo_ai::{Call, Effect, Error, Operation};
use serde_json::{Value, json};

use crate::common::{CREATED, DELETED, GENERATION, ID, KEY, ME, Reply, Server, create, delete, get, me};

const LIST: &str = r#"{"generations":[]}"#;

/// Asserts that a call was refused because of `field`, and that the server heard nothing.
fn assert_refused(error: &Error, field: &str, server: &Server) {
    match error {
        Error::InvalidRequest(refused) => assert_eq!(refused.field, field, "{error}"),
        other => panic!("{other:?}"),
    }
    let call = error.call().unwrap();
    assert_eq!(call.attempts, 0);
    let text = error.to_string();
    assert!(text.starts_with(call.operation), "{text}");
    assert!(text.contains("Nothing was sent"), "{text}");
    assert!(!error.may_have_been_charged());
    assert_eq!((server.count(), server.connections()), (0, 0));
}

#[tokio::test]
async fn every_request_carries_the_key_and_what_it_accepts_and_a_content_type_only_with_a_body() {
    let server = Server::start(|number, _| Reply::json(200, [CREATED, GENERATION, LIST, DELETED, ME][number])).await;
    let core = server.core();
    create(&core).await.unwrap();
    get(&core).await.unwrap();
    image_get_generations_by_user_id(&core, "u", Default::default()).await.unwrap();
    delete(&core).await.unwrap();
    me(&core).await.unwrap();

    for request in server.expect(5).await {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
        assert_eq!(request.header("accept"), Some("application/json"));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(request.header("user-agent"), Some(&*format!("leonardo-ai/{version} (rust)")));
        assert_eq!(request.header("host").map(|host| server.url().contains(host)), Some(true));
        let content_type = (request.method == "POST").then_some("application/json");
        assert_eq!(request.header("content-type"), content_type, "{request:?}");
    }
}

#[tokio::test]
async fn the_default_create_spells_out_the_documented_defaults() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let core = server.core();
    create(&core).await.unwrap();
    let read: CreateGenerationRequest = serde_json::from_str("{}").unwrap();
    image_create_generation(&core, read).await.unwrap();
    for request in server.expect(2).await {
        assert_eq!(
            request.json(),
            json!({
                "alchemy": true,
                "height": 768,
                "width": 1024,
                "modelId": "b24e16ff-06e3-43eb-8d33-4416c2d75876",
                "num_images": 4,
                "presetStyle": "DYNAMIC",
                "prompt": "A majestic cat in the snow",
            })
        );
    }
}

#[tokio::test]
async fn a_create_sends_what_is_set_and_nothing_else() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let core = server.core();
    let mut request = CreateGenerationRequest {
        alchemy: None,
        height: Some(512),
        model_id: None,
        num_images: Some(1),
        preset_style: Some("A_STYLE_OF_TOMORROW".into()),
        guidance_scale: Some(7.0),
        contrast: Some(3.5),
        seed: Some(9_999_999_998),
        controlnets: Some(vec![ControlnetInput { weight: Some(1.0), ..ControlnetInput::uploaded("image", 67) }]),
        elements: Some(vec![ElementInput::new("element")]),
        ..CreateGenerationRequest::new("ein Bär\n\"im\" 雪 \u{1f43b}")
    };
    request.extra.insert("newerThanThisCrate".into(), json!({"deep": [1, 2.5, null]}));
    image_create_generation(&core, request).await.unwrap();

    let received = &server.expect(1).await[0];
    assert_eq!(
        received.json(),
        json!({
            "height": 512,
            "width": 1024,
            "num_images": 1,
            "presetStyle": "A_STYLE_OF_TOMORROW",
            "guidance_scale": 7,
            "contrast": 3.5,
            "seed": 9_999_999_998_u64,
            "controlnets": [
                {"initImageId": "image", "initImageType": "UPLOADED", "preprocessorId": 67, "weight": 1}
            ],
            "elements": [{"akUUID": "element"}],
            "prompt": "ein Bär\n\"im\" 雪 \u{1f43b}",
            "newerThanThisCrate": {"deep": [1, 2.5, null]},
        })
    );
    let text = std::str::from_utf8(&received.body).unwrap();
    assert!(text.contains(r#""guidance_scale":7,"#), "{text}");
    assert!(!text.contains("7.0") && !text.contains("1.0"), "{text}");
    assert_eq!(received.header("content-length"), Some(&*received.body.len().to_string()));
}

#[tokio::test]
async fn a_prompt_that_says_nothing_is_refused() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    for prompt in ["", " \n\t"] {
        let error = image_create_generation(&server.core(), CreateGenerationRequest::new(prompt)).await.unwrap_err();
        assert_refused(&error, "prompt", &server);
    }
}

#[tokio::test]
async fn every_field_of_a_request_has_a_setter() {
    let request = CreateGenerationRequest::new("a pier")
        .num_images(1)
        .seed(7)
        .init_strength(0.5)
        .model_id("a-model")
        .preset_style(PresetStyle::Anime)
        .elements([ElementInput::new("an-element").weight(0.5)])
        .tiling(true)
        .extra("newer", json!([1]));
    let expected = CreateGenerationRequest {
        num_images: Some(1),
        seed: Some(7),
        init_strength: Some(0.5),
        model_id: Some("a-model".into()),
        preset_style: Some(PresetStyle::Anime),
        elements: Some(vec![ElementInput { ak_uuid: "an-element".into(), weight: Some(0.5) }]),
        tiling: Some(true),
        extra: [("newer".to_owned(), json!([1]))].into_iter().collect(),
        ..CreateGenerationRequest::new("a pier")
    };
    assert_eq!(request, expected);
}

#[tokio::test]
async fn a_number_that_json_does_not_have_is_refused() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let core = server.core();
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let request = CreateGenerationRequest { guidance_scale: Some(number), ..Default::default() };
        assert_refused(&image_create_generation(&core, request).await.unwrap_err(), "body", &server);
        let element = ElementInput { weight: Some(number), ..ElementInput::new("e") };
        let request = CreateGenerationRequest { elements: Some(vec![element]), ..Default::default() };
        assert_refused(&image_create_generation(&core, request).await.unwrap_err(), "body", &server);
    }
}

#[tokio::test]
async fn a_page_is_asked_for_by_limit_and_offset() {
    let server = Server::always(Reply::json(200, LIST)).await;
    let core = server.core();
    for (offset, limit, query) in [
        (Some(0), Some(10), "?limit=10&offset=0"),
        (Some(30), Some(50), "?limit=50&offset=30"),
        (Some(u32::MAX), Some(0), "?limit=0&offset=4294967295"),
        (Some(7), None, "?offset=7"),
        (None, Some(7), "?limit=7"),
        (None, None, ""),
    ] {
        let page = GetGenerationsByUserIdRequest { offset, limit };
        image_get_generations_by_user_id(&core, "u", page).await.unwrap();
        let target = server.received().pop().unwrap().target;
        assert_eq!(target, format!("/api/rest/v1/generations/user/u{query}"));
    }
}

#[tokio::test]
async fn an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let server = Server::start(|_, request| {
        let (deleted, listed) = (request.method == "DELETE", request.target.contains("/user/"));
        Reply::json(200, if deleted { DELETED } else { [GENERATION, LIST][usize::from(listed)] })
    })
    .await;
    let core = server.core();
    for (id, segment) in [
        ("a/b", "a%2Fb"),
        ("/", "%2F"),
        ("../../me", "..%2F..%2Fme"),
        ("a?limit=1", "a%3Flimit%3D1"),
        ("a#b", "a%23b"),
        ("%2f", "%252f"),
        ("%2e%2e", "%252e%252e"),
        ("%", "%25"),
        ("...", "..."),
        (".a", ".a"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a;b=c&d", "a%3Bb%3Dc%26d"),
        ("a:b@c", "a%3Ab%40c"),
        ("a\\b", "a%5Cb"),
        ("{id}", "%7Bid%7D"),
        ("\"<>`|^[]", "%22%3C%3E%60%7C%5E%5B%5D"),
        ("ä", "%C3%A4"),
        ("猫\u{1f408}", "%E7%8C%AB%F0%9F%90%88"),
        ("\u{2028}\u{feff}", "%E2%80%A8%EF%BB%BF"),
        ("http://evil.example/", "http%3A%2F%2Fevil.example%2F"),
        ("-_.~", "-_.~"),
    ] {
        let before = server.count();
        image_get_generation_by_id(&core, id).await.unwrap();
        image_delete_generation_by_id(&core, id).await.unwrap();
        image_get_generations_by_user_id(&core, id, Default::default()).await.unwrap();
        let targets: Vec<_> = server.received()[before..].iter().map(|request| request.target.clone()).collect();
        let path = format!("/api/rest/v1/generations/{segment}");
        let list = format!("/api/rest/v1/generations/user/{segment}?limit=10&offset=0");
        assert_eq!(targets, [path.clone(), path, list], "{id:?}");
    }
}

#[tokio::test]
async fn an_id_that_names_something_else_is_refused() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    let core = server.core();
    for id in ["", ".", "..", "a\nb", "a\r\nhost: evil", "\0", "\u{7f}", "\u{85}", "a\tb"] {
        assert_refused(&image_get_generation_by_id(&core, id).await.unwrap_err(), "id", &server);
        assert_refused(&image_delete_generation_by_id(&core, id).await.unwrap_err(), "id", &server);
        let listed = image_get_generations_by_user_id(&core, id, Default::default()).await;
        assert_refused(&listed.unwrap_err(), "userId", &server);
        assert_refused(&image_get_generation_by_id(&core, id).raw().await.unwrap_err(), "id", &server);
        let response = image_get_generation_by_id(&core, id).with_response().await;
        assert_refused(&response.unwrap_err(), "id", &server);
    }
}

#[tokio::test]
async fn ids_come_as_text_or_as_ids() {
    let server = Server::always(Reply::json(200, GENERATION)).await;
    let core = server.core();
    let id = GenerationId::from(ID);
    image_get_generation_by_id(&core, ID).await.unwrap();
    image_get_generation_by_id(&core, ID.to_owned()).await.unwrap();
    image_get_generation_by_id(&core, &id).await.unwrap();
    image_get_generation_by_id(&core, id).await.unwrap();
    for request in server.expect(4).await {
        assert_eq!(request.target, format!("/api/rest/v1/generations/{ID}"));
    }
}

#[tokio::test]
async fn headers_of_the_core_go_with_every_call_and_a_call_may_replace_them() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server
        .builder()
        .default_header("X-Team", "old")
        .default_header("x-team", "cats")
        .default_header("x-other", "kept")
        .user_agent("my program/1.0")
        .build()
        .unwrap();
    user_get_user_self(&core).await.unwrap();
    user_get_user_self(&core)
        .header("X-TEAM", "dogs")
        .header("x-new", "first")
        .header("x-new", "a\tb ä")
        .header("accept", "application/problem+json")
        .header("user-agent", "other/2")
        .await
        .unwrap();
    user_get_user_self(&core).await.unwrap();

    let headers: Vec<_> = server
        .expect(3)
        .await
        .iter()
        .map(|request| {
            ["x-team", "x-other", "x-new", "accept", "user-agent"]
                .map(|name| request.header(name).unwrap_or("-").to_owned())
        })
        .collect();
    let plain = ["cats", "kept", "-", "application/json", "my program/1.0"];
    assert_eq!(headers[0], plain);
    assert_eq!(headers[1], ["dogs", "kept", "a\tb ä", "application/problem+json", "other/2"]);
    assert_eq!(headers[2], plain);
}

#[tokio::test]
async fn a_header_that_is_not_the_callers_or_cannot_be_sent_is_refused() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server.core();
    for (name, value) in [
        ("authorization", "Bearer other"),
        ("Authorization", "Bearer other"),
        ("content-type", "text/plain"),
        ("Content-Length", "0"),
        ("host", "evil.example"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("upgrade", "websocket"),
        ("x-a", "b\r\nx-c: d"),
        ("x-a", "b\nc"),
        ("x-a", "b\rc"),
        ("x-a", "b\0c"),
        ("x-a\r\nx-b", "c"),
        ("x a", "b"),
        ("x-a:", "b"),
        ("ä", "b"),
        ("", "b"),
    ] {
        let error = user_get_user_self(&core).header(name, value).await.unwrap_err();
        assert_refused(&error, "header", &server);
        let error = image_create_generation(&core, Default::default()).header(name, value).await.unwrap_err();
        assert_refused(&error, "header", &server);
    }
    // A value may be a secret of somebody else's.
    let error = user_get_user_self(&core).header("x-secret", "hush\nhush").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn the_first_thing_that_is_wrong_is_what_the_error_names() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server.core();
    let error = image_get_generation_by_id(&core, "").header("host", "x").server_url("nowhere").await.unwrap_err();
    assert_refused(&error, "id", &server);
    let error = image_get_generation_by_id(&core, ID).server_url("nowhere").header("host", "x").await.unwrap_err();
    assert_refused(&error, "server_url", &server);
}

#[tokio::test]
async fn a_call_may_go_to_another_server_with_the_same_key() {
    let (server, other) = (Server::always(Reply::json(200, ME)).await, Server::always(Reply::json(200, ME)).await);
    let core = server.core();
    user_get_user_self(&core).server_url(other.url()).await.unwrap();
    let received = &other.expect(1).await[0];
    assert_eq!(received.target, "/api/rest/v1/me");
    assert_eq!(received.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(received.header("host").map(|host| other.url().contains(host)), Some(true));
    assert_eq!(server.count(), 0);
    user_get_user_self(&core).await.unwrap();
    assert_eq!((server.count(), other.count()), (1, 1));

    for url in ["", "nowhere", "ftp://h/", "http://", "http://user:hush@h/", "http://h/?a", "http://h/#a"] {
        let error = user_get_user_self(&core).server_url(url).await.unwrap_err();
        match &error {
            Error::InvalidRequest(refused) => assert_eq!(refused.field, "server_url"),
            other => panic!("{url}: {other:?}"),
        }
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn a_base_url_may_end_in_slashes_and_in_the_version() {
    let server = Server::always(Reply::json(200, ME)).await;
    let root = server.url().trim_end_matches("/api/rest").to_owned();
    for (end, path) in [
        ("/api/rest", "/api/rest/v1/me"),
        ("/api/rest/", "/api/rest/v1/me"),
        ("/api/rest//", "/api/rest/v1/me"),
        ("/api/rest/v1", "/api/rest/v1/me"),
        ("/api/rest/v1/", "/api/rest/v1/me"),
        ("", "/v1/me"),
        ("/", "/v1/me"),
        ("/v1", "/v1/me"),
        ("/a%20b", "/a%20b/v1/me"),
    ] {
        let core = server.builder().server_url(format!("{root}{end}")).build().unwrap();
        me(&core).await.unwrap();
        assert_eq!(server.received().pop().unwrap().target, path, "{end:?}");
        user_get_user_self(&server.core()).server_url(format!("{root}{end}")).await.unwrap();
        assert_eq!(server.received().pop().unwrap().target, path, "{end:?}");
    }
}

#[tokio::test]
async fn with_response_gives_the_output_with_what_came_with_it() {
    let server = Server::script(vec![
        Reply::json(503, "{}"),
        Reply::with(200, &[("X-Request-ID", "r-1"), ("x-many", "a"), ("x-many", "b")], GENERATION),
        Reply::json(201, CREATED),
    ])
    .await;
    let core = server.core();
    let response = image_get_generation_by_id(&core, ID).with_response().await.unwrap();
    assert_eq!((response.status.as_u16(), response.attempts), (200, 2));
    assert_eq!(response.headers["x-request-id"], "r-1");
    assert_eq!(response.headers.get_all("x-many").iter().count(), 2);
    assert_eq!(response.output.id.as_str(), ID);
    let response = image_create_generation(&core, Default::default()).with_response().await.unwrap();
    assert_eq!((response.status.as_u16(), response.attempts), (201, 1));
    assert_eq!(response.output.generation_id.as_str(), ID);
}

#[tokio::test]
async fn raw_gives_the_body_to_the_letter_whatever_it_says() {
    let bodies: [&[u8]; 6] = [
        GENERATION.as_bytes(),
        br#" { "generations_by_pk" : null } "#,
        br#"{"errors":[{"message":"no"}]}"#,
        b"<html>",
        b"\xff\x00\xfe",
        b"",
    ];
    let server = Server::start(move |number, _| Reply::json(200, bodies[number / 2])).await;
    let core = server.core();
    for body in bodies {
        assert_eq!(image_get_generation_by_id(&core, ID).raw().await.unwrap(), body);
        let response = image_create_generation(&core, Default::default()).raw().with_response().await.unwrap();
        assert_eq!((response.output.as_ref(), response.attempts), (body, 1));
    }
}

#[tokio::test]
async fn raw_does_not_hide_an_error_status() {
    let server = Server::always(Reply::json(404, r#"{"error":"no"}"#)).await;
    let error = image_get_generation_by_id(&server.core(), ID).raw().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server.core();
    for _ in 0..10 {
        me(&core.clone()).await.unwrap();
        // A connection is given back behind the call's back.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(server.connections() < 10, "{}", server.connections());
}

#[tokio::test]
async fn nothing_is_sent_until_a_call_is_awaited() {
    let server = Server::always(Reply::json(200, ME)).await;
    let core = server.core();
    drop(user_get_user_self(&core));
    drop(user_get_user_self(&core).with_response());
    drop(IntoFuture::into_future(user_get_user_self(&core)));
    tokio::task::yield_now().await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_list_keeps_its_order_and_may_be_empty_or_null() {
    let bodies = [
        json!({"generations": [{"id": "b", "status": "FAILED"}, null, {"id": "a"}]}),
        json!({"generations": []}),
        json!({"generations": null}),
    ];
    let bodies: Vec<_> = bodies.iter().map(|body| Reply::json(200, body.to_string())).collect();
    let server = Server::script(bodies).await;
    let core = server.core();
    for expected in [&["b", "a"][..], &[], &[]] {
        let list = image_get_generations_by_user_id(&core, "u", Default::default()).await.unwrap();
        let ids: Vec<_> = list.iter().map(|generation| generation.id.as_str()).collect();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn values_that_an_enum_does_not_know_are_kept() {
    let mut body: Value = serde_json::from_str(GENERATION).unwrap();
    let generation = &mut body["generations_by_pk"];
    generation["status"] = "RESTING".into();
    generation["scheduler"] = "NEW_SAMPLER".into();
    generation["presetStyle"] = "NEW_STYLE".into();
    generation["sdVersion"] = "v99".into();
    generation["generated_images"][1]["generated_image_variation_generics"][0]["transformType"] = "NEW".into();
    generation["aNewField"] = json!({"with": ["anything", {"in": "it"}]});
    let job = json!({"sdGenerationJob": {"generationId": ID, "cost": {"amount": "3", "unit": "SEASHELLS"}}});
    let server = Server::script(vec![Reply::json(200, body.to_string()), Reply::json(200, job.to_string())]).await;
    let core = server.core();
    let generation = get(&core).await.unwrap();
    assert_eq!(generation.status.as_str(), "RESTING");
    assert_eq!(generation.scheduler, Some(Scheduler::Unknown("NEW_SAMPLER".into())));
    assert_eq!(generation.preset_style, Some(PresetStyle::Unknown("NEW_STYLE".into())));
    assert_eq!(generation.sd_version.unwrap().as_str(), "v99");
    let variation = &generation.generated_images[1].generated_image_variation_generics[0];
    assert_eq!(variation.transform_type.as_str(), "NEW");
    assert_eq!(create(&core).await.unwrap().cost.unwrap().unit.as_str(), "SEASHELLS");
}

#[tokio::test]
async fn numbers_decode_as_integers_as_decimals_and_as_text() {
    for (whole, fraction) in [(json!(5), json!(7)), (json!(5.0), json!(7.0)), (json!("5"), json!("7"))] {
        let mut body: Value = serde_json::from_str(GENERATION).unwrap();
        let generation = &mut body["generations_by_pk"];
        for name in ["seed", "imageWidth", "imageHeight", "inferenceSteps"] {
            generation[name] = whole.clone();
        }
        generation["guidanceScale"] = fraction.clone();
        generation["generated_images"][0]["likeCount"] = whole.clone();
        let account = json!({"user_details": [{"user": null, "paidTokens": fraction, "apiConcurrencySlots": whole}]});
        let job = json!({"sdGenerationJob": {
            "generationId": ID, "apiCreditCost": fraction, "cost": {"amount": whole, "unit": "CREDITS"}}});
        let bodies = [body, account, job].map(|body| Reply::json(200, body.to_string()));
        let server = Server::script(bodies.to_vec()).await;
        let core = server.core();

        let generation = get(&core).await.unwrap();
        assert_eq!((generation.seed, generation.inference_steps), (Some(5), Some(5)));
        assert_eq!((generation.image_width, generation.image_height), (5, 5));
        assert_eq!(generation.guidance_scale, Some(7.0));
        assert_eq!(generation.generated_images[0].like_count, 5);
        let details = me(&core).await.unwrap();
        assert_eq!((details.paid_tokens, details.api_concurrency_slots), (Some(7.0), Some(5)));
        let job = create(&core).await.unwrap();
        assert_eq!(job.api_credit_cost, Some(7.0));
        assert_eq!(job.cost.unwrap().amount_f64(), Some(5.0));
    }
}

#[tokio::test]
async fn fields_that_are_missing_or_null_are_empty() {
    let mut body: Value = serde_json::from_str(GENERATION).unwrap();
    for (name, value) in body["generations_by_pk"].as_object_mut().unwrap() {
        if name != "id" {
            *value = Value::Null;
        }
    }
    let bare = json!({"generations_by_pk": {"id": ID}});
    let server = Server::script(vec![Reply::json(200, body.to_string()), Reply::json(200, bare.to_string())]).await;
    let core = server.core();
    let generation = get(&core).await.unwrap();
    assert_eq!((generation.prompt.as_str(), generation.seed, generation.image_width), ("", None, 0));
    assert_eq!(generation, get(&core).await.unwrap());
}

#[tokio::test]
async fn an_operation_of_ones_own_goes_the_same_way() {
    static VARIATION: Operation =
        Operation::new("my_variation", Method::PATCH, "/v2/things/{thing}/parts/{part}/end", Effect::Idempotent);
    static MODELS: Operation = Operation::new("my_models", Method::GET, "/v1/platformModels", Effect::Read);
    let server = Server::always(Reply::json(200, r#"{"list":[{"a":1},{"a":2}]}"#)).await;
    let core = server.core();
    type Thing = BTreeMap<String, i64>;

    let list: Vec<Thing> = Call::new(&core, &VARIATION)
        .id("a/b")
        .id("c d")
        .query(&json!({"text": "ä &=", "number": 1.5, "no": null, "yes": true}))
        .query(&json!({"more": "x"}))
        .body(&json!({"b": 1}))
        .list("list")
        .await
        .unwrap();
    assert_eq!(list.len(), 2);
    let first: Thing = Call::new(&core, &MODELS).first("list").await.unwrap();
    assert_eq!(first["a"], 1);
    let body = Call::new(&core, &MODELS).await.unwrap();
    assert!(body.starts_with(b"{"));

    let received = server.expect(3).await;
    assert_eq!(received[0].method, "PATCH");
    let query = "number=1.5&text=%C3%A4+%26%3D&yes=true&more=x";
    assert_eq!(received[0].target, format!("/api/rest/v2/things/a%2Fb/parts/c%20d/end?{query}"));
    assert_eq!(received[0].json(), json!({"b": 1}));
    assert_eq!(received[1].target, "/api/rest/v1/platformModels");
    assert_eq!(received[1].header("content-type"), None);
}

#[tokio::test]
async fn a_query_holds_numbers_as_they_are() {
    static NUMBERS: Operation = Operation::new("my_numbers", Method::GET, "/v1/numbers", Effect::Read);
    #[derive(serde::Serialize)]
    struct Numbers {
        z: f64,
        y: f64,
        x: u64,
        w: f64,
        none: Option<u32>,
        text: &'static str,
    }
    let server = Server::always(Reply::json(200, "{}")).await;
    let core = server.core();
    let numbers = Numbers { z: 0.1 + 0.2, y: 1e300, x: u64::MAX, w: 5e-324, none: None, text: "\"\\\u{e4}\u{1f408}" };
    Call::new(&core, &NUMBERS).query(&numbers).await.unwrap();
    let received = server.expect(1).await;
    let query = received[0].target.split_once('?').unwrap().1;
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.sort_unstable();
    let expected =
        ["text=%22%5C%C3%A4%F0%9F%90%88", "w=5e-324", "x=18446744073709551615", "y=1e%2B300", "z=0.30000000000000004"];
    assert_eq!(pairs, expected);
}

#[tokio::test]
async fn ids_and_queries_that_do_not_fit_the_operation_are_refused() {
    static PARTS: Operation = Operation::new("my_parts", Method::GET, "/v1/{thing}/{part}", Effect::Read);
    let server = Server::always(Reply::json(200, "{}")).await;
    let core = server.core();
    let call = || Call::new(&core, &PARTS);
    assert_refused(&call().await.unwrap_err(), "id", &server);
    assert_refused(&call().id("a").await.unwrap_err(), "id", &server);
    assert_refused(&call().id("a").id("b").id("c").await.unwrap_err(), "id", &server);
    assert_refused(&call().id("a").id("..").await.unwrap_err(), "part", &server);
    assert_refused(&call().id("a").id("b").query(&1).await.unwrap_err(), "query", &server);
    assert_refused(&call().id("a").id("b").query(&json!({"list": [1]})).await.unwrap_err(), "query", &server);
    assert_refused(&call().id("a").id("b").query(&json!({"a": 1, "b": {}})).await.unwrap_err(), "query", &server);
    let unsendable = BTreeMap::from([((1, 2), 3)]);
    assert_refused(&call().id("a").id("b").query(&unsendable).await.unwrap_err(), "query", &server);
    assert_refused(&call().id("a").id("b").body(&unsendable).await.unwrap_err(), "body", &server);
}
