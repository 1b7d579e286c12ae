//! Who may do what. The store says whose something is; this says what follows.

use wire::{Role, UserId, UserRole};

use crate::error::Error;
use crate::store::access::Access;

/// Lets a participant in: 404 if there is no such thing, 403 if it is somebody else's.
pub(super) fn admit(access: Option<Access>, person: UserId) -> Result<Access, Error> {
    let access = access.ok_or(Error::NotFound)?;
    if access.includes(person) {
        Ok(access)
    } else {
        Err(Error::Forbidden)
    }
}

/// Lets only the coach in.
pub(super) fn admit_coach(access: Option<Access>, person: UserId) -> Result<Access, Error> {
    let access = admit(access, person)?;
    if access.coach == Some(person) {
        Ok(access)
    } else {
        Err(Error::Forbidden)
    }
}

/// Whether somebody with these roles administers somebody with those: everybody's administrator, or the
/// administrator of an organization that both belong to.
pub(super) fn administers(roles: &[UserRole], subject: &[UserRole]) -> bool {
    roles.iter().any(|role| match role.role {
        Role::SuperAdmin => true,
        Role::Admin => match role.organization_id {
            None => true,
            place => subject.iter().any(|other| other.organization_id == place),
        },
        Role::User | Role::Unknown => false,
    })
}

/// Whether somebody with these roles administers every organization there is.
pub(super) fn administers_everybody(roles: &[UserRole]) -> bool {
    roles.iter().any(|role| match role.role {
        Role::SuperAdmin => true,
        Role::Admin => role.organization_id.is_none(),
        Role::User | Role::Unknown => false,
    })
}

#[cfg(test)]
mod tests {
    use wire::{OrganizationId, Role, Timestamp, UserId, UserRole, UserRoleId};

    use super::{administers, administers_everybody};

    fn role(role: Role, organization: Option<u128>) -> UserRole {
        UserRole {
            id: UserRoleId::from_u128(1),
            role,
            organization_id: organization.map(OrganizationId::from_u128),
            user_id: UserId::from_u128(1),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_administrator_administers_their_own_organization() {
        let member = [role(Role::User, Some(7))];
        assert!(administers(&[role(Role::Admin, Some(7))], &member));
        assert!(administers(&[role(Role::SuperAdmin, None)], &member));
        assert!(!administers(&[role(Role::Admin, Some(8))], &member));
        assert!(!administers(&[role(Role::User, Some(7))], &member));
        assert!(!administers(&[], &member));
        assert!(administers_everybody(&[role(Role::SuperAdmin, None)]));
        assert!(!administers_everybody(&[
            role(Role::Admin, Some(7)),
            role(Role::User, None)
        ]));
    }
}
