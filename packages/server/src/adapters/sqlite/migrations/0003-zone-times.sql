-- From when to when the rows of a stretch of the log are (zones.ts), for stretches that are full: a query for a time leaves the others out.
-- Clocks are set back, so neither follows from the position.
CREATE TABLE IF NOT EXISTS zone_times (
  zone INTEGER PRIMARY KEY,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL
) STRICT;

INSERT OR REPLACE INTO zone_times
  SELECT position / 2000, min(time_ms), max(time_ms) FROM events
  WHERE position / 2000 < (SELECT max(position) FROM events) / 2000
  GROUP BY 1;
