-- What is known of rows that were deleted, so that a row that is merely gone can be told from them (verify.ts).

-- Streams whose oldest rows were cut off: the version and hash that the first remaining row follows on.
CREATE TABLE stream_bases (
  stream INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- How many rows of each stretch of positions were deleted (zones.ts: 2,000 positions each).
CREATE TABLE deleted_rows (
  zone INTEGER PRIMARY KEY,
  rows INTEGER NOT NULL
) STRICT;

-- Logs from which projects were deleted before this was counted: their holes are taken for deletions.
WITH RECURSIVE
  head (position) AS (
    SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT position FROM log_floor))
    WHERE (SELECT position FROM log_floor) > 0
  ),
  stretches (zone) AS (
    SELECT 0 FROM head
    UNION ALL
    SELECT zone + 1 FROM stretches, head WHERE (zone + 1) * 2000 <= head.position
  )
INSERT INTO deleted_rows (zone, rows)
SELECT zone, missing FROM (
  SELECT zone, min(zone * 2000 + 1999, head.position) - max(zone * 2000, 1) + 1
    - (SELECT count(*) FROM events WHERE position BETWEEN zone * 2000 AND zone * 2000 + 1999) AS missing
  FROM stretches, head
) WHERE missing > 0;
