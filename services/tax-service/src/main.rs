fn main() -> std::process::ExitCode {
    config::service::run::<tax_service::Tax>()
}
