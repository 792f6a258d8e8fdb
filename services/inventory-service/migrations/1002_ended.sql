ALTER TABLE reservations
    -- When its state last became another; NULL: it is as it was made, held, or from before this was written down.
    ADD COLUMN changed_at DATETIME(6) NULL,
    -- Whether its goods have left, though their order is over.
    ADD COLUMN parcel_away BOOLEAN NOT NULL DEFAULT FALSE;
