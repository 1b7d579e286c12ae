-- Sign-ins that can be listed and ended one by one, browsers that are known, and addresses that are compared as one.

-- Built anew: a column that is added can be neither unique nor without a default.
CREATE TABLE new_sign_ins (
    token_hash   BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    -- What the list of one's own sign-ins calls it: it must not show what is stored of the token.
    id           BLOB NOT NULL CHECK (length(id) = 16),
    user_id      BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Where the event log stood at sign-in: a forced sign-out from before it is not meant for this one.
    since_seq    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    -- To within a twenty-fourth of the idle time: not every read is a write.
    last_used_at INTEGER NOT NULL,
    -- The end of the idle time, or of the longest life if that is earlier.
    expires_at   INTEGER NOT NULL,
    -- The browser and its system, in a few words.
    device       TEXT,
    CONSTRAINT sign_ins_id_unique UNIQUE (id),
    CONSTRAINT sign_ins_device_length CHECK (length(device) <= 80)
) STRICT;

INSERT INTO new_sign_ins (token_hash, id, user_id, since_seq, created_at, last_used_at, expires_at)
SELECT token_hash, randomblob(16), user_id, since_seq, created_at,
    -- Until now a sign-in ended a day after it was last used.
    max(created_at, expires_at - 24 * 60 * 60 * 1000000), expires_at
FROM sign_ins;
DROP TABLE sign_ins;
ALTER TABLE new_sign_ins RENAME TO sign_ins;

CREATE INDEX sign_ins_by_user ON sign_ins (user_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

-- Browsers in which somebody has signed in before. Their attempts are counted apart, so that the guesses of others do not
-- keep the owner out. The cookie holds a random token; only its hash is kept.
CREATE TABLE known_devices (
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX known_devices_by_user ON known_devices (user_id, created_at);
CREATE INDEX known_devices_by_age ON known_devices (created_at);

-- The form in which addresses are compared: Unicode NFC in small letters. SQLite knows the small letters of ASCII only;
-- the server works out the others when it starts.
ALTER TABLE users ADD COLUMN email_key TEXT;
UPDATE users SET email_key = lower(email);
CREATE UNIQUE INDEX users_email_key_unique ON users (email_key);

-- Another program that writes an address does not know of the key.
CREATE TRIGGER users_email_key_of_new AFTER INSERT ON users WHEN NEW.email_key IS NULL
BEGIN
    UPDATE users SET email_key = lower(NEW.email) WHERE id = NEW.id;
END;

CREATE TRIGGER users_email_key_of_changed AFTER UPDATE OF email ON users
WHEN NEW.email IS NOT OLD.email AND NEW.email_key IS OLD.email_key AND NEW.email_key IS NOT lower(NEW.email)
BEGIN
    UPDATE users SET email_key = lower(NEW.email) WHERE id = NEW.id;
END;
