-- What the account pays in, CREDITS or DOLLARS; NULL until it is known.
ALTER TABLE leonardo_account ADD COLUMN unit TEXT;
-- Why nothing more is admitted, until its limits are set anew.
ALTER TABLE leonardo_account ADD COLUMN problem TEXT;
