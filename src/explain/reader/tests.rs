use super::*;

#[test]
fn facts_are_read_in_any_notation() {
    let sub = Some("system:serviceaccount:payments:checkout".to_owned());
    for text in [
        r#"{"iss": "https://i", "sub": "system:serviceaccount:payments:checkout", "aud": ["sts.amazonaws.com"]}"#,
        "iss=https://i sub=system:serviceaccount:payments:checkout aud=sts.amazonaws.com",
        "iss: https://i, sub: system:serviceaccount:payments:checkout, aud: [ 'sts.amazonaws.com' ]",
        "'iss' => 'https://i', sub => 'system:serviceaccount:payments:checkout', aud => 'sts.amazonaws.com'",
    ] {
        let facts = read(text);
        assert_eq!(facts.issuer.as_deref(), Some("https://i"), "{text}");
        assert_eq!(facts.subject, sub, "{text}");
        assert_eq!(facts.audience, Some(vec!["sts.amazonaws.com".to_owned()]), "{text}");
    }
    assert_eq!(read(r#"{"aud": null}"#).audience, Some(vec![]));
    assert_eq!(read("nothing").audience, None);
}

#[test]
fn the_states_of_a_variable_are_distinguished() {
    for (text, state) in [
        ("AWS_ROLE_ARN=arn:aws:iam::111122223333:role/a", VariableState::Set),
        (r#""AWS_ROLE_ARN": """#, VariableState::Empty),
        (r#""AWS_ROLE_ARN": null"#, VariableState::Missing),
        ("MY_AWS_ROLE_ARN=a", VariableState::Unknown),
        ("the variable AWS_ROLE_ARN names the role", VariableState::Unknown),
    ] {
        assert_eq!(read(text).role_variable, state, "{text}");
    }
    let facts = read("User: arn:aws:sts::1:assumed-role/a/i-0 on resource: arn:aws:iam::111122223333:role/b\"");
    assert_eq!(facts.caller.as_deref(), Some("arn:aws:sts::1:assumed-role/a/i-0"));
    assert_eq!(facts.role.map(|role| role.name).as_deref(), Some("b"));
}

#[test]
fn the_nearest_host_gives_the_context() {
    for (text, context_is) in [
        ("post \"https://sts.amazonaws.com/\": FAULT", Context::Sts("sts.amazonaws.com".into())),
        ("lookup sts.eu-west1.amazonaws.com on 10.0.0.1:53: FAULT", Context::Sts("sts.eu-west1.amazonaws.com".into())),
        (
            "FAULT https://vpce-0-a.sts.eu-west-1.vpce.amazonaws.com",
            Context::Sts("vpce-0-a.sts.eu-west-1.vpce.amazonaws.com".into()),
        ),
        ("post https://s3.amazonaws.com FAULT", Context::OtherAws),
        ("get https://10.0.0.1:443/api FAULT sts:", Context::OtherHost),
        ("FAULT connecting to db.example.com", Context::OtherHost),
        ("webidentityerr FAULT", Context::Words),
        ("FAULT in net.http at com.example.main", Context::Nothing),
    ] {
        let at = text.find("FAULT").expect("a fault");
        assert_eq!(context(text, &(at..at + 5)), context_is, "{text}");
    }
    assert_eq!(address("dial tcp 10.0.4.7:443: x", &(0..4)), Some([10, 0, 4, 7].into()));
    assert_eq!(address("on 172.20.0.10:53: read", &(0..2)), None);
}
