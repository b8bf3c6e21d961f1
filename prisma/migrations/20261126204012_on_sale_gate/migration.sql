-- CreateEnum
CREATE TYPE "queue_place_status" AS ENUM ('waiting', 'admitted', 'used', 'expired', 'left');

-- CreateTable
CREATE TABLE "queue" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "opens_at" TIMESTAMPTZ(3) NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "inflow" INTEGER NOT NULL,
    "max_inside" INTEGER,
    "pass_seconds" INTEGER NOT NULL DEFAULT 600,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "seed" TEXT NOT NULL,
    "drawn_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "queue_pkey" PRIMARY KEY ("company_id","event_id")
);

-- CreateTable
CREATE TABLE "queue_interface" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "inflow" INTEGER,
    "max_inside" INTEGER,
    "tail" INTEGER NOT NULL DEFAULT 0,
    "ranked" INTEGER NOT NULL DEFAULT 0,
    "ranked_all" BOOLEAN NOT NULL DEFAULT false,
    "served" INTEGER NOT NULL DEFAULT 0,
    "tokens" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "refilled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone,

    CONSTRAINT "queue_interface_pkey" PRIMARY KEY ("company_id","event_id","interface_id")
);

-- CreateTable
CREATE TABLE "queue_place" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "visitor" TEXT,
    "caller" TEXT,
    "status" "queue_place_status" NOT NULL DEFAULT 'waiting',
    "draw" BYTEA,
    "rank" INTEGER,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "admitted_at" TIMESTAMPTZ(3),
    "pass_expires_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "queue_place_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "queue_round" (
    "company_id" INTEGER NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "inflow" INTEGER NOT NULL,
    "admitted" INTEGER NOT NULL,

    CONSTRAINT "queue_round_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "queue_entry" (
    "company_id" INTEGER NOT NULL,
    "cart_id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "place_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "queue_entry_pkey" PRIMARY KEY ("company_id","cart_id","event_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "queue_place_company_id_event_id_interface_id_rank_key" ON "queue_place"("company_id", "event_id", "interface_id", "rank");

-- CreateIndex
CREATE INDEX "queue_round_company_id_event_id_interface_id_at_idx" ON "queue_round"("company_id", "event_id", "interface_id", "at");

-- CreateIndex
CREATE INDEX "queue_entry_company_id_place_id_idx" ON "queue_entry"("company_id", "place_id");

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_interface" ADD CONSTRAINT "queue_interface_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "queue"("company_id", "event_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_place" ADD CONSTRAINT "queue_place_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "queue"("company_id", "event_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_round" ADD CONSTRAINT "queue_round_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "queue"("company_id", "event_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_entry" ADD CONSTRAINT "queue_entry_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "queue"("company_id", "event_id") ON DELETE CASCADE ON UPDATE CASCADE;


-- A caller has one live place of an event on an interface.
CREATE UNIQUE INDEX "queue_place_caller" ON "queue_place"("company_id", "event_id", "interface_id", "caller")
  WHERE "status" IN ('waiting', 'admitted') AND "caller" IS NOT NULL;
-- What is still to be ranked, in the order of the draw.
CREATE INDEX "queue_place_draw" ON "queue_place"("company_id", "event_id", "interface_id", "draw", "id")
  WHERE "status" = 'waiting' AND "rank" IS NULL;
-- Who is inside, and whose pass ends.
CREATE INDEX "queue_place_inside" ON "queue_place"("company_id", "event_id", "interface_id", "pass_expires_at")
  WHERE "status" = 'admitted';

ALTER TABLE "queue" ADD CONSTRAINT "queue_times" CHECK ("opens_at" <= "starts_at");
ALTER TABLE "queue" ADD CONSTRAINT "queue_limits" CHECK ("inflow" >= 0 AND "max_inside" > 0 AND "pass_seconds" > 0);
ALTER TABLE "queue_interface" ADD CONSTRAINT "queue_interface_limits" CHECK (
  "inflow" >= 0 AND "max_inside" > 0 AND "tokens" >= 0 AND "served" <= "tail" AND "ranked" <= "tail");
ALTER TABLE "queue_place" ADD CONSTRAINT "queue_place_admitted" CHECK (
  ("admitted_at" IS NULL) = ("pass_expires_at" IS NULL)
  AND ("status" NOT IN ('admitted', 'used', 'expired') OR "admitted_at" IS NOT NULL)
  AND ("status" <> 'waiting' OR "admitted_at" IS NULL)
  AND ("admitted_at" IS NULL OR "rank" IS NOT NULL));
ALTER TABLE "queue_round" ADD CONSTRAINT "queue_round_limit" CHECK ("admitted" > 0 AND "admitted" <= "inflow");
