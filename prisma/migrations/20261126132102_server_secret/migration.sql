-- CreateTable
CREATE TABLE "server_secret" (
    "purpose" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_secret_pkey" PRIMARY KEY ("purpose")
);

-- Two random UUIDs: 244 bits of PostgreSQL's strong random numbers.
INSERT INTO "server_secret" ("purpose", "secret")
  VALUES ('idempotency', gen_random_uuid()::text || gen_random_uuid()::text);
