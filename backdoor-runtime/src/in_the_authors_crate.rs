//! The macros that look at the crate they stand in. Each hands on where this crate is, so that it works under any name.

/// What the console shows of the build of the crate that this stands in, for [`Builder::build_info`](crate::Builder::build_info): package,
/// version, features that are on, and the commit: the one that cargo noted when it published the package, or that of the git repository
/// which has the package's `Cargo.toml`.
///
/// ```no_run
/// use backdoor_runtime::{Backdoor, build_info};
///
/// let _console = Backdoor::builder("shop").build_info(build_info!()).start_or_warn();
/// ```
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::private_0_1_0::build_info_in!($crate)
    };
    ($($anything:tt)+) => {
        ::core::compile_error!("`build_info!` takes nothing")
    };
}

/// Links crates whose commands and variables the console is to serve, and says that something of each is expected: where none is there,
/// [`check_commands`](crate::check_commands) and the start of the console name the crate. It stands outside of functions.
///
/// The linker leaves out a crate that the program depends on and does not refer to. Its commands would be missing without a message.
///
/// ```
/// # extern crate anyhow as net_debug;
/// backdoor_runtime::commands_of!(net_debug);
/// ```
///
/// A crate that `Cargo.toml` gives another name is written with its own beside it: `commands_of!(debug = "net_debug")`.
#[macro_export]
macro_rules! commands_of {
    ($($krate:ident $(= $name:literal)?),+ $(,)?) => {$(
        const _: () = {
            #[allow(unused_imports)]
            use ::$krate as _;
            $crate::private_0_1_0::inventory::submit! {
                $crate::private_0_1_0::Expected {
                    krate: $crate::commands_of!(@ $krate $($name)?),
                    file: $crate::private_0_1_0::file!(),
                    line: $crate::private_0_1_0::line!(),
                }
            }
        };
    )+};
    (@ $krate:ident) => { $crate::private_0_1_0::stringify!($krate) };
    (@ $krate:ident $name:literal) => { $name };
}
