//! Data sets, and the elements and models trained on them.

mod common;

use common::{accepted, call, charged_without_response, ended, fetch, jpeg_size, refused, upload, with_image};
use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};

const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";

async fn dataset(emulator: &Emulator, image: &str, pictures: usize) -> String {
    let made = accepted(emulator, "/datasets", &json!({"name": "Donuts"})).await;
    let id = made["insert_datasets_one"]["id"].as_str().unwrap().to_owned();
    for _ in 0..pictures {
        let body = json!({"generatedImageId": image});
        let added = accepted(emulator, &format!("/datasets/{id}/upload/gen"), &body).await;
        assert!(added["uploadDatasetImageFromGen"]["id"].is_string());
    }
    id
}

async fn get(emulator: &Emulator, path: &str) -> Value {
    call(emulator, "GET", path, "").await.json()
}

async fn delete(emulator: &Emulator, path: &str) -> Value {
    call(emulator, "DELETE", path, "").await.json()
}

fn element(dataset: &str) -> Value {
    json!({
        "name": "Donuts", "datasetId": dataset, "instance_prompt": "magicdonut", "lora_focus": "Character",
        "train_text_encoder": true, "sd_version": "FLUX_DEV", "num_train_epochs": 135, "learning_rate": 0.0005,
    })
}

#[tokio::test]
async fn a_data_set() {
    let (emulator, _, image) = with_image().await;
    let id = dataset(&emulator, &image, 1).await;
    let place = accepted(&emulator, &format!("/datasets/{id}/upload"), &json!({"extension": "png"})).await;
    let place = &place["uploadDatasetImage"];
    assert_eq!(upload(&emulator, place, b"\x89PNG\r\n\x1a\nand so on").await.status, 204);
    assert_eq!(emulator.charges().len(), 1, "free of charge, but for the image itself");

    let shown = get(&emulator, &format!("/datasets/{id}")).await["datasets_by_pk"].take();
    assert_eq!((&shown["id"], &shown["name"], &shown["description"]), (&json!(id), &json!("Donuts"), &Value::Null));
    assert!(shown["updatedAt"].as_str().unwrap() >= shown["createdAt"].as_str().unwrap());
    let images = shown["dataset_images"].as_array().unwrap();
    assert_eq!((images.len(), &images[1]["id"]), (2, &place["id"]));
    let generated = fetch(&emulator, images[0]["url"].as_str().unwrap()).await;
    assert_eq!(jpeg_size(&generated.body), (64, 48));
    let uploaded = fetch(&emulator, images[1]["url"].as_str().unwrap()).await;
    assert_eq!(uploaded.body, b"\x89PNG\r\n\x1a\nand so on");
    let init = get(&emulator, &format!("/init-image/{}", place["id"].as_str().unwrap())).await;
    assert_eq!(init, json!({"init_images_by_pk": null}), "it is no init image");

    assert_eq!(delete(&emulator, &format!("/datasets/{id}")).await, json!({"delete_datasets_by_pk": {"id": id}}));
    assert_eq!(delete(&emulator, &format!("/datasets/{id}")).await, json!({"delete_datasets_by_pk": null}));
    assert_eq!(get(&emulator, &format!("/datasets/{id}")).await, json!({"datasets_by_pk": null}));
    assert_eq!(fetch(&emulator, images[1]["url"].as_str().unwrap()).await.status, 404);
    refused(&emulator, "/datasets", &json!({"description": "x"}), 400, "expecting a value").await;
    let path = format!("/datasets/{id}/upload");
    refused(&emulator, &path, &json!({"extension": "gif"}), 400, "invalid file extension").await;
    refused(&emulator, &path, &json!({"extension": "png"}), 400, "failed to find the data set").await;
}

#[tokio::test]
async fn an_element_is_trained() {
    let (emulator, _, image) = with_image().await;
    let set = dataset(&emulator, &image, 10).await;
    let body = element(&set);
    let job = accepted(&emulator, "/elements", &body).await["sdTrainingJob"].take();
    let id = job["userLoraId"].as_i64().unwrap();
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((charge.operation, charge.generation_id), ("createElement", id.to_string()));
    assert_eq!(job["cost"]["amount"], charge.amount.to_string());

    let path = format!("/elements/{id}");
    let pending = get(&emulator, &path).await["user_loras_by_pk"].take();
    assert_eq!((&pending["status"], &pending["id"]), (&json!("PENDING"), &json!(id)));
    let done = ended(&emulator, &path, "/user_loras_by_pk").await;
    assert_eq!((&done["status"], &done["instancePrompt"]), (&json!("COMPLETE"), &body["instance_prompt"]));
    assert_eq!((&done["baseModel"], &done["focus"]), (&json!("FLUX_DEV"), &json!("Character")));
    assert_eq!((&done["trainingEpoch"], &done["learningRate"]), (&json!(135), &json!(0.0005)));
    assert!(done["updatedAt"].as_str().unwrap() > done["createdAt"].as_str().unwrap());

    let failing = json!({"name": "fail this", "lora_focus": "Style", "num_train_epochs": 60, "learning_rate": 1e-5});
    let mut other = body.clone();
    other.as_object_mut().unwrap().extend(failing.as_object().unwrap().clone());
    let second = accepted(&emulator, "/elements", &other).await["sdTrainingJob"]["userLoraId"].take();
    assert_eq!(ended(&emulator, &format!("/elements/{second}"), "/user_loras_by_pk").await["status"], "FAILED");
    let list = get(&emulator, &format!("/elements/user/{}", emulator.user_id())).await;
    let ids: Vec<_> = list["user_loras"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [second, json!(id)]);
    assert_eq!(get(&emulator, &format!("/elements/user/{UNKNOWN}")).await, json!({"user_loras": []}));

    assert_eq!(delete(&emulator, &path).await, json!({"delete_user_loras_by_pk": {"id": id}}));
    assert_eq!(delete(&emulator, &path).await, json!({"delete_user_loras_by_pk": null}));
    assert_eq!(get(&emulator, &path).await, json!({"user_loras_by_pk": null}));
    assert_eq!(call(&emulator, "GET", "/elements/x", "").await.status, 400);

    for (change, error) in [
        (json!({"datasetId": UNKNOWN}), "failed to find the data set"),
        (json!({"datasetId": dataset(&emulator, &image, 9).await}), "the data set must have between 10 and 50"),
        (json!({"lora_focus": "General"}), "lora_focus General"),
        (json!({"lora_focus": "CHARACTER"}), "lora_focus must be one of"),
        (json!({"instance_prompt": null}), "expecting a value"),
        (json!({"num_train_epochs": 90}), "num_train_epochs must be between 100"),
        (json!({"sd_version": "v1_5"}), "expected one of the values"),
    ] {
        let mut wrong = body.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&emulator, "/elements", &wrong, 400, error).await;
    }
    assert_eq!(charged_without_response(&emulator, "/elements", &body).await, "createElement");
}

#[tokio::test]
async fn a_model_is_trained() {
    let (emulator, _, image) = with_image().await;
    let set = dataset(&emulator, &image, 2).await;
    let body = json!({"name": "Donuts", "datasetId": set, "instance_prompt": "magicdonut", "resolution": 768});
    let job = accepted(&emulator, "/models", &body).await["sdTrainingJob"].take();
    let id = job["customModelId"].as_str().unwrap();
    let path = format!("/models/{id}");
    assert_eq!(get(&emulator, &path).await["custom_models_by_pk"]["status"], "PENDING");
    let done = ended(&emulator, &path, "/custom_models_by_pk").await;
    assert_eq!(
        (&done["status"], &done["type"], &done["sdVersion"]),
        (&json!("COMPLETE"), &json!("GENERAL"), &json!("v1_5"))
    );
    assert_eq!((&done["modelWidth"], &done["public"]), (&json!(768), &json!(false)));
    let list = get(&emulator, &format!("/models/user/{}", emulator.user_id())).await;
    assert_eq!(list, json!({"custom_models": [done]}));
    assert_eq!(charged_without_response(&emulator, "/models", &body).await, "createModel");
    assert_eq!(delete(&emulator, &path).await, json!({"delete_custom_models_by_pk": {"id": id}}));
    assert_eq!(delete(&emulator, &path).await, json!({"delete_custom_models_by_pk": null}));
    assert_eq!(get(&emulator, &path).await, json!({"custom_models_by_pk": null}));
    refused(&emulator, "/models", &json!({"name": "x", "datasetId": set}), 400, "expecting a value").await;
}

#[tokio::test]
async fn what_the_platform_offers() {
    let emulator = Emulator::start().await.unwrap();
    let models = get(&emulator, "/platformModels").await["custom_models"].take();
    let models = models.as_array().unwrap();
    assert!(models.iter().any(|model| model["generated_image"].is_null()));
    let shown = models[0]["generated_image"]["url"].as_str().unwrap();
    assert_eq!(jpeg_size(&fetch(&emulator, shown).await.body), (512, 512));
    let elements = get(&emulator, "/elements").await["loras"].take();
    let image = elements[0]["urlImage"].as_str().unwrap();
    assert_eq!(fetch(&emulator, image).await.status, 200);
    let unknown = image.replace(elements[0]["akUUID"].as_str().unwrap(), UNKNOWN);
    assert_eq!(fetch(&emulator, &unknown).await.status, 404);
}
