-- A decision takes the reports along now. Those that earlier ones left behind kept their senders from reporting again.
DELETE reports FROM reports JOIN ratings ON ratings.id = reports.rating_id WHERE ratings.reports = 0;
