-- The trace that a delivery belongs to, as W3C's traceparent: it is made long after its request was answered.
ALTER TABLE deliveries ADD COLUMN traceparent VARCHAR(55) NULL;
