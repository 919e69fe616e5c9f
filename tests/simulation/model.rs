//! The service, as a transport: it knows what was asked, what was charged, and for which call.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use leonardo_ai::bytes::Bytes;
use leonardo_ai::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use leonardo_ai::{BoxFuture, Transport, TransportError, TransportErrorKind, TransportRequest, TransportResponse};
use tokio::time::{Instant, sleep};

use super::history::{Call, Garbled, History, Of, RetryAfter, What};

tokio::task_local! {
    /// The call that sends, since most requests do not tell.
    pub static CALL: usize;
}

/// 2026-01-01, when every history begins.
pub const BEGINNING: Duration = Duration::from_secs(1_767_225_600);
/// Far more than any history needs; one that does not end is found out by it soon.
const MOST_REQUESTS: usize = 30_000;
const MS: Duration = Duration::from_millis(1);

#[derive(Clone)]
pub struct Service(Arc<Mutex<State>>);

pub struct State {
    history: Arc<History>,
    began: Instant,
    pub requests: Vec<Request>,
    pub records: Vec<Record>,
    log: Option<Vec<String>>,
    /// The random seeds, in the order in which they were seen: a log names them by their place.
    marks: Vec<i64>,
}

/// A request as it reached the transport.
#[derive(Debug)]
pub struct Request {
    pub call: usize,
    pub of: Of,
    pub sent: Duration,
    /// When the caller had the response, or gave up.
    pub ended: Duration,
    pub outcome: Outcome,
    /// What the response to a create said was made.
    pub told: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// There was no response before the caller gave up.
    GivenUp,
    Good,
    /// It failed in a way that does not tell whether the work was done.
    Failed,
    /// It failed in a way that proves that it was not.
    NotDone,
    Limited(Option<Duration>),
    Rejected,
}

/// A generation.
#[derive(Debug)]
pub struct Record {
    pub id: String,
    /// The call that paid for it; none for those of others.
    pub call: Option<usize>,
    pub account: usize,
    /// In milliseconds from the beginning of the history.
    made: i64,
    visible: i64,
    deleted: i64,
    text: String,
}

enum Reply {
    Never,
    Error(TransportErrorKind, Option<StatusCode>),
    Response(StatusCode, Bytes),
    /// Read when the work is done.
    Me(usize),
    List {
        account: usize,
        offset: u32,
        limit: u32,
    },
    Get(String),
}

/// What becomes of a request.
struct Plan {
    index: usize,
    work_in: Duration,
    answer_in: Duration,
    reply: Reply,
    retry_after: Option<String>,
    outcome: Outcome,
    told: Option<String>,
}

impl Plan {
    /// When the work is done, if it is.
    fn work(&mut self, what: Option<What>, of: Of, call: &Call) -> Option<Duration> {
        match what {
            Some(What::Slow { by, done: false }) => {
                // The work is done with the response, though not so late that nobody could be expected to wait for it.
                let by = if of == Of::Create { by.min(call.grace.saturating_sub(call.appears + 300)) } else { by };
                self.work_in += MS * by as u32;
                Some(self.work_in)
            }
            Some(What::Slow { by, done: true }) => {
                let made = Some(self.work_in);
                self.answer_in += MS * by as u32;
                made
            }
            Some(What::Reset { done } | What::Stalled { done } | What::Status { done, .. }) => {
                done.then_some(self.work_in)
            }
            None | Some(What::Body(_) | What::CutOff) => Some(self.work_in),
            Some(What::Refused | What::Limited(_) | What::Rejected) => None,
        }
    }

    /// Makes it what the fault is like for the caller.
    fn fail(&mut self, what: What) {
        match what {
            What::Refused => {
                self.outcome = Outcome::NotDone;
                self.reply = Reply::Error(TransportErrorKind::Connect, None);
            }
            What::Reset { .. } => self.reply = Reply::Error(TransportErrorKind::Exchange, None),
            What::Slow { .. } | What::Stalled { .. } => {}
            What::Status { code, .. } => {
                self.reply = response(StatusCode::from_u16(code).expect("a status"), "");
            }
            What::Limited(after) => {
                let (text, after) = match after {
                    RetryAfter::None => (None, None),
                    RetryAfter::Seconds(seconds) => (Some(seconds.to_string()), Some(Duration::from_secs(seconds))),
                    RetryAfter::PastDate => (Some("Wed, 21 Oct 2015 07:28:00 GMT".into()), Some(Duration::ZERO)),
                };
                self.retry_after = text;
                self.outcome = Outcome::Limited(after);
                let body = r#"{"error":"too many requests","path":"$","code":"unexpected"}"#;
                self.reply = response(StatusCode::TOO_MANY_REQUESTS, body);
            }
            What::Rejected => {
                self.outcome = Outcome::Rejected;
                let body = r#"{"error":"width is wrong","path":"$","code":"validation-failed"}"#;
                self.reply = response(StatusCode::BAD_REQUEST, body);
            }
            What::Body(garbled) => {
                let body = match garbled {
                    Garbled::Empty => "",
                    Garbled::Garbage => "\u{1}\u{2}???",
                    Garbled::Html => "<!DOCTYPE html><html></html>",
                    Garbled::CutJson => r#"{"sdGenerationJob":{"generationId":"g"#,
                    Garbled::NoId => r#"{"sdGenerationJob":{"apiCreditCost":8}}"#,
                };
                self.reply = response(StatusCode::OK, body);
            }
            What::CutOff => self.reply = Reply::Error(TransportErrorKind::Body, Some(StatusCode::OK)),
        }
    }
}

fn response(status: StatusCode, body: &str) -> Reply {
    Reply::Response(status, Bytes::copy_from_slice(body.as_bytes()))
}

impl Service {
    pub fn new(history: Arc<History>, logged: bool) -> Self {
        let log = logged.then(Vec::new);
        let (requests, marks) = Default::default();
        let records = strangers(&history);
        Self(Arc::new(Mutex::new(State { history, began: Instant::now(), requests, records, log, marks })))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn log(&self, line: impl FnOnce() -> String) {
        self.lock().log(line);
    }
}

impl Transport for Service {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let call = CALL.try_with(|call| *call).expect("a request of no call");
        let plan = self.lock().arrive(call, &request);
        Box::pin(async move {
            let mut end = End { service: self, index: plan.index, outcome: Outcome::GivenUp, told: None };
            sleep(plan.work_in).await;
            let (status, body) = match plan.reply {
                Reply::Never => return std::future::pending().await,
                Reply::Response(status, body) => (Ok(status), body),
                Reply::Error(kind, status) => (Err((kind, status)), Bytes::new()),
                Reply::Me(account) => (Ok(StatusCode::OK), me(account)),
                Reply::List { account, offset, limit } => {
                    (Ok(StatusCode::OK), self.lock().list(account, offset, limit))
                }
                Reply::Get(id) => (Ok(StatusCode::OK), self.lock().get(&id)),
            };
            let headers = self.lock().headers(plan.retry_after);
            sleep(plan.answer_in).await;
            end.outcome = plan.outcome;
            end.told = plan.told;
            match status {
                Ok(status) => Ok(TransportResponse::new(status, headers, body)),
                Err((kind, status)) => {
                    let error = TransportError::new(kind, "simulated");
                    Err(if let Some(status) = status { error.with_status(status) } else { error })
                }
            }
        })
    }
}

/// Notes how a request ended, also where nobody waited for it.
struct End<'a> {
    service: &'a Service,
    index: usize,
    outcome: Outcome,
    told: Option<String>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.service.lock();
        let ended = state.now();
        let (index, outcome) = (self.index, self.outcome);
        let request = &mut state.requests[index];
        (request.ended, request.outcome, request.told) = (ended, outcome, self.told.take());
        let Request { call, of, .. } = *request;
        state.log(|| format!("call {call}   {of:?} #{index} ended: {outcome:?}"));
    }
}

impl State {
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn log(&mut self, line: impl FnOnce() -> String) {
        let now = self.now();
        if let Some(log) = &mut self.log {
            log.push(format!("{:>12.3}  {}", now.as_secs_f64(), line()));
        }
    }

    pub fn take_log(&mut self) -> Vec<String> {
        self.log.take().unwrap_or_default()
    }

    fn arrive(&mut self, number: usize, request: &TransportRequest) -> Plan {
        let history = self.history.clone();
        let call = &history.calls[number];
        let (now, index) = (self.now(), self.requests.len());
        assert!(index < MOST_REQUESTS, "the calls of a history sent {MOST_REQUESTS} requests and have not ended");
        let path = request.url.path().split_once("/v1/").map_or("", |(_, path)| path).to_owned();
        let of = match (&request.method, &*path) {
            (&Method::POST, "generations") => Of::Create,
            (_, "me") => Of::Me,
            (_, path) if path.starts_with("generations/user/") => Of::List,
            _ => Of::Get,
        };
        let query = |name: &str| {
            let value = request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            value.and_then(|value| value.parse().ok())
        };
        let offset = query("offset").unwrap_or(0);
        let what = self.fault(number, of);
        self.requests.push(Request { call: number, of, sent: now, ended: now, outcome: Outcome::GivenUp, told: None });
        let account = key(request) / 2;

        let half = MS * history.world.latency as u32 / 2;
        let mut plan = Plan {
            index,
            work_in: half,
            answer_in: half,
            reply: Reply::Never,
            retry_after: None,
            outcome: Outcome::Failed,
            told: None,
        };
        let made = plan.work(what, of, call);
        let id = match made {
            Some(after) if of == Of::Create => Some(self.make(number, call, account, now + after, request)),
            _ => None,
        };
        match what {
            None | Some(What::Slow { .. }) => {
                plan.outcome = Outcome::Good;
                plan.reply = match (of, id.clone()) {
                    (Of::Create, id) => {
                        let id = id.unwrap_or_default();
                        let body = format!(r#"{{"sdGenerationJob":{{"generationId":"{id}","apiCreditCost":8}}}}"#);
                        plan.told = Some(id);
                        response(StatusCode::OK, &body)
                    }
                    (Of::Me, _) => Reply::Me(account),
                    (Of::List, _) => {
                        // Another account's generations are not shown.
                        let limit = query("limit").unwrap_or(10).min(history.world.page);
                        let own = path.strip_prefix("generations/user/user-") == Some(&account.to_string());
                        Reply::List { account: if own { account } else { usize::MAX }, offset, limit }
                    }
                    _ => Reply::Get(path.rsplit('/').next().unwrap_or_default().to_owned()),
                };
            }
            Some(what) => plan.fail(what),
        }
        if self.log.is_some() {
            let shown = match (of, &id) {
                (Of::Create, Some(id)) => format!("Create #{index}, makes {id}"),
                (Of::Create, None) => format!("Create #{index}"),
                (Of::List, _) => format!("List #{index} from {offset}"),
                _ => format!("{of:?} #{index}"),
            };
            let mark = if of == Of::Create { self.mark(call, request) } else { String::new() };
            let fault = what.map(|what| format!(": {what:?}")).unwrap_or_default();
            self.log(|| format!("call {number}   {shown}, account {account}{mark}{fault}"));
        }
        plan
    }

    /// The first fault that is meant for this request.
    fn fault(&self, call: usize, of: Of) -> Option<What> {
        let mine = || self.requests.iter().filter(|request| request.call == call);
        let (any, same) = (mine().count() as u32, mine().filter(|request| request.of == of).count() as u32);
        let hit = self.history.faults.iter().find(|fault| {
            let number = match fault.of {
                Of::Any => any,
                fault if fault == of => same,
                _ => return false,
            };
            fault.call == call && (fault.nth..fault.nth + fault.count).contains(&number)
        });
        hit.map(|fault| fault.what)
    }

    fn make(
        &mut self,
        number: usize,
        call: &Call,
        account: usize,
        made: Duration,
        request: &TransportRequest,
    ) -> String {
        let id = format!("g{}", self.records.len());
        let made = made.as_millis() as i64;
        let text = shown(&id, call, seed(request), made);
        let visible = made + call.appears as i64;
        self.records.push(Record {
            id: id.clone(),
            call: Some(number),
            account,
            made,
            visible,
            deleted: i64::MAX,
            text,
        });
        id
    }

    fn mark(&mut self, call: &Call, request: &TransportRequest) -> String {
        let seed = seed(request);
        if call.chosen == Some(seed) {
            return format!(", seed {seed}");
        }
        let place = self.marks.iter().position(|known| *known == seed).unwrap_or_else(|| {
            self.marks.push(seed);
            self.marks.len() - 1
        });
        format!(", random seed {place}")
    }

    fn list(&self, account: usize, offset: u32, limit: u32) -> Bytes {
        let now = self.now().as_millis() as i64;
        let mut shown: Vec<_> = (self.records.iter().enumerate())
            .filter(|(_, record)| record.account == account && record.visible <= now && record.deleted > now)
            .collect();
        shown.sort_by_key(|(at, record)| std::cmp::Reverse((record.made, *at)));
        let mut body = String::from(r#"{"generations":["#);
        for (nth, (_, record)) in shown.iter().skip(offset as usize).take(limit as usize).enumerate() {
            let comma = if nth > 0 { "," } else { "" };
            let _ = write!(body, r#"{comma}{}"status":"{}"}}"#, record.text, self.status(record, now));
        }
        body.push_str("]}");
        body.into()
    }

    fn get(&self, id: &str) -> Bytes {
        let now = self.now().as_millis() as i64;
        match self.records.iter().find(|record| record.id == id && record.visible <= now) {
            Some(record) => {
                let status = self.status(record, now);
                format!(r#"{{"generations_by_pk":{}"status":"{status}"}}}}"#, record.text).into()
            }
            None => Bytes::from_static(br#"{"generations_by_pk":null}"#),
        }
    }

    fn status(&self, record: &Record, now: i64) -> &'static str {
        if record.made + self.history.world.work as i64 <= now { "COMPLETE" } else { "PENDING" }
    }

    fn headers(&self, retry_after: Option<String>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(off) = self.history.world.date_off {
            let now = (BEGINNING + self.now()).as_secs().saturating_add_signed(off);
            let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(now));
            headers.insert(header::DATE, HeaderValue::try_from(date).expect("a date"));
        }
        if let Some(after) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::try_from(after).expect("a delay"));
        }
        headers
    }
}

fn me(account: usize) -> Bytes {
    format!(r#"{{"user_details":[{{"user":{{"id":"user-{account}","username":"x"}}}}]}}"#).into()
}

/// `key-N`
fn key(request: &TransportRequest) -> usize {
    let value = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a key of the simulation's")
}

fn seed(request: &TransportRequest) -> i64 {
    let body: serde_json::Value = serde_json::from_slice(request.body.as_deref().unwrap_or_default()).unwrap();
    body["seed"].as_i64().unwrap_or(-1)
}

/// The prompt of a call; every second one has blanks that may be collapsed.
pub fn prompt(call: &Call) -> String {
    if call.prompt % 2 == 0 { format!("a  pier {}\n at dusk", call.prompt) } else { format!("a pier {}", call.prompt) }
}

pub const MODEL: &str = "b24e16ff-06e3-43eb-8d33-4416c2d75876";

/// A record of a call's, up to its status.
fn shown(id: &str, call: &Call, seed: i64, made: i64) -> String {
    let mut prompt = prompt(call);
    if call.altered.blanks {
        prompt = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let prompt = serde_json::to_string(&prompt).expect("text");
    let size = call.altered.size.unwrap_or(call.size);
    let model = if call.altered.model { "another-model" } else { MODEL };
    let zone = if call.prompt % 3 == 0 { "Z" } else { "" };
    let created = created(made);
    format!(
        r#"{{"id":"{id}","createdAt":"{created}{zone}","prompt":{prompt},"modelId":"{model}","seed":{seed},"imageWidth":{size},"imageHeight":{size},"#
    )
}

/// `2026-01-01T00:00:00.000`
fn created(at: i64) -> String {
    let millis = BEGINNING.as_millis() as i64 + at;
    let (seconds, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds as u64);
    // `Thu, 01 Jan 2026 00:00:00 GMT`
    let text = httpdate::fmt_http_date(time);
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(&text[8..11]).unwrap_or(0) / 3 + 1;
    format!("{}-{month:02}-{}T{}.{millis:03}", &text[12..16], &text[5..7], &text[17..25])
}

/// The generations that are there anyway, or come by themselves.
fn strangers(history: &History) -> Vec<Record> {
    let foreign = &history.world.foreign;
    let nth = |every: u32, number: u32| every > 0 && number % every == 0;
    let before = (0..foreign.before).map(|number| -40_000 * i64::from(number + 1));
    let during = (0..foreign.during).map(|number| (foreign.from + foreign.every * u64::from(number)) as i64);
    let mut records = Vec::new();
    for (number, made) in (0..).zip(before.chain(during)) {
        let id = format!("g{}", records.len());
        let (seed, created) = (5_000_000 + i64::from(number), created(made));
        let date = if nth(foreign.undated, number) { String::new() } else { format!(r#""createdAt":"{created}","#) };
        let text = if nth(foreign.odd, number) {
            format!(r#"{{"id":"{id}",{date}"prompt":["x"],"seed":{{}},"imageWidth":-1,"generated_images":7,"#)
        } else {
            format!(r#"{{"id":"{id}",{date}"prompt":"x","seed":{seed},"imageWidth":512,"imageHeight":512,"#)
        };
        let deleted =
            if made > 0 && nth(foreign.deleted, number) { made + foreign.deleted_after as i64 } else { i64::MAX };
        records.push(Record { id, call: None, account: 0, made, visible: made, deleted, text });
    }
    if let Some(old) = history.world.old {
        let call = &history.calls[old];
        let account = history.cores[call.core].keys[0] / 2;
        let (id, made) = (format!("g{}", records.len()), history.old_age() as i64 * -1000);
        let text = shown(&id, call, call.chosen.unwrap_or(-1), made);
        records.push(Record { id, call: None, account, made, visible: made, deleted: i64::MAX, text });
    }
    records
}
