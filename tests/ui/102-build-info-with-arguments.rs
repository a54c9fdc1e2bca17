fn main() {
    let _ = backdoor_runtime::build_info!("shop");
}
