-- AlterTable
ALTER TABLE "sale_detail" ADD COLUMN     "stock_kept" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "provider_secret" (
    "provider" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_secret_pkey" PRIMARY KEY ("provider")
);

-- CreateTable
CREATE TABLE "sandbox_charge" (
    "id" UUID NOT NULL,
    "company_id" INTEGER NOT NULL,
    "amount" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "return_url" TEXT,
    "settles_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sandbox_charge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sandbox_refund" (
    "id" UUID NOT NULL,
    "charge_id" UUID NOT NULL,
    "amount" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sandbox_refund_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sandbox_refund_charge_id_idx" ON "sandbox_refund"("charge_id");


-- The tickets of a free sale are given back for nothing.
ALTER TABLE "refund" DROP CONSTRAINT "refund_money";
ALTER TABLE "refund" ADD CONSTRAINT "refund_money" CHECK ("amount" >= 0);

-- What the worker looks for every minute, should a job have been lost with its process: hardly any row is in them.
CREATE INDEX "payment_unsettled" ON "payment" ("updated_at") WHERE "status" IN ('requires_action', 'pending');
CREATE INDEX "refund_unsettled" ON "refund" ("updated_at") WHERE "status" = 'pending';
