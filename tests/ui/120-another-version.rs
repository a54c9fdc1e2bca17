// Stands for what `#[backdoor_command]` of backdoor-macros 0.0.9 writes.
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.0.9");
    use __backdoor_crate::private_0_0_9 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command { name: "flush" };
};

fn main() {}
