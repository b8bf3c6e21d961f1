-- AlterTable
ALTER TABLE "event" ALTER COLUMN "orphan_rule" SET DEFAULT false;

-- The rule was written down for every event and judged for none: it begins where an organiser asks for it.
UPDATE "event" SET "orphan_rule" = false;
