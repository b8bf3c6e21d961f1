-- AlterTable
ALTER TABLE "courtesy" ADD COLUMN     "client_id" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "decided_at" TIMESTAMPTZ(3),
ADD COLUMN     "decided_by" TEXT,
ADD COLUMN     "mail" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "note" TEXT,
ADD COLUMN     "position" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "reason" TEXT,
ADD COLUMN     "seat_id" INTEGER,
ADD COLUMN     "section_id" INTEGER;

-- AlterTable
ALTER TABLE "host_quota" ADD COLUMN     "approval" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "version" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "validation" ADD COLUMN     "conflict" TEXT,
ADD COLUMN     "conflict_id" UUID,
ADD COLUMN     "device_id" TEXT,
ADD COLUMN     "device_time" TIMESTAMPTZ(3),
ADD COLUMN     "manual" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "offline" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "version" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint;

-- CreateIndex
CREATE INDEX "courtesy_company_id_job_id_position_idx" ON "courtesy"("company_id", "job_id", "position");

-- CreateIndex
CREATE INDEX "courtesy_expires_at_idx" ON "courtesy"("expires_at");

-- CreateIndex
CREATE INDEX "ticket_company_id_event_id_version_idx" ON "ticket"("company_id", "event_id", "version");

-- CreateIndex
CREATE INDEX "validation_company_id_event_id_version_idx" ON "validation"("company_id", "event_id", "version");

-- Whoever writes a ticket stamps it: manifests miss no change, whatever made it.
CREATE FUNCTION "stamp_version"() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW."version" := pg_current_xact_id()::text::bigint; RETURN NEW; END';
CREATE TRIGGER "ticket_version" BEFORE INSERT OR UPDATE ON "ticket"
  FOR EACH ROW EXECUTE FUNCTION "stamp_version"();

-- The scans of an event that went against a rule: few, and read by themselves.
CREATE INDEX "validation_conflicts" ON "validation" ("company_id", "event_id", "scanned_at") WHERE "conflict" IS NOT NULL;

-- A host gives no more than the quota.
ALTER TABLE "host_quota" ADD CONSTRAINT "host_quota_within" CHECK ("used" >= 0 AND "used" <= "quota");
