-- CreateIndex
CREATE UNIQUE INDEX "transfer_code" ON "transfer"("company_id", "code_hash");

-- A ticket is on offer to one person at a time.
CREATE UNIQUE INDEX "transfer_pending" ON "transfer" ("company_id", "ticket_id") WHERE "status" = 'pending';
