//! Who listens, and the one reader that tells them.
//!
//! The reader is a task that starts with the first listener and ends with the last. It looks at the trail every
//! [`POLL`], makes one text per audience, and gives it to all of them; a listener that does not take what it is given is
//! cut off and comes back with its position. Tokens are judged at every look, before anything is told. While the database
//! is away, streams stay open and nothing is lost: the reader keeps its position.

use super::{
    Change,
    feed::{self, Happening, Look, Position},
    news::{Audience, News},
};
use crate::{
    access::Actor,
    auth::Bearer,
    error::{Error, Result},
    ids::UserId,
    store::Store,
};
use actix_web::web::Data;
use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{
    collections::HashMap,
    convert::Infallible,
    fmt::Write,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How often the reader looks: three times in the second that is promised.
const POLL: Duration = Duration::from_millis(300);

/// The least time between two looks, however many listeners arrive.
const REST: Duration = Duration::from_millis(20);

/// Between two looks while the database does not answer, and how long one may take.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a listener is sent something, so that proxies keep the connection and one that is gone is noticed.
pub(super) const BEAT: Duration = Duration::from_secs(15);

/// Streams of one person: tabs, windows and a phone.
const MOST_PER_USER: usize = 12;

/// Streams of one process.
const MOST: usize = 5000;

/// Texts that wait for a listener. With [`MOST_CHANGES`] this bounds what a slow one costs to a few hundred kilobytes.
const MOST_WAITING: usize = 16;

/// Changes in one text; who would be told more is better off reading everything again.
const MOST_CHANGES: usize = 200;

/// Happenings between two looks, and between leaving and coming back.
const MOST_HAPPENINGS: i64 = 5000;

/// Milliseconds after which a client that was cut off comes back.
const RETRY: u32 = 2000;

/// The listeners of one process.
pub struct Hub {
    inner: Mutex<Inner>,
    arrived: Notify,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    /// Streams that are open, by person.
    open: HashMap<UserId, usize>,
    arrivals: Vec<Listener>,
    reader: Option<JoinHandle<()>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            arrived: Notify::new(),
            stopping: watch::Sender::new(false),
        }
    }
}

impl Hub {
    /// Ends all streams and takes no more.
    pub fn close(&self) {
        self.stopping.send_replace(true);
        self.arrived.notify_one();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic while it is held")
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

/// Why a listener is not taken.
pub(super) enum Refusal {
    /// The person has enough streams.
    TooMany,
    /// The process has enough.
    Full,
    /// The server is about to stop.
    Stopping,
}

/// Somebody who listens, as the reader has them.
struct Listener {
    actor: Actor,
    bearer: Bearer,
    texts: mpsc::Sender<Bytes>,
    /// Until they were told that nothing is missed from now on.
    since: Option<Since>,
}

/// Where a new listener starts.
enum Since {
    /// From now on.
    Now,
    /// From where an earlier stream ended.
    Then(Position),
    /// From somewhere that is no position.
    Nowhere,
}

/// Counts a stream for as long as its answer lives.
struct Seat {
    store: Data<Store>,
    user_id: UserId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.store.events().inner();
        if let Some(open) = inner.open.get_mut(&self.user_id) {
            *open -= 1;
            if *open == 0 {
                inner.open.remove(&self.user_id);
            }
        }
    }
}

/// Takes a listener. `asked` is where they want to go on; none inside where that cannot be read.
pub(super) fn subscribe(
    store: &Data<Store>,
    actor: Actor,
    bearer: Bearer,
    asked: Option<Option<Position>>,
) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + use<>, Refusal> {
    let hub = store.events();
    let user_id = actor.user_id.expect("only people and their tokens come in");
    let (texts, waiting) = mpsc::channel(MOST_WAITING);
    let seat = {
        let mut inner = hub.inner();
        if hub.is_stopping() {
            return Err(Refusal::Stopping);
        }
        if inner.open.values().sum::<usize>() >= MOST {
            return Err(Refusal::Full);
        }
        let open = inner.open.entry(user_id).or_default();
        if *open >= MOST_PER_USER {
            return Err(Refusal::TooMany);
        }
        *open += 1;
        inner.arrivals.push(Listener {
            actor,
            bearer,
            texts,
            since: Some(match asked {
                None => Since::Now,
                Some(Some(position)) => Since::Then(position),
                Some(None) => Since::Nowhere,
            }),
        });
        if inner.reader.as_ref().is_none_or(JoinHandle::is_finished) {
            inner.reader = Some(tokio::spawn(read(store.clone())));
        }
        Seat {
            store: store.clone(),
            user_id,
        }
    };
    hub.arrived.notify_one();
    let state = (waiting, hub.stopping.subscribe(), seat);
    Ok(stream::unfold(state, async |mut state| {
        let (waiting, stopping, _) = &mut state;
        // A reader that waits for the database must not hold up the server's end.
        let text = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => None,
            text = waiting.recv() => text,
        };
        Some((Ok(text?), state))
    }))
}

/// Reads for as long as somebody listens.
async fn read(store: Data<Store>) {
    let mut reader = Reader {
        store,
        listeners: Vec::new(),
        position: None,
        beat_at: Instant::now(),
    };
    let mut was_well = true;
    while reader.has_listeners() {
        let result = match timeout(LOOK_TIMEOUT, reader.turn()).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("it does not answer".to_owned()),
        };
        match &result {
            Err(message) if was_well => {
                tracing::warn!(error.message = %message, "the trail cannot be read for those who listen")
            }
            Ok(()) if !was_well => tracing::info!("the trail is read again"),
            _ => {}
        }
        was_well = result.is_ok();
        reader.beat();
        let hub = reader.store.events();
        if was_well {
            sleep(REST).await;
            tokio::select! {
                () = sleep(POLL - REST) => {}
                () = hub.arrived.notified() => {}
            }
        } else {
            sleep(PATIENCE).await;
        }
    }
}

/// The reader's own.
struct Reader {
    store: Data<Store>,
    listeners: Vec<Listener>,
    position: Option<Position>,
    beat_at: Instant,
}

/// What one group of listeners is told: those who were here, or those who come back from one position.
enum Tidings {
    /// This happened.
    News(Box<News>),
    /// Too much, or it cannot be told.
    Reload,
}

impl Reader {
    /// Takes those who arrived and forgets those who left; the last one ends the reader.
    fn has_listeners(&mut self) -> bool {
        let Self {
            store, listeners, ..
        } = self;
        listeners.retain(|listener| !listener.texts.is_closed() && !listener.bearer.is_over(store));
        let mut inner = store.events().inner();
        listeners.append(&mut inner.arrivals);
        metrics::gauge!("madoguchi_event_streams").set(listeners.len() as f64);
        if listeners.is_empty() || store.events().is_stopping() {
            // Under the lock: who arrives from here on starts another reader.
            inner.reader = None;
            return false;
        }
        true
    }

    /// One look. Everything is asked first and told then, so that a failure in between leaves all where they were.
    async fn turn(&mut self) -> Result<()> {
        let db = self.store.reader();
        let look = feed::look(db, self.position.as_ref(), MOST_HAPPENINGS).await?;
        let is_same = self
            .position
            .as_ref()
            .is_none_or(|earlier| look.position.continues(earlier));
        let now = match look.happenings.filter(|_| is_same) {
            Some(happenings) => self.tidings(&happenings, |since| since.is_none()).await?,
            None => Tidings::Reload,
        };
        let then = self.look_back(&look.position).await?;
        self.dismiss().await?;
        self.tell(&now, &then, &look.position);
        self.position = Some(look.position);
        Ok(())
    }

    /// What those missed who come back, by the position that they come back with.
    async fn look_back(&self, now: &Position) -> Result<HashMap<Position, Tidings>> {
        let mut missed = HashMap::new();
        for listener in &self.listeners {
            let Some(Since::Then(position)) = &listener.since else {
                continue;
            };
            if missed.contains_key(position) {
                continue;
            }
            let happenings = match now.continues(position) {
                // Later than the look of this turn: what came in between is told twice rather than never.
                true => {
                    let Look { happenings, .. } =
                        feed::look(self.store.reader(), Some(position), MOST_HAPPENINGS).await?;
                    happenings
                }
                false => None,
            };
            let is_theirs =
                |since: Option<&Since>| matches!(since, Some(Since::Then(p)) if p == position);
            let tidings = match happenings {
                Some(happenings) => self.tidings(&happenings, is_theirs).await?,
                None => Tidings::Reload,
            };
            missed.insert(position.clone(), tidings);
        }
        Ok(missed)
    }

    async fn tidings(
        &self,
        happenings: &[Happening],
        is_for: impl Fn(Option<&Since>) -> bool,
    ) -> Result<Tidings> {
        let audiences: Vec<_> = self
            .listeners
            .iter()
            .filter(|listener| is_for(listener.since.as_ref()))
            .map(|listener| Audience::of(&listener.actor))
            .collect();
        let news = News::of(self.store.reader(), happenings, audiences.iter()).await?;
        Ok(Tidings::News(Box::new(news)))
    }

    /// Ends the streams of those who may not come in any more, or as somebody else than they did.
    async fn dismiss(&mut self) -> Result<()> {
        let mut stay = Vec::with_capacity(self.listeners.len());
        for listener in &self.listeners {
            let actor: Result<_, Error> = listener.bearer.actor(&self.store).await;
            stay.push(actor?.as_ref() == Some(&listener.actor));
        }
        let mut stay = stay.into_iter();
        self.listeners.retain(|_| stay.next() == Some(true));
        Ok(())
    }

    /// Tells everybody; who does not take it is cut off.
    fn tell(&mut self, now: &Tidings, then: &HashMap<Position, Tidings>, position: &Position) {
        let mut texts: HashMap<Audience, Option<Bytes>> = HashMap::new();
        self.listeners.retain_mut(|listener| {
            let audience = Audience::of(&listener.actor);
            let text = match listener.since.take() {
                None => {
                    let text = texts
                        .entry(audience)
                        .or_insert_with(|| text_of(now.told_to(&audience), false, position));
                    text.clone()
                }
                Some(Since::Now) => text_of(Some(Vec::new()), true, position),
                Some(Since::Nowhere) => text_of(None, true, position),
                Some(Since::Then(from)) => {
                    let told = then
                        .get(&from)
                        .and_then(|tidings| tidings.told_to(&audience));
                    text_of(told, true, position)
                }
            };
            text.is_none_or(|text| listener.texts.try_send(text).is_ok())
        });
    }

    /// Sends everybody a comment now and then, with the position: without data it is kept and causes nothing.
    fn beat(&mut self) {
        if self.beat_at.elapsed() < BEAT {
            return;
        }
        self.beat_at = Instant::now();
        let text = match &self.position {
            Some(position) => format!(": still here\nid: {}\n\n", position.text()),
            None => ": still here\n\n".to_owned(),
        };
        let text = Bytes::from(text);
        self.listeners.retain(|listener| {
            // Who was not told yet where they are must not take this position for theirs.
            let text = match &listener.since {
                None => text.clone(),
                Some(_) => Bytes::from_static(b": still here\n\n"),
            };
            listener.texts.try_send(text).is_ok()
        });
    }
}

impl Tidings {
    /// None where the audience has to read everything again.
    fn told_to(&self, audience: &Audience) -> Option<Vec<Change>> {
        match self {
            Self::News(news) => {
                Some(news.told_to(audience)).filter(|changes| changes.len() <= MOST_CHANGES)
            }
            Self::Reload => None,
        }
    }
}

/// The events as they are sent. The position stands at the last one: who was told only some of them comes back for all.
fn text_of(changes: Option<Vec<Change>>, is_new: bool, position: &Position) -> Option<Bytes> {
    let mut events: Vec<(&str, String)> = Vec::new();
    match &changes {
        Some(changes) => {
            events.extend(changes.iter().map(|change| {
                let data = serde_json::to_string(change).expect("a change is plain data");
                ("change", data)
            }));
            if is_new {
                events.push(("ready", "{}".to_owned()));
            }
        }
        None => events.push(("reload", "{}".to_owned())),
    }
    let last = events.len().checked_sub(1)?;
    let mut text = String::new();
    if is_new {
        writeln!(text, "retry: {RETRY}").expect("a string takes everything");
    }
    for (index, (event, data)) in events.iter().enumerate() {
        writeln!(text, "event: {event}").expect("a string takes everything");
        if index == last {
            writeln!(text, "id: {}", position.text()).expect("a string takes everything");
        }
        writeln!(text, "data: {data}\n").expect("a string takes everything");
    }
    Some(Bytes::from(text))
}
