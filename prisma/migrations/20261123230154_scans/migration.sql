-- AlterTable
ALTER TABLE "ticket" DROP COLUMN "inside",
ADD COLUMN     "inside" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "validation" ADD COLUMN     "force_reason" TEXT,
ADD COLUMN     "net" SMALLINT NOT NULL DEFAULT 0;
-- Nobody leaves who has not come in.
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_entries" CHECK ("entries" >= 0 AND "inside" >= 0);
