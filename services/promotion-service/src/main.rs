fn main() -> std::process::ExitCode {
    config::service::run::<promotion_service::Promotions>()
}
