//! Access tokens that aren't what they seem.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use config::jwt_auth::{Role, Signer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, body, code};

/// Not the shop's.
const FOREIGN_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
";

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn only_a_token_that_the_shop_signed_counts() {
    let shop = Shop::open().await;
    let (ann, tokens) = shop.sign_up().await;
    assert_eq!(shop.me(&tokens.access).await.status(), 200);

    let parts: Vec<&str> = tokens.access.split('.').collect();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let with = |object: &Value, member: &str, value: &str| {
        let mut changed = object.clone();
        changed[member] = value.into();
        encode(&changed)
    };
    let claims = shop.app.tokens.claims(ann.id, Role::Client);
    let foreign = Signer::from_pem(FOREIGN_KEY.as_bytes()).unwrap();
    let bent = |bend: fn(&mut config::jwt_auth::Claims)| {
        let mut claims = claims.clone();
        bend(&mut claims);
        shop.app.tokens.sign(&claims)
    };
    let forged = [
        ("of another key", foreign.sign(&claims).unwrap(), "token-invalid"),
        (
            "a greater role",
            format!("{}.{}.{}", parts[0], with(&payload, "role", "admin"), parts[2]),
            "token-invalid",
        ),
        ("no algorithm", format!("{}.{}.", with(&header, "alg", "none"), parts[1]), "token-invalid"),
        (
            "no algorithm, signed",
            format!("{}.{}.{}", with(&header, "alg", "none"), parts[1], parts[2]),
            "token-invalid",
        ),
        (
            "a symmetric algorithm",
            format!("{}.{}.{}", with(&header, "alg", "HS256"), parts[1], parts[2]),
            "token-invalid",
        ),
        (
            "another key's name",
            format!("{}.{}.{}", with(&header, "kid", "../x"), parts[1], parts[2]),
            "token-invalid",
        ),
        ("for somebody else", bent(|claims| claims.aud = "bank".to_owned()), "token-invalid"),
        ("by somebody else", bent(|claims| claims.iss = "mallory".to_owned()), "token-invalid"),
        ("of nobody", bent(|claims| claims.sub = "' OR 1=1".to_owned()), "token-invalid"),
        ("over", bent(|claims| claims.exp = claims.iat - 60), "token-expired"),
        ("nothing", "x".to_owned(), "token-invalid"),
    ];
    for (what, token, expected) in forged {
        let answer = shop.me(&token).await;
        assert!(answer.headers().contains_key("www-authenticate"), "{what}");
        assert_eq!(code(answer, 401).await, expected, "{what}");
    }
    let basic = shop.app.request(Method::GET, "/api/users/me").basic_auth(&ann.name, Some("password123"));
    assert_eq!(basic.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_public_keys_are_public_and_nothing_else_is() {
    let shop = Shop::open().await;
    let answer = shop.app.request(Method::GET, "/.well-known/jwks.json").send().await.unwrap();
    let seen = body(answer, 200).await;
    let key = &seen["keys"][0];
    for (member, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("use", "sig")] {
        assert_eq!(key[member], json!(value), "{member}");
    }
    assert!(key["x"].is_string() && key["kid"].is_string());
    assert!(key.get("d").is_none(), "the private half");
}
