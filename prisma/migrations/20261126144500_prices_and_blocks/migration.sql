-- AlterTable
ALTER TABLE "block" ADD COLUMN     "overflow" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "section_ids" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
ADD COLUMN     "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "code" ADD COLUMN     "label" TEXT;

-- AlterTable
ALTER TABLE "price_phase" ADD COLUMN     "position" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "sale_detail" ADD COLUMN     "block_id" INTEGER,
ADD COLUMN     "price_phase_id" INTEGER;

-- CreateTable
CREATE TABLE "quantity_rule" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "definition" JSONB NOT NULL,

    CONSTRAINT "quantity_rule_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "quantity_rule_company_id_event_id_idx" ON "quantity_rule"("company_id", "event_id");

-- AddForeignKey
ALTER TABLE "quantity_rule" ADD CONSTRAINT "quantity_rule_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the schema language cannot say. test/db/rules.test.ts proves each of these.
ALTER TABLE "block" ALTER COLUMN "section_ids" SET NOT NULL;
ALTER TABLE "block" ADD CONSTRAINT "block_within_quantity"
  CHECK ("quantity" IS NULL OR ("taken" >= 0 AND "taken" <= "quantity"));

-- Tickets of types whose price depends on how many are sold: nobody else pays for this index.
CREATE INDEX "sale_detail_phase" ON "sale_detail" ("company_id", "ticket_type_id", "status")
  WHERE "price_phase_id" IS NOT NULL;
CREATE INDEX "sale_detail_block" ON "sale_detail" ("company_id", "block_id") WHERE "block_id" IS NOT NULL;
CREATE INDEX "event_seat_block" ON "event_seat" ("company_id", "event_id", "block_id") WHERE "block_id" IS NOT NULL;
-- Blocks that are to be released by themselves.
CREATE INDEX "block_due" ON "block" ("release_at") WHERE "released_at" IS NULL AND "release_at" IS NOT NULL;
-- Codes are asked for in any case of letters.
CREATE INDEX "code_text" ON "code" ("company_id", upper("code"));
