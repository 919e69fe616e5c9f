//! What must hold wherever calls are made, from one source: native, in a page, in a worker and in workerd.
//!
//! The emulator is one that was started with
//! `--key 99999999-8888-4777-8666-555555555555 --cors --control --no-limits --generation-time 300`.

#[cfg(target_arch = "wasm32")]
mod blobs;
mod control;
mod core;
mod suite;

pub use self::control::{count, faults};
pub use self::core::{builder, core, harbour};
pub use self::suite::all;

pub const KEY: &str = "99999999-8888-4777-8666-555555555555";

/// For workerd: the whole suite against the emulator at `server`.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn run(server: String) {
    all(&server).await;
}

/// Has a panic tell its message.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        let error = js_sys::Reflect::get(&js_sys::global(), &"console".into())
            .and_then(|console| js_sys::Reflect::get(&console, &"error".into()));
        if let Ok(error) = error {
            let _ = js_sys::Function::from(error).call1(&wasm_bindgen::JsValue::NULL, &text.into());
        }
    }));
}
