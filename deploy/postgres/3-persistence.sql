-- States of grains. A write names the version that was read; the version that comes back is the new one, or the one that was named when another has written since.

CREATE TABLE OrleansStorage
(
    GrainIdHash            integer      NOT NULL,
    GrainIdN0              bigint       NOT NULL,
    GrainIdN1              bigint       NOT NULL,
    GrainTypeHash          integer      NOT NULL,
    GrainTypeString        varchar(512) NOT NULL,
    GrainIdExtensionString varchar(512),
    ServiceId              varchar(150) NOT NULL,
    PayloadBinary          bytea,
    ModifiedOn             timestamp    NOT NULL,
    Version                integer
);

CREATE INDEX IX_OrleansStorage ON OrleansStorage (GrainIdHash, GrainTypeHash);

-- Two that write a first state at once must not both succeed.
CREATE UNIQUE INDEX UX_OrleansStorage ON OrleansStorage
    (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, GrainTypeString, (coalesce(GrainIdExtensionString, '')), (GrainIdExtensionString IS NULL), ServiceId);

CREATE FUNCTION WriteToStorage(
    _idhash integer, _n0 bigint, _n1 bigint, _typehash integer, _type varchar, _extension varchar, _service varchar, _version integer, _payload bytea)
RETURNS TABLE (NewGrainStateVersion integer) LANGUAGE plpgsql AS
$$
BEGIN
    IF _version IS NULL THEN
        INSERT INTO OrleansStorage
            (GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeHash, GrainTypeString, GrainIdExtensionString, ServiceId, PayloadBinary, ModifiedOn, Version)
        VALUES (_idhash, _n0, _n1, _typehash, _type, _extension, _service, _payload, now() AT TIME ZONE 'utc', 1)
        ON CONFLICT DO NOTHING;
        NewGrainStateVersion := CASE WHEN FOUND THEN 1 END;
    ELSE
        UPDATE OrleansStorage
        SET PayloadBinary = _payload, ModifiedOn = now() AT TIME ZONE 'utc', Version = Version + 1
        WHERE GrainIdHash = _idhash AND GrainTypeHash = _typehash AND GrainIdN0 = _n0 AND GrainIdN1 = _n1 AND GrainTypeString = _type
            AND GrainIdExtensionString IS NOT DISTINCT FROM _extension AND ServiceId = _service AND Version = _version;
        NewGrainStateVersion := CASE WHEN FOUND THEN _version + 1 ELSE _version END;
    END IF;
    RETURN NEXT;
END
$$;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('WriteToStorageKey',
 'SELECT NewGrainStateVersion FROM WriteToStorage(
    @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, @GrainIdExtensionString, @ServiceId, @GrainStateVersion, @PayloadBinary)'),

('ReadFromStorageKey',
 'SELECT PayloadBinary, now() AT TIME ZONE ''utc'', Version FROM OrleansStorage
  WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString AND ServiceId = @ServiceId'),

('ClearStorageKey',
 'UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = now() AT TIME ZONE ''utc'', Version = Version + 1
  WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString AND ServiceId = @ServiceId
    AND Version = @GrainStateVersion
  RETURNING Version AS NewGrainStateVersion'),

('DeleteStorageKey',
 'DELETE FROM OrleansStorage
  WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString AND ServiceId = @ServiceId
    AND Version = @GrainStateVersion
  RETURNING Version + 1 AS NewGrainStateVersion');
