//! Accounts.

use std::sync::Arc;

use config::id::UserId;
use config::jwt_auth::{Admin, Caller, Internal, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields};
use config::response::{Created, NoContent};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::client::ClientAddress;
use crate::application::{
    AccountError, Administer, ChangePassword, ChangeProfile, ChangedBy, DeleteAccount, ForgotPassword,
    Register, ResetPassword, UserReader, VerifyEmail,
};
use crate::presentation::dto::{
    ActiveDto, ContactDto, ForgotPasswordDto, NewPasswordDto, ProfileDto, RegistrationDto, ResetPasswordDto,
    RoleDto, UserDto, VerifyEmailDto, user_filter,
};

/// Accounts.
pub struct AccountsApi {
    pub(crate) register: Register,
    pub(crate) users: Arc<dyn UserReader>,
    pub(crate) profiles: ChangeProfile,
    pub(crate) administer: Administer,
    pub(crate) delete: DeleteAccount,
    pub(crate) verify_email: VerifyEmail,
    pub(crate) change_password: ChangePassword,
    pub(crate) forgot_password: ForgotPassword,
    pub(crate) reset_password: ResetPassword,
}

/// 202
#[derive(ApiResponse)]
enum Accepted {
    /// An e-mail follows if there is reason for one.
    #[oai(status = 202)]
    Accepted,
}

#[OpenApi]
impl AccountsApi {
    /// Register
    #[oai(path = "/api/users/register", method = "post")]
    async fn register(&self, body: Body<RegistrationDto>) -> Result<Created<UserDto>, ApiError> {
        let user = self.register.run(body.0.parse()?).await?;
        Ok(Created::new(user.into()))
    }

    /// Whom the caller is signed in as
    #[oai(path = "/api/users/me", method = "get")]
    async fn me(&self, caller: SignedIn) -> Result<Json<UserDto>, ApiError> {
        self.show(caller.user_id).await
    }

    /// Change the caller's account; what is left out stays
    #[oai(path = "/api/users/me", method = "put")]
    async fn change_me(
        &self,
        caller: SignedIn,
        client: ClientAddress,
        body: Body<ProfileDto>,
    ) -> Result<Json<UserDto>, ApiError> {
        self.change_profile(&caller, caller.user_id, client, body.0).await
    }

    /// Delete the caller's account
    #[oai(path = "/api/users/me", method = "delete")]
    async fn delete_me(&self, caller: SignedIn) -> Result<NoContent, ApiError> {
        self.delete.run(caller.user_id).await?;
        Ok(NoContent::NoContent)
    }

    /// Change the caller's password; every login ends, this one too
    #[oai(path = "/api/users/me/password", method = "put")]
    async fn change_password(
        &self,
        caller: SignedIn,
        client: ClientAddress,
        body: Body<NewPasswordDto>,
    ) -> Result<NoContent, ApiError> {
        let (current, new) = body.0.parse()?;
        self.change_password.run(caller.user_id, &current, &new, client.0).await?;
        Ok(NoContent::NoContent)
    }

    /// An account, by its owner or an administrator
    #[oai(path = "/api/users/:id", method = "get")]
    async fn get(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<UserDto>, ApiError> {
        let id = UserId::new(id.0);
        caller.must_own(id)?;
        self.show(id).await
    }

    /// Change an account, by its owner or an administrator; what is left out stays
    #[oai(path = "/api/users/:id", method = "put")]
    async fn change(
        &self,
        caller: SignedIn,
        client: ClientAddress,
        id: Path<u64>,
        body: Body<ProfileDto>,
    ) -> Result<Json<UserDto>, ApiError> {
        let id = UserId::new(id.0);
        caller.must_own(id)?;
        self.change_profile(&caller, id, client, body.0).await
    }

    /// Delete an account, by its owner or an administrator
    ///
    /// Orders keep the id, which then names nobody; e-mail address and username are free again.
    #[oai(path = "/api/users/:id", method = "delete")]
    async fn delete(&self, caller: SignedIn, id: Path<u64>) -> Result<NoContent, ApiError> {
        let id = UserId::new(id.0);
        caller.must_own(id)?;
        self.delete.run(id).await?;
        Ok(NoContent::NoContent)
    }

    /// All accounts
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    #[oai(path = "/api/users", method = "get")]
    async fn list(
        &self,
        _admin: Admin,
        /// A part of the e-mail address, the username or the full name
        q: Query<Option<String>>,
        /// `client` or `admin`
        role: Query<Option<String>>,
        is_active: Query<Option<bool>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<UserDto>>, ApiError> {
        let mut fields = Fields::default();
        let filter = user_filter(&mut fields, q.0, role.as_deref(), is_active.0);
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let (filter, paging) = fields.finish(|| filter.zip(paging))?;
        let slice = self.users.users(&filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |user| user.id.get(), UserDto::from)))
    }

    /// Change what somebody may do; their logins end
    #[oai(path = "/api/users/:id/role", method = "put")]
    async fn set_role(
        &self,
        _admin: Admin,
        id: Path<u64>,
        body: Body<RoleDto>,
    ) -> Result<Json<UserDto>, ApiError> {
        Ok(Json(self.administer.set_role(UserId::new(id.0), body.0.parse()?).await?.into()))
    }

    /// Let somebody in or not; their logins end
    #[oai(path = "/api/users/:id/active", method = "put")]
    async fn set_active(
        &self,
        _admin: Admin,
        id: Path<u64>,
        body: Body<ActiveDto>,
    ) -> Result<Json<UserDto>, ApiError> {
        Ok(Json(self.administer.set_active(UserId::new(id.0), body.is_active).await?.into()))
    }

    /// Prove to read an e-mail address, with the token that was sent there
    #[oai(path = "/api/users/verify-email", method = "post")]
    async fn verify_email(&self, body: Body<VerifyEmailDto>) -> Result<Json<UserDto>, ApiError> {
        let token = body.token.parse().map_err(|_| AccountError::BadOneTimeToken)?;
        Ok(Json(self.verify_email.run(&token).await?.into()))
    }

    /// Send another token; nothing within a minute of the last one
    #[oai(path = "/api/users/verify-email/resend", method = "post")]
    async fn resend_verification(&self, caller: SignedIn) -> Result<Accepted, ApiError> {
        self.verify_email.send_again(caller.user_id).await?;
        Ok(Accepted::Accepted)
    }

    /// Ask for a token to reset a password; the answer is the same whether the account exists or not
    #[oai(path = "/api/users/password/forgot", method = "post")]
    async fn forgot_password(&self, body: Body<ForgotPasswordDto>) -> Result<Accepted, ApiError> {
        self.forgot_password.run(&body.0.parse()?).await?;
        Ok(Accepted::Accepted)
    }

    /// Set a new password with the token that was sent; every login ends
    #[oai(path = "/api/users/password/reset", method = "post")]
    async fn reset_password(&self, body: Body<ResetPasswordDto>) -> Result<NoContent, ApiError> {
        let (token, password) = body.0.parse()?;
        self.reset_password.run(&token, &password).await?;
        Ok(NoContent::NoContent)
    }

    /// How other services reach somebody
    #[oai(path = "/internal/users/:id", method = "get")]
    async fn contact(&self, _service: Internal, id: Path<u64>) -> Result<Json<ContactDto>, ApiError> {
        let id = UserId::new(id.0);
        let user = self.users.user(id).await?.ok_or(AccountError::NotFound(id))?;
        Ok(Json(user.into()))
    }
}

impl AccountsApi {
    async fn change_profile(
        &self,
        caller: &Caller,
        id: UserId,
        client: ClientAddress,
        body: ProfileDto,
    ) -> Result<Json<UserDto>, ApiError> {
        let (change, password) = body.parse()?;
        let by = match caller.user_id == id {
            true => ChangedBy::Owner { password, address: client.0 },
            false => ChangedBy::Administrator,
        };
        Ok(Json(self.profiles.run(id, &change, by).await?.into()))
    }

    async fn show(&self, id: UserId) -> Result<Json<UserDto>, ApiError> {
        let user = self.users.user(id).await?.ok_or(AccountError::NotFound(id))?;
        Ok(Json(user.into()))
    }
}
