-- The approval of an absence that also covers the delete after the grace
-- (reconcile.Cover as JSON), empty for none. It ends with the absence.
ALTER TABLE principal_facts ADD COLUMN miss_cover text NOT NULL DEFAULT '';
CREATE INDEX principal_covers ON principal_facts (row) WHERE miss_cover <> '';
