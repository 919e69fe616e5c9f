//! HTTPS, with a certificate that is made at the start.
//!
//! A connection that speaks TLS is joined to one of plain text within the process, so that everything else, faults
//! included, is as without TLS.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use socket2::SockRef;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How long a peer may take to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(10);

pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    certificate: String,
}

impl Tls {
    pub(crate) fn new() -> io::Result<Self> {
        let names = [Ipv4Addr::LOCALHOST.to_string(), "localhost".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(io::Error::other)?;
        // The provider is named, since a process may have several or none.
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: Arc::new(config).into(), certificate: cert.pem() })
    }

    /// The certificate, which a client must trust.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The plain side of a connection that speaks TLS.
    pub(super) async fn open(&self, outer: TcpStream) -> io::Result<TcpStream> {
        let mut outer = tokio::time::timeout(HANDSHAKE, self.acceptor.accept(outer)).await??;
        let (mut inner, plain) = pair().await?;
        tokio::spawn(async move {
            if copy_bidirectional(&mut outer, &mut inner).await.is_err() {
                // Whatever became of one side becomes of the other.
                let _ = SockRef::from(outer.get_ref().0).set_linger(Some(Duration::ZERO));
            }
        });
        Ok(plain)
    }
}

/// Two ends of one connection.
async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let here = TcpStream::connect(listener.local_addr()?).await?;
    let own = here.local_addr()?;
    loop {
        let (there, peer) = listener.accept().await?;
        // Somebody else may have found the port.
        if peer == own {
            return Ok((here, there));
        }
    }
}
