/// How long
static AUTHOR_TIME: AuthorAtomic = AuthorAtomic::new(3);
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_VARIABLE: __backdoor::Variable = __backdoor::Variable {
        name: "author-time",
        help: "How long",
        unit: "ms",
        hidden: false,
        secret: false,
        trend: false,
        declared: __backdoor::Declared {
            file: __backdoor::file!(),
            line: __backdoor::line!(),
            module: __backdoor::module_path!(),
        },
        type_name: || {
            use __backdoor::{ByHolder as _, ByLasting as _, ByReadable as _};
            (&&&__backdoor::PlaceProbe(&AUTHOR_TIME)).backdoor_place().backdoor_type()
        },
        read: || {
            use __backdoor::{ByClone as _, ByReference as _};
            let __backdoor_place = {
                use __backdoor::{ByHolder as _, ByLasting as _, ByReadable as _};
                (&&&__backdoor::PlaceProbe(&AUTHOR_TIME)).backdoor_place()
            };
            let __backdoor_value = __backdoor_place.backdoor_value();
            __backdoor_place
                .backdoor_read(
                    (&&__backdoor_value).backdoor_take(),
                    {
                        use __backdoor::{
                            ByData as _, ByDebug as _, ByText as _, ByWord as _,
                            ByWordOrData as _,
                        };
                        (&&&&&__backdoor_value).backdoor_render()
                    },
                )
        },
        setting: __backdoor::None,
    };
    __backdoor::inventory::submit! {
        __backdoor::RegisteredVariable(& __BACKDOOR_VARIABLE)
    }
};
