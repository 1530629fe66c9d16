-- How many language models were asked about an item before its present consensus, under which stopping rule; nothing where
-- the policy always asks everybody.
ALTER TABLE current_consensus ADD COLUMN stopping_version TEXT;
ALTER TABLE current_consensus ADD COLUMN asked_count BIGINT;
ALTER TABLE current_consensus ADD COLUMN called_count BIGINT;
ALTER TABLE current_consensus ADD COLUMN panel_count BIGINT;
