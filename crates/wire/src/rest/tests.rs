use std::collections::BTreeMap;

use serde::Serialize;

use super::*;
use crate::pinning::Status;

const fn param(name: &'static str, style: Style, bounds: Option<(i64, i64)>) -> Param {
    Param {
        name,
        docs: &[],
        style,
        bounds: match bounds {
            Some((least, most)) => Some(Bounds { least, most }),
            None => None,
        },
        default: || None,
        schema: |generator| generator.subschema_for::<String>(),
    }
}

fn parse<T>(param: &Param, query: &str) -> Result<Option<T>, String>
where
    T: serde::de::DeserializeOwned + Serialize,
{
    let query = Query::parse(query).unwrap();
    read(param, &query).map_err(|error| error.to_string())
}

#[test]
fn lists_may_be_repeated_or_separated_by_commas() {
    for style in [Style::List, Style::Repeated] {
        let status = param("status", style, None);
        let both = Ok(Some(vec![Status::Queued, Status::Pinned]));
        assert_eq!(parse(&status, "status=queued,pinned"), both);
        assert_eq!(parse(&status, "status=queued&x=1&status=pinned"), both);
        assert_eq!(parse::<Vec<Status>>(&status, ""), Ok(Some(Vec::new())));
        let error = parse::<Vec<Status>>(&status, "status=bogus,pinned").unwrap_err();
        assert!(error.starts_with("invalid parameter status: "), "{error}");
    }
}

#[test]
fn bounds_hold_and_errors_name_the_parameter() {
    let limit = param("limit", Style::Value, Some((1, 1000)));
    assert_eq!(parse(&limit, "limit=1000"), Ok(Some(Some(1000_u32))));
    assert_eq!(parse::<Option<u32>>(&limit, ""), Ok(Some(None)));
    assert_eq!(parse::<u32>(&limit, ""), Ok(None));
    for wrong in ["0", "1001", "-1", "1.138", "ten", ""] {
        let error = parse::<Option<u32>>(&limit, &format!("limit={wrong}")).unwrap_err();
        assert!(error.starts_with("invalid parameter limit: "), "{error}");
    }
    assert!(parse::<u32>(&limit, "limit=1&limit=2").is_err());
    let name = param("name", Style::Value, Some((0, 3)));
    assert_eq!(parse(&name, "name=%C3%BCab"), Ok(Some("üab".to_owned())));
    assert!(parse::<String>(&name, "name=abcd").is_err());
    let cids = param("cid", Style::List, Some((1, 2)));
    assert!(parse::<Vec<String>>(&cids, "cid=a,b,c").is_err());
}

#[test]
fn what_is_written_is_read_again() {
    let map = BTreeMap::from([("a".to_owned(), "1,2 &=".to_owned())]);
    for style in [Style::Json, Style::Prefix] {
        let meta = param("meta-", style, None);
        let mut query = Query::default();
        write(&meta, &map, &mut query);
        assert_eq!(parse(&meta, &query.to_string()), Ok(Some(map.clone())));
    }
    assert_eq!(
        expand("/pins/{type}/{*path}", &["ipfs".into(), "a b/c?".into()]),
        "/pins/ipfs/a%20b/c%3F"
    );
    assert_eq!(
        template_names("/pins/{type}/{*path}").collect::<Vec<_>>(),
        [("type", false), ("path", true)]
    );
}

#[test]
fn parameters_without_a_value_can_be_removed() {
    let mut query = Query::parse("name=&meta-k=&limit=&other=&status=queued").unwrap();
    query.remove_empty(&[
        param("name", Style::Value, None),
        param("limit", Style::Value, None),
        param("status", Style::List, None),
        param("meta-", Style::Prefix, None),
    ]);
    assert_eq!(
        query.pairs().collect::<Vec<_>>(),
        [("meta-k", ""), ("other", ""), ("status", "queued")]
    );
}
