-- The simulated provider's own memory. It stands for a system outside: nothing of ours is in a transaction with it.
CREATE TABLE simulator_charges (
    charge_key     BINARY(16)   NOT NULL PRIMARY KEY,
    state          VARCHAR(20)  NOT NULL,
    amount         BIGINT       NOT NULL,
    currency       CHAR(3)      NOT NULL,
    -- Whether an approved challenge takes the money or only authorizes it.
    capture        BOOLEAN      NOT NULL,
    captured       BIGINT       NOT NULL DEFAULT 0,
    refunded       BIGINT       NOT NULL DEFAULT 0,
    transaction_id VARCHAR(100) NOT NULL,
    decline_code   VARCHAR(50)  NULL,
    challenge      CHAR(32)     NULL COLLATE ascii_bin,
    UNIQUE KEY simulator_charges_challenge (challenge),
    CONSTRAINT simulator_not_overdrawn CHECK (captured <= amount AND refunded <= captured)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE simulator_refunds (
    refund_key BINARY(16) NOT NULL PRIMARY KEY,
    charge_key BINARY(16) NOT NULL,
    amount     BIGINT     NOT NULL,
    KEY simulator_refunds_of_charge (charge_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
