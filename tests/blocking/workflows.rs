//! Workflows: creates that wait, files up and down.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use leonardo_ai::Blocking as _;
use leonardo_ai::funcs::*;
use leonardo_ai::models::DatasetId;
use leonardo_ai_emulator::Emulator;
use tempfile::TempDir;

use crate::{harbour, start};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

#[test]
fn pictures_are_made_and_downloaded_in_every_way() {
    let (_runtime, emulator, core) = start(Emulator::builder());
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    let report = move |_: &_| _ = counted.fetch_add(1, Ordering::SeqCst);
    let made = image_generate(&core, harbour()).on_progress(report).send_blocking().unwrap();
    assert!(steps.load(Ordering::SeqCst) >= 2);
    assert_eq!(emulator.charges().len(), 1);
    let directory = TempDir::new().unwrap();
    let paths = image_download_all(&core, &made.generation, directory.path()).send_blocking().unwrap();
    let url = &made.generation.generated_images[0].url;
    let bytes = image_download(&core, url).to_bytes().send_blocking().unwrap();
    assert_eq!(std::fs::read(&paths[0]).unwrap(), bytes);
    let file = directory.path().join("again.jpg");
    image_download(&core, url).to_file(&file).send_blocking().unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    // Borrowed for as long as it is written to.
    let mut written = Vec::new();
    image_download(&core, url).to_writer(&mut written).send_blocking().unwrap();
    assert_eq!(written, bytes);
    // What holds no part of it is left behind.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn files_are_uploaded() {
    let (_runtime, emulator, core) = start(Emulator::builder());
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.png");
    let image = [PNG, &vec![7; 300_000]].concat();
    std::fs::write(&path, &image).unwrap();
    init_images_upload_file(&core, &path).send_blocking().unwrap();
    init_images_upload_bytes(&core, PNG).send_blocking().unwrap();
    let sizes: Vec<_> = emulator.uploads().iter().map(|upload| upload.size).collect();
    assert_eq!(sizes, [image.len() as u64, PNG.len() as u64]);
    let error = dataset_upload_file(&core, DatasetId::from("none"), directory.path().join("none.png")).send_blocking();
    assert!(error.is_err());
}

#[test]
fn exactly_once_and_what_it_would_cost() {
    let (_runtime, emulator, core) = start(Emulator::builder());
    let made = image_create_generation_once(&core, harbour()).send_blocking().unwrap();
    assert_eq!(emulator.charges().len(), 1);
    image_wait_for_generation(&core, made.generation_id).send_blocking().unwrap();
    image_estimate_cost(&core, &harbour()).send_blocking().unwrap();
    assert_eq!(emulator.charges().len(), 1);
}
