-- One open drawer a client, interface and currency.
DROP INDEX "cash_session_one_open";
CREATE UNIQUE INDEX "cash_session_one_open" ON "cash_session" ("company_id", "interface_id", "client_id", "currency")
  WHERE "closed_at" IS NULL;
