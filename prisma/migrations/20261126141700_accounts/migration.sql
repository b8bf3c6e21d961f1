-- CreateTable
CREATE TABLE "email_verification" (
    "company_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "email_verification_pkey" PRIMARY KEY ("company_id","user_id")
);

-- CreateTable
CREATE TABLE "login_origin" (
    "company_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "hash" BYTEA NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "login_origin_pkey" PRIMARY KEY ("company_id","user_id","hash")
);

-- CreateTable
CREATE TABLE "user_export" (
    "company_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_export_pkey" PRIMARY KEY ("company_id","user_id")
);

-- CreateIndex
CREATE INDEX "login_origin_seen_at_idx" ON "login_origin"("seen_at");

-- CreateIndex
CREATE INDEX "user_export_created_at_idx" ON "user_export"("created_at");

-- One default address a user.
CREATE UNIQUE INDEX "address_one_default" ON "address" ("company_id", "user_id") WHERE "default";

-- Purchases without an account: found when somebody proves the address to be theirs.
CREATE INDEX "cart_guest_email" ON "cart" ("company_id", lower("email")) WHERE "user_id" IS NULL AND "email" IS NOT NULL;

