-- People, where they belong, and how they are signed in.
--
-- Ids are UUIDs (version 7) as 16 bytes. Moments are microseconds since 1970 in UTC: whole numbers compare and
-- sort exactly, which the text forms of one moment do not.

CREATE TABLE organizations (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT organizations_slug_unique UNIQUE (slug)
) STRICT;

CREATE TABLE users (
    id                       BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- Nobody remembers how they capitalised their address.
    email                    TEXT NOT NULL COLLATE NOCASE,
    -- A PHC string: it names its own algorithm and cost.
    password_hash            TEXT NOT NULL,
    first_name               TEXT NOT NULL,
    last_name                TEXT NOT NULL,
    display_name             TEXT,
    timezone                 TEXT NOT NULL DEFAULT 'UTC',
    default_duration_minutes INTEGER NOT NULL DEFAULT 60,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    CONSTRAINT users_email_unique UNIQUE (email),
    CONSTRAINT users_default_duration_range CHECK (default_duration_minutes BETWEEN 1 AND 480)
) STRICT;

-- A role in an organization makes somebody a member of it. Without an organization it holds everywhere.
CREATE TABLE user_roles (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB REFERENCES organizations (id) ON DELETE CASCADE,
    role            TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CONSTRAINT user_roles_known CHECK (role IN ('User', 'Admin', 'SuperAdmin')),
    CONSTRAINT user_roles_once UNIQUE (user_id, organization_id)
) STRICT;

-- One row per signed-in browser. The cookie holds a random token; only its hash is kept, so that a copy of this
-- file signs nobody in.
CREATE TABLE sign_ins (
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Where the event log stood at sign-in: a forced sign-out from before it is not meant for this one.
    since_seq  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_ins_by_user ON sign_ins (user_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
