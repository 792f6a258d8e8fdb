fn main() -> std::process::ExitCode {
    config::service::run::<order_service::Orders>()
}
