-- Where an event happened, so that it is not told to whoever has left that organization since. NULL for what belongs
-- to no organization, such as somebody's own profile.
--
-- No foreign key: an organization that is gone has no members, so nobody is told.

ALTER TABLE events ADD COLUMN organization_id BLOB CHECK (organization_id IS NULL OR length(organization_id) = 16);
