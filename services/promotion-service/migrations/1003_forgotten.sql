-- A reservation that is deleted takes its uses along: nobody finds it with some of them. What is there is not looked
-- through, which would keep everybody from reserving meanwhile: uses without their reservation are read by nobody.
SET SESSION foreign_key_checks = 0;
ALTER TABLE reservation_uses
    ADD CONSTRAINT reservation_uses_of_reservation
    FOREIGN KEY (reservation_id) REFERENCES reservations (id) ON DELETE CASCADE;
SET SESSION foreign_key_checks = 1;
