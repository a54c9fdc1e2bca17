#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
)]
fn author_defaults(author_literal: AuthorNumber, author_call: AuthorNumber) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-defaults",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter {
                default: __backdoor::Some(
                    &__backdoor::Default {
                        make: || {
                            let __backdoor_default: AuthorNumber = 10;
                            __backdoor::Box::new(__backdoor_default)
                        },
                        show: __backdoor::show::<AuthorNumber>,
                        literal: __backdoor::Some("10"),
                    },
                ),
                range: __backdoor::Some(
                    &__backdoor::Range {
                        bounds: || __backdoor::bounds::<AuthorNumber>(1..=100),
                        literal: __backdoor::Some("1..=100"),
                    },
                ),
                ..__backdoor::Parameter::plain(
                    "author-literal",
                    "",
                    <AuthorNumber as __backdoor::Param>::SHAPE,
                )
            },
            __backdoor::Parameter {
                default: __backdoor::Some(
                    &__backdoor::Default {
                        make: || {
                            let __backdoor_default: AuthorNumber = author_default();
                            __backdoor::Box::new(__backdoor_default)
                        },
                        show: __backdoor::show::<AuthorNumber>,
                        literal: __backdoor::None,
                    },
                ),
                range: __backdoor::Some(
                    &__backdoor::Range {
                        bounds: || __backdoor::bounds::<AuthorNumber>(AUTHOR_LOW..),
                        literal: __backdoor::None,
                    },
                ),
                ..__backdoor::Parameter::plain(
                    "author-call",
                    "",
                    <AuthorNumber as __backdoor::Param>::SHAPE,
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
                __backdoor::take::<AuthorNumber>,
                author_defaults,
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
    const _: () = __backdoor::check_name("author-defaults");
    const _: () = {
        __backdoor::check_parameter(__BACKDOOR_COMMAND.parameters, 0);
        __backdoor::check_parameter(__BACKDOOR_COMMAND.parameters, 1);
    };
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_default(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_range(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_default(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_range(__BACKDOOR_COMMAND.parameters, 1);
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
