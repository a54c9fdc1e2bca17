#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::unused_async
)]
pub async fn author_wait() -> AuthorReply {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-wait",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Reads,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[],
        origin: __backdoor::Origin::Author,
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        run: __backdoor::Run::Async(
            &__backdoor::runner_async_0(
                || __backdoor::boxed(author_wait()),
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
    const _: () = __backdoor::check_name("author-wait");
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
