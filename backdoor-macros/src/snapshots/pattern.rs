fn author_pattern(AuthorState(author_state): AuthorState<AuthorLogs>) {}
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime::private as __backdoor;
    static __BACKDOOR_COMMAND: __backdoor::Command = __backdoor::Command {
        name: "author-pattern",
        aliases: &[],
        help: "",
        hidden: false,
        effect: __backdoor::Effect::Changes,
        place: __backdoor::Place::Service,
        timeout: __backdoor::Timeout::Default,
        parameters: &[
            __backdoor::Parameter {
                name: "",
                help: "",
                shape: <AuthorState<AuthorLogs> as __backdoor::Param>::SHAPE,
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
                (__backdoor::Taker(__backdoor::take::<AuthorState<AuthorLogs>>), ()),
                |(__backdoor_value_0, ())| author_pattern(__backdoor_value_0),
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
    const _: () = __backdoor::check_name("author-pattern", __backdoor::module_path!());
    const _: () = {
        __backdoor::check_parameter(__BACKDOOR_COMMAND.parameters, 0);
    };
    const _: () = __backdoor::check_plain_name(__BACKDOOR_COMMAND.parameters, 0);
    __backdoor::inventory::submit! {
        __backdoor::Registered(& __BACKDOOR_COMMAND)
    }
};
