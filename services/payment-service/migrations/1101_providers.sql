-- A payment stays with the provider that it began with, also when others begin with another one.
ALTER TABLE payments
    ADD COLUMN provider      VARCHAR(20)  NOT NULL DEFAULT 'simulator' AFTER user_id,
    -- What the customer's page confirms with; gone as soon as the payment moves on.
    ADD COLUMN action_secret VARCHAR(255) NULL AFTER action_url,
    -- What banks have taken back, or may: disputes that are open or lost.
    ADD COLUMN disputed      BIGINT       NOT NULL DEFAULT 0 AFTER refund_pending,
    ADD CONSTRAINT payments_disputed CHECK (disputed >= 0);

ALTER TABLE operations
    ADD COLUMN provider VARCHAR(20) NOT NULL DEFAULT 'simulator' AFTER order_id;

-- Which of the provider's intents stands for a charge. It is known before any money can move; a row without one says
-- that the charge was given up before it had begun, and never begins.
CREATE TABLE stripe_intents (
    charge_key BINARY(16)   NOT NULL PRIMARY KEY,
    intent_id  VARCHAR(100) NULL COLLATE ascii_bin,
    UNIQUE KEY stripe_intents_intent (intent_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
