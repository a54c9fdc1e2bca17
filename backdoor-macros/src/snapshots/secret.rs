#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
)]
fn author_login(author_pin: AuthorNumber, author_key: AuthorText) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-login",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter {
                secrecy: __backdoor::Secrecy::Secret,
                ..__backdoor::Parameter::plain(
                    "author-pin",
                    "",
                    <AuthorNumber as __backdoor::Param>::SHAPE,
                )
            },
            __backdoor::Parameter {
                style: __backdoor::Style::Option {
                    long: __backdoor::Some("author-key"),
                    short: __backdoor::None,
                },
                secrecy: __backdoor::Secrecy::Secret,
                ..__backdoor::Parameter::plain(
                    "author-key",
                    "",
                    <AuthorText as __backdoor::Param>::SHAPE,
                )
            },
        ],
        origin: __backdoor::Origin::Author,
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        run: __backdoor::Run::Sync(
            &__backdoor::runner_2(
                __backdoor::take::<AuthorNumber>,
                __backdoor::take::<AuthorText>,
                author_login,
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
    const _: () = __backdoor::check_name("author-login");
    const _: () = {
        __backdoor::check_parameter(__BACKDOOR_COMMAND.parameters, 0);
    };
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_secret(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_long(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_secret(__BACKDOOR_COMMAND.parameters, 1);
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
