-- The order of a backlog. By the number alone, PostgreSQL may read all jobs in the order of their numbers instead.
DROP INDEX leonardo_job_turn;
CREATE INDEX leonardo_job_turn ON leonardo_job (account, state, created_at, id);
