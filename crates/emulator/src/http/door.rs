//! The listener, which can be closed and opened again, and the connections that came through it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use super::wire::Wire;
use crate::sync::lock;

/// The listener, which can be taken away and put back while the server runs.
///
/// It is kept behind a lock rather than inside the accepting task so that it can be closed at once by code that is
/// not running on the runtime.
pub(crate) struct Door {
    address: SocketAddr,
    state: Mutex<DoorState>,
    wires: Mutex<(u64, HashMap<u64, Weak<Wire>>)>,
    /// Changes whenever idle connections are to go.
    closing: watch::Sender<u64>,
}

struct DoorState {
    listener: Option<TcpListener>,
    /// Holds the port, without listening, while connections are refused.
    reservation: Option<Socket>,
    refusing: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl Door {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(Self {
            address: listener.local_addr()?,
            state: Mutex::new(DoorState {
                listener: Some(listener),
                reservation: None,
                refusing: false,
                closed: false,
                waker: None,
            }),
            wires: Mutex::default(),
            closing: watch::Sender::new(0),
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Refuses connections for real, or no longer. Needs the runtime's context.
    pub(crate) fn refuse(&self, refuse: bool) {
        let mut state = lock(&self.state);
        if state.closed || state.refusing == refuse {
            return;
        }
        state.refusing = refuse;
        if refuse {
            state.listener = None;
            state.reservation = reserve(self.address).ok();
            self.closing.send_modify(|times| *times += 1);
        } else {
            state.reservation = None;
            // Should the port not be free this very moment, the accepting task tries again.
            state.listener = listen(self.address).ok();
        }
        state.wake();
    }

    /// Tells when idle connections are to go.
    pub(super) fn closing(&self) -> watch::Receiver<u64> {
        self.closing.subscribe()
    }

    pub(super) fn refusing(&self) -> bool {
        lock(&self.state).refusing
    }

    /// Frees the port and ends all connections, at once and for good.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.listener = None;
        state.reservation = None;
        state.wake();
        drop(state);
        for wire in lock(&self.wires).1.values().filter_map(Weak::upgrade) {
            wire.shut();
        }
    }

    /// The next connection; nothing once the door is closed.
    pub(super) async fn accept(&self) -> Option<io::Result<TcpStream>> {
        loop {
            let missing = {
                let state = lock(&self.state);
                state.listener.is_none() && !state.refusing && !state.closed
            };
            if missing {
                tokio::time::sleep(Duration::from_millis(10)).await;
                let mut state = lock(&self.state);
                if state.listener.is_none() && !state.refusing && !state.closed {
                    state.listener = listen(self.address).ok();
                }
                continue;
            }
            let accepted = poll_fn(|cx| {
                let mut state = lock(&self.state);
                if state.closed {
                    return Poll::Ready(Some(None));
                }
                state.waker = Some(cx.waker().clone());
                match &state.listener {
                    Some(listener) => listener.poll_accept(cx).map(|one| Some(Some(one))),
                    None if state.refusing => Poll::Pending,
                    None => Poll::Ready(None),
                }
            })
            .await;
            if let Some(accepted) = accepted {
                return accepted.map(|one| one.map(|(stream, _)| stream));
            }
        }
    }

    /// Remembers a connection; the number returned has [`Door::leave`] forget it.
    pub(super) fn enter(&self, wire: &Arc<Wire>) -> u64 {
        let mut wires = lock(&self.wires);
        wires.0 += 1;
        let number = wires.0;
        wires.1.insert(number, Arc::downgrade(wire));
        number
    }

    pub(super) fn leave(&self, number: u64) {
        lock(&self.wires).1.remove(&number);
    }
}

impl DoorState {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere than on Windows this lets a port be listened on again although connections of before linger.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

fn reserve(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
