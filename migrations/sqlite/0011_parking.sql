-- An attempt that says nothing about its task, such as one that found the provider down, does not count as one of the
-- policy's attempts; that it was made is still known.
ALTER TABLE tasks ADD COLUMN uncounted INTEGER NOT NULL DEFAULT 0 CHECK (uncounted >= 0);

-- Claims that pass over some annotators walk the tasks of each of the others from the front, however many tasks the
-- others have.
CREATE INDEX tasks_ready_of_annotator ON tasks (annotator_id, priority DESC, id, ready_at, attempts, uncounted)
    WHERE state = 'ready' AND kind = 'annotate';
