fn main() -> std::process::ExitCode {
    config::service::run::<discovery_service::Discovery>()
}
