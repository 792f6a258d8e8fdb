-- Notices may name a charge by what its payment shows.
ALTER TABLE simulator_charges
    ADD KEY simulator_charges_transaction (transaction_id);
