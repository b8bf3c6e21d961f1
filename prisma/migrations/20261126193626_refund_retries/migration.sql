-- AlterTable
ALTER TABLE "refund" ADD COLUMN     "failure_reason" TEXT,
ADD COLUMN     "paid_by" TEXT,
ADD COLUMN     "provider_key" UUID,
ADD COLUMN     "step_id" UUID;

-- The refunds of one step have been told apart by their time until now.
UPDATE "refund" r SET "step_id" = (
  SELECT f."id" FROM "refund" f
  WHERE f."company_id" = r."company_id" AND f."cart_id" = r."cart_id" AND f."created_at" = r."created_at"
  ORDER BY f."id" LIMIT 1);
ALTER TABLE "refund" ALTER COLUMN "step_id" SET NOT NULL;

ALTER TABLE "refund" ADD CONSTRAINT "refund_paid_by_hand" CHECK (
  "paid_by" IS NULL OR ("paid_by" IN ('cash', 'external') AND "status" = 'succeeded'));
