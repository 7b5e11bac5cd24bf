-- What is sent to others belongs to the trace of what brought it about.

ALTER TABLE notifications ADD COLUMN traceparent TEXT;
COMMENT ON COLUMN notifications.traceparent IS 'The W3C trace context of the batch that wrote it; null where nobody traced it.';
