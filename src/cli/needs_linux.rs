//! The commands that run in a pod, outside Linux: they stand in the help, and say where they run.

use super::out::complain;
use clap::Args;
use std::ffi::OsString;

macro_rules! commands {
    ($($name:ident $options:ident)*) => {$(
        pub(super) mod $name {
            pub(in crate::cli) use super::{Anything as $options, EXAMPLES};

            pub(in crate::cli) fn run(_: &$options) -> u8 {
                super::answer(stringify!($name))
            }
        }
    )*};
}

commands! {
    check CheckOptions
    wait WaitOptions
    serve ServeOptions
    ping PingOptions
}

pub(super) const EXAMPLES: &str = "\
This command needs Linux: it runs in a pod. From a laptop, run one of these:
  irsa-probe doctor -n NAMESPACE pod/POD
  kubectl get pod POD -n NAMESPACE -o json | irsa-probe debug-profile --image IMAGE | sh";

// Whatever stands behind the command's name.
#[derive(Args, Default)]
pub(super) struct Anything {
    #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
    options: Vec<OsString>,
}

fn answer(command: &str) -> u8 {
    complain(&format!(
        "{command} needs Linux: it runs in a pod. From a laptop, run irsa-probe doctor, or create a debug container \
         with irsa-probe debug-profile"
    ))
}
