-- AlterTable
ALTER TABLE "give_back" ADD COLUMN     "section_id" INTEGER,
ALTER COLUMN "seat_id" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "give_back_company_id_event_id_section_id_idx" ON "give_back"("company_id", "event_id", "section_id");
