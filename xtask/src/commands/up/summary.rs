//! What one needs to know once the shop is up.

use anyhow::Result;

use crate::services::{DISCOVERY, GATEWAY, public_url};
use crate::system::System;
use crate::{servers, ui};

pub fn print(system: &System) -> Result<()> {
    let shop = public_url(system)?;
    let mut addresses = Vec::new();
    if system.is_running(GATEWAY) {
        addresses.push(("shop", shop.clone()));
        addresses.push(("API docs", format!("{shop}/docs")));
        addresses.push(("health", format!("{shop}/health")));
    }
    addresses.push(("discovery", format!("{}/services", system.url(DISCOVERY)?)));
    for server in servers::ALL {
        addresses.push((server.name(), server.url(system)?));
    }
    addresses.push(("e-mails", system.folder().join("mail").display().to_string()));
    addresses.push(("logs", system.folder().join("logs").display().to_string()));
    ui::say(format!(
        "\n{}\n",
        ui::table(&["", "address"], addresses.into_iter().map(|(name, at)| vec![name.to_owned(), at]))
    ));
    if system.instance() == "dev" && !shop.ends_with("localhost") {
        ui::say("Port 80 is taken or not allowed here, so the gateway listens on another one.");
    }
    if system.options().demo_data {
        let accounts = [
            ["admin", "Admin123!", "admin"],
            ["user1", "password123", "admin"],
            ["shopper", "password123", "client"],
        ];
        let rows = accounts.map(|row| row.map(str::to_owned).to_vec());
        ui::say(format!("{}\n", ui::table(&["account", "password", "role"], rows)));
    }
    let login = r#"{"username":"shopper","password":"password123"}"#;
    ui::say(format!(
        "Next steps:
  curl {shop}/health
  curl '{shop}/api/products/?limit=3'
  curl -H 'Content-Type: application/json' -d '{login}' {shop}/api/users/login"
    ));
    Ok(())
}
