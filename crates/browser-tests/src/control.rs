//! The emulator's control interface, over the client that there is.

use std::time::Duration;

use web_time::Instant;

/// Puts a plan of faults in force, as JSON.
pub async fn faults(server: &str, plan: &str) {
    request(&format!("{server}/control/faults"), Some(plan)).await;
}

/// What the emulator tells under that name.
async fn told(server: &str, name: &str) -> serde_json::Value {
    let text = request(&format!("{server}/control/{name}"), None).await;
    serde_json::from_str(&text).unwrap()
}

/// Waits until the emulator has seen the client of a request with such a path go away.
///
/// # Panics
///
/// If it does not see it in 2 seconds.
pub async fn aborted(server: &str, path: &str) {
    let started = Instant::now();
    let is_it = |request: &serde_json::Value| request["path"].as_str().is_some_and(|it| it.contains(path));
    while !told(server, "aborted").await["aborted"].as_array().unwrap().iter().any(is_it) {
        assert!(started.elapsed() < Duration::from_secs(2), "{path} was not aborted");
    }
}

/// The last file that was uploaded, as the emulator tells of it.
#[cfg(target_arch = "wasm32")]
pub async fn last_upload(server: &str) -> serde_json::Value {
    told(server, "uploads").await["uploads"].as_array().unwrap().last().unwrap().clone()
}

/// How many there are of what the emulator tells under that name.
pub async fn count(server: &str, name: &str) -> u64 {
    let all = told(server, name).await;
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
