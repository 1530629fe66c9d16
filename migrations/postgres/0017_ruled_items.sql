-- Runs that ask their whole panel, whatever the project's stopping rule says.
ALTER TABLE runs ADD COLUMN all_votes BOOLEAN NOT NULL DEFAULT false;

-- The items about which a run asks by the stopping rule: open as long as the rule may want more of its models. `unasked` is
-- how many of them it did without.
CREATE TABLE ruled_items (
    run_id  UUID    NOT NULL REFERENCES runs (id),
    item_id UUID    NOT NULL REFERENCES items (id),
    is_open BOOLEAN NOT NULL,
    unasked INTEGER NOT NULL DEFAULT 0 CHECK (unasked >= 0),
    PRIMARY KEY (run_id, item_id)
);
-- One run at a time asks about an item.
CREATE UNIQUE INDEX ruled_items_open_unique ON ruled_items (item_id) WHERE is_open;
CREATE INDEX ruled_items_open ON ruled_items (run_id, item_id) WHERE is_open;
CREATE INDEX ruled_items_of_item ON ruled_items (item_id);
