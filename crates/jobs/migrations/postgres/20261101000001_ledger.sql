-- One row for each account: its limits, and counters, so that nothing ever counts jobs.
CREATE TABLE leonardo_account (
    name TEXT PRIMARY KEY,
    -- Generations that may be at work or waiting at the service at a time.
    jobs_max BIGINT NOT NULL,
    creates_per_minute BIGINT NOT NULL,
    -- Millionths of the account's unit, as all amounts; NULL for no limit.
    budget BIGINT,
    reserved BIGINT NOT NULL DEFAULT 0,
    settled BIGINT NOT NULL DEFAULT 0,
    -- Jobs in the state waiting.
    backlog BIGINT NOT NULL DEFAULT 0,
    -- Places that are taken: by jobs that are admitted, and by generations that have not ended.
    held BIGINT NOT NULL DEFAULT 0,
    -- 1 if there may be something to admit, from turn_at on, which is in microseconds; all other times are in milliseconds.
    ready BIGINT NOT NULL DEFAULT 0,
    turn_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX leonardo_account_turn ON leonardo_account (ready, turn_at, name);

CREATE TABLE leonardo_job (
    id BIGSERIAL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES leonardo_account (name),
    -- The caller's.
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    seed BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- The task of the engine that may work on it; older ones are void.
    ticket BIGINT NOT NULL DEFAULT 0,
    owner TEXT,
    -- Goes up each time somebody takes it, which fences off whoever had it before.
    epoch BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    -- When the first and the last create may have been sent whose outcome is not known.
    sent_at BIGINT,
    last_sent_at BIGINT,
    generation TEXT,
    reserved BIGINT NOT NULL,
    settled BIGINT,
    files TEXT,
    problem TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (account, key),
    UNIQUE (account, seed)
);
CREATE INDEX leonardo_job_turn ON leonardo_job (account, state, id);

-- Creates of the last minute; one that is under way counts as sent at the latest time at which it can arrive.
CREATE TABLE leonardo_create (
    id BIGSERIAL PRIMARY KEY,
    account TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX leonardo_create_at ON leonardo_create (account, at);

-- What webhooks have told, for all workers to read.
CREATE TABLE leonardo_event (
    id BIGSERIAL PRIMARY KEY,
    generation TEXT NOT NULL,
    at BIGINT NOT NULL
);
