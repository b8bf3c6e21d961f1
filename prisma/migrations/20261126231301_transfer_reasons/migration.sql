-- AlterTable
ALTER TABLE "transfer" ADD COLUMN     "reason" TEXT;
