//! Webhooks: telling a client by itself that a generation is complete.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clock;
use crate::ids::{Uuid, hash};
use crate::lock;
use crate::money;
use crate::reply::number;
use crate::shared::Shared;
use crate::store::{Generation, Status};

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
pub(crate) struct Webhook {
    /// Host and port.
    authority: String,
    path: String,
    url: String,
    callback_key: String,
}

impl Webhook {
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

    /// Sends a payload; the status of the answer.
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

/// Waits for a generation and tells of it.
pub(crate) async fn deliver(shared: Arc<Shared>, generation: Arc<Generation>) {
    let Some(webhook) = &shared.config.webhook else { return };
    tokio::time::sleep_until(generation.ready).await;
    // Only completion has a webhook, and what was deleted is not completed.
    let there = lock(&shared.store).get(generation.id).is_some();
    if !there || generation.status(generation.ready) != Status::Complete {
        return;
    }
    let delivery = lock(&shared.deliveries).pop_front().unwrap_or(Delivery::Once);
    let payload = payload(&shared, webhook, &generation).to_string();
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
        let sent = tokio::time::timeout(PATIENCE, webhook.send(&payload)).await;
        // Nobody repeats what did not arrive: that deliveries get lost is a part of the service.
        if matches!(sent, Ok(Ok(200..=299))) {
            *lock(&shared.delivered) += 1;
        }
    }
}

fn payload(shared: &Shared, webhook: &Webhook, generation: &Generation) -> Value {
    let create = &generation.create;
    let skewed = |at| clock::zoneless(clock::shifted(at, shared.config.clock_skew)) + "Z";
    let (created, now) = (skewed(generation.created), SystemTime::now());
    let updated = skewed(now);
    let user = shared.config.user.to_string();
    let key_id = Uuid::from_bits(u128::from(hash(shared.config.key.as_bytes()))).to_string();
    let model_id = create.model_id.map(|id| id.to_string());
    let images: Vec<Value> = (0..create.num_images)
        .map(|index| {
            json!({
                "id": generation.image_id(index).to_string(),
                "createdAt": updated,
                "updatedAt": updated,
                "userId": user,
                "url": shared.place().image_url(generation, index),
                "generationId": generation.id.to_string(),
                "nobgId": null,
                "nsfw": create.nsfw(),
                "likeCount": 0,
                "trendingScore": 0,
                "public": create.public,
            })
        })
        .collect();
    let init_type = match (&create.init_image_id, &create.init_generated_image_id) {
        (Some(_), _) => Some("UPLOADED"),
        (None, Some(_)) => Some("GENERATED"),
        (None, None) => None,
    };
    let model = json!({
        "id": model_id,
        "name": "A model of the emulator",
        "public": true,
        "official": true,
        "status": "COMPLETE",
        "sdVersion": create.sd_version,
        "type": "GENERAL",
        "modelHeight": 768,
        "modelWidth": 768,
    });
    let api_key = json!({
        "id": key_id,
        "createdAt": skewed(shared.started),
        "userId": user,
        "key": shared.config.key,
        "lastUsed": created,
        "name": "emulator",
        "type": "PRODUCTION",
        "webhookCallbackUrl": webhook.url,
        "webhookCallbackApiKey": webhook.callback_key,
    });
    json!({
        "type": "image_generation.complete",
        "object": "generation",
        "timestamp": clock::millis(clock::shifted(now, shared.config.clock_skew)),
        "api_version": "v1",
        "data": {"object": {
            "id": generation.id.to_string(),
            "createdAt": created,
            "updatedAt": updated,
            "userId": user,
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
            "modelId": model_id,
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
            "apiKeyId": key_id,
            "photoReal": create.photo_real,
            "imageToImage": init_type.is_some(),
            "controlnetsUsed": create.controlnets,
            "model": model,
            "images": images,
            "apiKey": api_key,
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parts = |url| Webhook::new(url, "k").map(|hook| (hook.authority, hook.path)).ok();
        assert_eq!(parts("http://localhost:1/a?b"), Some(("localhost:1".into(), "/a?b".into())));
        assert_eq!(parts("http://example.com"), Some(("example.com:80".into(), "/".into())));
        for wrong in ["https://example.com", "example.com", "http://", "http:///x", "http://a/\r\nb: c", "http://a/ b"]
        {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
