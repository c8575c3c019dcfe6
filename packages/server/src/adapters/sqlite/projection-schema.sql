-- Folded documents: a cache of the log. When this text changes in a way that matters, raise SCHEMA_VERSION in
-- sqlite-projection-storage.ts: the tables are dropped and folded again.
DROP TABLE IF EXISTS documents;
DROP TABLE IF EXISTS checkpoints;

CREATE TABLE documents (
  projection TEXT NOT NULL,
  key TEXT NOT NULL,
  project_id TEXT NOT NULL,
  context TEXT,
  stage TEXT,
  service TEXT,
  name TEXT,
  state TEXT,
  sort REAL NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents_by_key ON documents (projection, key);
CREATE INDEX documents_by_sort ON documents (projection, sort, key);
CREATE INDEX documents_by_project ON documents (projection, project_id, sort, key);
CREATE INDEX documents_by_lane ON documents (projection, project_id, stage, service, sort, key);
CREATE INDEX documents_by_context ON documents (projection, context) WHERE context IS NOT NULL;

CREATE TABLE checkpoints (
  projection TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  anchor_position INTEGER,
  anchor_event_id TEXT
) STRICT, WITHOUT ROWID;
