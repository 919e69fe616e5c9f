//! One request with a form, whose file is read while it is sent.

use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;

use super::super::Failure;
use super::source::{File, Source};
use super::{Multipart, UploadReason, runtime};
use crate::transport::wire;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use self::native::send;
#[cfg(target_arch = "wasm32")]
pub(super) use self::web::send;

#[cfg(target_arch = "wasm32")]
mod web {
    use js_sys::{Array, Uint8Array};
    use web_sys::Blob;

    use super::super::super::thrown;
    use super::super::source::head;
    use super::*;

    /// Sends the form as one `Blob`, whose length is known, and in which a file of the caller's stays where it is.
    pub(in super::super) async fn send(
        client: &wire::Client,
        mut request: wire::Request,
        form: Multipart,
        source: &mut Source,
        file: &File,
        idle_timeout: Duration,
        mut on_sent: impl FnMut(u64),
    ) -> Result<wire::Response, Failure<UploadReason>> {
        let parts = Array::of1(&Uint8Array::from(&form.before[..]));
        match source {
            Source::Bytes(bytes) => parts.push(&Uint8Array::from(&bytes[..])),
            Source::Blob(blob) => parts.push(blob),
            Source::Reader { reader, spent, .. } => {
                *spent = true;
                let mut body = BytesMut::from(&file.head[..]);
                let mut reader = reader.take(file.length - file.head.len() as u64);
                while reader.read_buf(&mut body).await.map_err(UploadReason::Reader)? > 0 {}
                if reader.limit() > 0 {
                    return Err(UploadReason::Length { expected: file.length }.into());
                }
                parts.push(&Uint8Array::from(&body[..]))
            }
        };
        parts.push(&Uint8Array::from(&form.after[..]));
        let body = Blob::new_with_buffer_source_sequence(&parts);
        *request.body_mut() = Some(body.map_err(|value| UploadReason::Blob(thrown(&value)))?.into());
        match runtime::timeout(idle_timeout, pin!(runtime::connecting(client.execute(request)))).await {
            Some(Ok(response)) => {
                on_sent(file.length);
                Ok(response)
            }
            Some(Err(error)) => {
                // What is wrong with the source is why the exchange broke off, and not the other way round.
                if let Source::Blob(blob) = source {
                    head(blob).await?;
                }
                Err(Failure::no_response(error))
            }
            None => Err(Failure::idle(idle_timeout)),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::{Context, Poll, ready};
    use std::{fs, io};

    use bytes::Bytes;
    use http_body::{Frame, SizeHint};
    use tokio::io::AsyncRead;
    use tokio::sync::mpsc::{self, Receiver, Sender};

    use super::super::super::blocking;
    use super::super::source::open;
    use super::*;

    /// What is read at a time.
    const CHUNK: usize = 128 * 1024;

    /// Sends the form while the file is read.
    pub(in super::super) async fn send(
        client: &wire::Client,
        mut request: wire::Request,
        form: Multipart,
        source: &mut Source,
        file: &File,
        idle_timeout: Duration,
        mut on_sent: impl FnMut(u64),
    ) -> Result<wire::Response, Failure<UploadReason>> {
        let (sender, receiver) = mpsc::channel(1);
        let left = form.before.len() as u64 + file.length + form.after.len() as u64;
        *request.body_mut() = Some(reqwest::Body::wrap(Body { receiver, left }));
        let out = AtomicU64::new(0);
        let mut reading = pin!(read(source, file, form, sender, &out));
        let mut exchange = pin!(runtime::connecting(client.execute(request)));
        let mut read = None;
        loop {
            let before = out.load(Ordering::Relaxed);
            let step = poll_fn(|context| {
                if read.is_none() {
                    if let Poll::Ready(result) = reading.as_mut().poll(context) {
                        read = Some(result);
                    }
                }
                match exchange.as_mut().poll(context) {
                    Poll::Ready(response) => Poll::Ready(Some(response)),
                    Poll::Pending if matches!(read, Some(Err(_))) => Poll::Ready(None),
                    Poll::Pending if out.load(Ordering::Relaxed) > before => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            });
            let step = runtime::timeout(idle_timeout, pin!(step)).await;
            let sent = out.load(Ordering::Relaxed);
            if sent > before {
                on_sent(sent);
            }
            // What is wrong with the source is why the exchange broke off, and not the other way round.
            if let Some(Err(reason)) = read.take_if(|read| read.is_err()) {
                return Err(reason.into());
            }
            match step {
                Some(None) => {}
                Some(Some(Ok(response))) if response.status().is_success() && read.is_none() => {
                    return Err(Failure::transient(UploadReason::Unread));
                }
                Some(Some(Ok(response))) => return Ok(response),
                Some(Some(Err(error))) => return Err(Failure::no_response(error)),
                None => return Err(Failure::idle(idle_timeout)),
            }
        }
    }

    /// The body of a form. Of a known length: storages take no other.
    struct Body {
        receiver: Receiver<Bytes>,
        left: u64,
    }

    impl http_body::Body for Body {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            Poll::Ready(Some(match ready!(self.receiver.poll_recv(context)) {
                Some(chunk) => {
                    self.left = self.left.saturating_sub(chunk.len() as u64);
                    Ok(Frame::data(chunk))
                }
                None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload was given up")),
            }))
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.left)
        }
    }

    /// Reads the file and hands it on with the form around it, until all is sent or nobody takes it any more.
    async fn read(
        source: &mut Source,
        file: &File,
        form: Multipart,
        sender: Sender<Bytes>,
        out: &AtomicU64,
    ) -> Result<(), UploadReason> {
        let mut input = match source {
            Source::Bytes(bytes) => Input::Bytes(bytes.clone()),
            Source::File(path) => {
                let (opened, length) = open(path).await?;
                if length != file.length {
                    return Err(UploadReason::Length { expected: file.length });
                }
                Input::File(Some(opened), path)
            }
            Source::Reader { reader, spent, .. } => Input::Reader(reader, file.head.clone(), spent),
        };
        if sender.send(form.before).await.is_err() {
            return Ok(());
        }
        let mut left = file.length;
        while left > 0 {
            let chunk = input.next(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))).await?;
            if chunk.is_empty() {
                return Err(UploadReason::Length { expected: file.length });
            }
            let length = chunk.len() as u64;
            if sender.send(chunk).await.is_err() {
                return Ok(());
            }
            left -= length;
            out.fetch_add(length, Ordering::Relaxed);
            // Where the connection is on another thread, it may take piece after piece without a break to tell of them.
            tokio::task::yield_now().await;
        }
        let _ = sender.send(form.after).await;
        Ok(())
    }

    /// A source that was begun.
    enum Input<'i> {
        Bytes(Bytes),
        File(Option<fs::File>, &'i std::path::Path),
        Reader(&'i mut (dyn AsyncRead + Unpin + Send), Bytes, &'i mut bool),
    }

    impl Input<'_> {
        /// The next bytes, `most` or fewer; none at the end.
        async fn next(&mut self, most: usize) -> Result<Bytes, UploadReason> {
            match self {
                Self::Bytes(bytes) => Ok(bytes.split_to(most.min(bytes.len()))),
                Self::File(file, path) => {
                    let Some(mut opened) = file.take() else { return Ok(Bytes::new()) };
                    let read = blocking(move || {
                        let mut chunk = Vec::with_capacity(most);
                        io::Read::read_to_end(&mut io::Read::take(&mut opened, most as u64), &mut chunk)?;
                        Ok((opened, chunk))
                    });
                    let read = read.await.map_err(|source| UploadReason::File { path: path.to_owned(), source });
                    let (opened, chunk) = read?;
                    *file = Some(opened);
                    Ok(chunk.into())
                }
                Self::Reader(_, head, _) if !head.is_empty() => Ok(std::mem::take(head)),
                Self::Reader(reader, _, spent) => {
                    **spent = true;
                    let mut chunk = BytesMut::with_capacity(most);
                    let mut reader = reader.take(most as u64);
                    while chunk.len() < most && reader.read_buf(&mut chunk).await.map_err(UploadReason::Reader)? > 0 {}
                    Ok(chunk.freeze())
                }
            }
        }
    }
}
