-- Lists in pages, and the size of the event log.

-- What a session, a relationship or a link lists, in order of creation. Deleted rows are not in it: they are many where
-- somebody creates and deletes for a while, and each list would read past them.
CREATE INDEX actions_listed ON actions (coaching_session_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX agreements_listed ON agreements (coaching_session_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX goals_listed ON goals (coaching_relationship_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX session_goals_listed ON session_goals (coaching_session_id, created_at, id);
CREATE INDEX coaching_sessions_listed ON coaching_sessions (coaching_relationship_id, id);

-- The bytes of all messages up to and including this one. The difference between two rows is what the rows after the
-- first hold, so the log can be cut at a size without a look at its messages.
ALTER TABLE events ADD COLUMN total_bytes INTEGER NOT NULL DEFAULT 0;

UPDATE events SET total_bytes = sums.total
FROM (SELECT seq, sum(octet_length(payload)) OVER (ORDER BY seq) AS total FROM events) AS sums
WHERE sums.seq = events.seq;

CREATE INDEX events_by_total_bytes ON events (total_bytes);
