-- Run once on an empty database, the files in the order of their numbers: psql -v ON_ERROR_STOP=1 -1 -f FILE
-- PostgreSQL 12 or later. The tables and the statements named in OrleansQuery are those that the ADO.NET providers of Orleans expect, by name, parameter and
-- column; the embedded engine uses the same.

CREATE TABLE OrleansQuery
(
    QueryKey  varchar(64)   NOT NULL CONSTRAINT OrleansQuery_Key PRIMARY KEY,
    QueryText varchar(8000) NOT NULL
);
