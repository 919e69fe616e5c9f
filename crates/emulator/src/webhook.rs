//! Webhooks: telling a client by itself that a generation is complete.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::http::response::number;
use crate::state::State;
use crate::state::generation::Generation;
use crate::state::ids::{self, hash};
use crate::state::life::Status;
use crate::state::{clock, money};
use crate::sync::lock;

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What becomes of one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// It arrives once, when the generation is complete.
    Once,
    /// It never arrives.
    Lost,
    /// It arrives some time later.
    Late(Duration),
    /// It arrives this many times, one right after the other.
    Repeated(u32),
}

/// Where webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Host and port.
    authority: String,
    path: String,
    url: String,
    callback_key: String,
}

impl Target {
    pub(crate) fn new(url: &str, callback_key: &str) -> io::Result<Self> {
        let invalid =
            |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("webhook address {url:?}: {why}"));
        let rest = url.strip_prefix("http://").ok_or_else(|| invalid("the emulator only speaks plain HTTP"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.is_empty() || url.chars().chain(callback_key.chars()).any(|c| c.is_control() || c == ' ') {
            return Err(invalid("not a valid address or callback key"));
        }
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        Ok(Self {
            authority: if port.is_some() { authority.to_owned() } else { format!("{authority}:80") },
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            url: url.to_owned(),
            callback_key: callback_key.to_owned(),
        })
    }

    /// Sends a payload; the status of the response.
    async fn send(&self, payload: &str) -> io::Result<u16> {
        let mut stream = TcpStream::connect(&self.authority).await?;
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{payload}",
            self.path,
            self.authority,
            self.callback_key,
            payload.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        let text = std::str::from_utf8(&status).ok().and_then(|line| line.strip_prefix("HTTP/1."));
        text.and_then(|line| line.get(2..)?.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// The account's webhooks.
pub(crate) struct Webhooks {
    target: Option<Target>,
    /// What becomes of the next ones.
    planned: Mutex<VecDeque<Delivery>>,
    delivered: AtomicU64,
}

impl Webhooks {
    pub(crate) fn new(target: Option<Target>, planned: Vec<Delivery>) -> Self {
        Self { target, planned: Mutex::new(planned.into()), delivered: AtomicU64::new(0) }
    }

    /// How many arrived.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::SeqCst)
    }

    /// Has the end of a generation told, if there is anyone to tell.
    pub(crate) fn announce(self: &Arc<Self>, state: &Arc<State>, generation: &Arc<Generation>) {
        if self.target.is_some() {
            let (webhooks, of, generation) = (Arc::clone(self), Arc::clone(state), Arc::clone(generation));
            state.spawn(async move { webhooks.deliver(&of, &generation).await });
        }
    }

    /// Waits for a generation and tells of it.
    async fn deliver(&self, state: &State, generation: &Generation) {
        let Some(target) = &self.target else { return };
        tokio::time::sleep_until(generation.life.ready).await;
        // Only completion has a webhook, and what was deleted is not completed.
        let there = lock(&state.account).get(generation.id).is_some();
        if !there || generation.status(generation.life.ready) != Status::Complete {
            return;
        }
        let delivery = lock(&self.planned).pop_front().unwrap_or(Delivery::Once);
        let payload = payload(state, target, generation).to_string();
        let times = match delivery {
            Delivery::Once => 1,
            Delivery::Lost => 0,
            Delivery::Late(by) => {
                tokio::time::sleep(by).await;
                1
            }
            Delivery::Repeated(times) => times,
        };
        for _ in 0..times {
            let sent = tokio::time::timeout(PATIENCE, target.send(&payload)).await;
            // Nobody repeats what did not arrive: that deliveries get lost is a part of the service.
            if matches!(sent, Ok(Ok(200..=299))) {
                self.delivered.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// A moment as webhooks write it.
fn zoned(state: &State, at: SystemTime) -> String {
    state.shown(at) + "Z"
}

fn payload(state: &State, target: &Target, generation: &Generation) -> Value {
    let create = &generation.create;
    let now = SystemTime::now();
    let (created, updated) = (zoned(state, generation.life.created), zoned(state, now));
    let key_id = ids::from_bits(u128::from(hash(state.config.key.as_bytes())));
    let init_type = match (&create.init_image_id, &create.init_generated_image_id) {
        (Some(_), _) => Some("UPLOADED"),
        (None, Some(_)) => Some("GENERATED"),
        (None, None) => None,
    };
    json!({
        "type": "image_generation.complete",
        "object": "generation",
        "timestamp": clock::millis(clock::shifted(now, state.config.clock_skew)),
        "api_version": "v1",
        "data": {"object": {
            "id": generation.id.to_string(),
            "createdAt": created,
            "updatedAt": updated,
            "userId": state.config.user.to_string(),
            "public": create.public,
            "flagged": false,
            "nsfw": create.nsfw(),
            "status": Status::Complete.as_str(),
            "coreModel": "SD",
            "guidanceScale": number(create.guidance_scale),
            "imageHeight": create.height,
            "imageWidth": create.width,
            "inferenceSteps": create.steps,
            "initGeneratedImageId": create.init_generated_image_id,
            "initImageId": create.init_image_id,
            "initStrength": create.init_strength.map(number),
            "initType": init_type,
            "initUpscaledImageId": null,
            "modelId": create.model_id.map(|id| id.to_string()),
            "negativePrompt": create.negative_prompt,
            "prompt": &*create.prompt,
            "quantity": create.num_images,
            "sdVersion": create.sd_version,
            "tiling": create.tiling,
            "imageAspectRatio": null,
            "tokenCost": 0,
            "negativeStylePrompt": "",
            "seed": create.seed.to_string(),
            "scheduler": create.scheduler,
            "presetStyle": create.preset_style,
            "promptMagic": create.prompt_magic,
            "canvasRequest": create.canvas,
            "api": true,
            "category": null,
            "highContrast": create.high_contrast,
            "apiDollarCost": money::decimal(generation.price),
            "alchemy": create.alchemy,
            "apiKeyId": key_id.to_string(),
            "photoReal": create.photo_real,
            "imageToImage": init_type.is_some(),
            "controlnetsUsed": create.controlnets,
            "model": model(generation),
            "images": images(state, generation, &updated),
            "apiKey": api_key(state, target, key_id, &created),
        }},
    })
}

fn model(generation: &Generation) -> Value {
    json!({
        "id": generation.create.model_id.map(|id| id.to_string()),
        "name": "A model of the emulator",
        "public": true,
        "official": true,
        "status": "COMPLETE",
        "sdVersion": generation.create.sd_version,
        "type": "GENERAL",
        "modelHeight": 768,
        "modelWidth": 768,
    })
}

fn images(state: &State, generation: &Generation, updated: &str) -> Value {
    let image = |index| {
        json!({
            "id": generation.image_id(index).to_string(),
            "createdAt": updated,
            "updatedAt": updated,
            "userId": state.config.user.to_string(),
            "url": state.urls.image(generation, index),
            "generationId": generation.id.to_string(),
            "nobgId": null,
            "nsfw": generation.create.nsfw(),
            "likeCount": 0,
            "trendingScore": 0,
            "public": generation.create.public,
        })
    };
    (0..generation.create.num_images).map(image).collect()
}

fn api_key(state: &State, target: &Target, id: Uuid, used: &str) -> Value {
    json!({
        "id": id.to_string(),
        "createdAt": zoned(state, state.started),
        "userId": state.config.user.to_string(),
        "key": state.config.key,
        "lastUsed": used,
        "name": "emulator",
        "type": "PRODUCTION",
        "webhookCallbackUrl": target.url,
        "webhookCallbackApiKey": target.callback_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parts = |url| Target::new(url, "k").map(|hook| (hook.authority, hook.path)).ok();
        assert_eq!(parts("http://localhost:1/a?b"), Some(("localhost:1".into(), "/a?b".into())));
        assert_eq!(parts("http://example.com"), Some(("example.com:80".into(), "/".into())));
        for wrong in ["https://example.com", "example.com", "http://", "http:///x", "http://a/\r\nb: c", "http://a/ b"]
        {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
