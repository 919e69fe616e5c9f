-- One row for each account: its limits, and counters, so that nothing ever counts jobs.
CREATE TABLE leonardo_account (
    name TEXT PRIMARY KEY,
    -- Generations that may be at work or waiting at the service at a time.
    jobs_max INTEGER NOT NULL,
    creates_per_minute INTEGER NOT NULL,
    -- Millionths of the account's unit, as all amounts; NULL for no limit.
    budget INTEGER,
    reserved INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0,
    -- Jobs in the state waiting.
    backlog INTEGER NOT NULL DEFAULT 0,
    -- Places that are taken: by jobs that are admitted, and by generations that have not ended.
    held INTEGER NOT NULL DEFAULT 0,
    -- 1 if there may be something to admit, from turn_at on, which is in microseconds; all other times are in milliseconds.
    ready INTEGER NOT NULL DEFAULT 0,
    turn_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX leonardo_account_turn ON leonardo_account (ready, turn_at, name);

CREATE TABLE leonardo_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL REFERENCES leonardo_account (name),
    -- The caller's.
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    seed INTEGER NOT NULL,
    state TEXT NOT NULL,
    -- The task of the engine that may work on it; older ones are void.
    ticket INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    -- Goes up each time somebody takes it, which fences off whoever had it before.
    epoch INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    -- When the first and the last create may have been sent whose outcome is not known.
    sent_at INTEGER,
    last_sent_at INTEGER,
    generation TEXT,
    reserved INTEGER NOT NULL,
    settled INTEGER,
    files TEXT,
    problem TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (account, key),
    UNIQUE (account, seed)
);
CREATE INDEX leonardo_job_turn ON leonardo_job (account, state, id);

-- Creates of the last minute; one that is under way counts as sent at the latest time at which it can arrive.
CREATE TABLE leonardo_create (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX leonardo_create_at ON leonardo_create (account, at);

-- What webhooks have told, for all workers to read.
CREATE TABLE leonardo_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    generation TEXT NOT NULL,
    at INTEGER NOT NULL
);
