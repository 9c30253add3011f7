-- AlterTable
ALTER TABLE "AuditEntry" ADD COLUMN "after" TEXT;
ALTER TABLE "AuditEntry" ADD COLUMN "areaId" TEXT;
ALTER TABLE "AuditEntry" ADD COLUMN "before" TEXT;
ALTER TABLE "AuditEntry" ADD COLUMN "origin" TEXT;

-- CreateIndex
CREATE INDEX "AuditEntry_areaId_seq_idx" ON "AuditEntry"("areaId", "seq");
