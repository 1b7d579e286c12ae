-- The epochs of the event log. Every start of the server begins one, whether or not the file is the one it used
-- before. A position `epoch-seq` belongs to the history of this file if its epoch is here and had come as far as `seq`
-- before the next one began. So a position from a history that was lost with the file it was written to is told apart
-- from one of this history, although both have the same number.

CREATE TABLE log_epochs (
    -- In the order in which they began.
    number      INTEGER PRIMARY KEY,
    epoch       TEXT NOT NULL,
    -- The newest position when it began.
    began_after INTEGER NOT NULL,
    CONSTRAINT log_epochs_once UNIQUE (epoch)
) STRICT;

INSERT INTO log_epochs (epoch, began_after) SELECT epoch, 0 FROM event_log;
