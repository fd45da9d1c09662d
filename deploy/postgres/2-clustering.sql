-- Who is a member of which cluster. Every change of a member raises the version of its cluster by one, and names the version that it is based on: of two that
-- are based on the same, one fails (row_count 0) and reads again.

CREATE TABLE OrleansMembershipVersionTable
(
    DeploymentId varchar(150)   NOT NULL CONSTRAINT PK_OrleansMembershipVersionTable_DeploymentId PRIMARY KEY,
    Timestamp    timestamptz(3) NOT NULL DEFAULT now(),
    Version      integer        NOT NULL DEFAULT 0
);

-- Status: 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead. ProxyPort is the gateway's.
CREATE TABLE OrleansMembershipTable
(
    DeploymentId varchar(150)   NOT NULL,
    Address      varchar(45)    NOT NULL,
    Port         integer        NOT NULL,
    Generation   integer        NOT NULL,
    SiloName     varchar(150)   NOT NULL,
    HostName     varchar(150)   NOT NULL,
    Status       integer        NOT NULL,
    ProxyPort    integer,
    SuspectTimes varchar(8000),
    StartTime    timestamptz(3) NOT NULL,
    IAmAliveTime timestamptz(3) NOT NULL,
    CONSTRAINT PK_MembershipTable_DeploymentId PRIMARY KEY (DeploymentId, Address, Port, Generation),
    CONSTRAINT FK_MembershipTable_MembershipVersionTable_DeploymentId
        FOREIGN KEY (DeploymentId) REFERENCES OrleansMembershipVersionTable (DeploymentId)
);

-- True when the version was the expected one, which then is no more.
CREATE FUNCTION raise_membership_version(deployment varchar, expected integer) RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
    UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now() WHERE DeploymentId = deployment AND Version = expected;
    RETURN FOUND;
END
$$;

CREATE FUNCTION insert_membership(
    deployment varchar, addr varchar, prt integer, gen integer, silo varchar, host varchar, stat integer, proxy integer,
    started timestamptz, alive timestamptz, expected integer)
RETURNS TABLE (row_count integer) LANGUAGE plpgsql AS
$$
BEGIN
    row_count := 0;
    -- A row that is there already stays as it is, and so does the version.
    IF NOT EXISTS (SELECT 1 FROM OrleansMembershipTable WHERE DeploymentId = deployment AND Address = addr AND Port = prt AND Generation = gen)
        AND raise_membership_version(deployment, expected)
    THEN
        INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
        VALUES (deployment, addr, prt, gen, silo, host, stat, proxy, started, alive);
        row_count := 1;
    END IF;
    RETURN NEXT;
END
$$;

CREATE FUNCTION update_membership(
    deployment varchar, addr varchar, prt integer, gen integer, stat integer, suspects varchar, alive timestamptz, expected integer)
RETURNS TABLE (row_count integer) LANGUAGE plpgsql AS
$$
BEGIN
    row_count := 0;
    IF EXISTS (SELECT 1 FROM OrleansMembershipTable WHERE DeploymentId = deployment AND Address = addr AND Port = prt AND Generation = gen)
        AND raise_membership_version(deployment, expected)
    THEN
        UPDATE OrleansMembershipTable SET Status = stat, SuspectTimes = suspects, IAmAliveTime = alive
        WHERE DeploymentId = deployment AND Address = addr AND Port = prt AND Generation = gen;
        row_count := 1;
    END IF;
    RETURN NEXT;
END
$$;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey',
 'WITH made AS (INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::integer AS row_count FROM made'),

('InsertMembershipKey',
 'SELECT row_count FROM insert_membership(
    @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime, @Version)'),

('UpdateMembershipKey',
 'SELECT row_count FROM update_membership(@DeploymentId, @Address, @Port, @Generation, @Status, @SuspectTimes, @IAmAliveTime, @Version)'),

-- Saying that one is alive changes nothing that others must agree on: the version stays.
('UpdateIAmAlivetimeKey',
 'UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
  WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation'),

-- The version comes in any case, with an empty member when there is none.
('MembershipReadRowKey',
 'SELECT cluster.DeploymentId, member.Address, member.Port, member.Generation, member.SiloName, member.HostName, member.Status, member.ProxyPort,
    member.SuspectTimes, member.StartTime, member.IAmAliveTime, cluster.Version
  FROM OrleansMembershipVersionTable AS cluster
  LEFT JOIN OrleansMembershipTable AS member ON member.DeploymentId = cluster.DeploymentId
    AND member.Address = @Address AND member.Port = @Port AND member.Generation = @Generation
  WHERE cluster.DeploymentId = @DeploymentId'),

('MembershipReadAllKey',
 'SELECT cluster.DeploymentId, member.Address, member.Port, member.Generation, member.SiloName, member.HostName, member.Status, member.ProxyPort,
    member.SuspectTimes, member.StartTime, member.IAmAliveTime, cluster.Version
  FROM OrleansMembershipVersionTable AS cluster
  LEFT JOIN OrleansMembershipTable AS member ON member.DeploymentId = cluster.DeploymentId
  WHERE cluster.DeploymentId = @DeploymentId'),

('GatewaysQueryKey',
 'SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable
  WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0'),

('CleanupDefunctSiloEntriesKey',
 'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status <> 3'),

('DeleteMembershipTableEntriesKey',
 'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
  DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId');
