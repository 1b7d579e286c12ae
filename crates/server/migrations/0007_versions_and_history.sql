-- Versions of rows, deletion that can be taken back, and the history of every row.

ALTER TABLE actions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE agreements ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE goals ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE coaching_sessions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- A row that is deleted is kept for a while, seen by nobody.
ALTER TABLE actions ADD COLUMN deleted_at INTEGER;
ALTER TABLE actions ADD COLUMN deleted_by BLOB REFERENCES users (id);
ALTER TABLE agreements ADD COLUMN deleted_at INTEGER;
ALTER TABLE agreements ADD COLUMN deleted_by BLOB REFERENCES users (id);
ALTER TABLE goals ADD COLUMN deleted_at INTEGER;
ALTER TABLE goals ADD COLUMN deleted_by BLOB REFERENCES users (id);

CREATE INDEX actions_deleted ON actions (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX agreements_deleted ON agreements (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX goals_deleted ON goals (deleted_at) WHERE deleted_at IS NOT NULL;

-- Actions that lost their goal because it was deleted. They get it back if it is restored.
CREATE TABLE lost_goals (
    action_id BLOB NOT NULL PRIMARY KEY REFERENCES actions (id) ON DELETE CASCADE,
    goal_id   BLOB NOT NULL REFERENCES goals (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX lost_goals_by_goal ON lost_goals (goal_id);

-- One row for each write of an action, an agreement, a goal or a session.
CREATE TABLE row_changes (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- The row that was written. Ids of different tables never meet.
    row_id     BLOB NOT NULL CHECK (length(row_id) = 16),
    -- The version that the write gave to the row.
    version    INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    changed_by BLOB NOT NULL REFERENCES users (id),
    changed_at INTEGER NOT NULL,
    -- [{"name": …, "from": …, "to": …}, …]
    fields     TEXT NOT NULL,
    CONSTRAINT row_changes_kind_known CHECK (kind IN ('created', 'updated', 'deleted', 'restored')),
    CONSTRAINT row_changes_once UNIQUE (row_id, version)
) STRICT;

-- The server raises the version itself, and reads it from the same statement. These raise it for every other program
-- that writes a row.
CREATE TRIGGER actions_version AFTER UPDATE ON actions
WHEN NEW.version = OLD.version AND NEW.deleted_at IS NULL
BEGIN
    UPDATE actions SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER agreements_version AFTER UPDATE ON agreements
WHEN NEW.version = OLD.version AND NEW.deleted_at IS NULL
BEGIN
    UPDATE agreements SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER goals_version AFTER UPDATE ON goals
WHEN NEW.version = OLD.version AND NEW.deleted_at IS NULL
BEGIN
    UPDATE goals SET version = version + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER coaching_sessions_version AFTER UPDATE ON coaching_sessions
WHEN NEW.version = OLD.version
BEGIN
    UPDATE coaching_sessions SET version = version + 1 WHERE id = NEW.id;
END;

-- The history of a row goes with the row.
CREATE TRIGGER actions_history AFTER DELETE ON actions
BEGIN
    DELETE FROM row_changes WHERE row_id = OLD.id;
END;

CREATE TRIGGER agreements_history AFTER DELETE ON agreements
BEGIN
    DELETE FROM row_changes WHERE row_id = OLD.id;
END;

CREATE TRIGGER goals_history AFTER DELETE ON goals
BEGIN
    DELETE FROM row_changes WHERE row_id = OLD.id;
END;

CREATE TRIGGER coaching_sessions_history AFTER DELETE ON coaching_sessions
BEGIN
    DELETE FROM row_changes WHERE row_id = OLD.id;
END;

-- An answer that is given again has the entity tag that it had.
ALTER TABLE idempotency_keys ADD COLUMN etag TEXT;
