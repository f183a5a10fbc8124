//! Floors: what a program cannot do without, and what others do with the bytes of a log.

use std::hint::black_box;

use benches::{Contender, lines};
use memchr::memchr_iter;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The floor that ratios are to: a parser that checks the grammar and keeps nothing.
pub(crate) const NOTHING_KEPT: &str = "serde_json, nothing kept";

/// An event as most programs read it: typed, borrowed, its bodies as they stand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'a> {
    #[serde(borrow)]
    verb: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow, rename = "sourceIPs")]
    source_ips: Option<Vec<std::borrow::Cow<'a, str>>>,
    #[serde(borrow)]
    user_agent: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, rename = "requestURI")]
    request_uri: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    object_ref: Option<Object<'a>>,
    #[serde(borrow)]
    request_object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    username: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    resource: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<std::borrow::Cow<'a, str>>,
}

/// A number of lines, as contenders return it.
pub(crate) fn count(n: usize) -> u64 {
    n as u64
}

/// All of them, each by the name that tables show.
pub(crate) fn floors(log: &[u8]) -> Vec<Contender<'_>> {
    let mut buffers = simd_json::Buffers::new(64 << 10);
    let mut copy = Vec::new();
    vec![
        Contender::new("line feeds (memchr)", move || {
            count(memchr_iter(b'\n', black_box(log)).count())
        }),
        Contender::new(NOTHING_KEPT, move || {
            let read = |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("serde_json, typed and borrowed", move || {
            let read = |line: &&[u8]| {
                serde_json::from_slice::<Typed<'_>>(line).is_ok_and(|event| {
                    black_box(&event).verb.is_some()
                        && event.user.is_none_or(|user| user.username.is_some())
                        && event.source_ips.is_some()
                        && event.user_agent.is_some()
                        && event.request_uri.is_some()
                        && event.object_ref.is_none_or(|object| {
                            object.resource.is_some() && object.namespace.is_some()
                        })
                        && event
                            .request_object
                            .is_none_or(|body| !body.get().is_empty())
                })
            };
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("simd-json, tape", move || {
            let read = |line: &&[u8]| {
                copy.clear();
                copy.extend_from_slice(line);
                simd_json::to_tape_with_buffers(&mut copy, &mut buffers).is_ok()
            };
            count(lines(black_box(log)).filter(read).count())
        }),
    ]
}
