//! Accounts. Refresh tokens, deactivation and throttling are among the tests of security.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, is_time, refused, unique, whole, wrong_fields};

const PASSWORD: &str = "correct horse";

/// The token of the newest e-mail to this address whose link has this path.
async fn mailed_token(shop: &Shop, email: &str, path: &str) -> String {
    let folder = shop.system.folder().join("mail");
    eventually(&format!("an e-mail with {path} for {email}"), || async {
        let mails = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let texts = mails.flatten().filter_map(|mail| std::fs::read_to_string(mail.path()).ok());
        // Lines of an e-mail may end within the link.
        let mut ours = texts.filter(|text| text.contains(email)).map(|text| text.replace("=\r\n", ""));
        ours.find_map(|text| token_in(&text, path)).ok_or_else(|| "none".to_owned())
    })
    .await
}

fn token_in(text: &str, path: &str) -> Option<String> {
    let link = text.split(path).nth(1)?;
    let token = link.split("token=").nth(1)?.trim_start_matches("3D");
    Some(token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
}

#[tokio::test]
async fn registering_shows_the_user_and_takes_each_name_once() {
    let shop = Shop::shared().await;
    let name = unique("u");
    let email = format!("{name}@example.com");
    let new = json!({ "email": email, "username": name, "password": PASSWORD, "full_name": "Nguyễn An",
        "phone": "+84 912 345 678", "address": "1 Main St" });
    let user = answered(shop.post("/api/users/register", &new), 201).await;
    let expected = json!({ "email": email, "username": name, "full_name": "Nguyễn An", "address": "1 Main St",
        "role": "client", "is_active": true, "email_verified": false });
    has(&user, &expected);
    assert!(user["id"].is_u64() && user["phone"].is_string() && user["password"].is_null(), "{user}");
    is_time(&user["created_at"]);
    is_time(&user["updated_at"]);

    for (member, code) in [("username", "username-taken"), ("email", "email-taken")] {
        let mut again =
            json!({ "email": format!("x{email}"), "username": unique("u"), "password": PASSWORD });
        again[member] = new[member].clone();
        refused(shop.post("/api/users/register", &again), 409, code).await;
    }
    let wrong = json!({ "email": "x", "username": "", "password": "short" });
    let fields = wrong_fields(shop.post("/api/users/register", &wrong)).await;
    assert_eq!(fields, ["email", "password", "username"]);
}

#[tokio::test]
async fn login_takes_either_name_as_json_or_as_a_form() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let form = format!("grant_type=password&username={}&password=correct+horse", shopper.name);
    let kind = "application/x-www-form-urlencoded";
    let ways = [
        shop.post("/api/users/login", &json!({ "username": shopper.name, "password": PASSWORD })),
        shop.post("/api/users/login", &json!({ "email": shopper.email, "password": PASSWORD })),
        shop.request(Method::POST, "/api/users/login").header("Content-Type", kind).body(form),
    ];
    for way in ways {
        let login = answered(way, 200).await;
        let expected = json!({ "token_type": "bearer", "expires_in": 900, "user_id": shopper.id,
            "email": shopper.email, "role": "client" });
        has(&login, &expected);
        let me = shop.get("/api/users/me").bearer_auth(login["access_token"].as_str().unwrap());
        assert_eq!(answered(me, 200).await["id"], shopper.id);
        assert!(login["refresh_token"].is_string());
    }
    let wrong = json!({ "username": shopper.name, "password": "no horse at all" });
    let (headers, _) = whole(shop.post("/api/users/login", &wrong), 401).await;
    assert!(headers.contains_key("www-authenticate"));
}

async fn signed_in(shop: &Shop, shopper: &Shopper) -> (String, String) {
    let login = json!({ "username": shopper.name, "password": PASSWORD });
    let login = answered(shop.post("/api/users/login", &login), 200).await;
    ["access_token", "refresh_token"].map(|name| login[name].as_str().unwrap().to_owned()).into()
}

#[tokio::test]
async fn logging_out_ends_one_session_and_logging_out_everywhere_ends_all() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (_, first) = signed_in(&shop, &shopper).await;
    let (access, second) = signed_in(&shop, &shopper).await;
    let refresh = |token: &str| shop.post("/api/users/refresh_token", &json!({ "refresh_token": token }));

    let out = shop.post("/api/users/logout", &json!({ "refresh_token": first }));
    answered(out.bearer_auth(&access), 204).await;
    whole(refresh(&first), 401).await;
    let renewed = answered(refresh(&second), 200).await;
    has(&renewed, &json!({ "token_type": "bearer", "expires_in": 900, "user_id": shopper.id }));

    let access = renewed["access_token"].as_str().unwrap();
    answered(shop.request(Method::POST, "/api/users/logout-all").bearer_auth(access), 204).await;
    whole(refresh(renewed["refresh_token"].as_str().unwrap()), 401).await;
    eventually("the access tokens are refused", || async {
        let me = shop.get("/api/users/me").bearer_auth(access).send().await.unwrap();
        if me.status() == 401 { Ok(()) } else { Err(me.status().to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_profile_is_read_and_changed_by_its_owner_and_by_administrators() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let path = format!("/api/users/{}", shopper.id);
    let change = |full_name: &str| json!({ "full_name": full_name });
    let changed = answered(shopper.request(Method::PUT, "/api/users/me").json(&change("By me")), 200).await;
    has(&changed, &json!({ "id": shopper.id, "full_name": "By me", "username": shopper.name }));
    let changed = answered(shopper.request(Method::PUT, &path).json(&change("By id")), 200).await;
    assert_eq!(changed["full_name"], "By id");
    assert_eq!(answered(shopper.request(Method::GET, &path), 200).await["full_name"], "By id");
    let changed = answered(shop.admin(Method::PUT, &path).json(&change("By the shop")), 200).await;
    assert_eq!(changed["full_name"], "By the shop");
    assert_eq!(shopper.get("/api/users/me").await["full_name"], "By the shop");

    refused(other.request(Method::PUT, &path).json(&change("Stolen")), 403, "not-yours").await;
    refused(other.request(Method::DELETE, &path), 403, "not-yours").await;
    let taken = json!({ "email": shopper.email, "current_password": PASSWORD });
    refused(other.request(Method::PUT, "/api/users/me").json(&taken), 409, "email-taken").await;

    answered(shopper.request(Method::DELETE, &path), 204).await;
    let login = json!({ "username": shopper.name, "password": PASSWORD });
    whole(shop.post("/api/users/login", &login), 401).await;
    answered(other.request(Method::DELETE, "/api/users/me"), 204).await;
}

#[tokio::test]
async fn administrators_list_users_and_decide_who_is_one() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let list = answered(shop.admin(Method::GET, &format!("/api/users/?q={}", shopper.name)), 200).await;
    assert_eq!((each(&list, "id"), &list["total"]), (vec![&json!(shopper.id)], &json!(1)));
    let path = format!("/api/users/{}", shopper.id);
    let role = |role: &str| shop.admin(Method::PUT, &format!("{path}/role")).json(&json!({ "role": role }));
    assert_eq!(answered(role("admin"), 200).await["role"], "admin");
    let login = json!({ "username": shopper.name, "password": PASSWORD });
    assert_eq!(answered(shop.post("/api/users/login", &login), 200).await["role"], "admin");
    assert_eq!(wrong_fields(role("king")).await, ["role"]);
    assert_eq!(answered(role("client"), 200).await["role"], "client");
    for active in [false, true] {
        let body = json!({ "is_active": active });
        let user = answered(shop.admin(Method::PUT, &format!("{path}/active")).json(&body), 200).await;
        assert_eq!(user["is_active"], active);
    }
}

#[tokio::test]
async fn an_e_mail_address_is_verified_once_by_the_token_that_was_sent_there() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let token = mailed_token(&shop, &shopper.email, "/verify-email").await;
    let verify = |token: &str| shop.post("/api/users/verify-email", &json!({ "token": token }));
    refused(verify("guessed"), 422, "one-time-token-invalid").await;
    // Asked for so soon, no other is sent, and the first one holds.
    answered(shopper.request(Method::POST, "/api/users/verify-email/resend"), 202).await;
    answered(verify(&token), 200).await;
    assert_eq!(shopper.get("/api/users/me").await["email_verified"], true);
    refused(verify(&token), 422, "one-time-token-invalid").await;
}

#[tokio::test]
async fn an_account_moves_to_another_address_by_its_password_and_the_old_one_hears_of_it() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let email = format!("{}@example.com", unique("moved"));
    let mut change = json!({ "email": email });
    let missing =
        refused(shopper.request(Method::PUT, "/api/users/me").json(&change), 422, "password-missing");
    assert_eq!(missing.await["errors"][0]["field"], "current_password");
    change["current_password"] = "not it, surely".into();
    refused(shopper.request(Method::PUT, "/api/users/me").json(&change), 422, "wrong-password").await;
    change["current_password"] = PASSWORD.into();
    let moved = answered(shopper.request(Method::PUT, "/api/users/me").json(&change), 200).await;
    has(&moved, &json!({ "email": email, "email_verified": false }));
    mailed_token(&shop, &email, "/verify-email").await;
    let folder = shop.system.folder().join("mail");
    eventually("an e-mail to the old address", || async {
        let mails = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let mut texts = mails.flatten().filter_map(|mail| std::fs::read_to_string(mail.path()).ok());
        let told =
            |text: String| text.contains("Your e-mail address was changed") && text.contains(&shopper.email);
        if texts.any(told) { Ok(()) } else { Err("none".to_owned()) }
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_by_the_token_that_was_sent() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let forgot = |email: &str| shop.post("/api/users/password/forgot", &json!({ "email": email }));
    // Who asks doesn't learn who has an account.
    assert_eq!(
        answered(forgot("nobody@example.com"), 202).await,
        answered(forgot(&shopper.email), 202).await
    );
    let token = mailed_token(&shop, &shopper.email, "/reset-password").await;
    let reset = json!({ "token": token, "new_password": "battery staple" });
    answered(shop.post("/api/users/password/reset", &reset), 204).await;
    refused(shop.post("/api/users/password/reset", &reset), 422, "one-time-token-invalid").await;
    let login = |password: &str| json!({ "username": shopper.name, "password": password });
    whole(shop.post("/api/users/login", &login(PASSWORD)), 401).await;
    answered(shop.post("/api/users/login", &login("battery staple")), 200).await;
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "battery staple" });
        shopper.request(Method::PUT, "/api/users/me/password").json(&body)
    };
    let wrong = refused(change("not it, surely"), 422, "wrong-password").await;
    assert_eq!(wrong["errors"][0]["field"], "current_password");
    answered(change(PASSWORD), 204).await;
    let login = |password: &str| json!({ "username": shopper.name, "password": password });
    whole(shop.post("/api/users/login", &login(PASSWORD)), 401).await;
    answered(shop.post("/api/users/login", &login("battery staple")), 200).await;
}

#[tokio::test]
async fn the_address_book_keeps_addresses_and_one_default() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let book = "/api/users/me/addresses";
    let entry = |line1: &str| json!({ "recipient": "An", "line1": line1, "city": "Berlin", "country": "DE" });
    let add = |line1: &str| shopper.request(Method::POST, book).json(&entry(line1));
    let (first, second) = (answered(add("Weg 1"), 201).await, answered(add("Weg 2"), 201).await);
    has(
        &first,
        &json!({ "recipient": "An", "line1": "Weg 1", "city": "Berlin", "country": "DE", "is_default": true }),
    );
    let path = |address: &Value| format!("{book}/{}", address["id"]);

    answered(shopper.request(Method::PUT, &format!("{}/default", path(&second))), 200).await;
    let list = shopper.get(book).await;
    let defaults = list["items"].as_array().unwrap().iter().filter(|it| it["is_default"] == true);
    assert_eq!(defaults.map(|it| &it["id"]).collect::<Vec<_>>(), [&second["id"]], "{list}");
    answered(shopper.request(Method::PUT, &path(&first)).json(&entry("Weg 3")), 200).await;
    assert_eq!(shopper.get(&path(&first)).await["line1"], "Weg 3");
    whole(other.request(Method::GET, &path(&first)), 404).await;
    answered(shopper.request(Method::DELETE, &path(&first)), 204).await;
    assert_eq!(each(&shopper.get(book).await, "id"), [&second["id"]]);
    assert_eq!(
        wrong_fields(shopper.request(Method::POST, book).json(&json!({ "line1": "x" }))).await.len(),
        3
    );
}

#[tokio::test]
async fn the_keys_of_access_tokens_are_public() {
    let shop = Shop::shared().await;
    let keys = answered(shop.get("/.well-known/jwks.json"), 200).await;
    let key = &keys["keys"][0];
    has(key, &json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig" }));
    assert!(key["kid"].is_string() && key["x"].is_string() && key["d"].is_null(), "{key}");
}
