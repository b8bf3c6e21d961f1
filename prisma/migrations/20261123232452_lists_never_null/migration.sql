-- AlterTable
ALTER TABLE "client" ALTER COLUMN "scopes" SET DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "code" ALTER COLUMN "ticket_type_ids" SET DEFAULT ARRAY[]::INTEGER[];

-- AlterTable
ALTER TABLE "plan" ALTER COLUMN "event_ids" SET DEFAULT ARRAY[]::INTEGER[];

-- AlterTable
ALTER TABLE "plan_setting" ALTER COLUMN "section_ids" SET DEFAULT ARRAY[]::INTEGER[];

-- AlterTable
ALTER TABLE "refund" ALTER COLUMN "sale_detail_ids" SET DEFAULT ARRAY[]::UUID[];

-- AlterTable
ALTER TABLE "ticket_type" ALTER COLUMN "section_ids" SET DEFAULT ARRAY[]::INTEGER[],
ALTER COLUMN "gate_ids" SET DEFAULT ARRAY[]::INTEGER[];

-- AlterTable
ALTER TABLE "webhook" ALTER COLUMN "types" SET DEFAULT ARRAY[]::TEXT[];

-- A list without members is empty, not unknown: nobody has to ask twice.
ALTER TABLE "client" ALTER COLUMN "scopes" SET NOT NULL;
ALTER TABLE "code" ALTER COLUMN "ticket_type_ids" SET NOT NULL;
ALTER TABLE "plan" ALTER COLUMN "event_ids" SET NOT NULL;
ALTER TABLE "plan_setting" ALTER COLUMN "section_ids" SET NOT NULL;
ALTER TABLE "refund" ALTER COLUMN "sale_detail_ids" SET NOT NULL;
ALTER TABLE "ticket_type" ALTER COLUMN "section_ids" SET NOT NULL, ALTER COLUMN "gate_ids" SET NOT NULL;
ALTER TABLE "webhook" ALTER COLUMN "types" SET NOT NULL;
ALTER TABLE "interface" ALTER COLUMN "allowed_origins" SET NOT NULL, ALTER COLUMN "payment_methods" SET NOT NULL;
