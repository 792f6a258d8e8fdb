//! What the machine can do at best, right now.

use std::process::{Child, Command};
use std::time::Duration;

use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Executor as _, MySqlPool};
use xtask::System;

use crate::Error;
use crate::client::{Call, Client};
use crate::load::{Measurement, measure};

/// Nginx, one hop, answering a constant of so many bytes.
pub async fn nginx(system: &System, size: usize, time: Duration) -> Result<Vec<Measurement>, Error> {
    let folder = system.folder().join("floor");
    std::fs::create_dir_all(&folder)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let configuration = format!(
        "daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; keepalive_requests 100000000; client_body_temp_path t; proxy_temp_path t;\n\
         fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{}'; }} }} }}",
        "x".repeat(size),
    );
    std::fs::write(folder.join("nginx.conf"), configuration)?;
    let _server = Ended(Command::new("nginx").arg("-p").arg(&folder).args(["-c", "nginx.conf"]).spawn()?);
    let url = format!("http://127.0.0.1:{port}");
    for _ in 0..100 {
        if Client::new(&url).send(&Call::get("/")).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    measure(
        time,
        |_| Client::new(&url),
        |mut client: Client| async move {
            let outcome =
                client.send(&Call::get("/")).await.map(|_| Some(())).map_err(|error| error.to_string());
            (client, outcome)
        },
    )
    .await
}

/// Ends the server however the measurement ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Begin, three inserts, commit.
pub async fn mysql(system: &System, time: Duration) -> Result<Vec<Measurement>, Error> {
    let url =
        system.env_of("order-service")?.get("DATABASE_URL").cloned().ok_or("order-service has a database")?;
    let pool = MySqlPoolOptions::new().max_connections(32).connect(&url).await?;
    pool.execute("DROP TABLE IF EXISTS bench_floor").await?;
    pool.execute("CREATE TABLE bench_floor (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, text VARCHAR(200) NOT NULL)")
        .await?;
    let measured = measure(
        time,
        |_| pool.clone(),
        |pool: MySqlPool| async move {
            let outcome = transaction(&pool).await.map(Some).map_err(|error| error.to_string());
            (pool, outcome)
        },
    )
    .await;
    pool.execute("DROP TABLE bench_floor").await?;
    measured
}

async fn transaction(pool: &MySqlPool) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    for n in 0..3 {
        let insert = sqlx::query("INSERT INTO bench_floor (n, text) VALUES (?, ?)");
        insert.bind(n).bind("a line of an order, as long as such a line may be").execute(&mut *tx).await?;
    }
    tx.commit().await
}
