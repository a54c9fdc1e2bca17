#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
)]
fn author_options(
    author_by: AuthorNumber,
    author_count: AuthorNumber,
    author_time: AuthorTime,
) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-options",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter {
                style: __backdoor::Style::Option {
                    long: __backdoor::Some("author-by"),
                    short: __backdoor::None,
                },
                ..__backdoor::Parameter::plain(
                    "author-by",
                    "How many",
                    <AuthorNumber as __backdoor::Param>::SHAPE,
                )
            },
            __backdoor::Parameter {
                style: __backdoor::Style::Option {
                    long: __backdoor::None,
                    short: __backdoor::Some('n'),
                },
                ..__backdoor::Parameter::plain(
                    "author-count",
                    "",
                    <AuthorNumber as __backdoor::Param>::SHAPE,
                )
            },
            __backdoor::Parameter {
                style: __backdoor::Style::Option {
                    long: __backdoor::Some("for-time"),
                    short: __backdoor::Some('a'),
                },
                ..__backdoor::Parameter::plain(
                    "author-time",
                    "",
                    <AuthorTime as __backdoor::Param>::SHAPE,
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
            &__backdoor::runner_3(
                __backdoor::take::<AuthorNumber>,
                __backdoor::take::<AuthorNumber>,
                __backdoor::take::<AuthorTime>,
                author_options,
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
    const _: () = __backdoor::check_name("author-options");
    const _: () = __backdoor::check_long(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_long(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_short(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_long(__BACKDOOR_COMMAND.parameters, 2);
    const _: () = __backdoor::check_short(__BACKDOOR_COMMAND.parameters, 2);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 2);
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
