fn main() -> std::process::ExitCode {
    config::service::run::<product_service::Catalogue>()
}
