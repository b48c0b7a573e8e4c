use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;

/// The value of the proxy variable is not a URL that SDKs can use.
pub(crate) static PROXY_URL_INVALID: Cause = Cause {
    code: "proxy-url-invalid",
    title: "the proxy variable does not hold a URL that SDKs can use",
    compare: "the proxy variable must be http://HOST:PORT",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // Tried with botocore 1.44.8 ("Failed to parse", ProxyConnectionError) and Go 1.19 (a lookup of "http" or
    // "socks"); Rust's hyper-util, matcher.rs, leaves such a proxy out and connects directly.
    explanation: "\
HTTPS_PROXY (or https_proxy, ALL_PROXY, all_proxy) is set, but its value is not a valid proxy URL. Often a special \
character in the password is not percent-encoded: a #, / or ? ends the host there. Other reasons are a scheme that \
clients do not know (socks:// instead of socks5://), a port that is not a number, or quotes, spaces or a newline in \
the value.

boto3 raises an error for such a value. Go looks up a host that does not exist, or ignores a value that ends with a \
newline. The SDK for Rust and this probe ignore an unknown scheme and connect directly. STS may then answer the probe \
and not the application.

Set the variable to http://USER:PASSWORD@HOST:PORT with special characters percent-encoded (# is %23, / is %2F, ? is \
%3F, @ is %40), then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: true,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let Some((variable, flaw)) = evidence.environment.flawed_https_proxy() else {
        return Outcome::Pass;
    };
    let cause = format!(
        "{variable} is {}. boto3 cannot connect to STS with it. Other SDKs ignore it or call another host.",
        flaw.in_words()
    );
    let fix = Fix::new(format!(
        "Set {variable} to http://USER:PASSWORD@HOST:PORT, with special characters of the user and password \
         percent-encoded, then recreate the pod."
    ));
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix)))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT, with special characters of the user and password \
         percent-encoded, then recreate the pod.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found};

    #[test]
    fn only_a_variable_that_is_read_and_invalid_gives_a_warning() {
        for (variables, is) in [
            (&[][..], false),
            (&[("HTTPS_PROXY", "http://proxy:3128")][..], false),
            (&[("HTTPS_PROXY", "")], false),
            (&[("HTTPS_PROXY", "http://me:p#ss@proxy:3128")], true),
            (&[("https_proxy", "socks://proxy:1080")], true),
            (&[("HTTPS_PROXY", "http://proxy:3128"), ("ALL_PROXY", "socks://proxy:1080")], false),
            (&[("HTTP_PROXY", "socks://proxy:1080")], false),
        ] {
            assert_eq!(found(&PROXY_URL_INVALID, &environment(variables)), is, "{variables:?}");
        }
    }
}
