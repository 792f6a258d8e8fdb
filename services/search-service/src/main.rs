fn main() -> std::process::ExitCode {
    config::service::run::<search_service::Finder>()
}
