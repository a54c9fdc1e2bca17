#[allow(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
)]
fn author_from_str(author_one: AuthorType, author_two: AuthorType) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-from-str",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter::plain(
                "author-one",
                "",
                {
                    #[allow(unused_imports)]
                    use __backdoor::ViaOne as _;
                    <__backdoor::ViaFromStr<AuthorType>>::SHAPE
                },
            ),
            __backdoor::Parameter {
                style: __backdoor::Style::Option {
                    long: __backdoor::Some("author-two"),
                    short: __backdoor::None,
                },
                default: __backdoor::Some(
                    &__backdoor::Default {
                        make: || {
                            let __backdoor_default: AuthorType = author_default();
                            __backdoor::Box::new(__backdoor_default)
                        },
                        show: |_| __backdoor::None,
                        literal: __backdoor::None,
                    },
                ),
                range: __backdoor::Some(
                    &__backdoor::Range {
                        bounds: || {
                            #[allow(unused_imports)]
                            use __backdoor::ViaOne as _;
                            <__backdoor::ViaFromStr<AuthorType>>::bounds(AUTHOR_LOW..)
                        },
                        literal: __backdoor::None,
                    },
                ),
                ..__backdoor::Parameter::plain(
                    "author-two",
                    "",
                    {
                        #[allow(unused_imports)]
                        use __backdoor::ViaOne as _;
                        <__backdoor::ViaFromStr<AuthorType>>::SHAPE
                    },
                )
            },
        ],
        origin: __backdoor::Origin::Author,
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        run: {
            #[allow(unused_imports)]
            use __backdoor::ViaOne as _;
            __backdoor::Run::Sync(
                &__backdoor::runner_2(
                    <__backdoor::ViaFromStr<AuthorType>>::take,
                    <__backdoor::ViaFromStr<AuthorType>>::take,
                    author_from_str,
                    |__backdoor_probe| {
                        use __backdoor::{Peel as _, Piece as _, ReplyKind as _};
                        (&__backdoor_probe)
                            .backdoor_peel()
                            .backdoor_kind()
                            .backdoor_peel()
                            .backdoor_piece()
                    },
                ),
            )
        },
    };
    const _: () = __backdoor::check_name("author-from-str");
    const _: () = {
        __backdoor::check_parameter(__BACKDOOR_COMMAND.parameters, 0);
    };
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 0);
    const _: () = __backdoor::check_long(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_supplied(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_default(__BACKDOOR_COMMAND.parameters, 1);
    const _: () = __backdoor::check_range(__BACKDOOR_COMMAND.parameters, 1);
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
