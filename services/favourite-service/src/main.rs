fn main() -> std::process::ExitCode {
    config::service::run::<favourite_service::Favourites>()
}
