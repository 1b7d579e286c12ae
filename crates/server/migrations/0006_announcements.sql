-- What everybody should know, and events for everybody.

CREATE TABLE announcements (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB NOT NULL REFERENCES users (id),
    title      TEXT,
    message    TEXT NOT NULL,
    -- From then on it does not matter any more. NULL: it always does.
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT announcements_title_length CHECK (length(title) <= 500)
) STRICT;

CREATE INDEX announcements_by_age ON announcements (created_at);

-- An event for everybody names nobody: ten thousand rows would take longer to write than everything else together.
ALTER TABLE events ADD COLUMN to_everyone INTEGER NOT NULL DEFAULT 0 CHECK (to_everyone IN (0, 1));

CREATE INDEX events_to_everyone ON events (seq) WHERE to_everyone = 1;
