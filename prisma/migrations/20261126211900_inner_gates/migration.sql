-- AlterTable
ALTER TABLE "gate" ADD COLUMN     "inner" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "validation" ADD COLUMN     "inner" BOOLEAN NOT NULL DEFAULT false;
