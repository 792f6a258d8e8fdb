-- What customers' banks sent back can be given back again.
ALTER TABLE simulator_refunds
    ADD COLUMN came_back BOOLEAN NOT NULL DEFAULT FALSE;
