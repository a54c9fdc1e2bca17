static AUTHOR_TIME: AuthorAtomic = AuthorAtomic::new(3);
#[allow(deprecated)]
const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    static __BACKDOOR_PRISTINE: AuthorAtomic = AuthorAtomic::new(3);
    static __BACKDOOR_VARIABLE: __backdoor::Variable = __backdoor::Variable {
        name: "time",
        help: "",
        unit: "",
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
        setting: __backdoor::Some(__backdoor::Setting {
            cells: __backdoor::settable(&AUTHOR_TIME, &__BACKDOOR_PRISTINE).cells,
            range: __backdoor::Some(__backdoor::Range {
                bounds: || {
                    __backdoor::settable(&AUTHOR_TIME, &__BACKDOOR_PRISTINE)
                        .bounds(1..=5)
                },
                literal: __backdoor::Some("1..=5"),
            }),
            validate: __backdoor::Some(|__backdoor_kept| {
                __backdoor::settable(&AUTHOR_TIME, &__BACKDOOR_PRISTINE)
                    .validated(__backdoor_kept, author_judge)
            }),
            on_change: __backdoor::Some(|__backdoor_kept| {
                __backdoor::settable(&AUTHOR_TIME, &__BACKDOOR_PRISTINE)
                    .changed(__backdoor_kept, author_told)
            }),
            show: |__backdoor_kept| {
                let __backdoor_set = __backdoor::settable(
                    &AUTHOR_TIME,
                    &__BACKDOOR_PRISTINE,
                );
                let __backdoor_value = __backdoor_set.backdoor_value();
                __backdoor_set
                    .shown(
                        __backdoor_kept,
                        {
                            use __backdoor::{
                                ByData as _, ByDebug as _, ByText as _, ByWord as _,
                                ByWordOrData as _,
                            };
                            (&&&&&__backdoor_value).backdoor_render()
                        },
                    )
            },
        }),
    };
    __backdoor::inventory::submit! {
        __backdoor::RegisteredVariable(& __BACKDOOR_VARIABLE)
    }
};
