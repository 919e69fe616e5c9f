-- Whose key it is, as the service tells: what may have been sent is looked for in that account and no other. NULL until it is known.
ALTER TABLE leonardo_account ADD COLUMN service_user TEXT;
