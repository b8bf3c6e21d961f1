-- DropIndex
DROP INDEX "change_company_id_sequence_key";

-- DropIndex
DROP INDEX "webhook_delivery_company_id_webhook_id_created_at_idx";

-- AlterTable
ALTER TABLE "webhook" ADD COLUMN     "description" TEXT,
ADD COLUMN     "disabled_reason" TEXT,
ADD COLUMN     "failing_since" TIMESTAMPTZ(3),
ADD COLUMN     "interface_id" INTEGER,
ADD COLUMN     "old_secret" TEXT,
ADD COLUMN     "old_secret_expires_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "webhook_delivery" ADD COLUMN     "attempted_at" TIMESTAMPTZ(3),
ADD COLUMN     "give_up_at" TIMESTAMPTZ(3) NOT NULL,
ADD COLUMN     "next_attempt_at" TIMESTAMPTZ(3),
ADD COLUMN     "sequence" BIGINT NOT NULL,
ADD COLUMN     "type" TEXT NOT NULL;

-- CreateTable
CREATE TABLE "feed" (
    "company_id" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "xid" BIGINT NOT NULL DEFAULT 0,
    "ordinal" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "feed_pkey" PRIMARY KEY ("company_id")
);

-- CreateTable
CREATE TABLE "feed_entry" (
    "company_id" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL,
    "change_id" UUID NOT NULL,

    CONSTRAINT "feed_entry_pkey" PRIMARY KEY ("company_id","sequence")
);

-- CreateTable
CREATE TABLE "sold_out" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sold_out_pkey" PRIMARY KEY ("company_id","event_id")
);

-- CreateTable
CREATE TABLE "export" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "resource" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "filters" JSONB NOT NULL DEFAULT '{}',
    "rows" INTEGER NOT NULL DEFAULT 0,
    "size" BIGINT NOT NULL DEFAULT 0,
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "export_chunk" (
    "company_id" INTEGER NOT NULL,
    "export_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "export_chunk_pkey" PRIMARY KEY ("company_id","export_id","position")
);

-- CreateIndex
CREATE INDEX "export_expires_at_idx" ON "export"("expires_at");

-- CreateIndex
CREATE INDEX "webhook_delivery_company_id_webhook_id_status_next_attempt__idx" ON "webhook_delivery"("company_id", "webhook_id", "status", "next_attempt_at");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_company_id_webhook_id_sequence_key" ON "webhook_delivery"("company_id", "webhook_id", "sequence");
