use std::sync::OnceLock;

use backdoor_runtime::backdoor_var;

pub struct Once(OnceLock<u32>);

impl backdoor_runtime::vars::Readable for Once {
    fn read(&self) -> backdoor_runtime::vars::Reading {
        backdoor_runtime::vars::Reading::NotSet
    }
}

#[backdoor_var(settable)]
static LIMIT: Once = Once(OnceLock::new());

fn main() {}
