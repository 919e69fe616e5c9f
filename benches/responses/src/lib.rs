//! A server on the loopback interface that responds at once, and always the same.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

struct Responses {
    create: Vec<u8>,
    get: Vec<u8>,
    list: Vec<u8>,
}

/// Responds in the background, for as long as the process lives.
pub fn serve() -> io::Result<SocketAddr> {
    let responses = Arc::new(Responses::new());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let responses = responses.clone();
            thread::spawn(move || exchange(stream, &responses));
        }
    });
    Ok(address)
}

impl Responses {
    fn new() -> Self {
        let list = (0..100).map(generation).collect::<Vec<_>>().join(",");
        Self {
            create: response(
                r#"{"sdGenerationJob":{"generationId":"75925cd2-fb65-4e8c-84c0-6cc010a528e3","apiCreditCost":null,"cost":{"amount":"0.0147","unit":"DOLLARS"}}}"#,
            ),
            get: response(&format!(r#"{{"generations_by_pk":{}}}"#, generation(0))),
            list: response(&format!(r#"{{"generations":[{list}]}}"#)),
        }
    }
}

fn exchange(stream: TcpStream, responses: &Responses) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut requests = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let response = if line.starts_with("POST ") {
            &responses.create
        } else if line.contains("/user/") {
            &responses.list
        } else {
            &responses.get
        };
        let mut body = 0;
        loop {
            line.clear();
            requests.read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    body = value.trim().parse().map_err(io::Error::other)?;
                }
                _ => {}
            }
        }
        io::copy(&mut requests.by_ref().take(body), &mut io::sink())?;
        out.write_all(response)?;
    }
}

/// Headers as a load balancer sends them, and the body.
fn response(body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nDate: Thu, 09 Nov 2023 00:42:22 GMT\r\nContent-Type: application/json; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: keep-alive\r\nCache-Control: no-cache\r\nX-Request-Id: 7a1c0d7c9f2b\r\n\
         Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nServer: responses\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// A complete generation of four images, about 1.7 KB.
fn generation(number: usize) -> String {
    let images: Vec<String> = (0..4)
        .map(|image| {
            format!(
                r#"{{"url":"https://cdn.leonardo.ai/users/11111111-2222-4333-8444-555555555555/generations/75925cd2-fb65-4e8c-84c0-{number:012x}/cat_{image}.jpg","nsfw":false,"id":"1f4a36cc-1cb0-4b2a-b3ef-{number:08x}{image:04x}","likeCount":{image},"motionMP4URL":null,"generated_image_variation_generics":[]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"generated_images":[{}],"modelId":"6bef9f1b-29cb-40c7-b9df-32b51c1f67d3","motion":null,"motionModel":null,"motionStrength":null,"prompt":"An oil painting of a cat, number {number}","negativePrompt":"","imageHeight":512,"imageToVideo":null,"imageWidth":512,"inferenceSteps":30,"seed":905778432,"public":false,"scheduler":"EULER_DISCRETE","sdVersion":"v2","status":"COMPLETE","presetStyle":"DYNAMIC","initStrength":null,"guidanceScale":7,"id":"75925cd2-fb65-4e8c-84c0-{number:012x}","createdAt":"2023-11-09T00:42:22.707","promptMagic":false,"promptMagicVersion":null,"promptMagicStrength":null,"photoReal":false,"photoRealStrength":null,"fantasyAvatar":null,"ultra":null,"generation_elements":[]}}"#,
        images.join(",")
    )
}
