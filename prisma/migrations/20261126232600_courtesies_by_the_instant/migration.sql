-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "expires_at" TIMESTAMPTZ(3);

-- What was given before has the time of its courtesy.
UPDATE "ticket" t SET "expires_at" = k."expires_at"
FROM "courtesy" k WHERE k."company_id" = t."company_id" AND k."ticket_id" = t."id" AND k."expires_at" IS NOT NULL;
