-- The directory of the embedded engine: which silo holds the one activation of a grain. Orleans does not use it.
-- Every new holder has a higher epoch than any before.

CREATE SEQUENCE TributaryActivationEpoch;

CREATE TABLE TributaryActivations
(
    ClusterId  varchar(150)  NOT NULL,
    GrainId    varchar(1024) NOT NULL,
    Activation varchar(64)   NOT NULL,
    Address    varchar(45)   NOT NULL,
    Port       integer       NOT NULL,
    Generation integer       NOT NULL,
    Epoch      bigint        NOT NULL,
    CONSTRAINT PK_TributaryActivations PRIMARY KEY (ClusterId, GrainId)
);

CREATE INDEX IX_TributaryActivations_Silo ON TributaryActivations (ClusterId, Address, Port, Generation);
