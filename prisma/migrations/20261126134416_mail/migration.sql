-- CreateTable
CREATE TABLE "mail" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "user_id" INTEGER,
    "to_email" TEXT,
    "template" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "key" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "tried_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "mail_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "mail_company_id_user_id_idx" ON "mail"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "mail_status_tried_at_idx" ON "mail"("status", "tried_at");

-- CreateIndex
CREATE UNIQUE INDEX "mail_told_once" ON "mail"("company_id", "key");
