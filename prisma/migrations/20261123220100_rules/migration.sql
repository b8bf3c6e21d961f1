-- What the schema language cannot say. test/db/rules.test.ts proves each of these.

-- Stock can neither be oversold nor go below nothing, whatever the code does.
ALTER TABLE "event_section" ADD CONSTRAINT "event_section_within_capacity"
  CHECK ("held" >= 0 AND "sold" >= 0 AND "blocked" >= 0 AND "held" + "sold" + "blocked" <= "capacity");
ALTER TABLE "ticket_type" ADD CONSTRAINT "ticket_type_within_capacity"
  CHECK ("held" >= 0 AND "sold" >= 0 AND ("capacity" IS NULL OR "held" + "sold" <= "capacity"));
ALTER TABLE "product" ADD CONSTRAINT "product_within_capacity"
  CHECK ("held" >= 0 AND "sold" >= 0 AND ("capacity" IS NULL OR "held" + "sold" <= "capacity"));
ALTER TABLE "code" ADD CONSTRAINT "code_within_limit"
  CHECK ("held" >= 0 AND "used" >= 0 AND ("max_uses" IS NULL OR "held" + "used" <= "max_uses"));
ALTER TABLE "plan_setting" ADD CONSTRAINT "plan_setting_within_capacity"
  CHECK ("held" >= 0 AND "sold" >= 0 AND ("capacity" IS NULL OR "held" + "sold" <= "capacity"));
ALTER TABLE "event_seat" ADD CONSTRAINT "event_seat_status_complete"
  CHECK (CASE "status"
    WHEN 'held' THEN "cart_id" IS NOT NULL AND "hold_expires_at" IS NOT NULL
    WHEN 'sold' THEN "ticket_id" IS NOT NULL
    ELSE "cart_id" IS NULL AND "ticket_id" IS NULL END);

-- Money: nothing negative, nothing given back that was not taken.
ALTER TABLE "cart" ADD CONSTRAINT "cart_money"
  CHECK ("total" >= 0 AND "paid" >= 0 AND "refunded" >= 0 AND "refunded" <= "paid");
ALTER TABLE "payment" ADD CONSTRAINT "payment_money"
  CHECK ("amount" >= 0 AND "refunded" >= 0 AND "refunded" <= "amount");
ALTER TABLE "refund" ADD CONSTRAINT "refund_money" CHECK ("amount" > 0);
ALTER TABLE "sale_detail" ADD CONSTRAINT "sale_detail_money"
  CHECK ("quantity" > 0 AND "total" >= 0 AND "discount" >= 0 AND "refunded" >= 0 AND "refunded" <= "total");

-- One living ticket a seat of an event, one a sale line.
CREATE UNIQUE INDEX "ticket_live_seat" ON "ticket" ("company_id", "event_id", "seat_id")
  WHERE "status" IN ('valid', 'used') AND "seat_id" IS NOT NULL;
CREATE UNIQUE INDEX "ticket_live_line" ON "ticket" ("company_id", "sale_detail_id")
  WHERE "status" IN ('valid', 'used') AND "sale_detail_id" IS NOT NULL;

-- Carts whose hold may be overdue: what the sweeper reads. Paid carts never enter it.
CREATE INDEX "cart_overdue" ON "cart" ("expires_at") WHERE "status" IN ('open', 'pending_payment');

-- Append-only books.
-- (One line, in plain quotes: the drift check splits statements without knowing dollar quotes.)
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME USING ERRCODE = ''restrict_violation''; END';
CREATE TRIGGER "ledger_entry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "ledger_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_log_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_log"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

INSERT INTO "auth_revision" ("id", "revision") VALUES (1, 0);
