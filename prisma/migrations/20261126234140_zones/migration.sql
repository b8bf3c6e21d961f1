-- AlterTable
ALTER TABLE "gate" ADD COLUMN     "multi_entry" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "zones" JSONB;

-- AlterTable
ALTER TABLE "validation" ADD COLUMN     "zone" TEXT;

-- CreateTable
CREATE TABLE "zone_count" (
    "company_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "zone" TEXT NOT NULL,
    "inside" INTEGER NOT NULL,

    CONSTRAINT "zone_count_pkey" PRIMARY KEY ("company_id","event_id","zone")
);

-- Where people are by the scans so far: of a ticket of one person by the last one, of one of several entries less exits.
UPDATE "validation" v SET "zone" = coalesce(g."zone", g."name")
FROM "gate" g WHERE v."inner" AND g."company_id" = v."company_id" AND g."id" = v."gate_id";

WITH passed AS MATERIALIZED (
  SELECT v."company_id", v."ticket_id", v."zone", CASE v."direction" WHEN 'entry' THEN 1 ELSE -1 END AS step,
    (lpad(CASE WHEN v."offline" THEN (extract(epoch FROM v."scanned_at") * 1000)::bigint
      ELSE ('x' || translate(left(v."id"::text, 13), '-', ''))::bit(48)::bigint END::text, 16, '0') || v."id"::text) COLLATE "C"
      AS moment
  FROM "validation" v
  WHERE v."ticket_id" IS NOT NULL AND v."result" = 'accepted' AND v."undone_at" IS NULL
    AND v."conflict" IS DISTINCT FROM 'not_inside'),
outside AS (
  SELECT "company_id", "ticket_id", max(moment) AS last FROM passed WHERE "zone" IS NULL GROUP BY 1, 2),
zoned AS (
  SELECT "company_id", "ticket_id", "zone", sum(step) AS net, max(moment) AS last,
    (array_agg(step ORDER BY moment DESC))[1] AS step
  FROM passed WHERE "zone" IS NOT NULL GROUP BY 1, 2, 3),
people AS (
  SELECT z."company_id", z."ticket_id", z."zone", CASE WHEN t."inside" > 1 THEN least(t."inside", greatest(z.net, 0))
    ELSE least(t."inside", CASE WHEN z.step = 1 AND (o.last IS NULL OR z.last > o.last) THEN 1 ELSE 0 END) END AS there
  FROM zoned z JOIN "ticket" t ON t."company_id" = z."company_id" AND t."id" = z."ticket_id"
  LEFT JOIN outside o ON o."company_id" = z."company_id" AND o."ticket_id" = z."ticket_id")
UPDATE "ticket" t SET "zones" = p."zones"
FROM (SELECT "company_id", "ticket_id", jsonb_object_agg("zone", there) AS "zones" FROM people WHERE there > 0 GROUP BY 1, 2) p
WHERE t."company_id" = p."company_id" AND t."id" = p."ticket_id";

INSERT INTO "zone_count" ("company_id", "event_id", "zone", "inside")
SELECT t."company_id", t."event_id", z.key, sum(z.value::int)
FROM "ticket" t CROSS JOIN jsonb_each_text(t."zones") z WHERE t."zones" IS NOT NULL GROUP BY 1, 2, 3;
