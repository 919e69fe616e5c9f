//! Reading `multipart/form-data` as it arrives, without keeping the file.
//!
//! Not left to a library, since multer 3.1 limits neither the headers of a part nor what comes before the first one,
//! and reads ahead for as long as the body has more.

use bytes::{Buf, Bytes, BytesMut};

/// The most that all fields before the file, with their headers, may take.
const MOST_FIELDS: usize = 64 * 1024;

/// A piece of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A whole field.
    Field { name: String, value: Vec<u8> },
    /// The field of this name is a file; what follows up to [`Event::FileEnd`] is its content.
    FileStart { name: String },
    /// Some of the file.
    FileData(Bytes),
    /// The file is over.
    FileEnd,
    /// The form is over.
    End,
}

/// The form is not one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

enum State {
    /// Before the first boundary.
    Preamble,
    /// After a boundary: either the headers of a part follow or the end.
    Boundary,
    Headers,
    Field(String),
    File,
    Over,
}

pub(crate) struct Parser {
    /// What separates parts, with the line break that belongs to it.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    fields: usize,
}

impl Parser {
    /// For a content type such as `multipart/form-data; boundary=x`.
    pub(crate) fn new(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary").filter(|b| !b.is_empty() && b.len() <= 70)?;
        // The first boundary needs no line break before it; one is put there so that all look alike.
        Some(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            fields: 0,
        })
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next piece, or nothing until more is pushed.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Malformed> {
        loop {
            match &mut self.state {
                State::Preamble => {
                    let Some(at) = find(&self.buffer, &self.delimiter) else {
                        return self.wait();
                    };
                    self.buffer.advance(at + self.delimiter.len());
                    self.state = State::Boundary;
                }
                State::Boundary => {
                    if self.buffer.len() < 2 {
                        return Ok(None);
                    }
                    let next = self.buffer.split_to(2);
                    match &next[..] {
                        b"\r\n" => self.state = State::Headers,
                        b"--" => {
                            self.state = State::Over;
                            return Ok(Some(Event::End));
                        }
                        _ => return Err(Malformed),
                    }
                }
                State::Headers => {
                    let Some(at) = find(&self.buffer, b"\r\n\r\n") else {
                        return self.wait();
                    };
                    let headers = self.buffer.split_to(at + 4);
                    self.count(headers.len())?;
                    let (name, is_file) = disposition(&headers).ok_or(Malformed)?;
                    if is_file {
                        self.state = State::File;
                        return Ok(Some(Event::FileStart { name }));
                    }
                    self.state = State::Field(name);
                }
                State::Field(name) => {
                    let Some(at) = find(&self.buffer, &self.delimiter) else {
                        return self.wait();
                    };
                    let name = std::mem::take(name);
                    let value = self.buffer.split_to(at).to_vec();
                    self.buffer.advance(self.delimiter.len());
                    self.count(value.len())?;
                    self.state = State::Boundary;
                    return Ok(Some(Event::Field { name, value }));
                }
                State::File => {
                    let (end, over) = match find(&self.buffer, &self.delimiter) {
                        Some(at) => (at, true),
                        // The delimiter may have begun in what is last here.
                        None => (self.buffer.len().saturating_sub(self.delimiter.len() - 1), false),
                    };
                    if end > 0 {
                        return Ok(Some(Event::FileData(self.buffer.split_to(end).freeze())));
                    }
                    if !over {
                        return Ok(None);
                    }
                    self.buffer.advance(self.delimiter.len());
                    self.state = State::Boundary;
                    return Ok(Some(Event::FileEnd));
                }
                State::Over => {
                    self.buffer.clear();
                    return Ok(None);
                }
            }
        }
    }

    /// More is needed, if what is there already is not too much.
    fn wait(&self) -> Result<Option<Event>, Malformed> {
        if self.buffer.len() > MOST_FIELDS { Err(Malformed) } else { Ok(None) }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Malformed> {
        self.fields += bytes;
        if self.fields > MOST_FIELDS { Err(Malformed) } else { Ok(()) }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// The name of a part and whether it is a file.
fn disposition(headers: &[u8]) -> Option<(String, bool)> {
    let headers = std::str::from_utf8(headers).ok()?;
    let value = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let (kind, parameters) = value.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let name = parameter(parameters, "name")?;
    // S3 goes by the name alone: what is called `file` is the file.
    let is_file = name == "file" || parameter(parameters, "filename").is_some();
    Some((name, is_file))
}

/// The value of a parameter, plain or quoted.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().trim_start_matches(';').trim();
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let mut plain = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next()? {
                    (at, '"') => break at,
                    (_, '\\') => plain.push(characters.next()?.1),
                    (_, c) => plain.push(c),
                }
            };
            value = plain;
            rest = &quoted[end + 1..];
        } else {
            let end = after.find(';').unwrap_or(after.len());
            value = after[..end].trim().to_owned();
            rest = &after[end..];
        }
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\nb\r\n\
        --b\r\ncontent-disposition: form-data; name=empty\r\nX-Other: 1\r\n\r\n\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;\\\"b.png\"\r\nContent-Type: image/png\r\n\r\n\
        data\r\n--\r\n--\r--b data\r\n--b--\r\nepilogue";

    fn parse(form: &[u8], step: usize) -> Result<Vec<Event>, Malformed> {
        let mut parser = Parser::new("Multipart/Form-Data; charset=utf-8; boundary=\"b\"").unwrap();
        let mut events: Vec<Event> = Vec::new();
        for chunk in form.chunks(step) {
            parser.push(chunk);
            while let Some(event) = parser.next()? {
                // Files are cut anywhere; put together they can be compared.
                match (events.last_mut(), event) {
                    (Some(Event::FileData(before)), Event::FileData(more)) => {
                        *before = [&before[..], &more[..]].concat().into();
                    }
                    (_, event) => events.push(event),
                }
            }
        }
        Ok(events)
    }

    #[test]
    fn forms_in_pieces_of_any_size() {
        let expected = [
            Event::Field { name: "key".into(), value: b"a\r\nb".to_vec() },
            Event::Field { name: "empty".into(), value: Vec::new() },
            Event::FileStart { name: "file".into() },
            Event::FileData(Bytes::from_static(b"data\r\n--\r\n--\r--b data")),
            Event::FileEnd,
            Event::End,
        ];
        for step in 1..FORM.len() {
            assert_eq!(parse(FORM, step).unwrap(), expected, "in pieces of {step}");
        }
    }

    #[test]
    fn what_is_no_form() {
        for form in [
            &b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"[..],
            b"--bxx",
            b"--b\r\nContent-Disposition: attachment; name=x\r\n\r\n",
        ] {
            assert_eq!(parse(form, 7), Err(Malformed));
        }
        assert_eq!(parse(&[b'x'; 100_000], 1000), Err(Malformed));
        let long = [&b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n"[..], &[b'x'; 100_000]].concat();
        assert_eq!(parse(&long, 1000), Err(Malformed));
        for content_type in ["multipart/form-data", "text/plain; boundary=b", "multipart/form-data; boundary="] {
            assert!(Parser::new(content_type).is_none());
        }
    }

    #[test]
    fn a_file_does_not_pile_up() {
        let mut parser = Parser::new("multipart/form-data; boundary=b").unwrap();
        parser.push(b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n");
        let mut size = 0;
        for _ in 0..1000 {
            parser.push(&[b'\r'; 10_000]);
            while let Some(event) = parser.next().unwrap() {
                if let Event::FileData(data) = event {
                    size += data.len();
                }
            }
            assert!(parser.buffer.len() < 10);
        }
        assert!(size > 9_999_990);
    }
}
