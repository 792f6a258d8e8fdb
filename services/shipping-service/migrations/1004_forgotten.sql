-- For deleting what the ends of orders have left that never had a shipment.
ALTER TABLE shipments ADD KEY shipments_ruled_out (status, version, created_at);
