//! Authorization. The store knows the owners of a row; this module decides what a person may do.

use wire::{Role, UserId, UserRole};

use crate::error::Error;
use crate::store::access::Access;

/// Admits a participant. Returns 404 if the row does not exist, and 403 if the person takes no part in it.
pub(super) fn admit(access: Option<Access>, person: UserId) -> Result<Access, Error> {
    let access = access.ok_or(Error::NotFound)?;
    if access.includes(person) {
        Ok(access)
    } else {
        Err(Error::Forbidden)
    }
}

/// Admits the coach only.
pub(super) fn admit_coach(access: Option<Access>, person: UserId) -> Result<Access, Error> {
    let access = admit(access, person)?;
    if access.coach == Some(person) {
        Ok(access)
    } else {
        Err(Error::Forbidden)
    }
}

/// Returns whether a person with `roles` administers a person with the roles `subject`. The first person is an
/// administrator of all people, or of an organization to which both belong.
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

/// Returns whether a person with these roles administers all organizations.
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
