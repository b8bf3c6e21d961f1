-- AlterTable
ALTER TABLE "block" ADD COLUMN     "plan_setting_id" INTEGER;

-- CreateIndex
CREATE INDEX "block_company_id_plan_setting_id_idx" ON "block"("company_id", "plan_setting_id");
