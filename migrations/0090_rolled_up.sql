-- What was there before its changes were appended is added up. By itself, since nobody who writes has to wait for it (ADR 80).
SELECT rebuild_rollups();
ANALYZE rollups;
