//! A connection's socket, shared between the HTTP layer and whoever may have to misuse it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::ReadBufCursor;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How a connection ends when it is ended on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All that was written arrives, then the stream is over.
    Close,
    /// The peer is told that the connection is no more (RST).
    Reset,
}

pub(crate) struct Wire {
    stream: TcpStream,
    ended: Notify,
    on_purpose: AtomicBool,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Small responses must not wait for acknowledgements; without the option all still works.
        let _ = stream.set_nodelay(true);
        Self { stream, ended: Notify::new(), on_purpose: AtomicBool::new(false) }
    }

    /// Writes past the HTTP layer, which must have nothing of its own to write.
    pub(crate) async fn write_raw(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Has the connection's task drop it. The caller should do nothing more than wait to be dropped with it.
    pub(crate) fn end(&self, end: End) {
        if end == End::Reset {
            // With no time to linger, the close that follows sends RST instead of FIN.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        self.on_purpose.store(true, Ordering::Relaxed);
        self.ended.notify_one();
    }

    /// Whether it was ended from here.
    pub(crate) fn is_ended(&self) -> bool {
        self.on_purpose.load(Ordering::Relaxed)
    }

    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Ends the stream at once, without the help of a task that may never run again.
    pub(crate) fn shut(&self) {
        self.on_purpose.store(true, Ordering::Relaxed);
        let _ = SockRef::from(&self.stream).shutdown(std::net::Shutdown::Both);
    }
}

/// The HTTP layer's view of a [`Wire`].
pub(crate) struct WireIo(pub(crate) std::sync::Arc<Wire>);

impl hyper::rt::Read for WireIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        // hyper's buffer may be uninitialised, and filling it in place would need unsafe code.
        let mut chunk = [0; 16 * 1024];
        let room = buf.remaining().min(chunk.len());
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read(&mut chunk[..room]) {
                Ok(read) => {
                    buf.put_slice(&chunk[..read]);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl hyper::rt::Write for WireIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(cx))?;
            match self.0.stream.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(
            SockRef::from(&self.0.stream)
                .shutdown(std::net::Shutdown::Write)
                // The peer may have gone first.
                .or_else(|error| match error.kind() {
                    io::ErrorKind::NotConnected => Ok(()),
                    _ => Err(error),
                }),
        )
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(cx))?;
            match self.0.stream.try_write_vectored(bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}
