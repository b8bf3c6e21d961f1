-- CreateEnum
CREATE TYPE "cart_status" AS ENUM ('open', 'pending_payment', 'paid', 'partially_refunded', 'refunded', 'expired', 'cancelled');

-- CreateEnum
CREATE TYPE "line_kind" AS ENUM ('ticket', 'product', 'plan');

-- CreateEnum
CREATE TYPE "line_status" AS ENUM ('held', 'paid', 'refunded', 'released');

-- CreateEnum
CREATE TYPE "event_status" AS ENUM ('draft', 'published', 'paused', 'cancelled', 'ended');

-- CreateEnum
CREATE TYPE "seating" AS ENUM ('general', 'seated', 'mixed');

-- CreateEnum
CREATE TYPE "code_kind" AS ENUM ('percentage', 'fixed', 'price_override', 'access');

-- CreateEnum
CREATE TYPE "seat_status" AS ENUM ('available', 'held', 'sold', 'blocked');

-- CreateEnum
CREATE TYPE "section_kind" AS ENUM ('seated', 'general');

-- CreateEnum
CREATE TYPE "job_status" AS ENUM ('queued', 'running', 'succeeded', 'failed');

-- CreateEnum
CREATE TYPE "payment_status" AS ENUM ('requires_action', 'pending', 'captured', 'declined', 'failed', 'refunded', 'partially_refunded');

-- CreateEnum
CREATE TYPE "refund_status" AS ENUM ('pending', 'succeeded', 'failed');

-- CreateEnum
CREATE TYPE "subscription_status" AS ENUM ('pending', 'active', 'past_due', 'paused', 'cancelled', 'expired');

-- CreateEnum
CREATE TYPE "ticket_status" AS ENUM ('valid', 'used', 'void', 'transferred');

-- CreateEnum
CREATE TYPE "scan_result" AS ENUM ('accepted', 'rejected');

-- CreateEnum
CREATE TYPE "scan_direction" AS ENUM ('entry', 'exit');

-- CreateTable
CREATE TABLE "company" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "company_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "interface" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'web',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "currency" CHAR(3) NOT NULL,
    "time_zone" TEXT NOT NULL,
    "language" TEXT NOT NULL DEFAULT 'en',
    "allowed_origins" TEXT[] DEFAULT ARRAY['*']::TEXT[],
    "hold_seconds" INTEGER NOT NULL DEFAULT 600,
    "max_hold_seconds" INTEGER NOT NULL DEFAULT 1800,
    "payment_seconds" INTEGER NOT NULL DEFAULT 600,
    "payment_methods" TEXT[] DEFAULT ARRAY['free', 'card', 'cash', 'external']::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "interface_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "cart" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "status" "cart_status" NOT NULL DEFAULT 'open',
    "currency" CHAR(3) NOT NULL,
    "first_name" TEXT,
    "last_name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "document_type" TEXT,
    "document_number" TEXT,
    "notes" TEXT,
    "language" TEXT NOT NULL DEFAULT 'en',
    "subtotal" INTEGER NOT NULL DEFAULT 0,
    "discount" INTEGER NOT NULL DEFAULT 0,
    "fee" INTEGER NOT NULL DEFAULT 0,
    "tax" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL DEFAULT 0,
    "paid" INTEGER NOT NULL DEFAULT 0,
    "refunded" INTEGER NOT NULL DEFAULT 0,
    "line_count" INTEGER NOT NULL DEFAULT 0,
    "extended" BOOLEAN NOT NULL DEFAULT false,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paid_at" TIMESTAMPTZ(3),

    CONSTRAINT "cart_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "sale_detail" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "cart_id" UUID NOT NULL,
    "kind" "line_kind" NOT NULL,
    "status" "line_status" NOT NULL DEFAULT 'held',
    "event_id" INTEGER,
    "ticket_type_id" INTEGER,
    "product_id" INTEGER,
    "plan_setting_id" INTEGER,
    "section_id" INTEGER,
    "seat_id" INTEGER,
    "quantity" INTEGER NOT NULL DEFAULT 1,
    "base_price" INTEGER NOT NULL,
    "unit_price" INTEGER NOT NULL,
    "discount" INTEGER NOT NULL DEFAULT 0,
    "fee" INTEGER NOT NULL DEFAULT 0,
    "tax" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL,
    "refunded" INTEGER NOT NULL DEFAULT 0,
    "terms" JSONB NOT NULL,
    "price_trace" JSONB NOT NULL,
    "first_name" TEXT,
    "last_name" TEXT,
    "email" TEXT,
    "document_number" TEXT,
    "guest_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sale_detail_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "cart_code" (
    "company_id" INTEGER NOT NULL,
    "cart_id" UUID NOT NULL,
    "code_id" INTEGER NOT NULL,
    "code" TEXT NOT NULL,
    "status" "line_status" NOT NULL DEFAULT 'held',
    "user_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cart_code_pkey" PRIMARY KEY ("company_id","cart_id","code_id")
);

-- CreateTable
CREATE TABLE "event" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "description" TEXT,
    "translations" JSONB NOT NULL DEFAULT '{}',
    "search_text" TEXT NOT NULL DEFAULT '',
    "status" "event_status" NOT NULL DEFAULT 'draft',
    "seating" "seating" NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "category_id" INTEGER,
    "venue_id" INTEGER,
    "series_id" INTEGER,
    "image_url" TEXT,
    "time_zone" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "doors_at" TIMESTAMPTZ(3),
    "sales_start" TIMESTAMPTZ(3),
    "sales_end" TIMESTAMPTZ(3),
    "orphan_rule" BOOLEAN NOT NULL DEFAULT true,
    "max_per_cart" INTEGER NOT NULL DEFAULT 20,
    "rotating_codes" BOOLEAN NOT NULL DEFAULT false,
    "holder_change_until" TIMESTAMPTZ(3),
    "popularity" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "series" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "series_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "event_interface" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "sales_start" TIMESTAMPTZ(3),
    "sales_end" TIMESTAMPTZ(3),
    "extra_fee" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "event_interface_pkey" PRIMARY KEY ("company_id","event_id","interface_id")
);

-- CreateTable
CREATE TABLE "ticket_type" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "translations" JSONB NOT NULL DEFAULT '{}',
    "position" INTEGER NOT NULL DEFAULT 0,
    "price" INTEGER NOT NULL,
    "fee_fixed" INTEGER NOT NULL DEFAULT 0,
    "fee_rate" INTEGER NOT NULL DEFAULT 0,
    "fee_payer" TEXT NOT NULL DEFAULT 'buyer',
    "tax_rate" INTEGER NOT NULL DEFAULT 0,
    "tax_inclusive" BOOLEAN NOT NULL DEFAULT true,
    "section_ids" INTEGER[],
    "min_per_cart" INTEGER NOT NULL DEFAULT 1,
    "max_per_cart" INTEGER NOT NULL DEFAULT 10,
    "max_per_user" INTEGER,
    "sales_start" TIMESTAMPTZ(3),
    "sales_end" TIMESTAMPTZ(3),
    "access_code_required" BOOLEAN NOT NULL DEFAULT false,
    "members_only" BOOLEAN NOT NULL DEFAULT false,
    "capacity" INTEGER,
    "held" INTEGER NOT NULL DEFAULT 0,
    "sold" INTEGER NOT NULL DEFAULT 0,
    "re_entry" BOOLEAN NOT NULL DEFAULT false,
    "max_entries" INTEGER NOT NULL DEFAULT 1,
    "gate_ids" INTEGER[],
    "valid_from" TIMESTAMPTZ(3),
    "valid_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ticket_type_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "price_phase" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "ticket_type_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "price" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "until_sold" INTEGER,

    CONSTRAINT "price_phase_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "product" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "translations" JSONB NOT NULL DEFAULT '{}',
    "position" INTEGER NOT NULL DEFAULT 0,
    "price" INTEGER NOT NULL,
    "fee_fixed" INTEGER NOT NULL DEFAULT 0,
    "fee_rate" INTEGER NOT NULL DEFAULT 0,
    "fee_payer" TEXT NOT NULL DEFAULT 'buyer',
    "tax_rate" INTEGER NOT NULL DEFAULT 0,
    "tax_inclusive" BOOLEAN NOT NULL DEFAULT true,
    "max_per_cart" INTEGER NOT NULL DEFAULT 10,
    "capacity" INTEGER,
    "held" INTEGER NOT NULL DEFAULT 0,
    "sold" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "product_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "code" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "code" TEXT NOT NULL,
    "kind" "code_kind" NOT NULL,
    "value" INTEGER NOT NULL DEFAULT 0,
    "ticket_type_ids" INTEGER[],
    "max_uses" INTEGER,
    "max_uses_per_user" INTEGER,
    "held" INTEGER NOT NULL DEFAULT 0,
    "used" INTEGER NOT NULL DEFAULT 0,
    "stackable" BOOLEAN NOT NULL DEFAULT false,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "code_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "gate" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "zone" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gate_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "event_seat" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "seat_id" INTEGER NOT NULL,
    "map_id" INTEGER NOT NULL,
    "section_id" INTEGER NOT NULL,
    "status" "seat_status" NOT NULL DEFAULT 'available',
    "cart_id" UUID,
    "hold_expires_at" TIMESTAMPTZ(3),
    "ticket_id" UUID,
    "block_id" INTEGER,
    "version" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_seat_pkey" PRIMARY KEY ("company_id","event_id","seat_id")
);

-- CreateTable
CREATE TABLE "event_section" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "section_id" INTEGER NOT NULL,
    "map_id" INTEGER NOT NULL,
    "capacity" INTEGER NOT NULL,
    "held" INTEGER NOT NULL DEFAULT 0,
    "sold" INTEGER NOT NULL DEFAULT 0,
    "blocked" INTEGER NOT NULL DEFAULT 0,
    "version" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_section_pkey" PRIMARY KEY ("company_id","event_id","section_id")
);

-- CreateTable
CREATE TABLE "block" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "event_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "note" TEXT,
    "section_id" INTEGER,
    "quantity" INTEGER,
    "taken" INTEGER NOT NULL DEFAULT 0,
    "interface_id" INTEGER,
    "code_id" INTEGER,
    "parent_id" INTEGER,
    "release_at" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "block_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "map" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "venue_id" INTEGER,
    "name" TEXT NOT NULL,
    "width" DOUBLE PRECISION NOT NULL,
    "height" DOUBLE PRECISION NOT NULL,
    "focal_x" DOUBLE PRECISION NOT NULL,
    "focal_y" DOUBLE PRECISION NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "map_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "section" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "map_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "section_kind" NOT NULL,
    "capacity" INTEGER NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "shape" JSONB,

    CONSTRAINT "section_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "seat_row" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "section_id" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "seat_row_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "seat" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "map_id" INTEGER NOT NULL,
    "section_id" INTEGER NOT NULL,
    "row_id" INTEGER NOT NULL,
    "number" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "x" DOUBLE PRECISION NOT NULL,
    "y" DOUBLE PRECISION NOT NULL,
    "accessible" BOOLEAN NOT NULL DEFAULT false,
    "companion_of" INTEGER,
    "rank" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "seat_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "event_map" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "map_id" INTEGER NOT NULL,

    CONSTRAINT "event_map_pkey" PRIMARY KEY ("company_id","event_id","map_id")
);

-- CreateTable
CREATE TABLE "client" (
    "company_id" INTEGER NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "old_secret_hash" TEXT,
    "old_secret_expires_at" TIMESTAMPTZ(3),
    "scopes" TEXT[],
    "default_interface_id" INTEGER NOT NULL,
    "rate_limit" INTEGER,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "client_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "client_interface" (
    "company_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "interface_id" INTEGER NOT NULL,

    CONSTRAINT "client_interface_pkey" PRIMARY KEY ("company_id","client_id","interface_id")
);

-- CreateTable
CREATE TABLE "session" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "scope" TEXT NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "refresh_token" (
    "hash" BYTEA NOT NULL,
    "company_id" INTEGER NOT NULL,
    "session_id" UUID NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "revoked_token" (
    "jti" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "revoked_token_pkey" PRIMARY KEY ("jti")
);

-- CreateTable
CREATE TABLE "auth_revision" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "revision" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "auth_revision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "private_jwk" JSONB NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "job" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "kind" TEXT NOT NULL,
    "status" "job_status" NOT NULL DEFAULT 'queued',
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL DEFAULT 1,
    "result" JSONB,
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "company_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "answered" BOOLEAN NOT NULL DEFAULT false,
    "result" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("company_id","client_id","key")
);

-- CreateTable
CREATE TABLE "change" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "xid" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "interface_id" INTEGER,
    "event_id" INTEGER,
    "subject_id" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "change_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "webhook" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "types" TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "change_id" UUID NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "response_status" INTEGER,
    "error" TEXT,
    "delivered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" INTEGER,
    "interface_id" INTEGER,
    "request_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "payment" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "cart_id" UUID NOT NULL,
    "method" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "provider_reference" TEXT,
    "reference" TEXT,
    "amount" INTEGER NOT NULL,
    "refunded" INTEGER NOT NULL DEFAULT 0,
    "currency" CHAR(3) NOT NULL,
    "status" "payment_status" NOT NULL,
    "action_url" TEXT,
    "failure_reason" TEXT,
    "job_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "provider_event" (
    "provider" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "payment_id" UUID,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_event_pkey" PRIMARY KEY ("provider","id")
);

-- CreateTable
CREATE TABLE "refund" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "cart_id" UUID NOT NULL,
    "payment_id" UUID NOT NULL,
    "amount" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "sale_detail_ids" UUID[],
    "reason" TEXT,
    "status" "refund_status" NOT NULL,
    "provider_reference" TEXT,
    "client_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refund_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "ledger_entry" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "cart_id" UUID NOT NULL,
    "sale_detail_id" UUID,
    "payment_id" UUID,
    "refund_id" UUID,
    "interface_id" INTEGER NOT NULL,
    "event_id" INTEGER,
    "ticket_type_id" INTEGER,
    "product_id" INTEGER,
    "section_id" INTEGER,
    "quantity" INTEGER NOT NULL DEFAULT 0,
    "amount" INTEGER NOT NULL,
    "discount" INTEGER NOT NULL DEFAULT 0,
    "fee" INTEGER NOT NULL DEFAULT 0,
    "tax" INTEGER NOT NULL DEFAULT 0,
    "currency" CHAR(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "cash_session" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "opening" INTEGER NOT NULL,
    "counted" INTEGER,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "cash_session_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "cash_movement" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "cash_session_id" UUID NOT NULL,
    "payment_id" UUID,
    "refund_id" UUID,
    "amount" INTEGER NOT NULL,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cash_movement_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "country" (
    "id" INTEGER NOT NULL,
    "code" CHAR(2) NOT NULL,
    "code3" CHAR(3) NOT NULL,
    "numeric" CHAR(3) NOT NULL,
    "name" JSONB NOT NULL,

    CONSTRAINT "country_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "state" (
    "id" INTEGER NOT NULL,
    "country_id" INTEGER NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "currency" (
    "code" CHAR(3) NOT NULL,
    "numeric" CHAR(3) NOT NULL,
    "name" TEXT NOT NULL,
    "digits" SMALLINT NOT NULL,

    CONSTRAINT "currency_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "document_type" (
    "code" TEXT NOT NULL,
    "name" JSONB NOT NULL,

    CONSTRAINT "document_type_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "category" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "code" TEXT NOT NULL,
    "name" JSONB NOT NULL,

    CONSTRAINT "category_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "venue" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "line1" TEXT,
    "city" TEXT,
    "postal_code" TEXT,
    "country_id" INTEGER,
    "state_id" INTEGER,
    "time_zone" TEXT NOT NULL,
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "venue_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "plan" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "translations" JSONB NOT NULL DEFAULT '{}',
    "kind" TEXT NOT NULL,
    "event_ids" INTEGER[],
    "benefits" JSONB NOT NULL DEFAULT '[]',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "plan_setting" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "plan_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "price" INTEGER NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "interval" TEXT NOT NULL,
    "section_ids" INTEGER[],
    "seat_choice" BOOLEAN NOT NULL DEFAULT false,
    "minimum_terms" INTEGER NOT NULL DEFAULT 1,
    "holders" INTEGER NOT NULL DEFAULT 1,
    "sales_start" TIMESTAMPTZ(3),
    "sales_end" TIMESTAMPTZ(3),
    "capacity" INTEGER,
    "held" INTEGER NOT NULL DEFAULT 0,
    "sold" INTEGER NOT NULL DEFAULT 0,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_setting_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "subscription" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "plan_id" INTEGER NOT NULL,
    "plan_setting_id" INTEGER NOT NULL,
    "next_plan_setting_id" INTEGER,
    "cart_id" UUID,
    "interface_id" INTEGER NOT NULL,
    "status" "subscription_status" NOT NULL DEFAULT 'pending',
    "seat_id" INTEGER,
    "current_period_start" TIMESTAMPTZ(3),
    "current_period_end" TIMESTAMPTZ(3),
    "auto_renew" BOOLEAN NOT NULL DEFAULT true,
    "cancel_at_period_end" BOOLEAN NOT NULL DEFAULT false,
    "payment_token" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "paused_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "ticket" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "ticket_type_id" INTEGER,
    "cart_id" UUID,
    "sale_detail_id" UUID,
    "courtesy_id" UUID,
    "subscription_id" UUID,
    "interface_id" INTEGER NOT NULL,
    "section_id" INTEGER,
    "seat_id" INTEGER,
    "user_id" INTEGER,
    "first_name" TEXT,
    "last_name" TEXT,
    "email" TEXT,
    "document_number" TEXT,
    "status" "ticket_status" NOT NULL DEFAULT 'valid',
    "serial" INTEGER NOT NULL DEFAULT 0,
    "entries" INTEGER NOT NULL DEFAULT 0,
    "inside" BOOLEAN NOT NULL DEFAULT false,
    "validated_at" TIMESTAMPTZ(3),
    "voided_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ticket_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "ticket_key" (
    "company_id" INTEGER NOT NULL,
    "number" SMALLINT NOT NULL,
    "private_jwk" JSONB NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "ticket_key_pkey" PRIMARY KEY ("company_id","number")
);

-- CreateTable
CREATE TABLE "validation" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "ticket_id" UUID,
    "gate_id" INTEGER,
    "result" "scan_result" NOT NULL,
    "reason" TEXT,
    "direction" "scan_direction" NOT NULL DEFAULT 'entry',
    "forced" BOOLEAN NOT NULL DEFAULT false,
    "scanned_at" TIMESTAMPTZ(3) NOT NULL,
    "client_id" TEXT NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "nonce" TEXT,
    "undone_at" TIMESTAMPTZ(3),
    "undone_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "validation_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "transfer" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "code_hash" BYTEA NOT NULL,
    "to_email" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "from_user_id" INTEGER,
    "to_user_id" INTEGER,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "transfer_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "courtesy" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "event_id" INTEGER NOT NULL,
    "interface_id" INTEGER NOT NULL,
    "ticket_type_id" INTEGER NOT NULL,
    "host" TEXT,
    "first_name" TEXT,
    "last_name" TEXT,
    "email" TEXT,
    "document_number" TEXT,
    "user_id" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'issued',
    "ticket_id" UUID,
    "job_id" UUID,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "courtesy_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "host_quota" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "host" TEXT NOT NULL,
    "quota" INTEGER NOT NULL,
    "used" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "host_quota_pkey" PRIMARY KEY ("company_id","event_id","host")
);

-- CreateTable
CREATE TABLE "user_account" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "email_verified_at" TIMESTAMPTZ(3),
    "password_hash" TEXT NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "phone" TEXT,
    "document_type" TEXT,
    "document_number" TEXT,
    "birth_date" DATE,
    "locale" TEXT NOT NULL DEFAULT 'en',
    "preferences" JSONB NOT NULL DEFAULT '{}',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "failed_logins" INTEGER NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(3),
    "erased_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_account_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "password_reset" (
    "hash" BYTEA NOT NULL,
    "company_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "password_reset_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "address" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "label" TEXT,
    "line1" TEXT NOT NULL,
    "line2" TEXT,
    "city" TEXT NOT NULL,
    "postal_code" TEXT,
    "country_id" INTEGER NOT NULL,
    "state_id" INTEGER,
    "default" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "address_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "guest" (
    "company_id" INTEGER NOT NULL,
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "email" TEXT,
    "document_number" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "guest_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateTable
CREATE TABLE "consent" (
    "company_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "purpose" TEXT NOT NULL,
    "text_version" TEXT NOT NULL,
    "granted" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "consent_pkey" PRIMARY KEY ("company_id","id")
);

-- CreateIndex
CREATE INDEX "cart_company_id_user_id_created_at_idx" ON "cart"("company_id", "user_id", "created_at");

-- CreateIndex
CREATE INDEX "cart_history" ON "cart"("company_id", "interface_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "sale_detail_company_id_cart_id_idx" ON "sale_detail"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "cart_code_company_id_code_id_idx" ON "cart_code"("company_id", "code_id");

-- CreateIndex
CREATE INDEX "event_company_id_status_starts_at_id_idx" ON "event"("company_id", "status", "starts_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "event_company_id_slug_key" ON "event"("company_id", "slug");

-- CreateIndex
CREATE INDEX "event_interface_company_id_interface_id_idx" ON "event_interface"("company_id", "interface_id");

-- CreateIndex
CREATE INDEX "ticket_type_company_id_event_id_position_idx" ON "ticket_type"("company_id", "event_id", "position");

-- CreateIndex
CREATE INDEX "price_phase_company_id_ticket_type_id_idx" ON "price_phase"("company_id", "ticket_type_id");

-- CreateIndex
CREATE INDEX "product_company_id_event_id_position_idx" ON "product"("company_id", "event_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "code_company_id_event_id_code_key" ON "code"("company_id", "event_id", "code");

-- CreateIndex
CREATE INDEX "gate_company_id_event_id_idx" ON "gate"("company_id", "event_id");

-- CreateIndex
CREATE INDEX "event_seat_company_id_event_id_map_id_version_idx" ON "event_seat"("company_id", "event_id", "map_id", "version");

-- CreateIndex
CREATE INDEX "event_seat_company_id_event_id_section_id_idx" ON "event_seat"("company_id", "event_id", "section_id");

-- CreateIndex
CREATE INDEX "block_company_id_event_id_idx" ON "block"("company_id", "event_id");

-- CreateIndex
CREATE INDEX "block_release_at_idx" ON "block"("release_at");

-- CreateIndex
CREATE INDEX "section_company_id_map_id_position_idx" ON "section"("company_id", "map_id", "position");

-- CreateIndex
CREATE INDEX "seat_row_company_id_section_id_position_idx" ON "seat_row"("company_id", "section_id", "position");

-- CreateIndex
CREATE INDEX "seat_company_id_map_id_id_idx" ON "seat"("company_id", "map_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "seat_company_id_row_id_position_key" ON "seat"("company_id", "row_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "client_id_key" ON "client"("id");

-- CreateIndex
CREATE INDEX "session_company_id_user_id_idx" ON "session"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "session_revoked_at_idx" ON "session"("revoked_at");

-- CreateIndex
CREATE INDEX "refresh_token_company_id_session_id_idx" ON "refresh_token"("company_id", "session_id");

-- CreateIndex
CREATE INDEX "refresh_token_expires_at_idx" ON "refresh_token"("expires_at");

-- CreateIndex
CREATE INDEX "revoked_token_expires_at_idx" ON "revoked_token"("expires_at");

-- CreateIndex
CREATE INDEX "job_company_id_client_id_created_at_idx" ON "job"("company_id", "client_id", "created_at");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- CreateIndex
CREATE INDEX "change_company_id_xid_sequence_idx" ON "change"("company_id", "xid", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "change_company_id_sequence_key" ON "change"("company_id", "sequence");

-- CreateIndex
CREATE INDEX "webhook_delivery_company_id_webhook_id_created_at_idx" ON "webhook_delivery"("company_id", "webhook_id", "created_at");

-- CreateIndex
CREATE INDEX "audit_log_company_id_created_at_idx" ON "audit_log"("company_id", "created_at");

-- CreateIndex
CREATE INDEX "audit_log_company_id_subject_type_subject_id_idx" ON "audit_log"("company_id", "subject_type", "subject_id");

-- CreateIndex
CREATE INDEX "payment_company_id_cart_id_idx" ON "payment"("company_id", "cart_id");

-- CreateIndex
CREATE UNIQUE INDEX "payment_provider_provider_reference_key" ON "payment"("provider", "provider_reference");

-- CreateIndex
CREATE INDEX "refund_company_id_cart_id_idx" ON "refund"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "refund_company_id_payment_id_idx" ON "refund"("company_id", "payment_id");

-- CreateIndex
CREATE INDEX "ledger_entry_company_id_event_id_created_at_idx" ON "ledger_entry"("company_id", "event_id", "created_at");

-- CreateIndex
CREATE INDEX "ledger_entry_company_id_cart_id_idx" ON "ledger_entry"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "cash_movement_company_id_cash_session_id_idx" ON "cash_movement"("company_id", "cash_session_id");

-- CreateIndex
CREATE UNIQUE INDEX "country_code_key" ON "country"("code");

-- CreateIndex
CREATE UNIQUE INDEX "country_code3_key" ON "country"("code3");

-- CreateIndex
CREATE UNIQUE INDEX "state_code_key" ON "state"("code");

-- CreateIndex
CREATE INDEX "state_country_id_name_idx" ON "state"("country_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "category_company_id_code_key" ON "category"("company_id", "code");

-- CreateIndex
CREATE INDEX "plan_setting_company_id_plan_id_idx" ON "plan_setting"("company_id", "plan_id");

-- CreateIndex
CREATE INDEX "subscription_company_id_user_id_idx" ON "subscription"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "subscription_status_current_period_end_idx" ON "subscription"("status", "current_period_end");

-- CreateIndex
CREATE INDEX "ticket_company_id_event_id_id_idx" ON "ticket"("company_id", "event_id", "id");

-- CreateIndex
CREATE INDEX "ticket_company_id_cart_id_idx" ON "ticket"("company_id", "cart_id");

-- CreateIndex
CREATE INDEX "ticket_company_id_user_id_idx" ON "ticket"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "validation_company_id_event_id_created_at_idx" ON "validation"("company_id", "event_id", "created_at");

-- CreateIndex
CREATE INDEX "validation_company_id_ticket_id_idx" ON "validation"("company_id", "ticket_id");

-- CreateIndex
CREATE UNIQUE INDEX "validation_company_id_client_id_nonce_key" ON "validation"("company_id", "client_id", "nonce");

-- CreateIndex
CREATE INDEX "transfer_company_id_ticket_id_idx" ON "transfer"("company_id", "ticket_id");

-- CreateIndex
CREATE INDEX "courtesy_company_id_event_id_idx" ON "courtesy"("company_id", "event_id");

-- CreateIndex
CREATE UNIQUE INDEX "user_email_taken" ON "user_account"("company_id", "email_key");

-- CreateIndex
CREATE INDEX "password_reset_company_id_user_id_idx" ON "password_reset"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "address_company_id_user_id_idx" ON "address"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "guest_company_id_user_id_idx" ON "guest"("company_id", "user_id");

-- CreateIndex
CREATE INDEX "consent_company_id_user_id_idx" ON "consent"("company_id", "user_id");

-- AddForeignKey
ALTER TABLE "interface" ADD CONSTRAINT "interface_company_id_fkey" FOREIGN KEY ("company_id") REFERENCES "company"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_interface" ADD CONSTRAINT "event_interface_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_interface" ADD CONSTRAINT "event_interface_company_id_interface_id_fkey" FOREIGN KEY ("company_id", "interface_id") REFERENCES "interface"("company_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_type" ADD CONSTRAINT "ticket_type_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_phase" ADD CONSTRAINT "price_phase_company_id_ticket_type_id_fkey" FOREIGN KEY ("company_id", "ticket_type_id") REFERENCES "ticket_type"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "product" ADD CONSTRAINT "product_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "section" ADD CONSTRAINT "section_company_id_map_id_fkey" FOREIGN KEY ("company_id", "map_id") REFERENCES "map"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "seat_row" ADD CONSTRAINT "seat_row_company_id_section_id_fkey" FOREIGN KEY ("company_id", "section_id") REFERENCES "section"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "seat" ADD CONSTRAINT "seat_company_id_row_id_fkey" FOREIGN KEY ("company_id", "row_id") REFERENCES "seat_row"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_map" ADD CONSTRAINT "event_map_company_id_event_id_fkey" FOREIGN KEY ("company_id", "event_id") REFERENCES "event"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "client" ADD CONSTRAINT "client_company_id_fkey" FOREIGN KEY ("company_id") REFERENCES "company"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "client_interface" ADD CONSTRAINT "client_interface_company_id_client_id_fkey" FOREIGN KEY ("company_id", "client_id") REFERENCES "client"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "client_interface" ADD CONSTRAINT "client_interface_company_id_interface_id_fkey" FOREIGN KEY ("company_id", "interface_id") REFERENCES "interface"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "state" ADD CONSTRAINT "state_country_id_fkey" FOREIGN KEY ("country_id") REFERENCES "country"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan_setting" ADD CONSTRAINT "plan_setting_company_id_plan_id_fkey" FOREIGN KEY ("company_id", "plan_id") REFERENCES "plan"("company_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
