//! What a frame costs the media thread in memory, once a call is warm: counted by the allocator itself, over real UDP.

#[path = "../../media/tests/counting/mod.rs"]
mod counting;

mod common;

use common::caller::Caller;
use counting::{allocations_elsewhere, allocations_of};

/// Of the core, for a packet received and one sent: see `crates/session/tests/allocations.rs`.
const OF_THE_CORE: i64 = 6 + 4;
/// How often is counted, a frame at a time if the machine keeps up.
const LOOKS: usize = 150;

#[test]
fn a_frame_of_an_echo_costs_a_media_thread_no_more_than_the_core_takes() {
    let mut caller = Caller::speaking();
    let warm = caller.echoed;
    caller.run(|call| call.echoed > warm + 100);
    let looks: Vec<(usize, i64)> = (0..LOOKS)
        .map(|_| {
            let before = caller.echoed;
            let allocations = allocations_elsewhere(|| caller.run(|call| call.echoed > before));
            (caller.echoed - before, allocations as i64)
        })
        .collect();
    // Behind one frame came one: nothing of those before is counted among its own.
    let pairs = looks.windows(2).filter(|pair| pair[0].0 == 1 && pair[1].0 == 1);
    let mut costs: Vec<i64> = pairs.map(|pair| pair[1].1).collect();
    // Reports and checks of the connection cost the core more, now and then; what every frame costs is in the middle.
    costs.sort_unstable();
    assert_eq!(costs.get(costs.len() / 2), Some(&OF_THE_CORE), "{looks:?}");
    caller.run_silently(|call| call.session.session.has_audio());
    let mut frame = [0; 480];
    let reads = allocations_of(|| assert_eq!(caller.session.session.read_audio(&mut frame), Ok(480)));
    assert_eq!(reads, 0, "for whoever takes a frame");
}
