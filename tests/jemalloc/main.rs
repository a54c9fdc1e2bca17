//! What `mem` shows of jemalloc, where it is the allocator of the program.

use backdoor_runtime::{Backdoor, resources};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[test]
fn mem_shows_jemallocs_figures() {
    const SIZE: usize = 64 << 20;
    let before = resources::memory().unwrap().allocator.unwrap();
    let kept = vec![1_u8; SIZE];
    let after = resources::memory().unwrap().allocator.unwrap();
    assert_eq!(after.name, "jemalloc");
    // The other test frees and allocates meanwhile.
    assert!(after.allocated >= before.allocated + SIZE as u64 / 2, "{before:?} {after:?}");
    assert!(after.mapped >= after.active && after.active >= after.allocated, "{after:?}");
    let shown = Backdoor::testing().run("mem");
    assert!(shown.text.contains("allocated by the program"), "{}", shown.text);
    drop(kept);
}

#[test]
fn the_heap_profile_is_a_private_file() {
    let path = resources::heap_profile().unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("heap_v2/"));
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
