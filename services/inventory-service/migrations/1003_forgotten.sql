-- A reservation that is deleted takes its lines along: nobody finds it with some of them. What is there is not looked
-- through, which would keep everybody from reserving meanwhile: lines without their reservation are read by nobody.
SET SESSION foreign_key_checks = 0;
ALTER TABLE reservation_lines
    ADD CONSTRAINT reservation_lines_of_reservation
    FOREIGN KEY (reservation_id) REFERENCES reservations (id) ON DELETE CASCADE;
SET SESSION foreign_key_checks = 1;

-- For deleting those that ended long ago.
ALTER TABLE reservations ADD KEY reservations_ended (state, changed_at);
