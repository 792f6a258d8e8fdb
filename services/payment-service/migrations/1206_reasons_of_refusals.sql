ALTER TABLE payments
    -- Why its order doesn't want it; NULL where it does, and where the version before has refused it.
    ADD COLUMN refused_for VARCHAR(20) NULL AFTER refused;
