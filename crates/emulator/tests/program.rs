//! The emulator as a program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

const KEY: &str = "11111111-2222-4333-8444-555555555555";

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leonardo-ai-emulator"));
    command.args(args);
    command
}

fn output(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// Ends the program when a test ends, however it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a running program sends to who asks for the account with the key.
fn me(args: &[&str]) -> String {
    let mut child = program(&["--port", "0", "--key", KEY]).args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _running = Running(child);
    let url = lines.next().unwrap().unwrap();
    let address = url.strip_prefix("LEONARDO_SERVER_URL=http://").unwrap().strip_suffix("/api/rest").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), format!("LEONARDO_API_KEY={KEY}"));
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET /api/rest/v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn tells_how_to_reach_it() {
    let response = me(&["--generation-time=5"]);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[test]
fn the_account_pays_by_the_plan() {
    for (args, balance) in [
        (&["--balance", "12"][..], "12,"),
        (&["--plan", "credits", "--balance", "12.3"], "12,"),
        (&["--plan", "pay-as-you-go", "--balance", "12.3"], "12.3,"),
    ] {
        let response = me(args);
        assert!(response.contains(&format!("\"apiPaidTokens\":{balance}")), "{args:?}: {response}");
    }
}

#[test]
fn help_and_mistakes() {
    let help = output(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--generation-time"));
    for args in [
        &["--port"][..],
        &["--port", "x"],
        &["--port", "65536"],
        &["--key", "not-a-uuid"],
        &["--plan", "euros"],
        &["--unknown"],
        &["extra"],
        &["--control=yes"],
        &["--port", "0", "--webhook", "https://example.com"],
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"leonardo-ai-emulator: "), "{args:?}");
    }
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = output(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("cannot listen on 127.0.0.1:{port}")));
}

#[cfg(feature = "tls")]
#[test]
fn speaks_https_and_tells_its_certificate() {
    let path = std::env::temp_dir().join(format!("leonardo-emulator-{}.pem", std::process::id()));
    let https = format!("--https={}", path.display());
    let mut child = program(&["--port", "0", &https]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _running = Running(child);
    let url = lines.next().unwrap().unwrap();
    let certificate = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(url.starts_with("LEONARDO_SERVER_URL=https://127.0.0.1:"), "{url}");
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"), "{certificate}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn says_that_it_was_built_without_https() {
    let output = output(&["--https=certificate.pem"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("feature tls"), "{output:?}");
}
