-- The log, and the state that is backed up with it. docs/adr/0002 says why it lies so.

-- Texts that come again and again (types, stages, services, sources, results, project ids): rows hold the number.
CREATE TABLE words (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  project INTEGER,
  is_open INTEGER NOT NULL
) STRICT;
CREATE INDEX streams_open ON streams (id) WHERE is_open = 1;

-- The *_key columns are the first bits of an id (id-key.ts): enough to find it by, the body says exactly.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  version INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  v INTEGER NOT NULL,
  project INTEGER,
  id_key INTEGER NOT NULL,
  context_key INTEGER,
  triggered_key INTEGER,
  type INTEGER NOT NULL,
  stage INTEGER,
  service INTEGER,
  source INTEGER NOT NULL,
  result INTEGER,
  body TEXT NOT NULL,
  data_hash BLOB,
  meta TEXT,
  hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_of_stream ON events (stream, version);
CREATE INDEX events_by_id ON events (id_key);
CREATE INDEX events_by_context ON events (context_key) WHERE context_key IS NOT NULL;
CREATE INDEX events_by_triggered ON events (triggered_key) WHERE triggered_key IS NOT NULL;
CREATE INDEX events_with_large_data ON events (data_hash) WHERE data_hash IS NOT NULL;

-- Where in the log a type of a project occurs (zones.ts), instead of an index over every row.
CREATE TABLE zones (
  project INTEGER NOT NULL,
  type INTEGER NOT NULL,
  zone INTEGER NOT NULL,
  PRIMARY KEY (project, type, zone)
) STRICT, WITHOUT ROWID;

-- Event data over 256 KB, once per content.
CREATE TABLE large_data (
  hash BLOB NOT NULL UNIQUE,
  text TEXT NOT NULL
) STRICT;

-- The largest position before rows were deleted: positions are never given twice.
CREATE TABLE log_floor (
  position INTEGER NOT NULL
) STRICT;
INSERT INTO log_floor VALUES (0);

CREATE TABLE dedupe_keys (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dedupe_keys_by_end ON dedupe_keys (until_ms);

CREATE TABLE effects (
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT,
  project_id TEXT
) STRICT;
CREATE INDEX effects_by_due ON effects (due_ms);

CREATE TABLE documents (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
