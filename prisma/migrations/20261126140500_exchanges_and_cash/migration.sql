-- AlterEnum
ALTER TYPE "line_status" ADD VALUE 'exchanged';

-- AlterTable
ALTER TABLE "cart" ADD COLUMN     "exchange_id" UUID,
ADD COLUMN     "exchanged" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "cash_movement" ADD COLUMN     "kind" TEXT NOT NULL;

-- AlterTable
ALTER TABLE "cash_session" ADD COLUMN     "expected" INTEGER,
ADD COLUMN     "note" TEXT;

-- AlterTable
ALTER TABLE "event" ADD COLUMN     "accessible_until" TIMESTAMPTZ(3),
ADD COLUMN     "exchange_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "ledger_entry" ADD COLUMN     "exchange_id" UUID;

-- AlterTable
ALTER TABLE "payment" ADD COLUMN     "exchange_id" UUID;

-- CreateTable
CREATE TABLE "exchange" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "cart_id" UUID NOT NULL,
    "hold_cart_id" UUID NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'quoted',
    "keep_places" BOOLEAN NOT NULL,
    "forced" BOOLEAN NOT NULL,
    "reason" TEXT,
    "sale_detail_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "new_sale_detail_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "credit" INTEGER NOT NULL,
    "price" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "refund_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "exchange_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "exchange_company_id_cart_id_idx" ON "exchange"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "cash_session_company_id_interface_id_opened_at_idx" ON "cash_session"("company_id", "interface_id", "opened_at");

-- A list without members is empty, never null.
ALTER TABLE "exchange" ALTER COLUMN "sale_detail_ids" SET NOT NULL, ALTER COLUMN "new_sale_detail_ids" SET NOT NULL,
  ALTER COLUMN "refund_ids" SET NOT NULL;

ALTER TABLE "exchange" ADD CONSTRAINT "exchange_money" CHECK ("credit" >= 0 AND "price" >= 0);
ALTER TABLE "exchange" ADD CONSTRAINT "exchange_status_known" CHECK (CASE "status"
  WHEN 'completed' THEN "completed_at" IS NOT NULL
  WHEN 'quoted' THEN "completed_at" IS NULL
  WHEN 'cancelled' THEN "completed_at" IS NULL
  ELSE false END);
-- A cart has one quote at a time: a new one takes its place.
CREATE UNIQUE INDEX "exchange_one_quote" ON "exchange" ("company_id", "cart_id") WHERE "status" = 'quoted';
ALTER TABLE "cart" ADD CONSTRAINT "cart_exchanged"
  CHECK ("exchanged" = 0 OR "exchanged" BETWEEN 1 AND least("paid", "refunded"));

-- One open drawer a client and interface; what went through it is never rewritten.
CREATE UNIQUE INDEX "cash_session_one_open" ON "cash_session" ("company_id", "interface_id", "client_id")
  WHERE "closed_at" IS NULL;
ALTER TABLE "cash_session" ADD CONSTRAINT "cash_session_closed_whole"
  CHECK ("opening" >= 0 AND ("counted" IS NULL) = ("closed_at" IS NULL) AND ("expected" IS NULL) = ("closed_at" IS NULL));
ALTER TABLE "cash_movement" ADD CONSTRAINT "cash_movement_kind_fits" CHECK (CASE "kind"
  WHEN 'payment' THEN "amount" > 0 AND "payment_id" IS NOT NULL AND "refund_id" IS NULL
  WHEN 'refund' THEN "amount" < 0 AND "refund_id" IS NOT NULL AND "payment_id" IS NULL
  WHEN 'pay_in' THEN "amount" > 0 AND "reason" IS NOT NULL AND "payment_id" IS NULL AND "refund_id" IS NULL
  WHEN 'pay_out' THEN "amount" < 0 AND "reason" IS NOT NULL AND "payment_id" IS NULL AND "refund_id" IS NULL
  ELSE false END);
CREATE UNIQUE INDEX "cash_movement_of_payment" ON "cash_movement" ("company_id", "payment_id") WHERE "payment_id" IS NOT NULL;
CREATE UNIQUE INDEX "cash_movement_of_refund" ON "cash_movement" ("company_id", "refund_id") WHERE "refund_id" IS NOT NULL;
CREATE TRIGGER "cash_movement_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "cash_movement"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
