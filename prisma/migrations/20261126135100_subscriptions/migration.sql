-- AlterTable
ALTER TABLE "payment" ADD COLUMN     "saved_method_id" UUID;

-- AlterTable
ALTER TABLE "plan" ADD COLUMN     "ends_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "plan_setting" ADD COLUMN     "grace_days" INTEGER NOT NULL DEFAULT 7,
ADD COLUMN     "renewal_deadline" TIMESTAMPTZ(3),
ADD COLUMN     "renews_setting_id" INTEGER,
ADD COLUMN     "tax_inclusive" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "tax_rate" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "sale_detail" ADD COLUMN     "subscription_id" UUID;

-- AlterTable
ALTER TABLE "sandbox_charge" ADD COLUMN     "method_id" UUID;

-- AlterTable
ALTER TABLE "subscription" DROP COLUMN "payment_token",
ADD COLUMN     "anchor_at" TIMESTAMPTZ(3),
ADD COLUMN     "anchor_period" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "cancelled_at" TIMESTAMPTZ(3),
ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "holders" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "period" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "reminded_period" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "saved_method_id" UUID,
ADD COLUMN     "section_id" INTEGER;

-- CreateTable
CREATE TABLE "sandbox_method" (
    "id" UUID NOT NULL,
    "company_id" INTEGER NOT NULL,
    "token" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sandbox_method_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subscription_period" (
    "company_id" INTEGER NOT NULL,
    "subscription_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "plan_setting_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'due',
    "cart_id" UUID,
    "counts" BOOLEAN NOT NULL DEFAULT true,
    "amount" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "subscription_period_pkey" PRIMARY KEY ("company_id","subscription_id","number")
);

-- CreateTable
CREATE TABLE "saved_method" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "provider" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "saved_method_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "give_back" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "seat_id" INTEGER NOT NULL,
    "ticket_id" UUID NOT NULL,
    "value" INTEGER NOT NULL,
    "credited" INTEGER NOT NULL DEFAULT 0,
    "currency" CHAR(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'offered',
    "sold_line_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "give_back_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "credit_balance" (
    "company_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "balance" INTEGER NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credit_balance_pkey" PRIMARY KEY ("company_id","user_id","currency")
);

-- CreateTable
CREATE TABLE "credit_entry" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "amount" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "give_back_id" UUID,
    "subscription_id" UUID,
    "payment_id" UUID,
    "refund_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credit_entry_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "subscription_period_company_id_cart_id_idx" ON "subscription_period"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "saved_method_company_id_user_id_idx" ON "saved_method"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "give_back_company_id_subscription_id_idx" ON "give_back"("company_id", "subscription_id");

-- CreateIndex
CREATE INDEX "credit_entry_company_id_user_id_created_at_idx" ON "credit_entry"("company_id", "user_id", "created_at");

-- CreateIndex
CREATE INDEX "sandbox_charge_method_id_idx" ON "sandbox_charge"("method_id");

-- CreateIndex
CREATE INDEX "subscription_company_id_plan_id_status_idx" ON "subscription"("company_id", "plan_id", "status");

-- Credit cannot be used twice, and its books are only added to.
ALTER TABLE "credit_balance" ADD CONSTRAINT "credit_balance_money" CHECK ("balance" >= 0);
CREATE TRIGGER "credit_entry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "credit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- A seat of an event is given back once at a time, and its next buyer finds whom to credit.
CREATE UNIQUE INDEX "give_back_offered" ON "give_back" ("company_id", "event_id", "seat_id") WHERE "status" = 'offered';

-- What the worker looks for, and the lines of a subscription: most lines have none.
CREATE INDEX "subscription_due" ON "subscription" ("next_attempt_at")
  WHERE "status" IN ('active', 'past_due') AND "next_attempt_at" IS NOT NULL;
CREATE INDEX "sale_detail_subscription" ON "sale_detail" ("company_id", "subscription_id")
  WHERE "subscription_id" IS NOT NULL;
