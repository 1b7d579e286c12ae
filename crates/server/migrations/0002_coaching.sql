-- Who coaches whom, when they meet, and what they settle.

CREATE TABLE coaching_relationships (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    coach_id        BLOB NOT NULL REFERENCES users (id),
    coachee_id      BLOB NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CONSTRAINT coaching_relationships_two_people CHECK (coach_id <> coachee_id),
    CONSTRAINT coaching_relationships_once UNIQUE (organization_id, coach_id, coachee_id)
) STRICT;

CREATE INDEX coaching_relationships_by_coach ON coaching_relationships (coach_id);
CREATE INDEX coaching_relationships_by_coachee ON coaching_relationships (coachee_id);

CREATE TABLE coaching_sessions (
    id                       BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    coaching_relationship_id BLOB NOT NULL REFERENCES coaching_relationships (id),
    date                     INTEGER NOT NULL,
    duration_minutes         INTEGER NOT NULL,
    title                    TEXT,
    meeting_url              TEXT,
    provider                 TEXT,
    -- Counts changes of date and title.
    ical_sequence            INTEGER NOT NULL DEFAULT 0,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    -- When it was first opened, which links the goals then in progress.
    hydrated_at              INTEGER,
    CONSTRAINT coaching_sessions_duration_range CHECK (duration_minutes BETWEEN 1 AND 480),
    CONSTRAINT coaching_sessions_title_length CHECK (length(title) <= 500)
) STRICT;

CREATE INDEX coaching_sessions_by_relationship ON coaching_sessions (coaching_relationship_id, date);

CREATE TABLE goals (
    id                       BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    coaching_relationship_id BLOB NOT NULL REFERENCES coaching_relationships (id),
    created_in_session_id    BLOB REFERENCES coaching_sessions (id) ON DELETE SET NULL,
    user_id                  BLOB NOT NULL REFERENCES users (id),
    title                    TEXT,
    body                     TEXT,
    status                   TEXT NOT NULL,
    status_changed_at        INTEGER,
    completed_at             INTEGER,
    -- YYYY-MM-DD.
    target_date              TEXT,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    CONSTRAINT goals_status_known CHECK (status IN ('NotStarted', 'InProgress', 'Completed', 'OnHold', 'WontDo')),
    CONSTRAINT goals_title_length CHECK (length(title) <= 500)
) STRICT;

CREATE INDEX goals_by_relationship ON goals (coaching_relationship_id, created_at);

CREATE TABLE session_goals (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    coaching_session_id BLOB NOT NULL REFERENCES coaching_sessions (id) ON DELETE CASCADE,
    goal_id             BLOB NOT NULL REFERENCES goals (id) ON DELETE CASCADE,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    CONSTRAINT session_goals_once UNIQUE (coaching_session_id, goal_id)
) STRICT;

CREATE INDEX session_goals_by_goal ON session_goals (goal_id);

-- Actions and agreements deliberately block the deletion of their session: what was agreed is not lost with a
-- calendar entry.
CREATE TABLE actions (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    coaching_session_id BLOB NOT NULL REFERENCES coaching_sessions (id),
    goal_id             BLOB REFERENCES goals (id) ON DELETE SET NULL,
    user_id             BLOB NOT NULL REFERENCES users (id),
    body                TEXT,
    due_by              INTEGER,
    status              TEXT NOT NULL,
    status_changed_at   INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    CONSTRAINT actions_status_known CHECK (status IN ('NotStarted', 'InProgress', 'Completed', 'OnHold', 'WontDo'))
) STRICT;

CREATE INDEX actions_by_session ON actions (coaching_session_id, created_at);
CREATE INDEX actions_by_goal ON actions (goal_id);

CREATE TABLE action_assignees (
    action_id BLOB NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    user_id   BLOB NOT NULL REFERENCES users (id),
    -- Keeps the order in which they were named.
    position  INTEGER NOT NULL,
    PRIMARY KEY (action_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX action_assignees_by_user ON action_assignees (user_id);

CREATE TABLE agreements (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    coaching_session_id BLOB NOT NULL REFERENCES coaching_sessions (id),
    user_id             BLOB NOT NULL REFERENCES users (id),
    body                TEXT,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX agreements_by_session ON agreements (coaching_session_id, created_at);
