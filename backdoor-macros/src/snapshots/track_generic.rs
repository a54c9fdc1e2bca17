const _: () = {
    use ::backdoor_runtime as __backdoor_crate;
    __backdoor_crate::__backdoor_check_version!("0.1.0");
    use __backdoor_crate::private_0_1_0 as __backdoor;
    #[automatically_derived]
    #[allow(deprecated)]
    impl<AuthorItem> __backdoor::Track for AuthorPool<AuthorItem>
    where
        Self: 'static,
    {
        fn kind() -> &'static __backdoor::Kind {
            __backdoor::kind_of::<__backdoor::TrackGuard<Self>>()
        }
        fn track_guard(&self) -> &__backdoor::TrackGuard<Self> {
            #[allow(unused_imports)]
            use __backdoor::AnyField as _;
            let _ = || {
                __backdoor::beside_guard(
                    __backdoor::OtherField::<AuthorItems<AuthorItem>>::FIELD.is(),
                );
            };
            &self.1
        }
    }
};
