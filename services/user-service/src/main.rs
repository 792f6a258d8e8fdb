fn main() -> std::process::ExitCode {
    config::service::run::<user_service::Users>()
}
