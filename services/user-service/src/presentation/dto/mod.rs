//! What travels over HTTP.

mod accounts;
mod addresses;
mod sessions;

use std::str::FromStr;

pub use accounts::{
    ActiveDto, ContactDto, ForgotPasswordDto, NewPasswordDto, ProfileDto, RegistrationDto, ResetPasswordDto,
    RoleDto, UserDto, VerifyEmailDto, user_filter,
};
pub use addresses::{AddressBookDto, AddressDto, AddressEntryDto};
pub use sessions::{LogInDto, LogOutDto, RefreshDto, SignInDto};

/// Forms send an empty text for what was left out.
fn optional<T: FromStr>(text: Option<&str>) -> Result<Option<T>, T::Err> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::parse).transpose()
}
