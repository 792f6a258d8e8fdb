fn main() -> std::process::ExitCode {
    config::service::run::<shipping_service::Shipping>()
}
