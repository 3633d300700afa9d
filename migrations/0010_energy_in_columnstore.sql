-- TimescaleDB: the energy of late samples may be booked into a chunk that is in columnstore by now. For that TimescaleDB takes out the rows
-- around it, up to a thousand for each inverter, and beyond 100 000 fails the transaction: a batch of samples from many devices and days
-- would never be accepted. How much one batch can touch is limited by its size already.
-- CREATE OR REPLACE FUNCTION forgets this: whoever replaces api.book sets it again.

-- migrate:up
-- only:timescale
ALTER FUNCTION api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[])
  SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0;
-- end only

-- migrate:down
-- only:timescale
ALTER FUNCTION api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[])
  RESET timescaledb.max_tuples_decompressed_per_dml_transaction;
-- end only
