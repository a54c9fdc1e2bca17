use std::collections::BTreeMap;

use backdoor_runtime::backdoor_command;

struct Shard;

#[backdoor_command]
fn shards() -> Vec<Shard> {
    Vec::new()
}

#[backdoor_command]
fn by_name() -> Result<BTreeMap<u8, Shard>, String> {
    Ok(BTreeMap::new())
}

fn main() {}
