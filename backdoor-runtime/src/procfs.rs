//! Files of `/proc`, parsed once for all views of the process.

pub(crate) mod cgroup;
pub(crate) mod files;
pub(crate) mod internet;
pub(crate) mod maps;
pub(crate) mod namespace;
#[allow(unsafe_code, reason = "a system call that tells a socket's time limits")]
pub(crate) mod system_call;
pub(crate) mod task_files;
