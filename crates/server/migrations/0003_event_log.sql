-- The outbox: what happened, and who is told. A change and its events are written in one transaction, so nothing is
-- announced that is not stored and nothing stored goes unannounced. Delivery only ever reads this log.

CREATE TABLE events (
    -- AUTOINCREMENT: a number is never given twice, not even after the newest rows were pruned.
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    -- The whole envelope as it is sent.
    payload    TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_age ON events (created_at);

-- Fixed at write time: whoever joins later is not told what happened before.
CREATE TABLE event_recipients (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_recipients_by_seq ON event_recipients (seq);

-- One row. The epoch names this log: positions in the log of another file mean nothing here. Everything up to
-- pruned_through may be missing from it.
CREATE TABLE event_log (
    only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch          TEXT NOT NULL,
    pruned_through INTEGER NOT NULL
) STRICT;

INSERT INTO event_log (only_row, epoch, pruned_through) VALUES (1, lower(hex(randomblob(6))), 0);
