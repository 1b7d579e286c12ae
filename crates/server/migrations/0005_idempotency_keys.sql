-- What was answered to changes that came with an Idempotency-Key, so that a client that heard no answer can ask again
-- without changing anything twice. Written in the transaction of the change itself: both are there, or neither.

CREATE TABLE idempotency_keys (
    -- A key is the person's own: the same text from somebody else is another key.
    user_id        BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key            TEXT NOT NULL,
    -- Of method, address and body: the same key with another request is a mistake of the client.
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    status         INTEGER NOT NULL,
    content_type   TEXT,
    event_cursor   TEXT,
    body           BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_by_user_and_age ON idempotency_keys (user_id, created_at);
