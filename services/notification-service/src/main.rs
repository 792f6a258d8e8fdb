fn main() -> std::process::ExitCode {
    config::service::run::<notification_service::Notification>()
}
