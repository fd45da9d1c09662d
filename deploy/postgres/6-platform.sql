-- The objects of the platform's API: partners, entries, assets, profiles … as documents with a version.
-- A silo runs this script itself where it was not run (TributaryMigrations), so it may be run again.

CREATE TABLE IF NOT EXISTS TributaryMigrations
(
    Name  varchar(64) NOT NULL PRIMARY KEY,
    RunAt timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS TributaryObjects
(
    Kind    varchar(64)  NOT NULL,
    Id      varchar(256) NOT NULL,
    Partner integer      NOT NULL,
    Version bigint       NOT NULL,
    Value   jsonb        NOT NULL,
    CONSTRAINT PK_TributaryObjects PRIMARY KEY (Kind, Id)
);

-- Kept by the database: what free text finds. Punctuation parts words, also where PostgreSQL would see the name of a host or file.
ALTER TABLE TributaryObjects DROP COLUMN IF EXISTS Search;
ALTER TABLE TributaryObjects ADD COLUMN Search tsvector GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(
    coalesce(Value->>'name', '') || ' ' || coalesce(Value->>'description', '') || ' ' || coalesce(Value->>'tags', '') || ' ' ||
    coalesce(Value->>'referenceId', '') || ' ' || coalesce(Value->>'id', ''), '[!-/:-@[-`{-~]+', ' ', 'g'))) STORED;

-- The expressions are those of PostgresQuery, letter for letter: else the database does not see that an index is of use.
DROP INDEX IF EXISTS IX_TributaryObjects_Entry, IX_TributaryObjects_Expiry;
CREATE INDEX IF NOT EXISTS IX_TributaryObjects_Partner ON TributaryObjects (Kind, Partner);
CREATE INDEX IX_TributaryObjects_Entry ON TributaryObjects ((Value->>'entryId'), Kind) WHERE (Value->>'entryId') IS NOT NULL;
CREATE INDEX IF NOT EXISTS IX_TributaryObjects_Root ON TributaryObjects ((Value->>'rootEntryId')) WHERE (Value->>'rootEntryId') IS NOT NULL;
CREATE INDEX IF NOT EXISTS IX_TributaryObjects_Host ON TributaryObjects ((Value->>'hostName')) WHERE (Value->>'hostName') IS NOT NULL;
CREATE INDEX IX_TributaryObjects_Expiry ON TributaryObjects
    ((CASE WHEN (Value->>'_expiresAt') ~ '^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$' THEN (Value->>'_expiresAt')::numeric ELSE 0 END))
    WHERE Kind = 'entryServerNode';
CREATE INDEX IF NOT EXISTS IX_TributaryObjects_Search ON TributaryObjects USING gin (Search);

-- Numbers of objects whose ids are numbers.
CREATE TABLE IF NOT EXISTS TributaryNumbers
(
    Kind varchar(64) NOT NULL PRIMARY KEY,
    Last bigint      NOT NULL
);

INSERT INTO TributaryMigrations (Name) VALUES ('6-platform') ON CONFLICT DO NOTHING;
