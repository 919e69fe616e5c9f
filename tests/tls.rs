//! TLS whose provider the program installs. A file of its own, since a provider is installed for the whole process.
#![cfg(all(feature = "full", feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls"))))]

mod common;

use common::{KEY, create};
use leonardo_ai::{Error, LeonardoCore, RetryPolicy, TransportErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn a_core_without_a_provider_is_refused_and_with_one_it_does_tls() {
    // A server without TLS.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4096];
        let length = stream.read(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // The first two bytes of a handshake.
        assert!(hello[..length].starts_with(&[0x16, 0x03]));
    });
    let builder = || LeonardoCore::builder().bearer_auth(KEY).server_url(&url).retry(RetryPolicy::none());

    let error = builder().build().unwrap_err();
    let Error::Config(config) = &error else { panic!("{error:?}") };
    assert_eq!(config.field, "rustls-no-provider");
    assert!(error.to_string().contains("install_default"), "{error}");

    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    let core = builder().build().unwrap();

    let error = create(&core).await.unwrap_err();
    assert!(matches!(&error, Error::Connection(c) if c.source.kind() == TransportErrorKind::Connect), "{error:?}");
    assert!(!error.may_have_been_charged());
    server.await.unwrap();
}
