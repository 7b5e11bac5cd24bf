-- What is due, without the id: an index that has it as well may be read whole for each id of a list, where a vacuum found the table
-- empty and left statistics of no rows.
CREATE INDEX queue_messages_run_at_idx ON queue_messages (queue, run_at);
DROP INDEX queue_messages_due_idx;
