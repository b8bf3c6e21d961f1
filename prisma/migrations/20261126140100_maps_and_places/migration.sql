-- AlterTable
ALTER TABLE "category" ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "event_map_company_id_map_id_idx" ON "event_map"("company_id", "map_id");

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_company_id_category_id_fkey" FOREIGN KEY ("company_id", "category_id") REFERENCES "category"("company_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_company_id_venue_id_fkey" FOREIGN KEY ("company_id", "venue_id") REFERENCES "venue"("company_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "map" ADD CONSTRAINT "map_company_id_venue_id_fkey" FOREIGN KEY ("company_id", "venue_id") REFERENCES "venue"("company_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_map" ADD CONSTRAINT "event_map_company_id_map_id_fkey" FOREIGN KEY ("company_id", "map_id") REFERENCES "map"("company_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
