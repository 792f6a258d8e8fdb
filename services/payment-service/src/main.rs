fn main() -> std::process::ExitCode {
    config::service::run::<payment_service::Payments>()
}
