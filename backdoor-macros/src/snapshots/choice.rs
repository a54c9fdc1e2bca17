const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    #[automatically_derived]
    #[allow(deprecated)]
    impl __backdoor::FromArg for AuthorLevel {
        const NAME: &'static __backdoor::str = "choice";
        const CHOICES: &'static [__backdoor::ChoiceWord] = &[
            __backdoor::ChoiceWord {
                name: "debug",
                aliases: &[],
                help: "Everything",
            },
            __backdoor::ChoiceWord {
                name: "none",
                aliases: &["off"],
                help: "",
            },
        ];
        fn from_arg(
            __backdoor_word: &__backdoor::str,
        ) -> __backdoor::Result<Self, __backdoor::ArgError> {
            __backdoor::choice(
                __backdoor_word,
                Self::CHOICES,
                [Self::Debug, Self::Nothing],
            )
        }
        fn to_arg(&self) -> __backdoor::Option<__backdoor::String> {
            let __backdoor_word: &__backdoor::str = match self {
                Self::Debug => "debug",
                Self::Nothing => "none",
            };
            __backdoor::Some(
                <__backdoor::String as __backdoor::From<
                    &__backdoor::str,
                >>::from(__backdoor_word),
            )
        }
    }
};
