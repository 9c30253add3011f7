-- AlterTable
ALTER TABLE "AuditEntry" ADD COLUMN     "after" TEXT,
ADD COLUMN     "areaId" TEXT,
ADD COLUMN     "before" TEXT,
ADD COLUMN     "origin" TEXT;

-- CreateIndex
CREATE INDEX "AuditEntry_areaId_seq_idx" ON "AuditEntry"("areaId", "seq");
