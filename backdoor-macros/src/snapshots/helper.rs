#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
)]
fn author_view() {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-view",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Reads,
        place: __backdoor::Place::Helper,
        timeout: __backdoor::Timeout::Never,
        parameters: &[],
        origin: __backdoor::Origin::Author,
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        run: __backdoor::Run::Sync(
            &__backdoor::runner_0(
                author_view,
                |__backdoor_probe| {
                    use __backdoor::{Peel as _, Piece as _, ReplyKind as _};
                    (&__backdoor_probe)
                        .backdoor_peel()
                        .backdoor_kind()
                        .backdoor_peel()
                        .backdoor_piece()
                },
            ),
        ),
    };
    const _: () = __backdoor::check_name("author-view");
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
