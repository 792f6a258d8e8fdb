fn main() -> std::process::ExitCode {
    config::service::run::<rating_service::Ratings>()
}
