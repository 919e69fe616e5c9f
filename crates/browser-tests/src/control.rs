//! The emulator's control interface, over the client that there is.

/// Puts a plan of faults in force, as JSON.
pub async fn faults(server: &str, plan: &str) {
    request(&format!("{server}/control/faults"), Some(plan)).await;
}

/// How many there are of what the emulator tells under that name.
pub async fn count(server: &str, name: &str) -> u64 {
    let text = request(&format!("{server}/control/{name}"), None).await;
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    all[name].as_array().map(|list| list.len() as u64).or_else(|| all["count"].as_u64()).unwrap()
}

#[cfg(not(target_arch = "wasm32"))]
async fn request(url: &str, body: Option<&str>) -> String {
    let client = leonardo_ai::reqwest::Client::new();
    let request = match body {
        Some(body) => client.post(url).body(body.to_owned()),
        None => client.get(url),
    };
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

#[cfg(target_arch = "wasm32")]
async fn request(url: &str, body: Option<&str>) -> String {
    use js_sys::{Function, Object, Promise, Reflect};
    use wasm_bindgen_futures::JsFuture;

    let init = Object::new();
    if let Some(body) = body {
        Reflect::set(&init, &"method".into(), &"POST".into()).unwrap();
        Reflect::set(&init, &"body".into(), &body.into()).unwrap();
    }
    let global = js_sys::global();
    let fetch = Function::from(Reflect::get(&global, &"fetch".into()).unwrap());
    let response = JsFuture::from(Promise::from(fetch.call2(&global, &url.into(), &init).unwrap())).await.unwrap();
    assert!(Reflect::get(&response, &"ok".into()).unwrap().is_truthy(), "{url} was refused");
    let text = Function::from(Reflect::get(&response, &"text".into()).unwrap());
    JsFuture::from(Promise::from(text.call0(&response).unwrap())).await.unwrap().as_string().unwrap()
}
