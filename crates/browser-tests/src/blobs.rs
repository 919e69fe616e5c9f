//! Blobs and streams, which only JavaScript has.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use leonardo_ai::funcs::{
    DownloadReason, ImageSource, UploadReason, dataset_upload_blob, image_download, image_generate,
    init_images_upload_blob, init_images_upload_canvas_blob, media_upload_blob, realtime_canvas_image_from_blob,
    remove_background, three_d_model_assets_upload_blob,
};
use leonardo_ai::web_sys::{Blob, WritableStream};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::control::{count, faults, last_upload};
use super::core::{core, harbour};

pub(super) async fn all(server: &str) {
    uploads(server).await;
    image_sources(server).await;
    downloads_to_a_blob(server).await;
    downloads_to_a_stream(server).await;
}

fn blob(parts: &[&[u8]]) -> Blob {
    let parts: Array = parts.iter().map(|part| Uint8Array::from(*part)).collect();
    Blob::new_with_buffer_source_sequence(&parts).unwrap()
}

async fn bytes(blob: &Blob) -> Vec<u8> {
    Uint8Array::new(&JsFuture::from(blob.array_buffer()).await.unwrap()).to_vec()
}

async fn uploads(server: &str) {
    let core = core(server);
    let before = count(server, "uploads").await;
    let (png, rest) = (&b"\x89PNG\r\n\x1a\n"[..], vec![7; 3_000_000]);
    let large = blob(&[png, &rest]);
    // The first transfer fails, and the second has all of it again.
    faults(server, r#"{"sequence": [{"StatusBefore": 503}], "pathPrefix": "/storage"}"#).await;
    init_images_upload_blob(&core, large.clone()).await.unwrap();
    faults(server, "{}").await;
    let upload = last_upload(server).await;
    assert_eq!((&upload["size"], &upload["contentType"]), (&3_000_008.into(), &"image/png".into()));
    assert_eq!(count(server, "uploads").await, before + 1);

    let id = "00000012-1111-4222-8333-444444444444";
    let dataset = dataset_upload_blob(&core, id, blob(&[b"text"])).await.unwrap_err();
    assert!(matches!(dataset.reason, UploadReason::NotAnImage) && dataset.attempts == 0, "{dataset}");
    let error = init_images_upload_blob(&core, blob(&[])).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::Empty) && error.attempts == 0, "{error}");
    let canvas = init_images_upload_canvas_blob(&core, blob(&[png, b"1"]), blob(&[png, b"22"])).await.unwrap();
    assert_ne!(canvas.init_image_id, canvas.mask_image_id);
    media_upload_blob(&core, "sea.mp3", blob(&[b"ID3 and so on"])).await.unwrap();
    three_d_model_assets_upload_blob(&core, "cube", blob(&[b"v 0 0 0\nv 1 0 0\n"])).await.unwrap();
    assert_eq!(count(server, "uploads").await, before + 5);

    let jpeg = b"\xff\xd8\xff\xe0 and so on";
    let url = realtime_canvas_image_from_blob(blob(&[jpeg])).await.unwrap();
    assert_eq!(url.as_str(), "data:image/jpeg;base64,/9j/4CBhbmQgc28gb24=");
    let error = realtime_canvas_image_from_blob(blob(&[jpeg, &vec![0; 25_000_000]])).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::TooLarge { limit: 25_000_000, .. }), "{error}");
}

/// A picture goes along in the request, and a larger one is uploaded first.
async fn image_sources(server: &str) {
    let core = core(server);
    let made = image_generate(&core, harbour()).deadline(Duration::from_secs(30)).await.unwrap();
    let url = &made.generation.generated_images[0].url;
    let picture = image_download(&core, url).to_bytes().await.unwrap();
    let padding = vec![0; 5_000_000];
    for (parts, uploads) in [(vec![&picture[..]], 0), (vec![&picture[..], &padding], 1)] {
        let before = count(server, "uploads").await;
        let (_, cut_out) = remove_background(&core, blob(&parts)).to_bytes().await.unwrap();
        assert!(cut_out.starts_with(b"\x89PNG"), "what was made of {uploads} uploads is no PNG");
        assert_eq!(count(server, "uploads").await, before + uploads);
    }
    let error = remove_background(&core, ImageSource::blob(blob(&[b"text"]))).await.unwrap_err();
    assert!(error.generation.is_none(), "{error}");
}

async fn downloads_to_a_blob(server: &str) {
    let core = core(server);
    // Each of another address, since a browser has a cache.
    let url = format!("{server}/cdn/blob/3000000?blob");
    let whole = image_download(&core, format!("{url}=whole")).any_content(true).to_bytes().await.unwrap();
    // The second attempt brings what the first did not.
    faults(server, r#"{"sequence": ["CutBody"]}"#).await;
    let before = count(server, "requests").await;
    let received = image_download(&core, format!("{url}=cut")).any_content(true).to_blob().await.unwrap();
    assert_eq!(count(server, "requests").await, before + 2);
    assert!(bytes(&received).await == whole, "the file has changed on its way");
    assert_eq!(received.type_(), "application/octet-stream");
    let error = image_download(&core, &url).any_content(true).max_bytes(100_000).to_blob().await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::TooLarge { limit: 100_000, .. }), "{error}");
    faults(server, r#"{"always": "Html"}"#).await;
    let error = image_download(&core, &url).to_blob().await.unwrap_err();
    faults(server, "{}").await;
    assert!(matches!(error.reason, DownloadReason::NotMedia { .. }), "{error}");
}

/// A stream with a sink that `write` is.
fn stream(write: impl FnMut(Uint8Array) -> Promise + 'static) -> WritableStream {
    let sink = Object::new();
    let write = Closure::<dyn FnMut(Uint8Array) -> Promise>::new(write).into_js_value();
    Reflect::set(&sink, &"write".into(), &write).unwrap();
    WritableStream::new_with_underlying_sink(&sink).unwrap()
}

async fn downloads_to_a_stream(server: &str) {
    let core = core(server);
    let url = format!("{server}/cdn/blob/3000000?stream");
    let whole = image_download(&core, format!("{url}=whole")).any_content(true).to_bytes().await.unwrap();
    let progress = Arc::new(AtomicU64::new(0));
    let (taken, ahead) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(0)));
    let slow = stream({
        let (taken, ahead, progress) = (taken.clone(), ahead.clone(), progress.clone());
        move |chunk| {
            // Nothing may have arrived but what the sink has taken before.
            let arrived = progress.load(Ordering::Relaxed);
            ahead.set(ahead.get().max(arrived - taken.borrow().len() as u64));
            taken.borrow_mut().extend(chunk.to_vec());
            slowly()
        }
    });
    faults(server, r#"{"sequence": ["CutBody"]}"#).await;
    let told = progress.clone();
    let download = image_download(&core, format!("{url}=cut")).any_content(true).on_progress(move |now| {
        told.store(now.received, Ordering::Relaxed);
    });
    let downloaded = download.to_stream(slow.clone()).await.unwrap();
    assert_eq!((downloaded.bytes, downloaded.attempts, ahead.get()), (3_000_000, 2, 0));
    assert!(*taken.borrow() == whole, "the file has changed on its way");
    // It is neither locked nor closed.
    assert!(!slow.locked());
    JsFuture::from(slow.close()).await.unwrap();

    // Whatever the stream says is told, and it is released.
    let failing = stream(|_| Promise::reject(&js_sys::Error::new("no room")));
    let error = image_download(&core, &url).any_content(true).to_stream(failing.clone()).await.unwrap_err();
    assert!(matches!(&error.reason, DownloadReason::Stream(said) if said == "no room"), "{error}");
    assert!(!failing.locked());

    let writer = slow.get_writer().unwrap();
    let error = image_download(&core, &url).to_stream(slow.clone()).await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::StreamLocked) && error.attempts == 0, "{error}");
    writer.release_lock();

    // Dropped halfway, it is released as well.
    let stalled = stream(|_| Promise::new(&mut |_, _| {}));
    let mut download = image_download(&core, &url).any_content(true).to_stream(stalled.clone());
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        assert!(download.as_mut().poll(context).is_pending());
        if polls > 2 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert!(stalled.locked());
    drop(download);
    assert!(!stalled.locked());
}

/// A promise that is kept a little later.
fn slowly() -> Promise {
    Promise::new(&mut |resolve, _| {
        let global = js_sys::global();
        let later = Reflect::get(&global, &"setTimeout".into()).unwrap().unchecked_into::<js_sys::Function>();
        later.call2(&JsValue::NULL, &resolve, &1.into()).unwrap();
    })
}
