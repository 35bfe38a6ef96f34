//! Names and passwords: <https://www.rfc-editor.org/rfc/rfc7617>.

use data_encoding::BASE64;

/// Reads the secret of `Authorization: Basic SECRET`: the name, which has no colon, and the password. `None` for other texts.
#[must_use]
pub fn read(secret: &str) -> Option<(String, String)> {
    // The decoder takes padding in the middle of a text, so that a pair would have more than one secret.
    if secret.trim_end_matches('=').contains('=') {
        return None;
    }
    let decoded = BASE64.decode(secret.as_bytes()).ok()?;
    let mut name = String::from_utf8(decoded).ok()?;
    let password = name.split_off(name.find(':')?);
    Some((name, password.get(1..)?.to_owned()))
}

/// Writes such a secret.
#[must_use]
pub fn write(name: &str, password: &str) -> String {
    BASE64.encode(format!("{name}:{password}").as_bytes())
}

/// The secret that a setting gives as `NAME:PASSWORD`, or as the secret itself, which has no colon.
#[must_use]
pub fn from_setting(text: &str) -> String {
    match text.split_once(':') {
        Some((name, password)) => write(name, password),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_back() {
        for (name, password) in [
            ("Aladdin", "open sesame"),
            ("", ""),
            ("ü", "a:b:\u{1f5ff}"),
            ("n", ""),
        ] {
            let secret = write(name, password);
            let expected = Some((name.to_owned(), password.to_owned()));
            assert_eq!(read(&secret), expected, "{secret}");
            assert_eq!(from_setting(&format!("{name}:{password}")), secret);
            assert_eq!(from_setting(&secret), secret);
        }
        assert_eq!(
            read("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            Some(("Aladdin".to_owned(), "open sesame".to_owned()))
        );
        // No colon, no padding, padding in the middle, other letters, no UTF-8.
        for wrong in [
            "", "YQ==", "YTpi=", "YTo", "3o8=0686", "YTo=YTo=", "YTpi====", "YTo=====", "YTp=",
            "a:b", "/zo=", "YTpi\n",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
