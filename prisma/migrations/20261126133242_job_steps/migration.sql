-- AlterTable
ALTER TABLE "job" ADD COLUMN     "caller" JSONB,
ADD COLUMN     "cursor" JSONB,
ADD COLUMN     "input" JSONB,
ADD COLUMN     "stepped_at" TIMESTAMPTZ(3);

-- Jobs that work in steps and have not ended: what their recovery reads.
CREATE INDEX "job_stepping" ON "job" ("stepped_at") WHERE "finished_at" IS NULL AND "stepped_at" IS NOT NULL;
