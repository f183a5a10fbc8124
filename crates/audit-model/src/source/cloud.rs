//! Records of the clouds' own interfaces, which tell of clusters and not of requests to them.

use crate::read::SkipReason;
use crate::source::{Outer, Pieces};
use crate::tree::NodeId;

/// The operation of Azure's that hands out the logs of a cluster itself.
const DIAGNOSTIC: &str = "/diagnosticLogs/Read";

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    // `EventBridge` puts a record of CloudTrail into `detail`.
    let bridged = outer.at(&["detail"]);
    if is_known(outer, outer.root) || bridged.is_some_and(|record| is_known(outer, record)) {
        pieces.skip(SkipReason::ControlPlane);
    } else if outer
        .list(&["Records"])
        .any(|record| is_known(outer, record))
    {
        // A file that CloudTrail delivers. Each record is sniffed for itself.
        for record in outer.list(&["Records"]) {
            pieces.node(outer, record);
        }
    } else {
        return false;
    }
    true
}

fn is_known(outer: &Outer<'_>, record: NodeId) -> bool {
    // CloudTrail, of any service.
    let cloud_trail = outer
        .text_below(record, &["eventSource"])
        .is_some_and(|source| source.ends_with(".amazonaws.com"))
        && outer.text_below(record, &["eventName"]).is_some();
    // Azure's activity log names an operation of its resource manager.
    let operation = outer
        .text_below(record, &["operationName"])
        .or_else(|| outer.text_below(record, &["operationName", "value"]));
    let azure = operation
        .filter(|operation| !operation.ends_with(DIAGNOSTIC))
        .and_then(|operation| operation.split_once('/'))
        .and_then(|(provider, _)| provider.get(.."microsoft.".len()))
        .is_some_and(|start| start.eq_ignore_ascii_case("microsoft."));
    cloud_trail || azure
}
