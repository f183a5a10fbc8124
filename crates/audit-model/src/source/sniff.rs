//! Which adapter a record is for, by what is in it and never by a file's name.

use crate::source::{Outer, Pieces, aks, cloud, eks, elastic, gke, known, oke, openshift, wrap};

/// Tries the adapters in order; the first one that knows the record takes it.
///
/// Native events do not come here. What is known to be something else is named before the wrappers are tried, so that
/// text within it is not taken for an event.
const ADAPTERS: &[fn(&Outer<'_>, &mut Pieces<'_>) -> bool] = &[
    openshift::open,
    known::object,
    gke::open,
    eks::open,
    aks::open,
    elastic::open,
    oke::open,
    cloud::open,
    wrap::open,
];

/// Opens a record; whether some adapter knows it.
pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    ADAPTERS.iter().any(|adapter| adapter(outer, pieces))
}
