-- CreateTable
CREATE TABLE "waitlist" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "offer_minutes" INTEGER NOT NULL DEFAULT 30,
    "head_start" BOOLEAN NOT NULL DEFAULT true,
    "reserved" BOOLEAN NOT NULL DEFAULT false,
    "looked_xid" BIGINT NOT NULL DEFAULT 0,
    "looked_version" INTEGER NOT NULL DEFAULT 0,
    "looked_at" TIMESTAMPTZ(3),
    "lease" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "waitlist_pkey" PRIMARY KEY ("company_id","event_id")
);

-- CreateTable
CREATE TABLE "waitlist_entry" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "email" TEXT,
    "person" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'waiting',
    "party_size" INTEGER NOT NULL,
    "ticket_type_ids" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "max_price" INTEGER,
    "together" BOOLEAN NOT NULL DEFAULT false,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "line" BIGSERIAL NOT NULL,
    "cart_id" UUID,
    "offered_at" TIMESTAMPTZ(3),
    "offer_expires_at" TIMESTAMPTZ(3),
    "tried_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "waitlist_entry_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "waitlist_log" (
    "company_id" INTEGER NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "entry_id" UUID NOT NULL,
    "what" TEXT NOT NULL,
    "reason" TEXT,
    "data" JSONB NOT NULL DEFAULT '{}',
    "times" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "waitlist_log_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "waitlist_entry_company_id_event_id_line_idx" ON "waitlist_entry"("company_id", "event_id", "line");

-- CreateIndex
CREATE INDEX "waitlist_entry_company_id_user_id_idx" ON "waitlist_entry"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "waitlist_log_company_id_entry_id_id_idx" ON "waitlist_log"("company_id", "entry_id", "id");

-- One live entry a person and event.
CREATE UNIQUE INDEX "waitlist_entry_live" ON "waitlist_entry" ("company_id", "event_id", "person")
  WHERE "status" IN ('waiting', 'offered');
-- The line itself, and the offers that are out: both are read every second.
CREATE INDEX "waitlist_entry_waiting" ON "waitlist_entry" ("company_id", "event_id", "priority" DESC, "line")
  WHERE "status" = 'waiting';
CREATE INDEX "waitlist_entry_offered" ON "waitlist_entry" ("company_id", "cart_id") WHERE "status" = 'offered';
CREATE INDEX "waitlist_entry_expired" ON "waitlist_entry" ("closed_at") WHERE "status" = 'expired';
CREATE UNIQUE INDEX "waitlist_entry_cart" ON "waitlist_entry" ("company_id", "cart_id");

ALTER TABLE "waitlist" ADD CONSTRAINT "waitlist_minutes" CHECK ("offer_minutes" BETWEEN 1 AND 10080),
  ADD CONSTRAINT "waitlist_reserved" CHECK (NOT "reserved" OR ("enabled" AND "head_start"));
ALTER TABLE "waitlist_entry" ADD CONSTRAINT "waitlist_entry_status" CHECK ("status" IN
    ('waiting', 'offered', 'fulfilled', 'expired', 'declined', 'left', 'removed', 'closed')),
  ADD CONSTRAINT "waitlist_entry_ends" CHECK (("status" IN ('waiting', 'offered')) = ("closed_at" IS NULL)),
  ADD CONSTRAINT "waitlist_entry_offer" CHECK (
    ("status" = 'waiting') <= ("cart_id" IS NULL) AND ("status" IN ('offered', 'fulfilled', 'expired')) <= ("cart_id" IS NOT NULL)),
  ADD CONSTRAINT "waitlist_entry_party" CHECK ("party_size" > 0 AND ("max_price" IS NULL OR "max_price" >= 0));
ALTER TABLE "waitlist_entry" ALTER COLUMN "ticket_type_ids" SET NOT NULL;
