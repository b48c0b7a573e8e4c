use crate::finding::{Advice, Cause, Severity};

/// The container has the variables, the process has not.
pub static CAUSE: Cause = Cause {
    code: "env-stripped-from-process",
    title: "the process was started without the container's variables",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
The variables are in the container, but something between it and the program took them away: php-fpm with clear_env, \
sudo, su -, env -i, cron, systemd, a supervisor, a worker pool with an environment of its own. /proc/1/environ shows \
them, /proc/PID/environ of the worker does not.

Have the supervisor pass on AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_REGION.",
};
