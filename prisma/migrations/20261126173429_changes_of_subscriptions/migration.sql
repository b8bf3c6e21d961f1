-- AlterTable
ALTER TABLE "subscription_period" ADD COLUMN     "credit" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "immediate" BOOLEAN NOT NULL DEFAULT false;
