//! What production asks of the settings, before anybody waits for an e-mail.

use std::process::Command;

/// The exit code of a start in production with these settings, and what the program complains of.
fn start_with(chosen: &[(&str, &str)]) -> (Option<i32>, String) {
    let settings = [
        ("ENVIRONMENT", "production"),
        ("INTERNAL_TOKEN", "a-token-that-nobody-guesses"),
        ("DISCOVERY_URL", "http://discovery.invalid"),
        ("DATABASE_URL", "mysql://mysql.invalid/notification_service"),
        ("REDIS_URL", "redis://redis.invalid/"),
        ("KAFKA_BROKERS", "kafka.invalid:9092"),
        // Whatever a `.env` file above says.
        ("DEMO_DATA", "false"),
        ("SMTP_HOST", ""),
        ("MAIL_DIR", ""),
    ];
    let mut program = Command::new(env!("CARGO_BIN_EXE_notification-service"));
    program.arg("--print-settings").env_clear().envs(settings).envs(chosen.iter().copied());
    let output = program.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn production_does_not_start_without_a_way_for_its_e_mails() {
    let (code, complaint) = start_with(&[("SMTP_PORT", "25")]);
    assert_eq!(code, Some(2), "{complaint}");
    assert!(complaint.contains("\n  SMTP_HOST is not set"), "{complaint}");
    let server = [
        ("SMTP_HOST", "mail.example"),
        ("MAIL_FROM", "a@shop.example"),
        ("PUBLIC_URL", "https://shop.example"),
    ];
    for chosen in [&server[..], &[("MAIL_DIR", "./mail")]] {
        assert_eq!(start_with(chosen), (Some(0), String::new()), "{chosen:?}");
    }
}
