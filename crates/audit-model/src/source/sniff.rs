//! Which adapter a record is for, by what is in it and never by a file's name.

use crate::source::{Outer, Pieces, aks, cloud, eks, gke, oke};

/// Tries the adapters in order; the first one that knows the record takes it.
const ADAPTERS: &[fn(&Outer<'_>, &mut Pieces<'_>) -> bool] =
    &[gke::open, eks::open, aks::open, oke::open, cloud::open];

/// Opens a record; whether some adapter knows it.
pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    ADAPTERS.iter().any(|adapter| adapter(outer, pieces))
}
