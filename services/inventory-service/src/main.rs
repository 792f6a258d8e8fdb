fn main() -> std::process::ExitCode {
    config::service::run::<inventory_service::Inventory>()
}
