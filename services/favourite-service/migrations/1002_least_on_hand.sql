-- The fewest that lay in the warehouses while none was available: what is back has come there since. NULL: nobody has
-- told, or some are available.
ALTER TABLE products ADD COLUMN least_on_hand BIGINT UNSIGNED NULL;
