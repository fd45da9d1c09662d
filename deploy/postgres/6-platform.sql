-- The objects of the platform's API: partners, entries, assets, profiles … as documents with a version.

CREATE TABLE TributaryObjects
(
    Kind    varchar(64)  NOT NULL,
    Id      varchar(256) NOT NULL,
    Partner integer      NOT NULL,
    Version bigint       NOT NULL,
    Value   jsonb        NOT NULL,
    -- Kept by the database: what free text finds.
    Search  tsvector GENERATED ALWAYS AS (to_tsvector('simple',
        coalesce(Value->>'name', '') || ' ' || coalesce(Value->>'description', '') || ' ' || replace(coalesce(Value->>'tags', ''), ',', ' ') || ' ' ||
        coalesce(Value->>'referenceId', '') || ' ' || coalesce(Value->>'id', ''))) STORED,
    CONSTRAINT PK_TributaryObjects PRIMARY KEY (Kind, Id)
);

CREATE INDEX IX_TributaryObjects_Partner ON TributaryObjects (Kind, Partner);
CREATE INDEX IX_TributaryObjects_Entry ON TributaryObjects (Kind, (Value->>'entryId')) WHERE Value ? 'entryId';
CREATE INDEX IX_TributaryObjects_Root ON TributaryObjects ((Value->>'rootEntryId')) WHERE Kind = 'entry';
CREATE INDEX IX_TributaryObjects_Expiry ON TributaryObjects (((Value->>'_expiresAt')::bigint)) WHERE Kind = 'entryServerNode';
CREATE INDEX IX_TributaryObjects_Search ON TributaryObjects USING gin (Search);

-- Numbers of objects whose ids are numbers.
CREATE TABLE TributaryNumbers
(
    Kind varchar(64) NOT NULL PRIMARY KEY,
    Last bigint      NOT NULL
);
