-- Mails that are to be sent, and what became of those that were.

-- migrate:up
CREATE TABLE store.mail (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Whose account it is about. No reference: a farewell outlives the account.
  user_id int,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  -- Recipient, words and links, encrypted with ENCRYPTION_KEY: whoever reads the database or a backup must find no link that opens an
  -- account. NULL once it is sent or given up.
  message text,
  created_at timestamptz NOT NULL,
  run_after timestamptz NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  last_error text,
  sent_at timestamptz
);
CREATE INDEX mail_due ON store.mail (run_after) WHERE message IS NOT NULL;
CREATE INDEX mail_of_user ON store.mail (user_id);

CREATE FUNCTION api.queue_mail(of_user int, of_kind text, sealed text, at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ INSERT INTO store.mail (user_id, kind, message, created_at, run_after) VALUES (of_user, of_kind, sealed, at, at) $$;

REVOKE ALL ON FUNCTION api.queue_mail(int, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.queue_mail(int, text, text, timestamptz) TO {{app}};

-- migrate:down
DROP FUNCTION api.queue_mail(int, text, text, timestamptz);
DROP TABLE store.mail;
