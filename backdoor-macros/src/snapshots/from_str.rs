fn author_from_str(author_one: AuthorType, author_two: AuthorType) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime::private as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-from-str",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter {
                name: "author-one",
                help: "",
                shape: {
                    #[allow(unused_imports)]
                    use __backdoor::ViaOne as _;
                    <__backdoor::ViaFromStr<AuthorType>>::SHAPE
                },
                ..__backdoor::Parameter::BARE
            },
            __backdoor::Parameter {
                name: "author-two",
                help: "",
                shape: {
                    #[allow(unused_imports)]
                    use __backdoor::ViaOne as _;
                    <__backdoor::ViaFromStr<AuthorType>>::SHAPE
                },
                style: __backdoor::Style::Option {
                    long: __backdoor::Some("author-two"),
                    short: __backdoor::None,
                },
                default: __backdoor::Some(__backdoor::Default {
                    make: || {
                        let __backdoor_default: AuthorType = author_default();
                        __backdoor::Box::new(__backdoor_default)
                    },
                    show: |_| __backdoor::None,
                    literal: __backdoor::None,
                }),
                range: __backdoor::Some(__backdoor::Range {
                    bounds: || {
                        #[allow(unused_imports)]
                        use __backdoor::ViaOne as _;
                        <__backdoor::ViaFromStr<AuthorType>>::bounds(AUTHOR_LOW..)
                    },
                    literal: __backdoor::None,
                }),
                ..__backdoor::Parameter::BARE
            },
        ],
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        run: __backdoor::Run::Sync(
            &__backdoor::runner(
                {
                    #[allow(unused_imports)]
                    use __backdoor::ViaOne as _;
                    (
                        __backdoor::Taker(<__backdoor::ViaFromStr<AuthorType>>::take),
                        (
                            __backdoor::Taker(
                                <__backdoor::ViaFromStr<AuthorType>>::take,
                            ),
                            (),
                        ),
                    )
                },
                |(__backdoor_value_0, (__backdoor_value_1, ()))| author_from_str(
                    __backdoor_value_0,
                    __backdoor_value_1,
                ),
                |__backdoor_probe| {
                    use __backdoor::{
                        ForMachine as _, Peel as _, Person as _, Piece as _,
                    };
                    let (__backdoor_one, __backdoor_probe) = (&__backdoor_probe)
                        .backdoor_peel();
                    let (__backdoor_two, __backdoor_probe) = (&__backdoor_probe)
                        .backdoor_peel();
                    let (__backdoor_three, __backdoor_probe) = (&__backdoor_probe)
                        .backdoor_peel();
                    let __backdoor_probe = (&__backdoor_probe).backdoor_within();
                    let __backdoor_person = (&&&&&&&__backdoor_probe).backdoor_person();
                    let __backdoor_items = __backdoor_person.backdoor_items();
                    let (__backdoor_four, __backdoor_items) = (&__backdoor_items)
                        .backdoor_peel();
                    let (__backdoor_five, __backdoor_items) = (&__backdoor_items)
                        .backdoor_peel();
                    let __backdoor_items = (&__backdoor_items).backdoor_within();
                    __backdoor::steps(
                        (__backdoor_one, __backdoor_two, __backdoor_three),
                        (__backdoor_person, (&&&__backdoor_probe).backdoor_machine()),
                        (__backdoor_four, __backdoor_five),
                        (
                            (&&&&&__backdoor_items).backdoor_piece(),
                            (&&&__backdoor_items).backdoor_machine(),
                        ),
                    )
                },
            ),
        ),
    };
    const _: () = __backdoor::check_name("author-from-str", __backdoor::module_path!());
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
